package unleashimport_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/infra/testkit/must"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

const (
	// samples is the number of imported tokens that are used.
	samples = 600
	// workers is the number of requests that the checks make at once.
	workers = 8
)

// inParallel calls do with each of all.
func inParallel[T any](all []T, do func(T)) {
	var running errgroup.Group
	running.SetLimit(workers)
	for _, item := range all {
		running.Go(func() error {
			do(item)
			return nil
		})
	}
	_ = running.Wait() // do reports errors
}

// wantReport compares a report with the source, of which the given number of users was in the store before.
func (s *source) wantReport(t *testing.T, got report, present int) {
	t.Helper()
	if got.Users.Imported+got.Users.Present != len(s.accounts) || got.Users.Present != present || got.Tokens.Imported+got.Tokens.Present != s.tokens {
		t.Errorf("got users %+v and tokens %+v; want %d users, %d of them present before, and %d tokens", got.Users, got.Tokens, len(s.accounts), present, s.tokens)
	}
	if len(got.Imported) < got.Users.Imported {
		t.Errorf("got a list of %d imported users, want %d", len(got.Imported), got.Users.Imported)
	}
	seen := map[string]bool{}
	for _, r := range got.Refused {
		what := fmt.Sprintf("user %d", r.User)
		if r.Token != 0 {
			what += fmt.Sprintf(", token %d", r.Token)
		}
		seen[what] = true
		if want, expected := s.refused[what]; !expected || !strings.Contains(r.Reason, want) {
			t.Errorf("%s: refused because %q, want %q", what, r.Reason, want)
		}
	}
	for what, reason := range s.refused {
		if !seen[what] {
			t.Errorf("%s: not refused, want %q", what, reason)
		}
	}
}

// wantAccounts reads every user. Version 1 means that no account was written twice.
func (s *source) wantAccounts(t *testing.T, store pat.Store) {
	t.Helper()
	listed := 0
	for last := pat.UserID(0); ; {
		page, err := store.Accounts(t.Context(), last, 1000)
		must.Do(t, err)
		if len(page) == 0 {
			break
		}
		inParallel(page, func(listed pat.Account) {
			got, err := store.Account(t.Context(), listed.ID)
			if diff := cmp.Diff(s.accounts[listed.ID], got); diff != "" || err != nil {
				t.Errorf("user %d: %v, -want +got:\n%s", listed.ID, err, diff)
			}
		})
		listed, last = listed+len(page), page[len(page)-1].ID
	}
	if listed != len(s.accounts) {
		t.Errorf("got %d users in the list, want %d", listed, len(s.accounts))
	}
}

// wantTokens uses a sample of the tokens over HTTP.
func (s *source) wantTokens(t *testing.T, name, url string) {
	t.Helper()
	var chosen []holder
	for i := 0; i < len(s.holders); i += max(1, len(s.holders)/samples) {
		chosen = append(chosen, s.holders[i])
	}
	client := apiclient.New(t, workers)
	inParallel(chosen, func(h holder) { s.wantToken(t, client, url, h) })
	t.Logf("%s: %d imported tokens used over HTTP", name, len(chosen))
}

// wantToken fails the test unless the token lists the tokens of its user, or is refused because it has expired, and is refused
// with another last character.
func (s *source) wantToken(t *testing.T, client *http.Client, url string, h holder) {
	t.Helper()
	want := http.StatusOK
	if h.expired {
		want = http.StatusUnauthorized
	}
	status, owners := list(t, client, url, h.text)
	if status != want || (status == http.StatusOK && (len(owners) != len(s.accounts[h.user].Tokens) || owners[0] != h.user)) {
		t.Errorf("token %d of user %d: got status %d with tokens of users %v, want %d", h.id, h.user, status, owners, want)
	}
	last := "0"
	if strings.HasSuffix(h.text, last) {
		last = "1"
	}
	if status, _ := list(t, client, url, h.text[:len(h.text)-1]+last); status != http.StatusUnauthorized {
		t.Errorf("token %d of user %d with another last character: got status %d, want 401", h.id, h.user, status)
	}
}

// list lists the tokens of a token's user, and returns the owner of each.
func list(t *testing.T, client *http.Client, url, token string) (status int, owners []pat.UserID) {
	t.Helper()
	got, err := apiclient.Send(t.Context(), client, url, apiclient.Request{Method: http.MethodGet, Path: deployed.TokensPath, Token: "Bearer " + token})
	var body apitypes.TokenList
	if err == nil && got.Status == http.StatusOK {
		err = got.Decode(http.StatusOK, &body)
	}
	if err != nil {
		t.Error(err)
	}
	for _, p := range body.Pats {
		owners = append(owners, p.UserID)
	}
	return got.Status, owners
}

// wantNextIDs creates a user and tokens after the import: their IDs are above the imported ones, and imported tokens count toward
// the limit.
func (s *source) wantNextIDs(t *testing.T, store pat.Store) {
	t.Helper()
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, pat.SystemEnv(slog.New(slog.DiscardHandler)))
	next, err := service.CreateUser(t.Context(), pat.Profile{Username: "the next one", Role: pat.Viewer})
	if err != nil || next.ID != s.last+1 {
		t.Errorf("the next user: got id %d and %v, want %d", next.ID, err, s.last+1)
	}
	draft := pat.Draft{Description: "created here", Scopes: pat.Unscoped(), ExpiresAt: time.Now().Add(time.Hour)}
	token, _, err := service.CreateUserToken(t.Context(), 1, draft)
	if want := s.accounts[1].NextTokenID; err != nil || token.ID != want {
		t.Errorf("the next token: got id %d and %v, want %d", token.ID, err, want)
	}
	for left := manyTokens; ; left-- {
		_, _, err := service.CreateUserToken(t.Context(), s.many, draft)
		if (left >= pat.MaxTokens) != (pat.KindOf(err) == pat.KindLimit) {
			t.Fatalf("creating a token for a user with %d: got %v", left, err)
		}
		if err == nil {
			return
		}
		must.Do(t, service.RevokeUserToken(t.Context(), s.many, s.accounts[s.many].Tokens[manyTokens-left].ID))
	}
}
