package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
	"pats/pkg/pat"
)

// TestFirstStartRefusesToReplaceFiles: the first start creates no user if it cannot write the token file, and leaves what is
// there alone. When that is gone, the next start is a first start.
func TestFirstStartRefusesToReplaceFiles(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		put func(path string) error
	}{
		"a folder":              {func(path string) error { return os.Mkdir(path, 0o700) }},
		"a link":                {func(path string) error { return os.Symlink(filepath.Join(filepath.Dir(path), "target"), path) }},
		"a named pipe":          {func(path string) error { return syscall.Mkfifo(path, 0o600) }},
		"somebody's file":       {func(path string) error { return os.WriteFile(path, []byte("github_pat_1\n"), 0o600) }},
		"an empty file":         {func(path string) error { return os.WriteFile(path, nil, 0o600) }},
		"another store's token": {func(path string) error { return os.WriteFile(path, []byte(otherToken(t)), 0o600) }},
		"a mistyped token":      {func(path string) error { return os.WriteFile(path, []byte(token1), 0o600) }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sh := newShell(t)
			precious := filepath.Join(sh.data(), "target")
			if err := errors.Join(os.Mkdir(sh.data(), 0o700), os.WriteFile(precious, []byte("precious"), 0o600), c.put(sh.tokenPath())); err != nil {
				t.Fatal(err)
			}
			before, err := os.Lstat(sh.tokenPath())
			if err != nil {
				t.Fatal(err)
			}
			got := sh.run(t, "serve", "--listen", "127.0.0.1:0")
			wantCode(t, got, failure.Failed)
			wantContains(t, "stderr", got.Stderr, sh.tokenPath()+" exists already", "--data FOLDER")
			wantText(t, "users", sh.must(t, "user", "list", "--output", "json"), "{\n  \"users\": []\n}\n")
			wantText(t, "the link's target", readFile(t, precious), "precious")
			if after, err := os.Lstat(sh.tokenPath()); err != nil || !os.SameFile(before, after) || after.Size() != before.Size() {
				t.Errorf("the start replaced the file: %v, %v", after, err)
			}
			if err := os.Remove(sh.tokenPath()); err != nil {
				t.Fatal(err)
			}
			wantServes(t, sh)
			wantContains(t, "users", sh.must(t, "user", "list"), "1   User  admin")
		})
	}
}

func TestFirstTokenHasThePrefixOfTheStack(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t, "--parameter", "TokenPrefix=pats_")
	token := strings.TrimSpace(readFile(t, sh.tokenPath()))
	if status, _ := server.request(t, http.MethodGet, tokensPath, "Bearer "+token); !strings.HasPrefix(token, "pats_") || status != http.StatusOK {
		t.Errorf("got %d for the first token, want 200 for one that begins with pats_", status)
	}
	canonical := "user:v2_" + strings.TrimPrefix(token, "pats_")
	if status, _ := server.request(t, http.MethodGet, tokensPath, canonical); status != http.StatusOK {
		t.Errorf("got %d for the other spelling, want 200", status)
	}
	if err := os.WriteFile(sh.tokenPath(), []byte(canonical), 0o600); err != nil {
		t.Fatal(err)
	}
	server.end(t)
	again := sh.serve(t)
	again.end(t)
	if strings.Contains(again.stderr.String(), "does not work") {
		t.Errorf("got the token file with the other spelling refused:\n%s", again.stderr.String())
	}
}

// otherToken returns a token of user 1 in another store.
func otherToken(t *testing.T) string {
	t.Helper()
	sh := newShell(t)
	sh.serve(t).end(t)
	return readFile(t, sh.tokenPath())
}

// TestFirstStartAfterAKillBeforeTheStore: the draft of the token file contains a token that is not stored.
func TestFirstStartAfterAKillBeforeTheStore(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	draft := filepath.Join(sh.data(), ".token-1.draft")
	if err := errors.Join(os.Mkdir(sh.data(), 0o700), os.WriteFile(draft, []byte(otherToken(t)), 0o600)); err != nil {
		t.Fatal(err)
	}
	wantServes(t, sh)
	wantFiles(t, sh.data(), "pats.db", "token")
}

// TestFirstStartAfterAKillBehindTheStore: user and token are stored, and the token is still in the draft.
func TestFirstStartAfterAKillBehindTheStore(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.serve(t).end(t)
	token := readFile(t, sh.tokenPath())
	if err := os.Rename(sh.tokenPath(), filepath.Join(sh.data(), ".token-1.draft")); err != nil {
		t.Fatal(err)
	}
	server := sh.serve(t)
	server.end(t)
	wantContains(t, "stderr", server.stderr.String(), "Finished an interrupted first start", sh.tokenPath())
	if readFile(t, sh.tokenPath()) != token {
		t.Error("the token file has another token")
	}
	wantFiles(t, sh.data(), "pats.db", "token")
}

// readOnly is a store without users that accepts no changes.
type readOnly struct{ pat.Store }

var errReadOnly = errors.New("read-only")

func (readOnly) Accounts(context.Context, pat.UserID, int, ...pat.AccountType) ([]pat.Account, error) {
	return nil, nil
}

func (readOnly) Account(context.Context, pat.UserID) (pat.Account, error) {
	return pat.Account{}, pat.NoUser(nil)
}

func (readOnly) ReserveUserIDs(context.Context, pat.UserID) error { return nil }

func (readOnly) CheckSize(pat.Account) error { return nil }

func (readOnly) ImportAccount(context.Context, pat.Account, pat.Account) error { return errReadOnly }

func TestFirstStartThatCannotBeStoredLeavesNoTokenFile(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	if err := os.Mkdir(sh.data(), 0o700); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr output
	e := sh.env(&stdout, &stderr)
	s := &startup{
		env: e, printer: &printer{stdout: &stdout, stderr: &stderr}, store: target.Store{Folder: sh.data()},
		service: pat.NewService(readOnly{}, pat.Settings{}, e.domain(slog.New(slog.DiscardHandler))),
	}
	if err := s.welcome(t.Context()); !errors.Is(err, errReadOnly) {
		t.Errorf("got %v, want %v", err, errReadOnly)
	}
	wantFiles(t, sh.data())
	if got := stdout.String() + stderr.String(); got != "" {
		t.Errorf("got output %q, want none", got)
	}
}

// TestLeftoverDraftIsRemoved: it contains a valid token, but not that of a first start, or there is a token file.
func TestLeftoverDraftIsRemoved(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{"first token": "token", "second token": "second.token"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sh := newShell(t)
			sh.serve(t).end(t)
			sh.must(t, "token", "create", "--user", "1", "--description", "second", "--token-file", filepath.Join(sh.data(), "second.token"))
			leftover := filepath.Join(sh.data(), ".token-123.draft")
			if err := os.WriteFile(leftover, []byte(readFile(t, filepath.Join(sh.data(), source))), 0o600); err != nil {
				t.Fatal(err)
			}
			if name == "second token" {
				if err := os.Remove(sh.tokenPath()); err != nil {
					t.Fatal(err)
				}
			}
			server := sh.serve(t)
			server.end(t)
			wantContains(t, "stderr", server.stderr.String(), "Removed "+leftover)
			if _, err := os.Lstat(leftover); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("got %v, want the file gone", err)
			}
		})
	}
}

func TestForeignFilesInTheDataFolderStay(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.serve(t).end(t)
	foreign := []string{".token-github", ".token-123", ".token-.draft", ".token-1.draft.bak"}
	for _, name := range foreign {
		if err := os.WriteFile(filepath.Join(sh.data(), name), []byte(readFile(t, sh.tokenPath())), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server := sh.serve(t)
	server.end(t)
	if strings.Contains(server.stderr.String(), "Removed") {
		t.Errorf("got\n%s\nwant nothing removed", server.stderr.String())
	}
	wantFiles(t, sh.data(), ".token-.draft", ".token-1.draft.bak", ".token-123", ".token-github", "pats.db", "token")
}
