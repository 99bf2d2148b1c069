package unleashimport_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"pats/infra/testkit/binaries"
	"pats/infra/testkit/must"
	"pats/pkg/boltstore"
	"pats/pkg/dynamostore"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

func TestImport(t *testing.T) {
	t.Parallel()
	users := 300
	if text := os.Getenv("PATS_IMPORT_USERS"); text != "" {
		var err error
		if users, err = strconv.Atoi(text); err != nil || users < 100 {
			t.Fatalf("PATS_IMPORT_USERS is %q, want a number of at least 100", text)
		}
	}
	url := startPostgres(t)
	s := newSource(users)
	s.fill(t, url)
	command, err := binaries.BuildProgram(t.Context(), "../../..", "./cmd/pats", t.TempDir())
	must.Do(t, err)
	t.Run("encodings", func(t *testing.T) { //nolint:paralleltest // it is short, and the stores are compared afterwards
		checkEncodings(t, command, url)
	})
	t.Run("bolt", func(t *testing.T) { //nolint:paralleltest // the stores follow each other, so that their speeds can be compared
		check(t, s, newBolt(t, command, url))
	})
	t.Run("dynamodb", func(t *testing.T) { //nolint:paralleltest // as above
		s.addLargeUser(t, url)
		check(t, s, newDynamoDB(t, command, url, users))
	})
}

// target is a store that the command imports into.
type target struct {
	name    string
	command []string
	// underway reports, from outside the command, whether a part of the import is done.
	underway func() bool
	// open returns the store while the command does not run.
	open func(*testing.T) pat.Store
}

func newBolt(t *testing.T, command, url string) target {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "pats.db")
	return target{
		name:     "boltstore",
		command:  []string{command, "import", "unleash", "--database-url", url, "--data", folder, "--output", "json"},
		underway: func() bool { return hasAccount(t, path) },
		open: func(t *testing.T) pat.Store {
			t.Helper()
			store, err := boltstore.Open(path)
			must.Do(t, err)
			t.Cleanup(func() { _ = store.Close() })
			return store
		},
	}
}

// hasAccount reports whether the file at path, which another process may be writing, has an account.
func hasAccount(t *testing.T, path string) bool {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	snapshot := filepath.Join(t.TempDir(), "pats.db")
	must.Do(t, os.WriteFile(snapshot, data, 0o600))
	store, err := boltstore.Open(snapshot)
	if err != nil { // the other process was faster than the copy
		return false
	}
	defer func() { _ = store.Close() }()
	some, err := store.Accounts(t.Context(), 0, 1)
	return err == nil && len(some) == 1
}

func newDynamoDB(t *testing.T, command, url string, users int) target {
	t.Helper()
	settings, table := dynamotest.Settings(t), "import-"+rand.Text()
	client := dynamostore.NewClient(settings)
	must.Do(t, dynamostore.CreateTable(t.Context(), client, table))
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

// report is the part of the command's JSON that the test checks.
type report struct {
	DryRun        bool
	Users, Tokens struct{ Imported, Present, Refused int }
	Imported      []struct{ User pat.UserID }
	Refused       []struct {
		User   pat.UserID
		Token  pat.TokenID
		Reason string
	}
	Seconds float64
}

// run runs the import to its end.
func (tg target) run(t *testing.T, more ...string) report {
	t.Helper()
	var stdout, stderr bytes.Buffer
	process := tg.process(t, more...)
	process.Stdout, process.Stderr = &stdout, &stderr
	if err := process.Run(); err != nil {
		t.Fatalf("pats import: %v\n%s", err, stderr.String())
	}
	var r report
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		t.Fatalf("pats import: %v in %s", err, stdout.String())
	}
	return r
}

func (tg target) process(t *testing.T, more ...string) *exec.Cmd {
	t.Helper()
	return exec.CommandContext(t.Context(), tg.command[0], append(slices.Clone(tg.command[1:]), more...)...)
}

// kill starts the import and kills it midway.
func (tg target) kill(t *testing.T) {
	t.Helper()
	process := tg.process(t)
	must.Do(t, process.Start())
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for !tg.underway() {
		select {
		case <-poll.C:
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
	_ = process.Process.Kill()
	if err := process.Wait(); err == nil {
		t.Error("the import ended before it was killed")
	}
}

// check imports the users in two parts, and then checks the store.
func check(t *testing.T, s *source, tg target) {
	t.Helper()
	s.wantReport(t, tg.run(t, "--dry-run"), 0)
	begin := time.Now()
	tg.kill(t)
	resumed := tg.run(t)
	took := time.Since(begin)
	if resumed.Users.Present == 0 || resumed.Users.Imported == 0 {
		t.Errorf("after the kill: %d users were present and %d were imported, want some of both", resumed.Users.Present, resumed.Users.Imported)
	}
	s.wantReport(t, resumed, resumed.Users.Present)
	again := tg.run(t)
	s.wantReport(t, again, len(s.accounts))
	s.wantReport(t, tg.run(t, "--dry-run"), len(s.accounts))
	t.Logf("%s: %d users with %d tokens in %.1f s, killed once: %.0f users and %.0f tokens a second; the same again in %.1f s, nothing changed",
		tg.name, len(s.accounts), s.tokens, took.Seconds(), float64(len(s.accounts))/took.Seconds(), float64(s.tokens)/took.Seconds(), again.Seconds)

	store := tg.open(t)
	s.wantAccounts(t, store)
	server := laptoptest.Serve(t, store, laptoptest.Options{Parameters: map[string]string{"AcceptImportedTokens": "true"}})
	s.wantTokens(t, tg.name, server.URL)
	s.wantNextIDs(t, store)
}
