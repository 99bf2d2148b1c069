package main

import (
	"crypto/rand"
	"regexp"
	"strings"
	"testing"

	"pats/cmd/pats/failure"
	"pats/pkg/dynamostore/dynamotest"
)

const ordersCatalog = "orders:read,orders:write@Editor"

// targets start what the token commands work on, and name it in the shell's variables. The user 1 is an Admin with the token 1. They
// return the flags that name the user.
var targets = map[string]func(t *testing.T, sh *shell) []string{
	"a data file": func(t *testing.T, sh *shell) []string {
		t.Helper()
		sh.vars = map[string]string{"PATS_DATA": sh.data()}
		return adminWithToken(t, sh)
	},
	"a table": func(t *testing.T, sh *shell) []string {
		t.Helper()
		sh.vars = map[string]string{"PATS_STORE": "dynamodb", "TABLE_NAME": "test-" + rand.Text(), "AWS_ENDPOINT_URL_DYNAMODB": dynamotest.Start(t)}
		wantCode(t, sh.runBare(t, "table", "create"), failure.OK)
		return adminWithToken(t, sh)
	},
	"a server": func(t *testing.T, sh *shell) []string {
		t.Helper()
		server := sh.serve(t, "--parameter", "Scopes="+ordersCatalog)
		sh.vars = map[string]string{"PATS_URL": server.url, "PATS_TOKEN": readFile(t, sh.tokenPath())}
		return nil
	},
}

func adminWithToken(t *testing.T, sh *shell) []string {
	t.Helper()
	sh.vars["SCOPES"] = ordersCatalog
	wantCode(t, sh.runBare(t, "user", "create", "--username", "ada", "--role", "admin"), failure.OK)
	wantCode(t, sh.runBare(t, "token", "create", "--user", "1", "--description", "first token"), failure.OK)
	return []string{"--user", "1"}
}

func TestScopesOnEveryTarget(t *testing.T) {
	t.Parallel()
	for name, start := range targets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sh := newShell(t)
			user := start(t, sh)
			pats := func(args ...string) string {
				t.Helper()
				got := sh.runBare(t, append(args, user...)...)
				wantCode(t, got, failure.OK)
				return got.Stdout
			}
			wantText(t, "create", pats("token", "create", "--description", "ci", "--scope", "pats:read", "--scope", "orders:write,orders:read"), `
Id           2
Description  ci
Expires      2026-04-02T03:04:05Z
Scopes       orders:read,orders:write,pats:read
Token        <token>
`)
			list := regexp.MustCompile(`\s+valid\s+`).ReplaceAllString(pats("token", "list"), " valid ")
			wantContains(t, "list", list, "SCOPES\n", " valid unscoped\n", " valid orders:read,orders:write,pats:read\n")
			wantContains(t, "list in JSON", strings.Join(strings.Fields(pats("token", "list", "--output", "json")), ""),
				`"scopes":["orders:read","orders:write","pats:read"]`)
			wantText(t, "revoke", pats("token", "revoke", "2", "--descendants"), "Token 2 and its descendants revoked.\n")
			if left := pats("token", "list"); strings.Contains(left, "ci") || !strings.Contains(left, "first token") {
				t.Errorf("after the revocation: got\n%s\nwant the first token alone", left)
			}
		})
	}
}

func TestInvalidScopes(t *testing.T) {
	t.Parallel()
	for name, start := range targets {
		sh := newShell(t)
		user := start(t, sh)
		for scope, want := range map[string]string{
			"":                         "--scope: A token must have 1 to 20 scopes.",
			",":                        "--scope: Scope 1 of the token is not 1 to 64 of",
			" ":                        "--scope: Scope 1 of the token is not 1 to 64 of",
			"pats:read,a b":            "--scope: Scope 2 of the token is not 1 to 64 of",
			strings.Repeat("a", 65):    "--scope: Scope 1 of the token is not 1 to 64 of",
			strings.Repeat("a,b,", 10): `The scope "a" does not exist.`,
			"nothing:here":             `The scope "nothing:here" does not exist.`,
			"orders:write@Editor":      "--scope: Scope 1 of the token is not 1 to 64 of",
			manyScopes():               "--scope: A token must have 1 to 20 scopes.",
		} {
			t.Run(name+", "+scope[:min(len(scope), 20)], func(t *testing.T) {
				t.Parallel()
				got := sh.runBare(t, append([]string{"token", "create", "--description", "ci", "--scope=" + scope}, user...)...)
				wantCode(t, got, failure.Usage)
				wantContains(t, "stderr", got.Stderr, want)
			})
		}
	}
}

// manyScopes returns 21 scopes.
func manyScopes() string {
	var names []string
	for c := 'a'; c < 'a'+21; c++ {
		names = append(names, string(c))
	}
	return strings.Join(names, ",")
}

func TestScopeCatalog(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.must(t, "user", "create", "--username", "vera")
	create := func(args ...string) result {
		t.Helper()
		return sh.run(t, append([]string{"token", "create", "--user", "1", "--description", "ci"}, args...)...)
	}
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"no catalog":       {[]string{"--scope", "orders:read"}, []string{`The scope "orders:read" does not exist.`, "--scope-catalog or SCOPES"}},
		"a higher role":    {[]string{"--scope", "orders:write", "--scope-catalog", ordersCatalog}, []string{`The role Viewer does not carry the scope "orders:write".`}},
		"an unknown role":  {[]string{"--scope-catalog", "orders:read@Boss"}, []string{"--scope-catalog: entry 1"}},
		"a built-in scope": {[]string{"--scope-catalog", "pats:read"}, []string{"--scope-catalog: entry 1"}},
		"empty":            {[]string{"--scope-catalog", ""}, []string{"--scope-catalog must not be empty"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := create(c.args...)
			wantCode(t, got, failure.Usage)
			wantContains(t, "stderr", got.Stderr, c.want...)
		})
	}
	got := sh.runBare(t, "token", "create", "--description", "ci", "--url", "http://127.0.0.1:1", "--scope-catalog", ordersCatalog)
	wantCode(t, got, failure.Usage)
	wantContains(t, "with a server", got.Stderr, "--scope-catalog is for a store")
}
