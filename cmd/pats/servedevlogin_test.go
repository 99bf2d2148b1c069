package main

import (
	"net/http"
	"strings"
	"testing"

	"pats/cmd/pats/failure"
)

func TestDevLoginIsOnlyForThisMachine(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{"0.0.0.0:0", "[::]:0", "127.0.0.2:0"} {
		t.Run(listen, func(t *testing.T) {
			t.Parallel()
			sh := newShell(t)
			got := sh.run(t, "serve", "--dev-login", "--listen", listen)
			wantCode(t, got, failure.Usage)
			wantContains(t, "stderr", got.Stderr, "--dev-login is only for 127.0.0.1")
		})
	}
}

func TestDevLoginSetsTheProvider(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	got := sh.run(t, "serve", "--dev-login", "--listen", "127.0.0.1:0", "--parameter", "AllowedDomains=example.com")
	wantCode(t, got, failure.Usage)
	wantContains(t, "stderr", got.Stderr, "--dev-login sets the parameter AllowedDomains")
}

func TestDevLoginIsOffByDefault(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t)
	for _, path := range []string{"/dev-login/.well-known/openid-configuration", "/dev-login/authorize"} {
		if status, body := server.request(t, http.MethodGet, path, ""); status == http.StatusOK || status == http.StatusBadRequest {
			t.Errorf("%s: got %d %s, want no provider", path, status, body)
		}
	}
	if strings.Contains(server.stdout.String(), "with the code") {
		t.Errorf("got a code in\n%s", server.stdout.String())
	}
}

// TestDevLoginTakesNoOtherHost: a page of another site whose name leads to this machine reaches no route of the server.
func TestDevLoginTakesNoOtherHost(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t, "--dev-login")
	token := strings.TrimSpace(readFile(t, sh.tokenPath()))
	for host, want := range map[string]int{"": http.StatusOK, "localhost": http.StatusOK, "evil.example": http.StatusMisdirectedRequest} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.url+tokensPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = host
		request.Header.Set("Authorization", token)
		if status, body := do(t, request); status != want {
			t.Errorf("at %q: got %d %s, want %d", host, status, body, want)
		}
	}
}

// TestDevLoginByAnotherName: a browser that uses localhost is led to the address that the provider knows.
func TestDevLoginByAnotherName(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t, "--dev-login")
	browser := newAgent(t, server)
	browser.server = strings.Replace(server.url, "127.0.0.1", "localhost", 1)
	landed := browser.signIn(t, "ada", "/")
	if want := server.url + "/"; landed.url.String() != want {
		t.Errorf("the sign-in led to %s, want %s", landed.url, want)
	}
}

// TestDevLoginKeepsTheCodeOutOfTheLog: stderr may go to a file that others read.
func TestDevLoginKeepsTheCodeOutOfTheLog(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t, "--dev-login")
	browser := newAgent(t, server)
	browser.signIn(t, "ada", "/")
	if log := server.stderr.String(); strings.Contains(log, browser.code) || strings.Contains(log, strings.ReplaceAll(browser.code, "-", "")) {
		t.Errorf("got the code %s in\n%s", browser.code, log)
	}
}
