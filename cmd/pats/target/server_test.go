package target_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// token1 has the form of a token, and is valid nowhere.
const token1 = "user:v2_AAAAAAAAAAEAAAAAAAAAAA_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// recorder is a server that records its requests and passes them to respond, with their number from 1.
type recorder struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
}

func newRecorder(t *testing.T, respond func(w http.ResponseWriter, r *http.Request, n int)) *recorder {
	t.Helper()
	rec := &recorder{}
	rec.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec.mu.Lock()
		rec.requests = append(rec.requests, r)
		n := len(rec.requests)
		rec.mu.Unlock()
		respond(w, r, n)
	}))
	t.Cleanup(rec.Close)
	return rec
}

// received returns the requests so far.
func (rec *recorder) received() []*http.Request {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return rec.requests
}

// always returns a responder with the same response for every request. header is "NAME: VALUE" or empty.
func always(status int, header, body string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		if name, value, ok := strings.Cut(header, ": "); ok {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}
}

// newServer returns a client of the server at url that repeats requests without pauses.
func newServer(t *testing.T, url string) *target.Server {
	t.Helper()
	server, err := target.NewServer(url, token1, false)
	if err != nil {
		t.Fatal(err)
	}
	return server.WithoutPauses()
}

// wantFailure checks the code of err and the parts of its message and advice.
func wantFailure(t *testing.T, err error, code failure.Code, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("got no error")
	}
	f := target.Explain(err)
	if f.Code != code {
		t.Errorf("got code %d, want %d", f.Code, code)
	}
	for _, part := range parts {
		if text := f.Message + "\n" + f.Advice; !strings.Contains(text, part) {
			t.Errorf("got %q, want %q in it", text, part)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		status       int
		header, body string
		code         failure.Code
		want         []string
	}{
		"bad data": {400, "", `{"name":"BadDataError","message":"Request validation failed.","details":[{"message":"The expiry date should be in future."}]}`,
			failure.Usage, []string{"Request validation failed.", "in future"}},
		"unauthenticated": {401, "", `{"message":"You must log in to use Unleash.","details":[{"message":"The token has expired."}]}`,
			failure.Refused, []string{"You must log in", "has expired", "PATS_TOKEN"}},
		"forbidden":    {403, "", `{"message":"Too many PATs (10) already exist for this user."}`, failure.Refused, []string{"Too many PATs"}},
		"not found":    {404, "", `{"message":"PATs are disabled."}`, failure.NotFound, []string{"PATs are disabled."}},
		"duplicate":    {409, "", `{"message":"PAT description already exists."}`, failure.Refused, []string{"already exists"}},
		"throttled":    {429, "", `{"message":"Too many requests. Try again shortly."}`, failure.Unavailable, []string{"Too many requests"}},
		"unavailable":  {503, "", `{"message":"The service is busy."}`, failure.Unavailable, []string{"busy"}},
		"not JSON":     {502, "", `<html>`, failure.Unavailable, []string{"502 Bad Gateway"}},
		"redirect":     {302, "Location: https://elsewhere.example/x", ``, failure.Failed, []string{"302 Found", "https://elsewhere.example/x"}},
		"another site": {200, "", `<html>`, failure.Failed, []string{"does not look like a pats server"}},
		"other JSON":   {200, "", `{}`, failure.Failed, []string{"does not look like a pats server"}},
		"an escape":    {400, "", `{"message":"\u001b[2Jgone"}`, failure.Usage, []string{"\ufffd[2Jgone"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := newRecorder(t, always(c.status, c.header, c.body))
			_, err := newServer(t, rec.URL).List(t.Context())
			wantFailure(t, err, c.code, c.want...)
			tries := 1
			if c.code == failure.Unavailable {
				tries = target.MaxTries
			}
			if got := len(rec.received()); got != tries {
				t.Errorf("got %d requests, want %d", got, tries)
			}
			if got := rec.received()[0].Header.Get("Authorization"); got != token1 {
				t.Errorf("the server received Authorization %q, want the token", got)
			}
		})
	}
}

func TestCreatedWithoutASecret(t *testing.T) {
	t.Parallel()
	rec := newRecorder(t, always(http.StatusCreated, "", `{"id":1}`))
	_, err := newServer(t, rec.URL).Create(t.Context(), pattest.Draft("x"))
	wantFailure(t, err, failure.Failed, "does not look like a pats server")
}

// dropConnection ends the connection without a response.
func dropConnection(t *testing.T, w http.ResponseWriter) {
	t.Helper()
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	_ = connection.Close()
}

// truncate sends a part of a response and ends the connection.
func truncate(t *testing.T, w http.ResponseWriter) {
	t.Helper()
	w.Header().Set("Content-Length", "100")
	w.WriteHeader(http.StatusCreated)
	_, _ = fmt.Fprint(w, `{"id":1,`)
	if err := http.NewResponseController(w).Flush(); err != nil {
		t.Error(err)
	}
	dropConnection(t, w)
}

func TestRepeatedUntilAResponseArrives(t *testing.T) {
	t.Parallel()
	created := always(http.StatusCreated, "", `{"id":1,"expiresAt":null,"createdAt":null,"seenAt":null,"secret":"user:v2_x"}`)
	failures := map[string]func(*testing.T, http.ResponseWriter){
		"no response":        dropConnection,
		"truncated response": truncate,
		"503":                func(_ *testing.T, w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		"504":                func(_ *testing.T, w http.ResponseWriter) { w.WriteHeader(http.StatusGatewayTimeout) },
		"429":                func(_ *testing.T, w http.ResponseWriter) { w.WriteHeader(http.StatusTooManyRequests) },
	}
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := newRecorder(t, func(w http.ResponseWriter, r *http.Request, n int) {
				if n < target.MaxTries {
					fail(t, w)
					return
				}
				created(w, r, n)
			})
			token, err := newServer(t, rec.URL).Create(t.Context(), pattest.Draft("x"))
			if err != nil || token.Secret != "user:v2_x" {
				t.Fatalf("got secret %q and %v, want that of the last response", token.Secret, err)
			}
			wantOneKey(t, rec.received())
		})
	}
}

// wantOneKey checks that all requests have the same Idempotency-Key.
func wantOneKey(t *testing.T, requests []*http.Request) {
	t.Helper()
	key := requests[0].Header.Get("Idempotency-Key")
	for i, r := range requests {
		if got := r.Header.Get("Idempotency-Key"); got == "" || got != key {
			t.Errorf("request %d has Idempotency-Key %q, want that of the first, %q", i+1, got, key)
		}
	}
}

func TestEachCreateHasItsOwnKey(t *testing.T) {
	t.Parallel()
	rec := newRecorder(t, always(http.StatusConflict, "", `{}`))
	server := newServer(t, rec.URL)
	for range 2 {
		_, err := server.Create(t.Context(), pattest.Draft("x"))
		wantFailure(t, err, failure.Refused)
	}
	if a, b := rec.received()[0].Header.Get("Idempotency-Key"), rec.received()[1].Header.Get("Idempotency-Key"); a == b {
		t.Errorf("got key %q twice", a)
	}
}

func TestTriesAreBounded(t *testing.T) {
	t.Parallel()
	requests := map[string]func(*testing.T, *target.Server) error{
		"list":   func(t *testing.T, s *target.Server) error { t.Helper(); _, err := s.List(t.Context()); return err },
		"revoke": func(t *testing.T, s *target.Server) error { t.Helper(); return s.Revoke(t.Context(), 1) },
		"create": func(t *testing.T, s *target.Server) error {
			t.Helper()
			_, err := s.Create(t.Context(), pattest.Draft("x"))
			wantFailure(t, err, failure.Unavailable, "no response", "may have been created", "revoke it")
			return err
		},
	}
	for name, request := range requests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := newRecorder(t, func(w http.ResponseWriter, _ *http.Request, _ int) { dropConnection(t, w) })
			wantFailure(t, request(t, newServer(t, rec.URL)), failure.Unavailable, "no response")
			// net/http itself repeats a request without a body once more on a connection that was in use before.
			if got := len(rec.received()); got != target.MaxTries {
				t.Errorf("got %d requests, want %d", got, target.MaxTries)
			}
		})
	}
}

func TestUnsentRequestIsNotRepeated(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	_ = listener.Close() // so that connections to its address are refused
	_, err = newServer(t, url).Create(t.Context(), pattest.Draft("x"))
	wantFailure(t, err, failure.Unavailable, "cannot be reached", "is the server running?")
	if text := target.Explain(err).Advice; strings.Contains(text, "may have been created") {
		t.Errorf("got advice %q on a request that was not sent", text)
	}
}

// TestInterruptedCreateSaysThatATokenMayExist: the response was lost, and a signal ends the pause before the next try.
func TestInterruptedCreateSaysThatATokenMayExist(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	rec := newRecorder(t, func(w http.ResponseWriter, _ *http.Request, _ int) { cancel(); dropConnection(t, w) })
	_, err := newServer(t, rec.URL).Create(ctx, pattest.Draft("x"))
	wantFailure(t, err, failure.Unavailable, "may have been created")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want an error because of the context", err)
	}
}

// TestTokenStaysWithItsServer: a redirect does not send the token to another host.
func TestTokenStaysWithItsServer(t *testing.T) {
	t.Parallel()
	elsewhere := newRecorder(t, always(http.StatusOK, "", `{"pats":[]}`))
	rec := newRecorder(t, always(http.StatusTemporaryRedirect, "Location: "+elsewhere.URL, ""))
	server := newServer(t, rec.URL)
	_, err := server.List(t.Context())
	wantFailure(t, err, failure.Failed, elsewhere.URL)
	_, err = server.Create(t.Context(), pattest.Draft("x"))
	wantFailure(t, err, failure.Failed, elsewhere.URL)
	wantFailure(t, server.Revoke(t.Context(), pat.TokenID(1)), failure.Failed, elsewhere.URL)
	if got := len(elsewhere.received()); got != 0 {
		t.Errorf("got %d requests at the other host, want none", got)
	}
}

func TestNewServerRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ url, want string }{
		"no scheme":             {"127.0.0.1:3000", "http://127.0.0.1:3000"},
		"another scheme":        {"file://x/y", "http://127.0.0.1:3000"},
		"no host":               {"http:///api", "http://127.0.0.1:3000"},
		"a port without host":   {"http://:3000", "http://127.0.0.1:3000"},
		"http to a name":        {"http://pats.example.org", "unencrypted to pats.example.org"},
		"http to an address":    {"http://192.0.2.1:3000/prod", "--allow-http"},
		"http to a lookalike":   {"http://localhost.example.org", "--allow-http"},
		"http to 127-lookalike": {"http://127.0.0.1.example.org", "--allow-http"},
		"HTTP in capitals":      {"HTTP://pats.example.org", "--allow-http"},
		"http to all":           {"http://0.0.0.0:3000", "--allow-http"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := target.NewServer(c.url, token1, false)
			wantFailure(t, err, failure.Usage, c.want)
		})
	}
}

func TestNewServerAccepts(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		url       string
		allowHTTP bool
	}{
		"https":           {"https://pats.example.org/prod", false},
		"http, IPv4":      {"http://127.0.0.1:3000", false},
		"http, 127.1.2.3": {"http://127.1.2.3:3000", false},
		"http, IPv6":      {"http://[::1]:3000", false},
		"http, localhost": {"http://localhost:3000", false},
		"http, allowed":   {"http://pats.example.org", true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := target.NewServer(c.url, token1, c.allowHTTP); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestServerWithoutScopes: an earlier release ignores the member scopes, and its token would act as its user.
func TestServerWithoutScopes(t *testing.T) {
	t.Parallel()
	scopes, err := pat.NewScopes([]string{"pats:read"})
	if err != nil {
		t.Fatal(err)
	}
	draft := pattest.Draft("ci")
	draft.Scopes = scopes
	for name, c := range map[string]struct {
		status int
		want   string
	}{
		"revoked":     {http.StatusOK, "does not support scopes: the token would act as its user, and was revoked"},
		"not revoked": {http.StatusForbidden, "token 3, which acts as its user, could not be revoked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := newRecorder(t, func(w http.ResponseWriter, r *http.Request, _ int) {
				if r.Method == http.MethodDelete {
					w.WriteHeader(c.status)
					return
				}
				w.WriteHeader(http.StatusCreated)
				_, _ = fmt.Fprintf(w, `{"id":3,"secret":%q}`, token1)
			})
			created, err := newServer(t, rec.URL).Create(t.Context(), draft)
			wantFailure(t, err, failure.Failed, c.want)
			if created.Secret != "" {
				t.Error("got the secret of the token, want none")
			}
			if last := rec.received()[len(rec.received())-1]; last.Method != http.MethodDelete || last.URL.Path != "/api/admin/user/tokens/3" {
				t.Errorf("got the last request %s %s, want DELETE of the token", last.Method, last.URL.Path)
			}
		})
	}
}

// rotatedToken is the response to a rotation.
const rotatedToken = `{"id":2,"description":"ci","expiresAt":"2027-01-01T00:00:00.000Z","userId":1,"createdAt":"2026-01-01T00:00:00.000Z",` +
	`"seenAt":null,"rotatedAt":"2026-01-02T00:00:00.000Z","secret":"user:v2_x"}`

// TestRotateRepeatsALostRotation with one key, and with the same one in every command of a token that rotates itself.
func TestRotateRepeatsALostRotation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		id   pat.TokenID
		path string
		same bool
	}{"another token": {2, "/api/admin/user/tokens/2/rotate", false}, "itself": {0, "/api/admin/user/tokens/self/rotate", true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := newRecorder(t, func(w http.ResponseWriter, _ *http.Request, n int) {
				if n == 1 {
					w.WriteHeader(http.StatusServiceUnavailable)
				}
				_, _ = fmt.Fprint(w, rotatedToken)
			})
			for range 2 {
				rotated, err := newServer(t, rec.URL).Rotate(t.Context(), c.id, pat.Rotation{Overlap: pat.DefaultOverlap})
				if err != nil || rotated.Secret != "user:v2_x" || rotated.ID != 2 {
					t.Fatalf("got %+v and %v, want token 2 with its secret", rotated.Token, err)
				}
			}
			var keys []string
			for _, request := range rec.received() {
				if request.Method != http.MethodPost || request.URL.Path != c.path {
					t.Errorf("got %s %s, want POST %s", request.Method, request.URL.Path, c.path)
				}
				keys = append(keys, request.Header.Get("Idempotency-Key"))
			}
			if len(keys) != 3 || keys[0] == "" || keys[1] != keys[0] || (keys[2] == keys[0]) != c.same {
				t.Errorf("got keys %q, want one for the repetition, and the same in the next command: %t", keys, c.same)
			}
		})
	}
}

func TestRotateFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		id     pat.TokenID
		code   failure.Code
		want   []string
	}{
		"rotated already":        {409, `{"message":"The token was rotated already. Rotate it with its new secret."}`, 0, failure.Refused, []string{"rotated already"}},
		"an unknown id":          {404, `{"message":"You have no token 2."}`, 2, failure.NotFound, []string{"You have no token 2."}},
		"an earlier server":      {404, `{"message":"The path you were looking for is not available."}`, 2, failure.NotFound, []string{"not available"}},
		"no secret":              {200, `{"id":2}`, 2, failure.Failed, []string{"does not look like a pats server"}},
		"unavailable":            {503, `{}`, 2, failure.Unavailable, []string{"may have been rotated all the same, and its new secret is lost"}},
		"unavailable for itself": {503, `{}`, 0, failure.Unavailable, []string{"Run the same command again before the overlap ends"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := newRecorder(t, always(c.status, "", c.body))
			_, err := newServer(t, rec.URL).Rotate(t.Context(), c.id, pat.Rotation{Overlap: pat.DefaultOverlap})
			wantFailure(t, err, c.code, c.want...)
		})
	}
}
