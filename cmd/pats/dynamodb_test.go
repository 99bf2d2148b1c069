package main

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"

	"pats/cmd/pats/failure"
	"pats/pkg/dynamostore/dynamotest"
)

// TestDynamoDB follows an operator from creating a table to serving it.
func TestDynamoDB(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.vars = map[string]string{
		"PATS_STORE":                "dynamodb",
		"TABLE_NAME":                "test-" + rand.Text(),
		"AWS_ENDPOINT_URL_DYNAMODB": dynamotest.Start(t),
		"PATS_DATA":                 sh.data(),
	}
	missing := sh.runBare(t, "user", "list")
	wantCode(t, missing, failure.Failed)
	wantContains(t, "without a table", missing.Stderr, sh.vars["TABLE_NAME"], "`pats table create`")

	for range 2 { // an existing table is not an error
		made := sh.runBare(t, "table", "create")
		wantCode(t, made, failure.OK)
		wantText(t, "table create", made.Stdout, "Table "+sh.vars["TABLE_NAME"]+" is ready.\n")
	}

	server := sh.serve(t)
	wantContains(t, "start without users", server.stderr.String(),
		"user create --username admin --role admin --store dynamodb --table "+sh.vars["TABLE_NAME"]+" --endpoint http",
		"token create --user ID", "This creates one:")
	server.end(t)
	wantFiles(t, sh.folder)

	wantContains(t, "user create", sh.must(t, "user", "create", "--username", "ada", "--role", "admin"), "Id        1\n")
	sh.must(t, "token", "create", "--user", "1", "--description", "laptop", "--token-file", sh.tokenPath())
	wantContains(t, "token list", sh.must(t, "token", "list", "--user", "1"), "laptop")

	server = sh.serve(t)
	token := strings.TrimSpace(readFile(t, sh.tokenPath()))
	if status, body := server.request(t, http.MethodGet, tokensPath, token); status != http.StatusOK || !strings.Contains(body, `"laptop"`) {
		t.Errorf("got %d %s, want 200 and the token", status, body)
	}
	server.end(t)
	if strings.Contains(server.stderr.String(), "does not work") {
		t.Errorf("the start complained:\n%s", server.stderr.String())
	}
	wantFiles(t, sh.data(), "token")

	sh.stdin = token
	wantText(t, "token revoke", sh.must(t, "token", "revoke", "--from-file", "-", "--yes"), "\nUSER  TOKENS  REPLACED SECRETS OF\n1     1       -\n")
	if list := sh.must(t, "token", "list", "--user", "1"); strings.Contains(list, "laptop") {
		t.Errorf("got\n%s\nwant no token after it was revoked", list)
	}
}

func TestDynamoDBOutOfReach(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"user list", "serve --listen 127.0.0.1:0"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			sh := newShell(t)
			got := sh.run(t, append(strings.Fields(args), "--store", "dynamodb", "--table", "x", "--endpoint", "http://127.0.0.1:1")...)
			wantCode(t, got, failure.Unavailable)
			wantContains(t, "stderr", got.Stderr, "127.0.0.1:1")
			wantFiles(t, sh.folder)
		})
	}
}
