package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/tokenfile"
	"pats/pkg/api/apitypes"
)

// loginFile returns the path of the login file of the server.
func (sh *shell) loginFile(t *testing.T, server string) string {
	t.Helper()
	base, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	return tokenfile.LoginPath(sh.config(), base)
}

// loggedIn returns a shell with a server on which ada has logged in with args, and ada's browser.
func loggedIn(t *testing.T, args ...string) (*shell, *served, *agent) {
	t.Helper()
	sh := newShell(t)
	server := sh.serve(t, "--dev-login")
	sh.vars["PATS_URL"] = server.url
	browser := newAgent(t, server)
	sh.browser = browser.approver(t, "ada", new(apitypes.LoginRequest))
	if got := sh.runBare(t, append([]string{"login"}, args...)...); got.Code != failure.OK {
		t.Fatalf("pats login: got exit code %d, want 0; stderr:\n%s", got.Code, got.Stderr)
	}
	return sh, server, browser
}

func TestLogin(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t, "--dev-login")
	sh.vars["PATS_URL"] = server.url
	var shown apitypes.LoginRequest
	sh.browser = newAgent(t, server).approver(t, "ada", &shown)
	got := sh.runBare(t, "login", "--expires", "12h")
	wantCode(t, got, failure.OK)
	port := server.url[strings.LastIndex(server.url, ":")+1:]
	wantText(t, "stdout", got.Stdout, `
User     ada@`+port+`.dev.example (id 2)
Token    pats login on ada-laptop, 2026-01-02T03:04:05Z (id 1)
Expires  2026-01-02T15:04:05Z
Scopes   unscoped
`)
	if code := shortCode.FindString(got.Stderr); code == "" || code != shown.ShortCode {
		t.Errorf("the terminal shows the code %q and the page %q, want the same", code, shown.ShortCode)
	}
	if shown.User.ID != 2 || shown.Scopes != nil || shown.ExpiresAt.Time.Format(time.RFC3339) != "2026-01-02T15:04:05Z" || shown.Pasted {
		t.Errorf("got a page with %+v, want user, scopes and end of the token", shown)
	}
	path := sh.loginFile(t, server.url)
	wantMode(t, path, 0o600)
	wantMode(t, filepath.Dir(path), os.ModeDir|0o700)
	token := strings.TrimSpace(readFile(t, path))
	if status, body := server.request(t, http.MethodGet, tokensPath, token); status != http.StatusOK {
		t.Errorf("with the token: got %d %s, want 200", status, body)
	}
	for _, text := range []string{got.Stdout, got.Stderr, server.stderr.String(), server.stdout.String()} {
		if strings.Contains(text, token) {
			t.Errorf("got the token in\n%s", text)
		}
	}
}

// TestCommandsUseTheLogin: they find the token by the address of the server, and PATS_TOKEN and --token-file come first.
func TestCommandsUseTheLogin(t *testing.T) {
	t.Parallel()
	sh, server, _ := loggedIn(t)
	wantContains(t, "list", sh.runBare(t, "token", "list").Stdout, "pats login on ada-laptop")
	wantContains(t, "list with a slash", sh.runBare(t, "token", "list", "--url", server.url+"/").Stdout, "pats login on ada-laptop")
	wantContains(t, "whoami", sh.runBare(t, "whoami", "--output", "json").Stdout, `"id": 2`, `"description": "pats login on ada-laptop`)
	wantContains(t, "whoami with a file", sh.runBare(t, "whoami", "--token-file", sh.tokenPath()).Stdout, "admin (id 1)", "first token (id 1)")
	sh.vars["PATS_TOKEN"] = strings.TrimSpace(readFile(t, sh.tokenPath()))
	wantContains(t, "whoami with a variable", sh.runBare(t, "whoami").Stdout, "admin (id 1)")
	delete(sh.vars, "PATS_TOKEN")
	other := sh.runBare(t, "token", "list", "--url", "http://localhost:1")
	wantCode(t, other, failure.Usage)
	wantContains(t, "another server", other.Stderr, "pats login --url http://localhost:1")
}

// TestRotationOfTheLogin: a token that rotates itself is replaced in the login file.
func TestRotationOfTheLogin(t *testing.T) {
	t.Parallel()
	sh, server, _ := loggedIn(t)
	path := sh.loginFile(t, server.url)
	before := readFile(t, path)
	wantCode(t, sh.runBare(t, "token", "rotate"), failure.OK)
	if readFile(t, path) == before {
		t.Error("the login file still has the old token")
	}
	wantCode(t, sh.runBare(t, "whoami"), failure.OK)
}

func TestSecondLoginRotates(t *testing.T) {
	t.Parallel()
	sh, server, _ := loggedIn(t)
	before := strings.TrimSpace(readFile(t, sh.loginFile(t, server.url)))
	sh.clock.Advance(time.Hour)
	got := sh.runBare(t, "login")
	wantCode(t, got, failure.OK)
	wantContains(t, "stdout", got.Stdout, "pats login on ada-laptop, 2026-01-02T03:04:05Z (id 1)", "2026-04-02T04:04:05Z")
	if after := strings.TrimSpace(readFile(t, sh.loginFile(t, server.url))); after == before {
		t.Error("the login file still has the old token")
	}
	wantTokens(t, sh, "pats login on ada-laptop, 2026-01-02T03:04:05Z")
	if status, _ := server.request(t, http.MethodGet, tokensPath, before); status != http.StatusOK {
		t.Errorf("the old token during the overlap: got %d, want 200", status)
	}
}

// wantTokens fails the test unless the list of the login's user has exactly the tokens with descriptions.
func wantTokens(t *testing.T, sh *shell, descriptions ...string) {
	t.Helper()
	list := sh.runBare(t, "token", "list")
	wantCode(t, list, failure.OK)
	wantContains(t, "list", list.Stdout, descriptions...)
	if got := strings.Count(list.Stdout, "\n") - 1; got != len(descriptions) {
		t.Errorf("got %d tokens, want %d:\n%s", got, len(descriptions), list.Stdout)
	}
}

// TestLoginWithOtherScopes: the second login creates a token, and then revokes the first one.
func TestLoginWithOtherScopes(t *testing.T) {
	t.Parallel()
	sh, server, _ := loggedIn(t)
	before := strings.TrimSpace(readFile(t, sh.loginFile(t, server.url)))
	sh.clock.Advance(time.Hour)
	got := sh.runBare(t, "login", "--scope", "pats:write,pats:read")
	wantCode(t, got, failure.OK)
	wantContains(t, "stdout", got.Stdout, "(id 2)", "pats:read,pats:write")
	wantTokens(t, sh, "pats login on ada-laptop, 2026-01-02T04:04:05Z")
	if status, _ := server.request(t, http.MethodGet, tokensPath, before); status != http.StatusUnauthorized {
		t.Errorf("the old token: got %d, want 401", status)
	}
}

// TestLoginAsAnotherUser: a token of another user, with the same id and scopes, is not rotated but revoked.
func TestLoginAsAnotherUser(t *testing.T) {
	t.Parallel()
	sh, server, browser := loggedIn(t)
	before := strings.TrimSpace(readFile(t, sh.loginFile(t, server.url)))
	sh.browser = newAgent(t, server).approver(t, "bob", new(apitypes.LoginRequest))
	got := sh.runBare(t, "login")
	wantCode(t, got, failure.OK)
	wantContains(t, "stdout", got.Stdout, "bob@", "(id 1)", "(id 3)")
	if status, _ := server.request(t, http.MethodGet, tokensPath, before); status != http.StatusUnauthorized {
		t.Errorf("ada's token: got %d, want 401", status)
	}
	if tokens := browser.get(t, server.url+"/ui"+tokensPath); tokens.status != http.StatusOK || tokens.body != `{"pats":[]}` {
		t.Errorf("ada's tokens: got %d %s, want none", tokens.status, tokens.body)
	}
}

// TestLoginAfterRevocation: a token that has ended is not in the way of another login.
func TestLoginAfterRevocation(t *testing.T) {
	t.Parallel()
	sh, _, _ := loggedIn(t)
	wantCode(t, sh.runBare(t, "token", "revoke"), failure.OK)
	sh.clock.Advance(time.Second)
	got := sh.runBare(t, "login")
	wantCode(t, got, failure.OK)
	wantContains(t, "stdout", got.Stdout, "(id 2)")
}

func TestLogout(t *testing.T) {
	t.Parallel()
	sh, server, _ := loggedIn(t)
	path := sh.loginFile(t, server.url)
	token := strings.TrimSpace(readFile(t, path))
	got := sh.runBare(t, "logout")
	wantCode(t, got, failure.OK)
	wantText(t, "stdout", got.Stdout, "Logged out.\n")
	if tokenfile.Exists(path) {
		t.Error("the login file still exists")
	}
	if status, _ := server.request(t, http.MethodGet, tokensPath, token); status != http.StatusUnauthorized {
		t.Errorf("the token: got %d, want 401", status)
	}
	got = sh.runBare(t, "logout")
	wantCode(t, got, failure.NotFound)
	wantContains(t, "a second logout", got.Stderr, "no login to this server")
}

// TestLogoutFromAServerThatIsDown: the file stays as long as its token may work.
func TestLogoutFromAServerThatIsDown(t *testing.T) {
	t.Parallel()
	sh, server, _ := loggedIn(t)
	server.end(t)
	wantCode(t, sh.runBare(t, "logout"), failure.Unavailable)
	if !tokenfile.Exists(sh.loginFile(t, server.url)) {
		t.Error("the login file is gone, and its token is valid")
	}
}

func TestLogoutForgetsAnEndedToken(t *testing.T) {
	t.Parallel()
	sh, server, _ := loggedIn(t)
	wantCode(t, sh.runBare(t, "token", "revoke"), failure.OK)
	wantCode(t, sh.runBare(t, "logout"), failure.OK)
	if tokenfile.Exists(sh.loginFile(t, server.url)) {
		t.Error("the login file still exists")
	}
}

func TestDeniedLogin(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t, "--dev-login")
	browser := newAgent(t, server)
	sh.browser = func(address string) error {
		browser.get(t, browser.open(t, address, "ada").DenyLocation)
		return nil
	}
	got := sh.runBare(t, "login", "--url", server.url)
	wantCode(t, got, failure.Refused)
	wantContains(t, "stderr", got.Stderr, "denied in the browser")
	if tokenfile.Exists(sh.loginFile(t, server.url)) {
		t.Error("there is a login file")
	}
}

func TestLoginCommandLines(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t) // without a provider
	for name, c := range map[string]struct {
		args, message string
		code          failure.Code
	}{
		"login without URL":      {"login", "--url URL is needed", failure.Usage},
		"logout without URL":     {"logout", "--url URL is needed", failure.Usage},
		"whoami without URL":     {"whoami", "--url URL is needed", failure.Usage},
		"not a URL":              {"login --url 127.0.0.1:3000", "not an http or https URL", failure.Usage},
		"unencrypted":            {"login --url http://pats.example.org", "--allow-http", failure.Usage},
		"no server":              {"login --url http://127.0.0.1:1", "cannot be reached", failure.Unavailable},
		"no provider":            {"login --url " + server.url, "pats serve --dev-login", failure.Failed},
		"a scope with a blank":   {"login --scope %20 --url " + server.url, "--scope", failure.Usage},
		"an end in words":        {"login --expires soon --url " + server.url, "90d", failure.Usage},
		"whoami without a login": {"whoami --url " + server.url, "pats login --url " + server.url, failure.Usage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := sh.runBare(t, strings.Fields(c.args)...)
			wantCode(t, got, c.code)
			wantContains(t, "stderr", got.Stderr, c.message)
		})
	}
}

// TestLoginIntoAFileThatCannotBeWritten fails before anybody has to approve anything.
func TestLoginIntoAFileThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t, "--dev-login")
	if err := os.MkdirAll(sh.loginFile(t, server.url), 0o700); err != nil {
		t.Fatal(err)
	}
	sh.browser = func(string) error {
		t.Error("the browser was opened")
		return nil
	}
	got := sh.runBare(t, "login", "--url", server.url)
	wantCode(t, got, failure.Failed)
	wantContains(t, "stderr", got.Stderr, "not a regular file")
}

// TestLostRedemption: the command repeats the redemption whose response was lost, and there is one token.
func TestLostRedemption(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t, "--dev-login")
	proxy := losingRedemptions(t, server.url)
	var shown apitypes.LoginRequest
	sh.browser = newAgent(t, server).approver(t, "ada", &shown)
	wantCode(t, sh.runBare(t, "login", "--url", proxy.URL), failure.OK)
	if got := proxy.lost.Load(); got != 1 {
		t.Fatalf("got %d lost responses, want 1", got)
	}
	sh.vars["PATS_URL"] = proxy.URL
	wantTokens(t, sh, shown.Description)
}
