package main

import (
	"encoding/json"
	"strings"
	"testing"

	"pats/cmd/pats/failure"
	"pats/pkg/pat"
)

func TestAdminTokenNew(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	made := sh.runBare(t, "admin-token", "new", "--output", "json")
	wantCode(t, made, failure.OK)
	var got struct{ Secret, Hash, Parameter string }
	if err := json.Unmarshal([]byte(made.Stdout), &got); err != nil {
		t.Fatal(err)
	}
	key, err := pat.ParseAdminKey(got.Hash)
	if err != nil || !key.Matches(got.Secret) {
		t.Errorf("the hash %q does not recognize the token (%v)", got.Hash, err)
	}
	if want := "AdminTokenHash=" + got.Hash; got.Parameter != want {
		t.Errorf("got parameter %q, want %q", got.Parameter, want)
	}
	if strings.Contains(made.Stderr, got.Secret) {
		t.Error("the token is on stderr")
	}
	text := sh.runBare(t, "admin-token", "new")
	wantContains(t, "text", text.Stdout, "Token      *:*.", "Parameter  AdminTokenHash=")
}
