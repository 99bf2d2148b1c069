package main

import (
	"path/filepath"
	"testing"

	"pats/cmd/pats/failure"
	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestUserLink(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.must(t, "user", "create", "--username", "ada", "--email", "ada@example.org", "--role", "admin")
	link := []string{"user", "link", "1", "--issuer", "https://id.example", "--subject", "24-8 9"}
	wantText(t, "link", sh.must(t, link...), "User 1 can sign in as 24-8 9 at https://id.example.\n")
	wantText(t, "link again", sh.must(t, link...), "User 1 can sign in as 24-8 9 at https://id.example.\n")
	wantLogin(t, sh, pat.NewLoginKey("https://id.example", "24-8 9"))
	sh.must(t, "user", "create", "--username", "bob")
	if got := sh.run(t, "user", "link", "2", "--issuer", "https://id.example", "--subject", "24-8 9"); got.Code == failure.OK {
		t.Errorf("linking a second account succeeded: %s", got.Stdout)
	}
	wantText(t, "unlink", sh.must(t, "user", "unlink", "1"), "Login of user 1 removed.\n")
	wantLogin(t, sh, "")
}

// wantLogin fails the test unless user 1 has this login.
func wantLogin(t *testing.T, sh *shell, want pat.LoginKey) {
	t.Helper()
	store, err := boltstore.Open(filepath.Join(sh.data(), "pats.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	if got := pattest.Read(t, store, 1).SignIn.Login; got != want {
		t.Errorf("got login %q, want %q", got, want)
	}
}
