package loopback_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"pats/cmd/pats/loopback"
)

const state = "the-state"

func listen(t *testing.T) *loopback.Listener {
	t.Helper()
	listener, err := loopback.Listen(t.Context(), state)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close(context.Background()) })
	return listener
}

// reply is a response of the listener.
type reply struct {
	status int
	header http.Header
	body   string
}

// send sends a request to the listener, as host unless that is empty.
func send(t *testing.T, listener *loopback.Listener, method, path, host string) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, fmt.Sprintf("http://127.0.0.1:%d%s", listener.Port(), path), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(body)}
}

func TestCode(t *testing.T) {
	t.Parallel()
	listener := listen(t)
	got := send(t, listener, http.MethodGet, "/?code=the-code&state="+state, "")
	if got.status != http.StatusOK || !strings.Contains(got.body, "return to the terminal") {
		t.Errorf("got %d %s, want 200", got.status, got.body)
	}
	if strings.Contains(got.body, "the-code") {
		t.Errorf("got %s, want no code in it", got.body)
	}
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
	} {
		if got := got.header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if code, err := listener.Code(t.Context()); err != nil || code != "the-code" {
		t.Errorf("got code %q and %v, want the-code", code, err)
	}
}

func TestDenial(t *testing.T) {
	t.Parallel()
	listener := listen(t)
	send(t, listener, http.MethodGet, "/?error=access_denied&state="+state, "")
	if _, err := listener.Code(t.Context()); !errors.Is(err, loopback.ErrDenied) {
		t.Errorf("got %v, want %v", err, loopback.ErrDenied)
	}
}

// TestForeignRequestsEndNothing: what another page or program sends neither delivers a code nor ends the wait for the right one.
func TestForeignRequestsEndNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, path, host string
		status             int
	}{
		"another state":      {http.MethodGet, "/?code=x&state=other", "", http.StatusForbidden},
		"no state":           {http.MethodGet, "/?code=x", "", http.StatusForbidden},
		"a denial":           {http.MethodGet, "/?error=access_denied&state=other", "", http.StatusForbidden},
		"no code":            {http.MethodGet, "/?state=" + state, "", http.StatusBadRequest},
		"two codes":          {http.MethodGet, "/?code=x&code=y&state=" + state, "", http.StatusBadRequest},
		"another path":       {http.MethodGet, "/favicon.ico?code=x&state=" + state, "", http.StatusNotFound},
		"a form":             {http.MethodPost, "/?code=x&state=" + state, "", http.StatusNotFound},
		"a rebound name":     {http.MethodGet, "/?code=x&state=" + state, "evil.example", http.StatusMisdirectedRequest},
		"localhost":          {http.MethodGet, "/?code=x&state=" + state, "localhost", http.StatusMisdirectedRequest},
		"the wrong port":     {http.MethodGet, "/?code=x&state=" + state, "127.0.0.1:1", http.StatusMisdirectedRequest},
		"a request for data": {http.MethodOptions, "/", "", http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener := listen(t)
			if got := send(t, listener, c.method, c.path, c.host); got.status != c.status {
				t.Errorf("got %d %s, want %d", got.status, got.body, c.status)
			}
			send(t, listener, http.MethodGet, "/?code=right&state="+state, "")
			if code, err := listener.Code(t.Context()); err != nil || code != "right" {
				t.Errorf("got code %q and %v, want the right one", code, err)
			}
		})
	}
}

func TestFirstCodeCounts(t *testing.T) {
	t.Parallel()
	listener := listen(t)
	for _, code := range []string{"first", "second"} {
		send(t, listener, http.MethodGet, "/?code="+code+"&state="+state, "")
	}
	if code, err := listener.Code(t.Context()); err != nil || code != "first" {
		t.Errorf("got code %q and %v, want the first", code, err)
	}
}

func TestWaitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := listen(t).Code(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
