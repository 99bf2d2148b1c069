package leaks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/infra/stress/leaks"
	"pats/infra/testkit/must"
	"pats/pkg/boltstore"
	"pats/pkg/gateway"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// stack is the template's API over HTTP. It keeps everything that the API writes.
type stack struct {
	*laptoptest.Server
	client *http.Client
	clock  *pattest.Clock
	store  *pattest.Faulty
	// operator creates users and tokens.
	operator *pat.Service
	path     string
	written  material
	secrets  []string
}

// material is a buffer that is safe for concurrent use.
type material struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (m *material) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.Write(p)
}

func (m *material) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.String()
}

type wrapper func(gateway.Functions) gateway.Functions

func newStack(t *testing.T, wrap func(*stack) wrapper) *stack {
	t.Helper()
	s := &stack{clock: pattest.NewClock(), path: filepath.Join(t.TempDir(), "pats.db"), client: &http.Client{Timeout: time.Minute}}
	t.Cleanup(s.client.CloseIdleConnections)
	store, err := boltstore.Open(s.path)
	must.Do(t, err)
	t.Cleanup(func() { _ = store.Close() })
	s.store = pattest.NewFaulty(store)
	log := slog.New(slog.NewJSONHandler(&s.written, &slog.HandlerOptions{Level: slog.LevelDebug - 4}))
	options := laptoptest.Options{Now: s.clock.Now, Log: log}
	if wrap != nil {
		options.Wrap = wrap(s)
	}
	s.Server = laptoptest.Serve(t, s.store, options)
	env := pattest.Env(s.clock)
	env.Log = log
	s.operator = pat.NewService(store, pat.DefaultRetention, env)
	s.secrets = append(s.secrets, s.AdminToken)
	return s
}

// user creates a user with a token of the given lifetime.
func (s *stack) user(t *testing.T, name string, role pat.Role, lasts time.Duration) (pat.UserID, string) {
	t.Helper()
	account, err := s.operator.CreateUser(t.Context(), pattest.Profile(name, role))
	must.Do(t, err)
	draft := pat.Draft{Description: "own", ExpiresAt: s.clock.Now().Add(lasts)}
	_, secret, err := s.operator.CreateUserToken(t.Context(), account.ID, draft)
	must.Do(t, err)
	s.secrets = append(s.secrets, secret.Reveal())
	return account.ID, secret.Reveal()
}

// send sends a request and keeps the response, except the body of a 201, whose secret it adds to the others.
func (s *stack) send(t *testing.T, method, path, body string, header http.Header) {
	t.Helper()
	status, head, answer := s.ask(t, method, path, body, header)
	_ = head.Write(&s.written) // a buffer takes everything
	if status != http.StatusCreated {
		_, _ = s.written.Write(append(answer, '\n'))
		return
	}
	var made struct{ Secret string }
	must.Do(t, json.Unmarshal(answer, &made))
	if made.Secret != "" {
		s.secrets = append(s.secrets, made.Secret)
	}
}

// ask sends a request and returns the status, header and body of the response.
func (s *stack) ask(t *testing.T, method, path, body string, header http.Header) (int, http.Header, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	must.Do(t, err)
	request.Header = header
	response, err := s.client.Do(request)
	must.Do(t, err)
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	must.Do(t, err)
	return response.StatusCode, response.Header, answer
}

// hits returns the secrets in the output and in the data file.
func (s *stack) hits(t *testing.T) []leaks.Hit {
	t.Helper()
	scanner := leaks.NewScanner(s.secrets)
	hits, err := scanner.Scan("log and answers", strings.NewReader(s.written.String()))
	must.Do(t, err)
	return append(hits, search(t, scanner, s.path).Hits...)
}

// requests has one request for each route and refusal.
var requests = []struct{ method, path, body string }{
	{http.MethodGet, "/api/admin/user/tokens", ""},
	{http.MethodHead, "/api/admin/user/tokens", ""},
	{http.MethodOptions, "/api/admin/user/tokens", ""},
	{http.MethodPost, "/api/admin/user/tokens", `{"description":"%s","expiresAt":"2099-01-01T00:00:00Z"}`},
	{http.MethodPost, "/api/admin/user/tokens", `{"description":"own","expiresAt":"2099-01-01T00:00:00Z"}`},
	{http.MethodPost, "/api/admin/user/tokens", `{"description":7,"expiresAt":"soon"}`},
	{http.MethodPost, "/api/admin/user/tokens", `{"description"`},
	{http.MethodDelete, "/api/admin/user/tokens/999", ""},
	{http.MethodDelete, "/api/admin/user/tokens/x", ""},
	{http.MethodGet, "/api/admin/user", ""},
	{http.MethodGet, "/api/admin/user-admin?limit=2", ""},
	{http.MethodGet, "/api/admin/user-admin?limit=x", ""},
	{http.MethodPost, "/api/admin/user-admin", `{"username":"%s","rootRole":3}`},
	{http.MethodPost, "/api/admin/user-admin", `{"username":"admin","rootRole":3}`},
	{http.MethodPut, "/api/admin/user-admin/1", `{"rootRole":3}`},
	{http.MethodGet, "/api/admin/user-admin/2", ""},
	{http.MethodPut, "/api/admin/user-admin/2", `{"name":"%s"}`},
	{http.MethodDelete, "/api/admin/user-admin/999", ""},
	{http.MethodGet, "/docs/openapi.json", ""},
	{http.MethodGet, "/nowhere", ""},
	{http.MethodPatch, "/api/admin/user", ""},
	{http.MethodGet, "/%00/../%2e", ""},
}

// headers returns the ways in which a client can present a token, some of them wrong.
func headers(token string) []http.Header {
	authorization := func(values ...string) http.Header {
		return http.Header{"Authorization": values, "Content-Type": {"application/json"}}
	}
	keyed := authorization(token)
	keyed.Set("Idempotency-Key", "k")
	elsewhere := authorization()
	for _, name := range []string{"Cookie", "User-Agent", "Referer", "X-Forwarded-For", "X-Api-Key", "Content-Type", "If-None-Match"} {
		elsewhere.Set(name, token)
	}
	return []http.Header{
		keyed, authorization("Bearer " + token), authorization("Basic " + token), authorization(token, token),
		authorization(inPats(token)), authorization("Bearer " + inPats(token)), authorization("Basic " + inPats(token)), authorization(inPats(token) + "x"),
		authorization(token[:len(token)-1] + "x"), authorization(token + "x"), authorization("bearer\t" + token), elsewhere,
	}
}

// drive sends every request with every header and every kind of token, on a store that works, fails and panics.
func (s *stack) drive(t *testing.T) {
	t.Helper()
	_, admin := s.user(t, "admin", pat.Admin, 1000*time.Hour)
	_, viewer := s.user(t, "viewer", pat.Viewer, 1000*time.Hour)
	_, expired := s.user(t, "expired", pat.Viewer, time.Minute)
	off, disabled := s.user(t, "disabled", pat.Viewer, 1000*time.Hour)
	gone, deleted := s.user(t, "deleted", pat.Viewer, 1000*time.Hour)
	must.Do(t, pattest.SetDisabled(t.Context(), s.operator, off, true))
	must.Do(t, s.operator.DeleteUser(t.Context(), gone))
	s.clock.Advance(time.Hour)
	for i, token := range []string{admin, viewer, expired, disabled, deleted, s.AdminToken} {
		for j, header := range headers(token) {
			for k, request := range requests {
				s.send(t, request.method, request.path, strings.ReplaceAll(request.body, "%s", fmt.Sprint(i, j, k)), header)
			}
		}
		s.sendOdd(t, token)
		s.sendOdd(t, inPats(token))
	}
	s.clock.Advance(time.Hour) // nothing is cached
	for _, fault := range []func(){
		func() { s.refuseAll(pat.Unavailable(context.DeadlineExceeded)) },
		func() { s.refuseAll(io.ErrUnexpectedEOF) },
		func() { s.store.Before(pattest.CallAccount, func() { panic("a store's fault") }) },
	} {
		for _, request := range requests {
			fault()
			s.send(t, request.method, request.path, request.body, http.Header{"Authorization": {admin}, "Content-Type": {"application/json"}})
		}
	}
}

// sendOdd puts the token where none belongs, and where the API neither keeps nor repeats it.
func (s *stack) sendOdd(t *testing.T, token string) {
	t.Helper()
	header := http.Header{"Authorization": {token}, "Content-Type": {"application/json"}}
	s.ask(t, http.MethodGet, "/"+token, "", header) // the response quotes the path to its sender; the log does not
	s.send(t, http.MethodGet, "/api/admin/user/tokens?token="+token, "", header)
	s.send(t, http.MethodDelete, "/api/admin/user/tokens/"+token, "", http.Header{})
	s.send(t, http.MethodPost, "/api/admin/user/tokens", token, header)
}

func (s *stack) refuseAll(err error) {
	for _, call := range []pattest.Call{
		pattest.CallAccount, pattest.CallAccounts, pattest.CallCreateAccount, pattest.CallReplaceAccount, pattest.CallMarkSeen,
	} {
		s.store.Refuse(call, 1, err)
	}
}

func TestStackLeaksNothing(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	s.drive(t)
	for _, hit := range s.hits(t) {
		t.Errorf("%s: at byte %d, %s: %s", hit.Path, hit.Offset, hit.Form, hit.Name)
	}
	for _, want := range []string{`"msg":"refused"`, `"status":503`, "panic: a store's fault", "AuthenticationRequired", "NoAccessError"} {
		if !strings.Contains(s.written.String(), want) {
			t.Errorf("%s did not occur", want)
		}
	}
	if got, want := len(s.secrets), 6+4; got < want {
		t.Errorf("got %d secrets, want %d: one for each 201 as well", got, want)
	}
	if info, err := os.Stat(s.path); err != nil || info.Mode() != 0o600 {
		t.Errorf("the data file: got %v and %v, want mode 0600", info, err)
	}
}

// TestLeakingStackIsFound drives functions that log their events.
func TestLeakingStackIsFound(t *testing.T) {
	t.Parallel()
	s := newStack(t, func(s *stack) wrapper {
		return func(functions gateway.Functions) gateway.Functions {
			for name, function := range functions.Proxies {
				functions.Proxies[name] = logged(function, &s.written)
			}
			return functions
		}
	})
	_, token := s.user(t, "viewer", pat.Viewer, time.Hour)
	s.send(t, http.MethodGet, "/api/admin/user", "", http.Header{"Authorization": {token}})
	if hits := s.hits(t); len(hits) == 0 {
		t.Error("got no hit, want the token in the log found")
	}
}

// logged returns a function that logs its events.
func logged(function gateway.ProxyFunction, to io.Writer) gateway.ProxyFunction {
	return func(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		_ = json.NewEncoder(to).Encode(event) // a buffer takes everything
		return function(ctx, event)
	}
}
