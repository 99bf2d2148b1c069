package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pats/cmd/pats/failure"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

const tokensPath = "/api/admin/user/tokens"

func TestFirstStart(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t)
	token := strings.TrimSpace(readFile(t, sh.tokenPath()))
	status, body := server.request(t, http.MethodGet, tokensPath, token)
	if status != http.StatusOK {
		t.Fatalf("got status %d with %s, want 200", status, body)
	}
	wantText(t, "body", body, `{"pats":[{"id":1,"description":"first token","expiresAt":"2026-04-02T03:04:05.678Z","userId":1,`+
		`"createdAt":"2026-01-02T03:04:05.678Z","seenAt":"2026-01-02T03:04:05.678Z"}]}`)
	if code := server.end(t); code != failure.OK {
		t.Errorf("got exit code %d, want 0", code)
	}
	wantMode(t, sh.data(), os.ModeDir|0o700)
	wantMode(t, sh.tokenPath(), 0o600)
	wantMode(t, filepath.Join(sh.data(), "pats.db"), 0o600)
	wantContains(t, "users", sh.must(t, "user", "list"), "1   User  admin")
	wantText(t, "stdout", server.stdout.String(), fmt.Sprintf("curl %s%s -H \"Authorization: $(cat %s)\"\n", server.url, tokensPath, sh.tokenPath()))
	wantContains(t, "stderr", server.stderr.String(), "Created user 1, admin", sh.tokenPath(), "msg=request", "status=200", "msg=stopping")
}

func TestSecondStartKeepsUserAndToken(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.serve(t).end(t)
	token := readFile(t, sh.tokenPath())
	server := sh.serve(t)
	if readFile(t, sh.tokenPath()) != token {
		t.Error("the start wrote another token file")
	}
	if status, body := server.request(t, http.MethodGet, tokensPath, strings.TrimSpace(token)); status != http.StatusOK {
		t.Errorf("got status %d with %s, want 200", status, body)
	}
	server.end(t)
	for _, unwanted := range []string{"Created user", "does not work"} {
		if strings.Contains(server.stderr.String(), unwanted) {
			t.Errorf("got %q on stderr of a start with a valid token:\n%s", unwanted, server.stderr.String())
		}
	}
	wantContains(t, "tokens", sh.must(t, "token", "list", "--user", "1"), "first token")
}

// TestStartDoesNotUseTheToken: only requests count as uses.
func TestStartDoesNotUseTheToken(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.serve(t).end(t)
	sh.serve(t).end(t)
	wantContains(t, "tokens", sh.must(t, "token", "list", "--user", "1"), "never")
}

// TestTokenFileWithoutAValidToken: the start prints a command that creates another token, and that command works.
func TestTokenFileWithoutAValidToken(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		spoil  func(t *testing.T, sh *shell)
	}{
		"file removed": {"the file does not exist", func(t *testing.T, sh *shell) {
			t.Helper()
			if err := os.Remove(sh.tokenPath()); err != nil {
				t.Fatal(err)
			}
		}},
		"file emptied": {"does not contain a token", func(t *testing.T, sh *shell) {
			t.Helper()
			if err := os.WriteFile(sh.tokenPath(), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		"revoked": {"The token is not valid.", func(t *testing.T, sh *shell) {
			t.Helper()
			sh.must(t, "token", "revoke", "--user", "1", "1")
		}},
		"expired": {"The token has expired.", func(t *testing.T, sh *shell) {
			t.Helper()
			sh.clock.Advance(91 * 24 * time.Hour)
		}},
		"mistyped": {"The token is not valid.", func(t *testing.T, sh *shell) {
			t.Helper()
			if err := os.WriteFile(sh.tokenPath(), []byte(token1), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		"another secret with its selector": {"The token is not valid.", func(t *testing.T, sh *shell) {
			t.Helper()
			secret, err := pat.ParseSecret(strings.TrimSpace(readFile(t, sh.tokenPath())))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(sh.tokenPath(), []byte(pattest.Forge(t, secret.Selector())), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		"owner disabled": {"The user is disabled.", func(t *testing.T, sh *shell) {
			t.Helper()
			sh.must(t, "user", "create", "--username", "other", "--role", "admin")
			sh.must(t, "user", "disable", "1")
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sh := newShell(t)
			sh.serve(t).end(t)
			c.spoil(t, sh)
			server := sh.serve(t)
			command := server.stderr.await(t, `\n  (pats token create .*)\n`, server.ended)[1]
			wantContains(t, "stderr", server.stderr.String(), sh.tokenPath(), c.reason, "Stop this server")
			server.end(t)
			wantCode(t, sh.runBare(t, words(t, command)[1:]...), failure.OK)
			wantServes(t, sh)
		})
	}
}

// wantServes starts the server and sends a request with the token in the token file.
func wantServes(t *testing.T, sh *shell) {
	t.Helper()
	server := sh.serve(t)
	if status, body := server.request(t, http.MethodGet, tokensPath, strings.TrimSpace(readFile(t, sh.tokenPath()))); status != http.StatusOK {
		t.Errorf("got status %d with %s, want 200", status, body)
	}
	server.end(t)
	if strings.Contains(server.stderr.String(), "does not work") {
		t.Errorf("the start did not find a valid token:\n%s", server.stderr.String())
	}
}

func TestUserWithoutATokenFile(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.must(t, "user", "create", "--username", "admin", "--role", "admin")
	server := sh.serve(t)
	wantContains(t, "stderr", server.stderr.String(), "the file does not exist", "token create --user 1 ")
	server.end(t)
	wantFiles(t, sh.data(), "pats.db")
}

func TestFolderWithABlank(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.folder = filepath.Join(sh.folder, "my data")
	server := sh.serve(t)
	wantContains(t, "ready line", server.stdout.String(), "$(cat '"+sh.tokenPath()+"')")
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	sh := newShell(t)
	got := sh.run(t, "serve", "--listen", taken.Addr().String())
	wantCode(t, got, failure.Failed)
	wantContains(t, "stderr", got.Stderr, taken.Addr().String()+" is in use", "make run PORT=", "--listen 127.0.0.1:")
	wantFiles(t, sh.data(), "pats.db")
}

func TestParametersOfTheTemplate(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	admin := sh.runBare(t, "admin-token", "new")
	fields := strings.Fields(admin.Stdout)
	sh.serve(t).end(t)
	token := strings.TrimSpace(readFile(t, sh.tokenPath()))
	server := sh.serve(t, "--parameter", "PatsEnabled=false", "--parameter", fields[3])
	if status, body := server.request(t, http.MethodGet, tokensPath, token); status != http.StatusNotFound || !strings.Contains(body, "PATs are disabled.") {
		t.Errorf("with the token routes off: got %d %s, want 404 PATs are disabled.", status, body)
	}
	server.end(t)
	server = sh.serve(t, "--parameter", fields[3])
	if status, body := server.request(t, http.MethodGet, tokensPath, fields[1]); status != http.StatusForbidden {
		t.Errorf("with the admin API token: got %d %s, want 403", status, body)
	}
}

func TestRetentionOfTheTemplate(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.serve(t).end(t)
	sh.must(t, "token", "create", "--user", "1", "--description", "old", "--expires", "1h")
	sh.clock.Advance(2 * 24 * time.Hour)
	token := strings.TrimSpace(readFile(t, sh.tokenPath()))
	server := sh.serve(t)
	if _, body := server.request(t, http.MethodGet, tokensPath, token); !strings.Contains(body, "old") {
		t.Errorf("with the default: got %s, want the expired token in it", body)
	}
	server.end(t)
	server = sh.serve(t, "--parameter", "ExpiredRetentionDays=1")
	if _, body := server.request(t, http.MethodGet, tokensPath, token); strings.Contains(body, "old") {
		t.Errorf("with one day: got %s, want no expired token", body)
	}
}

func TestNoSecretInTheLog(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t, "--log-format", "json")
	token := strings.TrimSpace(readFile(t, sh.tokenPath()))
	sh.vars["PATS_TOKEN"] = token
	made := sh.runBare(t, "token", "create", "--description", "second", "--url", server.url)
	second := tokenLike.FindString(made.Stdout)
	server.request(t, http.MethodGet, tokensPath, "Bearer "+token)
	server.request(t, http.MethodGet, tokensPath, token+"x")
	server.request(t, http.MethodDelete, tokensPath+"/"+second, token)
	server.request(t, http.MethodGet, "/"+second+"?access_token="+second, second)
	server.request(t, http.MethodDelete, tokensPath+"/2", token)
	server.request(t, http.MethodGet, tokensPath, second)
	server.end(t)
	log := server.stderr.String() + server.stdout.String() + made.Stderr
	for name, secret := range map[string]string{"first": token, "second": second} {
		if secret == "" || strings.Contains(log, secret[len(secret)-43:]) {
			t.Errorf("the %s token is in the log:\n%s", name, log)
		}
	}
	if n := strings.Count(log, `"msg":"request"`); n != 7 {
		t.Errorf("got %d request lines, want 7:\n%s", n, log)
	}
}

// TestStopFinishesRequestsInProgress sends half a request, stops the server, and sends the rest.
func TestStopFinishesRequestsInProgress(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t)
	body, send := io.Pipe()
	reached := make(chan struct{})
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(reached) }})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.url+tokensPath, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{
		"Authorization": {strings.TrimSpace(readFile(t, sh.tokenPath()))},
		"Content-Type":  {"application/json"},
		"Expect":        {"100-continue"},
	}
	go func() {
		<-reached
		_, err := io.WriteString(send, `{"description":"late",`)
		server.stop()
		server.stderr.await(t, "msg=stopping", server.ended)
		_, last := io.WriteString(send, `"expiresAt":"2027-01-01T00:00:00Z"}`)
		_ = send.CloseWithError(errors.Join(err, last))
	}()
	client := http.Client{Transport: &http.Transport{ExpectContinueTimeout: watchdog}, Timeout: watchdog}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusCreated {
		t.Errorf("got status %d, want 201", response.StatusCode)
	}
	if code := server.end(t); code != failure.OK {
		t.Errorf("got exit code %d, want 0; stderr:\n%s", code, server.stderr.String())
	}
	wantContains(t, "tokens", sh.must(t, "token", "list", "--user", "1"), "late")
}

// closing is a listener that reports when it is closed.
type closing struct {
	net.Listener
	once   sync.Once
	closed chan struct{}
}

func (c *closing) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Listener.Close()
}

// TestStopAcceptsNoMoreRequests: the address is free as soon as the stop begins, while a request is still in progress.
func TestStopAcceptsNoMoreRequests(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	watched := &closing{Listener: listener, closed: make(chan struct{})}
	ctx, stop := context.WithCancel(t.Context())
	var interrupted error
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		stop()
		<-watched.closed
		interrupted = r.Context().Err()
	})
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, watched, handler, slog.New(slog.DiscardHandler)) }()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := do(t, request); status != http.StatusOK {
		t.Errorf("got status %d, want 200", status)
	}
	if err := <-ended; err != nil {
		t.Errorf("serve: %v", err)
	}
	if interrupted != nil {
		t.Errorf("the request was interrupted: %v", interrupted)
	}
	if _, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String()); err == nil {
		t.Error("the address still accepts connections")
	}
}

func TestServingANetworkWarns(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{"127.0.0.1": false, "::1": false, "0.0.0.0": true, "192.0.2.1": true} {
		var stderr bytes.Buffer
		s := &startup{printer: &printer{stderr: &stderr}, address: &net.TCPAddr{IP: net.ParseIP(address), Port: 3000}}
		s.warnOfNetwork()
		if got := stderr.Len() > 0; got != want {
			t.Errorf("%s: got a warning: %v, want %v", address, got, want)
		}
	}
}

func TestURLForThisMachine(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"127.0.0.1": "http://127.0.0.1:3000",
		"0.0.0.0":   "http://127.0.0.1:3000",
		"::":        "http://127.0.0.1:3000",
		"::1":       "http://[::1]:3000",
		"192.0.2.1": "http://192.0.2.1:3000",
	} {
		s := &startup{address: &net.TCPAddr{IP: net.ParseIP(address), Port: 3000}}
		if got := s.url(); got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
}
