package guard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/guard"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// anyToken has the form and the checksum of a token.
func anyToken(t testing.TB) string {
	t.Helper()
	secret, err := pat.NewSecret(pattest.NewRandom(), 7)
	if err != nil {
		t.Fatal(err)
	}
	return secret.Reveal()
}

// introspector is a server that responds to each introspection alike, and counts them.
type introspector struct {
	*httptest.Server
	asked atomic.Int64
	body  atomic.Value
}

func newIntrospector(t testing.TB, status int, body string) *introspector {
	t.Helper()
	s := &introspector{}
	s.body.Store(body)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.asked.Add(1)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, s.body.Load().(string)) //nolint:errcheck,forcetypeassert // a text, and the client may be gone
	}))
	t.Cleanup(s.Close)
	return s
}

func newChecker(t testing.TB, settings guard.Introspection) *guard.IntrospectionChecker {
	t.Helper()
	if settings.Token == "" {
		settings.Token = anyToken(t)
	}
	checker, err := guard.NewIntrospectionChecker(settings)
	if err != nil {
		t.Fatal(err)
	}
	return checker
}

// activeBody is the introspection of a token that ends at end.
func activeBody(end time.Time) string {
	return fmt.Sprintf(`{"active":true,"scope":"orders:read pats:read","username":"vera","token_type":"Bearer","exp":%d,"iat":1,"sub":"7","token_id":3}`, end.Unix())
}

// TestIntrospectionOfTheService checks tokens with the service itself.
func TestIntrospectionOfTheService(t *testing.T) {
	t.Parallel()
	store := laptoptest.NewStore(t)
	server := laptoptest.Serve(t, store, laptoptest.Options{Parameters: map[string]string{"Scopes": "orders:read"}})
	create := func(user pat.UserID, scopes ...string) (pat.Token, string) {
		draft := pat.Draft{Description: strings.Join(scopes, " "), Scopes: pattest.Scopes(t, scopes...), ExpiresAt: time.Now().Add(time.Hour)}
		token, secret, err := server.Service.CreateUserToken(t.Context(), user, draft)
		if err != nil {
			t.Fatal(err)
		}
		return token, secret.Reveal()
	}
	admin := pattest.Account(t, store, pattest.Profile("ann", pat.Admin))
	vera := pattest.Account(t, store, pattest.Profile("vera", pat.Viewer))
	_, own := create(admin.ID, "tokens:introspect")
	token, secret := create(vera.ID, "orders:read")
	checker := newChecker(t, guard.Introspection{Endpoint: server.URL + "/oauth/introspect", Token: own})

	for name, spelled := range map[string]string{"Unleash's spelling": secret, "the other spelling": pattest.InPats(secret)} {
		got, err := checker.Check(t.Context(), spelled)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := guard.Claims{UserID: vera.ID, Username: "vera", Scopes: []pat.Scope{"orders:read"}, TokenID: token.ID, ExpiresAt: token.ExpiresAt.Truncate(time.Second)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: claims (-want +got):\n%s", name, diff)
		}
	}
	if err := server.Service.RevokeUserToken(t.Context(), vera.ID, token.ID); err != nil {
		t.Fatal(err)
	}
	_, err := checker.Check(t.Context(), secret)
	wantInvalid(t, err)

	withoutScope := newChecker(t, guard.Introspection{Endpoint: server.URL + "/oauth/introspect", Token: secret})
	_, err = withoutScope.Check(t.Context(), own)
	wantUnchecked(t, err, own)
}

// wantInvalid fails the test unless err refuses the token.
func wantInvalid(t *testing.T, err error) {
	t.Helper()
	refusal, ok := errors.AsType[*guard.Refusal](err)
	if !ok || refusal.Status != http.StatusUnauthorized {
		t.Errorf("got error %v, want the refusal of an invalid token", err)
	}
}

// wantUnchecked fails the test unless err says that the token could not be checked, without the token.
func wantUnchecked(t *testing.T, err error, token string) {
	t.Helper()
	_, refused := errors.AsType[*guard.Refusal](err)
	if err == nil || refused || strings.Contains(err.Error(), token[len(token)-43:]) {
		t.Errorf("got error %v, want that the token could not be checked", err)
	}
}

func TestIntrospectionFailsClosed(t *testing.T) {
	t.Parallel()
	const whole = `"active":true,"sub":"7","exp":4000000000,"token_id":3`
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"no permission":               {http.StatusUnauthorized, `{"error":"invalid_token"}`},
		"a failure":                   {http.StatusServiceUnavailable, `{"error":"temporarily_unavailable"}`},
		"an active token in a 201":    {http.StatusCreated, "{" + whole + "}"},
		"a redirect":                  {http.StatusTemporaryRedirect, "{" + whole + "}"},
		"no body":                     {http.StatusOK, ""},
		"HTML":                        {http.StatusOK, "<html>"},
		"a list":                      {http.StatusOK, "[" + whole + "]"},
		"null":                        {http.StatusOK, "null"},
		"no member active":            {http.StatusOK, strings.Replace("{"+whole+"}", `"active":true,`, "", 1)},
		"active as a text":            {http.StatusOK, strings.Replace("{"+whole+"}", "true", `"true"`, 1)},
		"active null":                 {http.StatusOK, strings.Replace("{"+whole+"}", "true", "null", 1)},
		"no end":                      {http.StatusOK, `{"active":true,"sub":"7","token_id":3}`},
		"an end as a text":            {http.StatusOK, strings.Replace("{"+whole+"}", "4000000000", `"4000000000"`, 1)},
		"an end before time":          {http.StatusOK, strings.Replace("{"+whole+"}", "4000000000", "-1", 1)},
		"an end beyond all calendars": {http.StatusOK, strings.Replace("{"+whole+"}", "4000000000", "9000000000000000000", 1)},
		"no user":                     {http.StatusOK, strings.Replace("{"+whole+"}", `"sub":"7",`, "", 1)},
		"a user who is no number":     {http.StatusOK, strings.Replace("{"+whole+"}", `"7"`, `"vera"`, 1)},
		"no token ID":                 {http.StatusOK, strings.Replace("{"+whole+"}", `,"token_id":3`, "", 1)},
		"a token of another service":  {http.StatusOK, `{"active":true,"sub":"7","exp":4000000000,"client_id":"x"}`},
		"a long response":             {http.StatusOK, "{" + whole + `,"x":"` + strings.Repeat("x", 17<<10) + `"}`},
		"a response cut off":          {http.StatusOK, "{" + whole},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newIntrospector(t, c.status, c.body)
			token := anyToken(t)
			_, err := newChecker(t, guard.Introspection{Endpoint: server.URL, CacheFor: time.Minute}).Check(t.Context(), token)
			wantUnchecked(t, err, token)
		})
	}
}

// TestUnreachableIntrospection: a hanging service costs a request no more than the time-out.
func TestUnreachableIntrospection(t *testing.T) {
	t.Parallel()
	token := anyToken(t)
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	t.Cleanup(hanging.Close)
	_, err := newChecker(t, guard.Introspection{Endpoint: hanging.URL, Timeout: 20 * time.Millisecond}).Check(t.Context(), token)
	wantUnchecked(t, err, token)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got error %v, want that of the time-out", err)
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	_, err = newChecker(t, guard.Introspection{Endpoint: gone.URL}).Check(t.Context(), token)
	wantUnchecked(t, err, token)
}

// TestRedirectGetsNoToken: a service that redirects must not send the tokens elsewhere.
func TestRedirectGetsNoToken(t *testing.T) {
	t.Parallel()
	elsewhere := newIntrospector(t, http.StatusOK, activeBody(expiry))
	redirecting := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(redirecting.Close)
	token := anyToken(t)
	_, err := newChecker(t, guard.Introspection{Endpoint: redirecting.URL}).Check(t.Context(), token)
	wantUnchecked(t, err, token)
	if asked := elsewhere.asked.Load(); asked != 0 {
		t.Errorf("got %d requests at the target of the redirect, want none", asked)
	}
}

// TestJunkIsNotSent: whoever floods a service with junk does not flood the service of the tokens too.
func TestJunkIsNotSent(t *testing.T) {
	t.Parallel()
	server := newIntrospector(t, http.StatusOK, activeBody(expiry))
	checker := newChecker(t, guard.Introspection{Endpoint: server.URL})
	for _, junk := range []string{"", "x", pattest.Mistyped(pattest.InPats(anyToken(t))), "*:*." + strings.Repeat("x", 43), anyToken(t) + "&token=y"} {
		_, err := checker.Check(t.Context(), junk)
		wantInvalid(t, err)
	}
	if asked := server.asked.Load(); asked != 0 {
		t.Errorf("got %d introspections, want none", asked)
	}
}

func TestCacheOfIntrospection(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cacheFor time.Duration
		// end is when the token ends, and later when it is checked again.
		end, later time.Duration
		asked      int64
	}{
		"none by default":          {0, time.Hour, 0, 2},
		"within the time":          {time.Minute, time.Hour, time.Minute - 1, 1},
		"after the time":           {time.Minute, time.Hour, time.Minute, 2},
		"before the token's end":   {time.Minute, 10 * time.Second, 10*time.Second - 1, 1},
		"at the token's end":       {time.Minute, 10 * time.Second, 10 * time.Second, 2},
		"a token that has expired": {time.Minute, -time.Second, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := expiry.Add(-24 * time.Hour)
			server := newIntrospector(t, http.StatusOK, activeBody(start.Add(c.end)))
			checker := newChecker(t, guard.Introspection{Endpoint: server.URL, CacheFor: c.cacheFor})
			token := anyToken(t)
			first, err := checker.WithClock(at(start)).Check(t.Context(), token)
			if err != nil {
				t.Fatal(err)
			}
			second, err := checker.WithClock(at(start.Add(c.later))).Check(t.Context(), pattest.InPats(token))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(first, second); diff != "" {
				t.Errorf("claims (-first +second):\n%s", diff)
			}
			if asked := server.asked.Load(); asked != c.asked {
				t.Errorf("got %d introspections, want %d", asked, c.asked)
			}
		})
	}
}

// TestInactiveIsNotCached: nor is a failure, so the next check asks again.
func TestInactiveIsNotCached(t *testing.T) {
	t.Parallel()
	server := newIntrospector(t, http.StatusOK, `{"active":false}`)
	checker := newChecker(t, guard.Introspection{Endpoint: server.URL, CacheFor: time.Minute}).WithClock(at(expiry.Add(-time.Hour)))
	token := anyToken(t)
	_, err := checker.Check(t.Context(), token)
	wantInvalid(t, err)
	server.body.Store("{")
	_, err = checker.Check(t.Context(), token)
	wantUnchecked(t, err, token)
	server.body.Store(activeBody(expiry))
	if _, err := checker.Check(t.Context(), token); err != nil {
		t.Errorf("got error %v, want the token to be valid", err)
	}
}

// TestCacheIsBounded: the tokens checked first are forgotten first.
func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	server := newIntrospector(t, http.StatusOK, activeBody(expiry))
	checker := newChecker(t, guard.Introspection{Endpoint: server.URL, CacheFor: time.Minute}).WithClock(at(expiry.Add(-time.Hour)))
	random := pattest.NewRandom()
	tokens := make([]string, 1025)
	for i := range tokens {
		secret, err := pat.NewSecret(random, 7)
		if err != nil {
			t.Fatal(err)
		}
		tokens[i] = secret.Reveal()
		if _, err := checker.Check(t.Context(), tokens[i]); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		token int
		want  int64
	}{{1024, 0}, {1, 0}, {0, 1}} {
		before := server.asked.Load()
		if _, err := checker.Check(t.Context(), tokens[c.token]); err != nil {
			t.Fatal(err)
		}
		if asked := server.asked.Load() - before; asked != c.want {
			t.Errorf("token %d: got %d introspections, want %d", c.token, asked, c.want)
		}
	}
}

func TestInvalidIntrospectionSettings(t *testing.T) {
	t.Parallel()
	token := anyToken(t)
	const endpoint = "https://pats.example/oauth/introspect"
	for name, c := range map[string]struct {
		settings guard.Introspection
		valid    bool
	}{
		"https":              {guard.Introspection{Endpoint: endpoint, Token: token}, true},
		"this machine":       {guard.Introspection{Endpoint: "http://127.0.0.1:3000/oauth/introspect", Token: token}, true},
		"localhost":          {guard.Introspection{Endpoint: "http://localhost/oauth/introspect", Token: token}, true},
		"IPv6":               {guard.Introspection{Endpoint: "http://[::1]:3000/oauth/introspect", Token: token}, true},
		"the other spelling": {guard.Introspection{Endpoint: endpoint, Token: pattest.InPats(token)}, true},
		"a minute":           {guard.Introspection{Endpoint: endpoint, Token: token, CacheFor: guard.MaxCacheFor}, true},
		"http":               {guard.Introspection{Endpoint: "http://pats.example/oauth/introspect", Token: token}, false},
		"http to a name":     {guard.Introspection{Endpoint: "http://127.0.0.1.pats.example/", Token: token}, false},
		"no endpoint":        {guard.Introspection{Token: token}, false},
		"no host":            {guard.Introspection{Endpoint: "https:///oauth/introspect", Token: token}, false},
		"a path alone":       {guard.Introspection{Endpoint: "/oauth/introspect", Token: token}, false},
		"another scheme":     {guard.Introspection{Endpoint: "file://localhost/x", Token: token}, false},
		"a user in the URL":  {guard.Introspection{Endpoint: "https://1:" + token[5:] + "@pats.example/", Token: token}, false},
		"a query":            {guard.Introspection{Endpoint: endpoint + "?token=" + token, Token: token}, false},
		"no URL":             {guard.Introspection{Endpoint: "https://%zz" + token, Token: token}, false},
		"no token":           {guard.Introspection{Endpoint: endpoint}, false},
		"a junk token":       {guard.Introspection{Endpoint: endpoint, Token: token + "x"}, false},
		"the admin token":    {guard.Introspection{Endpoint: endpoint, Token: "*:*." + strings.Repeat("x", 43)}, false},
		"a negative timeout": {guard.Introspection{Endpoint: endpoint, Token: token, Timeout: -1}, false},
		"a negative cache":   {guard.Introspection{Endpoint: endpoint, Token: token, CacheFor: -1}, false},
		"too long a cache":   {guard.Introspection{Endpoint: endpoint, Token: token, CacheFor: guard.MaxCacheFor + 1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := guard.NewIntrospectionChecker(c.settings)
			if (err == nil) != c.valid {
				t.Errorf("got error %v, want it valid: %t", err, c.valid)
			}
			if err != nil && strings.Contains(err.Error(), token[len(token)-43:]) {
				t.Errorf("the error %v contains a token", err)
			}
		})
	}
}

// FuzzIntrospectionResponse: whatever a service responds, it lets no token through but one that it says is active, with a user and an end.
func FuzzIntrospectionResponse(f *testing.F) {
	for _, body := range []string{
		activeBody(expiry), `{"active":false}`, `{"active":true}`, "", "null", `{"active":true,"sub":"7","exp":1e3,"token_id":3}`, `{"active":true,"active":false}`,
	} {
		f.Add(body)
	}
	server := newIntrospector(f, http.StatusOK, "")
	checker := newChecker(f, guard.Introspection{Endpoint: server.URL})
	token := anyToken(f)
	f.Fuzz(func(t *testing.T, body string) {
		server.body.Store(body)
		got, err := checker.Check(t.Context(), token)
		if err == nil && (!strings.Contains(body, "true") || got.UserID < 1 || got.TokenID < 1 || got.ExpiresAt.Unix() <= 0) {
			t.Errorf("%q: got %v, want a refusal", body, got)
		}
	})
}
