package import_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pats/pkg/boltstore"
	"pats/pkg/dynamostore"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// samples is how many imported tokens are used, at least, if there are as many.
const samples = 600

// workers is how many requests the checks make at once.
const workers = 8

func TestImport(t *testing.T) {
	t.Parallel()
	users := 300
	if text := os.Getenv("PATS_IMPORT_USERS"); text != "" {
		var err error
		if users, err = strconv.Atoi(text); err != nil || users < 100 {
			t.Fatalf("PATS_IMPORT_USERS is %q, want a number from 100 on", text)
		}
	}
	url := startPostgres(t)
	w := newWorld(users)
	w.fill(t, url)
	command := build(t)
	w.wantReport(t, newBolt(t, command, url, users).run(t, "--dry-run"), 0)
	// One after the other, so that the speeds mean something.
	t.Run("bolt", func(t *testing.T) { verify(t, w, newBolt(t, command, url, users)) })         //nolint:paralleltest // see above
	t.Run("dynamodb", func(t *testing.T) { verify(t, w, newDynamoDB(t, command, url, users)) }) //nolint:paralleltest // see above
}

func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pats")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "pats/cmd/pats").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// target is a store that the command imports into.
type target struct {
	name    string
	command []string
	// underway says whether a part of the import has been done, seen from outside.
	underway func() bool
	// open gives the store while the command does not run.
	open func(*testing.T) pat.Store
}

func newBolt(t *testing.T, command, url string, users int) target {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "pats.db")
	return target{
		name:    "boltstore",
		command: []string{command, "import", "unleash", "--database-url", url, "--data", folder, "--output", "json"},
		underway: func() bool {
			info, err := os.Stat(path)
			return err == nil && info.Size() > int64(users)*200
		},
		open: func(t *testing.T) pat.Store {
			t.Helper()
			store, err := boltstore.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = store.Close() })
			return store
		},
	}
}

func newDynamoDB(t *testing.T, command, url string, users int) target {
	t.Helper()
	settings, table := dynamotest.Settings(t), "import-"+rand.Text()
	client := dynamostore.NewClient(settings)
	if err := dynamostore.CreateTable(t.Context(), client, table); err != nil {
		t.Fatal(err)
	}
	store := dynamostore.New(client, table)
	return target{
		name:    "DynamoDB Local",
		command: []string{command, "import", "unleash", "--database-url", url, "--store", "dynamodb", "--table", table, "--endpoint", settings.Endpoint, "--output", "json"},
		underway: func() bool {
			some, err := store.Accounts(t.Context(), pat.UserID(users), 1) // a third of the way
			return err == nil && len(some) == 1
		},
		open: func(*testing.T) pat.Store { return store },
	}
}

type report struct {
	DryRun        bool
	Users, Tokens struct{ Imported, Present, Refused int }
	Refused       []struct {
		User   pat.UserID
		Token  pat.TokenID
		Reason string
	}
	Seconds float64
}

func (tg target) run(t *testing.T, more ...string) report {
	t.Helper()
	var out, complaint bytes.Buffer
	process := tg.process(t, more...)
	process.Stdout, process.Stderr = &out, &complaint
	if err := process.Run(); err != nil {
		t.Fatalf("pats import: %v\n%s", err, complaint.String())
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("pats import: %v in %s", err, out.String())
	}
	return r
}

func (tg target) process(t *testing.T, more ...string) *exec.Cmd {
	t.Helper()
	return exec.CommandContext(t.Context(), tg.command[0], append(slices.Clone(tg.command[1:]), more...)...)
}

// kill starts the import and ends it without warning in the middle.
func (tg target) kill(t *testing.T) {
	t.Helper()
	process := tg.process(t)
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "the import is under way", tg.underway)
	_ = process.Process.Kill()
	if err := process.Wait(); err == nil {
		t.Error("the import was at its end before it was killed")
	}
}

// verify imports the world in two parts, and then holds the store against it.
func verify(t *testing.T, w *world, tg target) {
	t.Helper()
	begin := time.Now()
	tg.kill(t)
	resumed := tg.run(t)
	took := time.Since(begin)
	if resumed.Users.Present == 0 || resumed.Users.Imported == 0 {
		t.Errorf("after the kill: %d users were there and %d were imported, want some of both", resumed.Users.Present, resumed.Users.Imported)
	}
	w.wantReport(t, resumed, resumed.Users.Present)
	again := tg.run(t)
	w.wantReport(t, again, len(w.accounts))
	w.wantReport(t, tg.run(t, "--dry-run"), len(w.accounts))
	t.Logf("%s: %d users with %d tokens in %.1f s, killed once: %.0f users and %.0f tokens a second; the same again in %.1f s, nothing changed",
		tg.name, len(w.accounts), w.tokens, took.Seconds(), float64(len(w.accounts))/took.Seconds(), float64(w.tokens)/took.Seconds(), again.Seconds)

	store := tg.open(t)
	w.wantAccounts(t, store)
	server := laptoptest.Serve(t, store, laptoptest.Options{Parameters: map[string]string{"AcceptImportedTokens": "true"}})
	w.wantTokens(t, tg.name, server.URL)
	w.wantCounters(t, store)
}

// wantReport holds a report against the world, of which so many users were there before.
func (w *world) wantReport(t *testing.T, got report, present int) {
	t.Helper()
	if got.Users.Imported+got.Users.Present != len(w.accounts) || got.Users.Present != present || got.Tokens.Imported+got.Tokens.Present != w.tokens {
		t.Errorf("got users %+v and tokens %+v; want %d users, %d of them there before, and %d tokens", got.Users, got.Tokens, len(w.accounts), present, w.tokens)
	}
	var refused []string
	for _, r := range got.Refused {
		what := fmt.Sprintf("user %d", r.User)
		if r.Token != 0 {
			what += fmt.Sprintf(", token %d", r.Token)
		}
		if r.Reason == "" {
			t.Errorf("%s: no reason", what)
		}
		refused = append(refused, what)
	}
	sorted := cmpopts.SortSlices(strings.Compare)
	if diff := cmp.Diff(w.refused, refused, sorted); diff != "" {
		t.Errorf("not taken, -want +got:\n%s", diff)
	}
}

// wantAccounts reads everybody. Version 1 says that no account was written twice.
func (w *world) wantAccounts(t *testing.T, store pat.Store) {
	t.Helper()
	ids := make(chan pat.UserID)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for id := range ids {
				got, err := store.Account(t.Context(), id)
				if diff := cmp.Diff(w.accounts[id], got); diff != "" || err != nil {
					t.Errorf("user %d: %v, -want +got:\n%s", id, err, diff)
				}
			}
		})
	}
	for id := range w.accounts {
		ids <- id
	}
	close(ids)
	all.Wait()
	listed := 0
	for last := pat.UserID(0); ; {
		page, err := store.Accounts(t.Context(), last, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		listed, last = listed+len(page), page[len(page)-1].ID
	}
	if listed != len(w.accounts) {
		t.Errorf("%d users are listed, want %d", listed, len(w.accounts))
	}
}

// wantTokens uses a sample of the tokens: each lists the tokens of its own user, or has expired; with one character changed it
// is refused.
func (w *world) wantTokens(t *testing.T, name, url string) {
	t.Helper()
	chosen := make(chan holder)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for h := range chosen {
				w.wantToken(t, url, h)
			}
		})
	}
	sent := 0
	for i := 0; i < len(w.holders); i += max(1, len(w.holders)/samples) {
		chosen <- w.holders[i]
		sent++
	}
	close(chosen)
	all.Wait()
	t.Logf("%s: %d imported tokens used over HTTP", name, sent)
}

func (w *world) wantToken(t *testing.T, url string, h holder) {
	t.Helper()
	want := http.StatusOK
	if h.expired {
		want = http.StatusUnauthorized
	}
	status, users := list(t, url, h.text)
	if status != want || (status == http.StatusOK && (len(users) != len(w.accounts[h.user].Tokens) || users[0] != h.user)) {
		t.Errorf("token %d of user %d: got status %d with tokens of users %v, want %d", h.id, h.user, status, users, want)
	}
	last := byte('0')
	if h.text[len(h.text)-1] == last {
		last = '1'
	}
	if status, _ := list(t, url, h.text[:len(h.text)-1]+string(last)); status != http.StatusUnauthorized {
		t.Errorf("token %d of user %d with another last character: got status %d, want 401", h.id, h.user, status)
	}
}

// list gives the owner of each token in the answer.
func list(t *testing.T, url, token string) (int, []pat.UserID) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/admin/user/tokens", nil)
	if err != nil {
		t.Error(err)
		return 0, nil
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return 0, nil
	}
	defer func() { _ = answer.Body.Close() }()
	var body struct{ Pats []struct{ UserID pat.UserID } }
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		t.Error(err)
	}
	var users []pat.UserID
	for _, p := range body.Pats {
		users = append(users, p.UserID)
	}
	return answer.StatusCode, users
}

// wantCounters makes a user and tokens after the import.
func (w *world) wantCounters(t *testing.T, store pat.Store) {
	t.Helper()
	service := pat.NewService(store, pat.DefaultRetention, pat.SystemEnv(slog.New(slog.DiscardHandler)))
	next, err := service.CreateUser(t.Context(), pat.Profile{Username: "the next one", Role: pat.Viewer})
	if err != nil || next.ID != w.last+1 {
		t.Errorf("the next user: got id %d and %v, want %d", next.ID, err, w.last+1)
	}
	draft := pat.Draft{Description: "made here", ExpiresAt: time.Now().Add(time.Hour)}
	first := w.accounts[1]
	made, _, err := service.CreateUserToken(t.Context(), 1, draft)
	if err != nil || made.ID != first.NextTokenID {
		t.Errorf("the next token: got id %d and %v, want %d", made.ID, err, first.NextTokenID)
	}
	for _, token := range w.accounts[w.many].Tokens {
		left := len(pick(t, store, w.many).Tokens)
		_, _, err := service.CreateUserToken(t.Context(), w.many, draft)
		if (left >= pat.MaxTokens) != (pat.KindOf(err) == pat.KindLimit) {
			t.Fatalf("a user with %d tokens: got %v", left, err)
		}
		if err == nil {
			return
		}
		if err := service.RevokeUserToken(t.Context(), w.many, token.ID); err != nil {
			t.Fatal(err)
		}
	}
	t.Error("the user with many tokens could never make one")
}

func pick(t *testing.T, store pat.Store, id pat.UserID) pat.Account {
	t.Helper()
	account, err := store.Account(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return account
}
