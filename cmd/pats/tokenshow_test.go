package main

import (
	"strings"
	"testing"

	"pats/cmd/pats/failure"
)

func TestTokenShow(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t)
	sh.vars = map[string]string{"PATS_URL": server.url, "PATS_TOKEN": strings.TrimSpace(readFile(t, sh.tokenPath()))}
	wantText(t, "show", sh.runBare(t, "token", "show").Stdout, `
Id           1
Description  first token
Created      2026-01-02T03:04:05Z
Expires      2026-04-02T03:04:05Z
Last used    2026-01-02T03:04:05Z
Scopes       unscoped
`)
	wantText(t, "show in JSON", sh.runBare(t, "token", "show", "--output", "json").Stdout, `
{
  "id": 1,
  "description": "first token",
  "expiresAt": "2026-04-02T03:04:05.678Z",
  "userId": 1,
  "createdAt": "2026-01-02T03:04:05.678Z",
  "seenAt": "2026-01-02T03:04:05.678Z"
}
`)
	delete(sh.vars, "PATS_URL")
	got := sh.runBare(t, "token", "show")
	wantCode(t, got, failure.Usage)
	wantContains(t, "without a server", got.Stderr, "--url URL is needed")
}

// TestRevokeOfTheTokenPresented: without an id, through a server alone.
func TestRevokeOfTheTokenPresented(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t)
	remote := []string{"--url", server.url, "--token-file", sh.tokenPath()}
	wantCode(t, sh.runBare(t, append([]string{"token", "create", "--description", "child"}, remote...)...), failure.OK)
	wantText(t, "revoke", sh.runBare(t, append([]string{"token", "revoke", "--descendants"}, remote...)...).Stdout,
		"The token presented and its descendants revoked.\n")
	got := sh.runBare(t, append([]string{"token", "revoke"}, remote...)...)
	wantCode(t, got, failure.Refused)
	wantContains(t, "again", got.Stderr, "The token is not valid.")
	server.end(t)
	if list := sh.must(t, "token", "list", "--user", "1"); strings.Contains(list, "child") {
		t.Errorf("got\n%s\nwant no token", list)
	}
	got = sh.run(t, "token", "revoke", "--user", "1")
	wantCode(t, got, failure.Usage)
	wantContains(t, "in a store", got.Stderr, "the id of a token is needed")
}
