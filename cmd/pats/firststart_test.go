package main

import (
	"context"
	"errors"
	"log/slog"
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
		put  func(path string) error
		want string
	}{
		"a folder":         {func(path string) error { return os.Mkdir(path, 0o700) }, "not a regular file"},
		"a link":           {func(path string) error { return os.Symlink(filepath.Join(filepath.Dir(path), "target"), path) }, "not a regular file"},
		"a named pipe":     {func(path string) error { return syscall.Mkfifo(path, 0o600) }, "not a regular file"},
		"somebody's file":  {func(path string) error { return os.WriteFile(path, []byte("github_pat_1\n"), 0o600) }, "pats did not write it"},
		"an empty file":    {func(path string) error { return os.WriteFile(path, nil, 0o600) }, "pats did not write it"},
		"a mistyped token": {func(path string) error { return os.WriteFile(path, []byte(token1), 0o600) }, "pats did not write it"},
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
			wantContains(t, "stderr", got.Stderr, sh.tokenPath(), c.want)
			wantText(t, "users", sh.must(t, "user", "list", "--output", "json"), "{\n  \"users\": []\n}\n")
			wantText(t, "the link's target", readFile(t, precious), "precious")
			if after, err := os.Lstat(sh.tokenPath()); err != nil || !os.SameFile(before, after) || after.Size() != before.Size() {
				t.Errorf("the start replaced the file: %v, %v", after, err)
			}
			if err := os.Remove(sh.tokenPath()); err != nil {
				t.Fatal(err)
			}
			wantServes(t, sh)
			wantContains(t, "users", sh.must(t, "user", "list"), "1   admin")
		})
	}
}

// TestFirstStartAfterAKill: the start before got as far as the token file, whose token is not valid.
func TestFirstStartAfterAKill(t *testing.T) {
	t.Parallel()
	killed, sh := newShell(t), newShell(t)
	killed.serve(t).end(t)
	if err := errors.Join(os.Mkdir(sh.data(), 0o700), os.WriteFile(sh.tokenPath(), []byte(readFile(t, killed.tokenPath())), 0o600)); err != nil {
		t.Fatal(err)
	}
	wantServes(t, sh)
}

// readOnly is a store without users that accepts no changes.
type readOnly struct{ pat.Store }

var errReadOnly = errors.New("read-only")

func (readOnly) Accounts(context.Context, pat.UserID, int) ([]pat.Account, error) { return nil, nil }

func (readOnly) Account(context.Context, pat.UserID) (pat.Account, error) {
	return pat.Account{}, pat.NoUser(nil)
}

func (readOnly) ReserveUserIDs(context.Context, pat.UserID) error { return nil }

func (readOnly) CheckSize(pat.Account) error { return nil }

func (readOnly) ImportAccount(context.Context, pat.Account, pat.Account) error { return errReadOnly }

func TestFirstStartThatCannotBeStoredLeavesNoTokenFile(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	var stdout, stderr output
	e := sh.env(&stdout, &stderr)
	s := &startup{
		env: e, printer: &printer{stdout: &stdout, stderr: &stderr}, store: target.Store{Folder: sh.data()},
		service: pat.NewService(readOnly{}, 0, e.domain(slog.New(slog.DiscardHandler))),
	}
	if err := s.welcome(t.Context()); !errors.Is(err, errReadOnly) {
		t.Errorf("got %v, want %v", err, errReadOnly)
	}
	wantFiles(t, sh.data())
	if got := stdout.String() + stderr.String(); got != "" {
		t.Errorf("got output %q, want none", got)
	}
}

// TestLeftoverDraftIsRemoved: the file contains a valid token.
func TestLeftoverDraftIsRemoved(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.serve(t).end(t)
	leftover := filepath.Join(sh.data(), ".token-123.draft")
	if err := os.Rename(sh.tokenPath(), leftover); err != nil {
		t.Fatal(err)
	}
	server := sh.serve(t)
	server.end(t)
	wantContains(t, "stderr", server.stderr.String(), "Removed "+leftover)
	wantFiles(t, sh.data(), "pats.db")
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
