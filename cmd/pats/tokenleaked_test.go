package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pats/cmd/pats/failure"
	"pats/pkg/pat/pattest"
)

// newLeak returns a shell with user 1, who has the tokens 1 "own" and 2 "ci", and a server's tokens of both.
func newLeak(t *testing.T) (sh *shell, own, ci string) {
	t.Helper()
	sh = newShell(t)
	sh.must(t, "user", "create", "--username", "ann", "--role", "admin")
	own = sh.create(t, "own")
	return sh, own, sh.create(t, "ci")
}

// create creates a token of user 1, and returns it.
func (sh *shell) create(t *testing.T, description string) string {
	t.Helper()
	path := filepath.Join(sh.folder, description)
	sh.must(t, "token", "create", "--user", "1", "--description", description, "--token-file", path)
	token, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(token))
}

// report returns gitleaks' report of tokens.
func report(t *testing.T, tokens ...string) string {
	t.Helper()
	findings := []map[string]any{}
	for _, token := range tokens {
		findings = append(findings, map[string]any{"RuleID": "pats-token", "Secret": token, "Match": token, "File": "a.txt", "StartLine": 3, "Entropy": 5.1})
	}
	text, err := json.Marshal(findings)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wantTokens fails the test unless user 1 has exactly the tokens with these descriptions.
func (sh *shell) wantTokens(t *testing.T, want ...string) {
	t.Helper()
	var list struct {
		Pats []struct{ Description string }
	}
	if err := json.Unmarshal([]byte(sh.must(t, "token", "list", "--user", "1", "--output", "json")), &list); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, token := range list.Pats {
		got = append(got, token.Description)
	}
	if strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("got tokens %q, want %q", got, want)
	}
}

func TestRevokeFromFile(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]func(t *testing.T, ci string) string{
		"a line":             func(_ *testing.T, ci string) string { return ci },
		"lines":              func(_ *testing.T, ci string) string { return "# leaked\r\n\r\n " + ci + "\t\r\n" + ci + "\n" },
		"the other spelling": func(_ *testing.T, ci string) string { return pattest.InPats(ci) },
		"a report":           func(t *testing.T, ci string) string { t.Helper(); return "\ufeff\n" + report(t, ci, ci) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sh, _, ci := newLeak(t)
			sh.stdin = file(t, ci)
			preview := sh.run(t, "token", "revoke", "--from-file", "-")
			wantCode(t, preview, failure.OK)
			wantText(t, "preview", preview.Stdout, "\nUSER  TOKENS  REPLACED SECRETS OF\n1     2       -\n")
			wantText(t, "stderr of the preview", preview.Stderr, "Nothing was revoked. Add --yes to revoke these tokens.\n")
			sh.wantTokens(t, "own", "ci")
			got := sh.run(t, "token", "revoke", "--from-file", "-", "--yes")
			wantCode(t, got, failure.OK)
			wantText(t, "result", got.Stdout, "\nUSER  TOKENS  REPLACED SECRETS OF\n1     2       -\n")
			wantText(t, "stderr", got.Stderr, "")
			sh.wantTokens(t, "own")
			again := sh.run(t, "token", "revoke", "--from-file", "-", "--yes")
			wantText(t, "again", again.Stdout, "The store has none of the tokens in the file: it has 1 token.\n")
		})
	}
}

func TestRevokeFromFileAsJSON(t *testing.T) {
	t.Parallel()
	sh, own, ci := newLeak(t)
	path := filepath.Join(sh.folder, "leaked")
	if err := os.WriteFile(path, []byte(strings.Join([]string{own, "nothing", ci, token1}, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	got := sh.run(t, "token", "revoke", "--from-file", path, "--output", "json", "--yes")
	wantCode(t, got, failure.OK)
	wantText(t, "result", got.Stdout, `
{
  "tokens": 2,
  "others": 2,
  "revoked": true,
  "users": [
    {
      "userId": 1,
      "tokenIds": [
        1,
        2
      ],
      "replacedSecretsOf": []
    }
  ]
}
`)
	wantText(t, "stderr", got.Stderr, "pats: warning: not a token of pats, ignored: line or finding 2, 4\n")
}

// TestRevokeFromFileThroughAServer: descendants end too, a replaced secret ends alone, and no token is presented.
func TestRevokeFromFileThroughAServer(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t)
	remote := []string{"--url", server.url, "--token-file", sh.tokenPath()}
	for _, description := range []string{"ci", "rotated"} {
		wantCode(t, sh.runBare(t, append([]string{"token", "create", "--description", description, "--output", "json"}, remote...)...), failure.OK)
	}
	created := sh.runBare(t, append([]string{"token", "create", "--description", "leaked", "--output", "json"}, remote...)...)
	leaked := secretIn(t, created.Stdout)
	sh.vars["PATS_TOKEN"] = leaked
	child := secretIn(t, sh.runBare(t, "token", "create", "--description", "child", "--output", "json", "--url", server.url).Stdout)
	sh.vars["PATS_TOKEN"] = ""
	sh.stdin = leaked
	preview := sh.runBare(t, "token", "revoke", "--from-file", "-", "--url", server.url)
	wantCode(t, preview, failure.OK)
	wantText(t, "preview", preview.Stdout, "1 token would be sent to "+server.url+".\n")
	wantContains(t, "stderr of the preview", preview.Stderr, "Nothing was revoked.", "--yes")
	got := sh.runBare(t, "token", "revoke", "--from-file", "-", "--yes", "--url", server.url)
	wantCode(t, got, failure.OK)
	wantText(t, "result", got.Stdout, "1 token revoked, with descendants, if the server knew them.\n")
	for _, token := range []string{leaked, child} {
		sh.vars["PATS_TOKEN"] = token
		wantCode(t, sh.runBare(t, "token", "show", "--url", server.url), failure.Refused)
	}
	list := sh.runBare(t, append([]string{"token", "list"}, remote...)...)
	wantContains(t, "tokens left", list.Stdout, "ci", "rotated")
	if strings.Contains(got.Stdout+got.Stderr+preview.Stdout+preview.Stderr, leaked) {
		t.Error("the command printed a token")
	}
}

func secretIn(t *testing.T, text string) string {
	t.Helper()
	var created struct{ Secret string }
	if err := json.Unmarshal([]byte(text), &created); err != nil || created.Secret == "" {
		t.Fatalf("got %s, want a created token", tokenLike.ReplaceAllString(text, "<token>"))
	}
	return created.Secret
}

// TestRevokeFromFileRefusals: nothing is revoked, and no message quotes the file.
func TestRevokeFromFileRefusals(t *testing.T) {
	t.Parallel()
	sh, _, ci := newLeak(t)
	for name, c := range map[string]struct {
		args, stdin, message string
		code                 failure.Code
	}{
		"a missing file":          {"--from-file nowhere --yes", "", "nowhere", failure.Failed},
		"a folder":                {"--from-file . --yes", "", ".", failure.Failed},
		"a redacted report":       {"--from-file - --yes", report(t, "REDACTED"), "--redact", failure.Failed},
		"a truncated report":      {"--from-file - --yes", report(t, ci)[:40], "not a report", failure.Failed},
		"SARIF":                   {"--from-file - --yes", `{"version":"2.1.0","runs":[{"results":["` + ci + `"]}]}`, "not a report", failure.Failed},
		"a report without Secret": {"--from-file - --yes", `[{"RuleID":"x","Match":"` + ci + `"}]`, "no Secret", failure.Failed},
		"a report of numbers":     {"--from-file - --yes", `[{"Secret":1}]`, "not a report", failure.Failed},
		"an id":                   {"2 --from-file - --yes", ci, "id of a token", failure.Usage},
		"a user":                  {"--user 1 --from-file - --yes", ci, "--user", failure.Usage},
		"descendants":             {"--descendants --from-file - --yes", ci, "--descendants", failure.Usage},
		"all":                     {"--all --from-file - --yes", ci, "--all", failure.Usage},
		"a filter":                {"--unused-since 1d --from-file -", ci, "--unused-since", failure.Usage},
		"--yes alone":             {"2 --user 1 --yes", "", "--yes", failure.Usage},
		"no server":               {"--from-file - --yes --url http://127.0.0.1:1", ci, "cannot be reached", failure.Unavailable},
		"an unencrypted server":   {"--from-file - --yes --url http://pats.example.org", ci, "--allow-http", failure.Usage},
	} {
		sh.stdin = c.stdin
		args := append([]string{"token", "revoke"}, strings.Fields(c.args)...)
		if !strings.Contains(c.args, "--url") {
			args = append(args, "--data", sh.data())
		}
		got := sh.runBare(t, args...)
		wantCode(t, got, c.code)
		wantContains(t, name, got.Stderr, c.message)
		if strings.Contains(got.Stdout+got.Stderr, ci) || strings.Contains(got.Stdout+got.Stderr, ci[len(ci)-20:]) {
			t.Errorf("%s: the command printed a token", name)
		}
	}
	sh.wantTokens(t, "own", "ci")
	sh.stdin = "nothing\n" + pattest.Mistyped(ci) + "\n"
	got := sh.run(t, "token", "revoke", "--from-file", "-", "--yes")
	wantCode(t, got, failure.OK)
	wantText(t, "no token", got.Stdout, "The store has none of the tokens in the file: it has 1 token.\n") // the mistyped one may be imported
}

// TestLeakedTokensAreNotSentElsewhere: a server that does not revoke tokens is sent none.
func TestLeakedTokensAreNotSentElsewhere(t *testing.T) {
	t.Parallel()
	sh, _, ci := newLeak(t)
	sh.stdin = ci
	for body, want := range map[string]failure.Code{"<html>": failure.Failed, "{}": failure.Failed} {
		address := respondWith(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet {
				t.Errorf("got a %s, want no token sent", r.Method)
			}
			_, _ = w.Write([]byte(body))
		})
		got := sh.runBare(t, "token", "revoke", "--from-file", "-", "--yes", "--url", address)
		wantCode(t, got, want)
		wantContains(t, "stderr", got.Stderr, "does not look like a pats server")
	}
}

// respondWith starts a server, and returns its address.
func respondWith(t *testing.T, respond http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(respond)
	t.Cleanup(server.Close)
	return server.URL
}
