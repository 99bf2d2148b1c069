package leaks_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/leaks"
)

// keyServer publishes keys as GitHub does, and counts the requests.
type keyServer struct {
	fetches atomic.Int64
	mu      sync.Mutex
	serve   http.HandlerFunc
}

func (s *keyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.fetches.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serve(w, r)
}

// respond makes the server respond in another way.
func (s *keyServer) respond(serve http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serve = serve
}

// fetching returns a fixture whose keys are fetched from the server.
func fetching(t *testing.T) (*fixture, *keyServer) {
	t.Helper()
	f, s := newFixture(t), &keyServer{}
	s.respond(publishing(t, f.key))
	server := httptest.NewTLSServer(s)
	t.Cleanup(server.Close)
	f.settings = leaks.Settings{GitHubKeysURL: server.URL + "/meta/public_keys/secret_scanning"}
	f.handler = leaks.New(f.service, f.settings, f.env, server.Client().Transport)
	return f, s
}

// publishing responds with the list of a key, among others that cannot be used.
func publishing(t *testing.T, key *ecdsa.PrivateKey) http.HandlerFunc {
	t.Helper()
	return respondWith(http.StatusOK, list(t, map[string]any{keyID: &key.PublicKey}))
}

func respondWith(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// list returns a list of keys in the form of GitHub's.
func list(t *testing.T, keys map[string]any) string {
	t.Helper()
	type entry struct {
		ID      string `json:"key_identifier"`
		Key     string `json:"key"`
		Current bool   `json:"is_current"`
	}
	var entries []entry
	for id, key := range keys {
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, entry{id, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), true})
	}
	return body(t, map[string]any{"public_keys": entries})
}

// withKey returns the event with another key identifier.
func withKey(of events.APIGatewayProxyRequest, id string) events.APIGatewayProxyRequest {
	of.MultiValueHeaders = http.Header(of.MultiValueHeaders).Clone()
	of.MultiValueHeaders["Github-Public-Key-Identifier"] = []string{id}
	return of
}

func (s *keyServer) wantFetches(t *testing.T, what string, want int64) {
	t.Helper()
	if got := s.fetches.Load(); got != want {
		t.Errorf("%s: the keys were fetched %d times, want %d", what, got, want)
	}
}

// TestKeysAreFetchedOnceInFiveMinutes: whatever key identifiers come.
func TestKeysAreFetchedOnceInFiveMinutes(t *testing.T) {
	t.Parallel()
	f, s := fetching(t)
	report := signed(t, f.key, "[]")
	for i := range 100 {
		got := f.handle(t, withKey(report, fmt.Sprint("unknown ", i)))
		if i == 0 {
			wantProblem(t, "with a list just fetched", got, http.StatusForbidden, "unknown")
		} else {
			wantProblem(t, "with an older list", got, http.StatusServiceUnavailable, "not known yet")
			wantHeader(t, got, "Retry-After", "300")
		}
	}
	wantStatus(t, "the report", f.handle(t, report), http.StatusOK)
	s.wantFetches(t, "at once", 1)
	f.clock.Advance(5*time.Minute - time.Millisecond)
	wantStatus(t, "the report", f.handle(t, report), http.StatusOK)
	s.wantFetches(t, "in five minutes", 1)
	f.clock.Advance(time.Millisecond)
	wantStatus(t, "the report", f.handle(t, report), http.StatusOK)
	s.wantFetches(t, "after five minutes", 2)
}

func TestKeysAreFetchedOnceByConcurrentReports(t *testing.T) {
	t.Parallel()
	f, s := fetching(t)
	report := signed(t, f.key, "[]")
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			if i%2 == 0 {
				f.handle(t, withKey(report, fmt.Sprint("unknown ", i)))
				return
			}
			if got := f.handle(t, report); got.StatusCode != http.StatusOK {
				t.Errorf("got status %d with %s", got.StatusCode, got.Body)
			}
		})
	}
	all.Wait()
	s.wantFetches(t, "by 64 at once", 1)
}

// TestReplacedKeys: a key that is no longer published is refused, and a new one accepted, once the list is fetched again.
func TestReplacedKeys(t *testing.T) {
	t.Parallel()
	f, s := fetching(t)
	old := signed(t, f.key, "[]")
	wantStatus(t, "the old key", f.handle(t, old), http.StatusOK)
	next := newKey(t)
	s.respond(respondWith(http.StatusOK, list(t, map[string]any{"next": &next.PublicKey})))
	renewed := withKey(signed(t, next, "[]"), "next")
	wantProblem(t, "the new key, before a fetch", f.handle(t, renewed), http.StatusServiceUnavailable, "")
	f.clock.Advance(5 * time.Minute)
	wantStatus(t, "the new key", f.handle(t, renewed), http.StatusOK)
	wantProblem(t, "the old key, after a fetch", f.handle(t, old), http.StatusServiceUnavailable, "")
	f.clock.Advance(5 * time.Minute)
	wantProblem(t, "the old key, fetched for it", f.handle(t, old), http.StatusForbidden, "unknown")
}

// badLists are responses without keys that can be used.
func badLists(t *testing.T) map[string]http.HandlerFunc {
	t.Helper()
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := httptest.NewTLSServer(publishing(t, newKey(t)))
	t.Cleanup(elsewhere.Close)
	return map[string]http.HandlerFunc{
		"an error":           respondWith(http.StatusInternalServerError, "{}"),
		"a rate limit":       respondWith(http.StatusTooManyRequests, "{}"),
		"not found":          respondWith(http.StatusNotFound, "{}"),
		"nothing":            respondWith(http.StatusNoContent, ""),
		"an empty body":      respondWith(http.StatusOK, ""),
		"HTML":               respondWith(http.StatusOK, "<html>"),
		"null":               respondWith(http.StatusOK, "null"),
		"a list":             respondWith(http.StatusOK, "[]"),
		"no keys":            respondWith(http.StatusOK, `{"public_keys":[]}`),
		"keys of wrong type": respondWith(http.StatusOK, `{"public_keys":[{"key_identifier":1,"key":2}]}`),
		"a key without PEM":  respondWith(http.StatusOK, `{"public_keys":[{"key_identifier":"`+keyID+`","key":"MFkw"}]}`),
		"PEM of no key":      respondWith(http.StatusOK, `{"public_keys":[{"key_identifier":"`+keyID+`","key":"-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"}]}`),
		"a key on P-384":     respondWith(http.StatusOK, list(t, map[string]any{keyID: &p384.PublicKey})),
		"an RSA key":         respondWith(http.StatusOK, list(t, map[string]any{keyID: &rsaKey.PublicKey})),
		"a huge list":        respondWith(http.StatusOK, list(t, map[string]any{keyID: &newKey(t).PublicKey})+strings.Repeat(" ", 64<<10)),
		"a redirect":         http.RedirectHandler(elsewhere.URL, http.StatusFound).ServeHTTP,
		"a broken response": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "{")
		},
	}
}

// TestBadLists: reports are refused until keys are known, and then the last known ones count. A failure is not repeated sooner.
func TestBadLists(t *testing.T) {
	t.Parallel()
	for name, serve := range badLists(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, s := fetching(t)
			report := signed(t, f.key, "[]")
			s.respond(serve)
			for range 3 {
				got := f.handle(t, report)
				wantProblem(t, "without keys", got, http.StatusServiceUnavailable, "not known yet")
				wantHeader(t, got, "Retry-After", "300")
			}
			s.wantFetches(t, "that failed", 1)
			s.respond(publishing(t, f.key))
			wantStatus(t, "before the next fetch", f.handle(t, report), http.StatusServiceUnavailable)
			f.clock.Advance(5 * time.Minute)
			wantStatus(t, "after it", f.handle(t, report), http.StatusOK)
			s.respond(serve)
			f.clock.Advance(5 * time.Minute)
			wantStatus(t, "with the keys of the last fetch", f.handle(t, report), http.StatusOK)
			s.wantFetches(t, "in all", 3)
			if lines := f.logged(t, "fetching GitHub's keys failed"); len(lines) != 2 {
				t.Errorf("got %d lines about failures, want 2: %s", len(lines), f.log)
			}
		})
	}
}

// hanging is a transport that responds to nothing.
type hanging struct{ calls atomic.Int64 }

func (h *hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	h.calls.Add(1)
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestHangingKeyServer: reports wait three seconds for it, once.
func TestHangingKeyServer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	report := signed(t, f.key, "[]")
	synctest.Test(t, func(t *testing.T) {
		transport := &hanging{}
		f.handler = leaks.New(f.service, leaks.Settings{GitHubKeysURL: "https://keys.example"}, f.env, transport)
		start := time.Now()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				wantProblem(t, "a report", f.handle(t, report), http.StatusServiceUnavailable, "not known yet")
			})
		}
		all.Wait()
		if waited := time.Since(start); waited != 3*time.Second || transport.calls.Load() != 1 {
			t.Errorf("waited %s for %d fetches, want 3 s for one", waited, transport.calls.Load())
		}
	})
}

// TestClientThatLeaves: its fetch continues for the others.
func TestClientThatLeaves(t *testing.T) {
	t.Parallel()
	f, s := fetching(t)
	report := signed(t, f.key, "[]")
	ctx, leave := context.WithCancel(t.Context())
	publish := publishing(t, f.key)
	s.respond(func(w http.ResponseWriter, r *http.Request) {
		leave()
		publish(w, r)
	})
	f.handleIn(ctx, t, report)
	wantStatus(t, "the next report", f.handle(t, report), http.StatusOK)
	s.wantFetches(t, "by both", 1)
}

// TestClientThatLeavesTheQueue: a report does not wait longer for another's fetch than it has time.
func TestClientThatLeavesTheQueue(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	report := signed(t, f.key, "[]")
	synctest.Test(t, func(t *testing.T) {
		f.handler = leaks.New(f.service, leaks.Settings{GitHubKeysURL: "https://keys.example"}, f.env, &hanging{})
		var first sync.WaitGroup
		defer first.Wait()
		first.Go(func() { f.handle(t, report) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wantProblem(t, "the second report", f.handleIn(ctx, t, report), http.StatusServiceUnavailable, "Send it again")
	})
}

func TestPinnedKeysAreNotFetched(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.handler = leaks.New(f.service, f.settings, f.env, failing{t})
	report := signed(t, f.key, "[]")
	wantStatus(t, "the pinned key", f.handle(t, report), http.StatusOK)
	wantProblem(t, "another one", f.handle(t, withKey(report, "other")), http.StatusForbidden, "unknown")
}

type failing struct{ t *testing.T }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) {
	f.t.Error("the keys were fetched")
	return nil, errors.New("must not be called")
}

// TestKeyRequest: GitHub refuses requests without a User-Agent.
func TestKeyRequest(t *testing.T) {
	t.Parallel()
	f, s := fetching(t)
	respond := publishing(t, f.key)
	s.respond(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Header.Get("User-Agent") != "pats" || r.Header.Get("Accept") != "application/json" || r.Header.Get("Authorization") != "" {
			t.Errorf("got %s with %v", r.Method, r.Header)
		}
		respond(w, r)
	})
	wantStatus(t, "the report", f.handle(t, signed(t, f.key, "[]")), http.StatusOK)
}
