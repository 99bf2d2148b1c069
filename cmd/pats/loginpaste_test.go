package main

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pats/cmd/pats/failure"
	"pats/pkg/api/apitypes"
)

// pasting starts `pats login --no-browser`, and returns the address that it prints, where the user types, and its result once it ends.
func (sh *shell) pasting(t *testing.T, server *served) (address string, typed io.WriteCloser, ended <-chan result) {
	t.Helper()
	reader, writer := io.Pipe()
	t.Cleanup(func() { _ = writer.Close() })
	var stdout, stderr output
	e := sh.env(&stdout, &stderr)
	e.stdin = reader
	done, results := make(chan struct{}), make(chan result, 1)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), watchdog)
	t.Cleanup(cancel)
	go func() {
		code := run(ctx, []string{"login", "--no-browser", "--url", server.url}, e)
		results <- result{code, stdout.String(), stderr.String()}
		close(done)
	}()
	address = stderr.await(t, `(http://\S+/ui/cli\?\S+)`, done)[1]
	return address, writer, results
}

func TestPastedCode(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t, "--dev-login", "--parameter", "AllowPastedCode=true")
	browser := newAgent(t, server)
	address, typed, ended := sh.pasting(t, server)
	shown := browser.open(t, address, "ada")
	if !shown.Pasted || shown.DenyLocation != "" {
		t.Errorf("got a page with %+v, want a code to paste", shown)
	}
	confirmed := browser.approve(t, shown)
	if confirmed.Code == "" || confirmed.Location != "" {
		t.Errorf("got %+v, want a code alone", confirmed)
	}
	if _, err := io.WriteString(typed, "  "+confirmed.Code+" \n"); err != nil {
		t.Fatal(err)
	}
	got := <-ended
	wantCode(t, got, failure.OK)
	wantContains(t, "stderr", got.Stderr, "pats: warning: a pasted code proves nothing about who asked for it", shown.ShortCode)
	wantContains(t, "stdout", got.Stdout, "ada@", "pats login on ada-laptop")
}

// TestPastedCodesAreOffByDefault: the server gives out no code, however the request is made.
func TestPastedCodesAreOffByDefault(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t, "--dev-login")
	browser := newAgent(t, server)
	address, typed, ended := sh.pasting(t, server)
	page, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	browser.signIn(t, "ada", page.RequestURI())
	got := browser.get(t, server.url+"/ui/cli/request?"+page.RawQuery)
	if got.status != http.StatusForbidden || !strings.Contains(got.body, "does not accept pasted codes") {
		t.Errorf("the page: got %d %s, want 403", got.status, got.body)
	}
	if _, err := io.WriteString(typed, "\n"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, <-ended, failure.Failed)
}

// TestPhishedCode: a code that a user approved for an attacker's command is of no use to another command, nor is a made-up one.
func TestPhishedCode(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t, "--dev-login", "--parameter", "AllowPastedCode=true")
	victim := newAgent(t, server)
	attackers, _, _ := sh.pasting(t, server)
	_, typed, ended := sh.pasting(t, server)
	code := victim.approve(t, victim.open(t, attackers, "ada")).Code
	if _, err := io.WriteString(typed, code+"\n"); err != nil {
		t.Fatal(err)
	}
	got := <-ended
	wantCode(t, got, failure.Usage)
	wantContains(t, "stderr", got.Stderr, "The code belongs to another login")
	if tokens := victim.get(t, server.url+"/ui"+tokensPath); tokens.body != `{"pats":[]}` {
		t.Errorf("got tokens %s, want none", tokens.body)
	}
}

// TestTwoLoginsShowTwoCodes: the code on the page tells the logins apart.
func TestTwoLoginsShowTwoCodes(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t, "--dev-login", "--parameter", "AllowPastedCode=true")
	browser := newAgent(t, server)
	var shown []apitypes.LoginRequest
	for range 2 {
		address, _, _ := sh.pasting(t, server)
		shown = append(shown, browser.open(t, address, "ada"))
	}
	if shown[0].ShortCode == shown[1].ShortCode {
		t.Errorf("got the code %s twice", shown[0].ShortCode)
	}
}
