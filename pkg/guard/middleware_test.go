package guard_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/boltstore"
	"pats/pkg/guard"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// fixture is a service behind no API Gateway that checks tokens in a store.
type fixture struct {
	store   *pattest.Faulty
	service *pat.Service
	clock   *pattest.Clock
	holder  pattest.Holder
	log     bytes.Buffer
	// let are the claims with which requests were let through.
	let []guard.Claims
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	bolt, err := boltstore.Open(filepath.Join(t.TempDir(), "pats.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bolt.Close() })
	catalog, err := pat.ParseScopeCatalog("orders:read,orders:write@Editor")
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{store: pattest.NewFaulty(bolt), clock: pattest.NewClock()}
	f.service = pat.NewService(f.store, pat.Settings{Scopes: catalog}, pattest.Env(f.clock))
	f.holder = pattest.NewHolder(t, f.store, f.service, pattest.Profile("vera", pat.Viewer))
	return f
}

// token creates a token of the holder's with scopes, or an unscoped one.
func (f *fixture) token(t *testing.T, scopes ...string) string {
	t.Helper()
	draft := pattest.Draft("token " + strings.Join(scopes, " "))
	if len(scopes) > 0 {
		limited, err := pat.NewScopes(scopes)
		if err != nil {
			t.Fatal(err)
		}
		draft.Scopes = limited
	}
	_, secret, err := f.service.CreateUserToken(t.Context(), f.holder.Account.ID, draft)
	if err != nil {
		t.Fatal(err)
	}
	return secret.Reveal()
}

// request returns a request with these values of the header Authorization.
func request(t *testing.T, authorization ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/orders", nil)
	r.Header["Authorization"] = authorization
	return r
}

// serve has a request handled that needs the scope orders:read.
func (f *fixture) serve(t *testing.T, r *http.Request, checker guard.TokenChecker) *httptest.ResponseRecorder {
	t.Helper()
	next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		checked, found := guard.FromContext(r.Context())
		if !found {
			t.Error("got no claims in the context of the handler")
		}
		f.let = append(f.let, checked)
	})
	recorder := httptest.NewRecorder()
	log := slog.New(slog.NewJSONHandler(&f.log, nil))
	guard.Require("orders:read").WithClock(f.clock.Now).Handler(checker, log, next).ServeHTTP(recorder, r)
	return recorder
}

// wantStatus checks the response to a request with the header, and that the handler was called only for 200.
func (f *fixture) wantStatus(t *testing.T, authorization []string, status int, challenge string) {
	t.Helper()
	f.let = nil
	got := f.serve(t, request(t, authorization...), guard.NewStoreChecker(f.service))
	if got.Code != status || got.Header().Get("WWW-Authenticate") != challenge {
		t.Errorf("got %d %q, want %d %q", got.Code, got.Header().Get("WWW-Authenticate"), status, challenge)
	}
	if (len(f.let) == 1) != (status == http.StatusOK) || len(f.let) > 1 {
		t.Errorf("got the handler called %d times with status %d", len(f.let), status)
	}
	for _, value := range authorization {
		if len(value) > 40 && strings.Contains(f.log.String()+got.Body.String(), value[len(value)-20:]) {
			t.Error("the token is in the log or in the response")
		}
	}
}

func TestHandlerLetsTokensThrough(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	unscoped, limited := f.holder.Secret.Reveal(), f.token(t, "orders:read")
	for _, header := range []string{
		unscoped, limited, "Bearer " + limited, "bearer " + limited, "BEARER   " + limited, pattest.InPats(limited), "Bearer " + pattest.InPats(unscoped), limited + " ",
	} {
		f.wantStatus(t, []string{header}, http.StatusOK, "")
	}
	if f.log.Len() > 0 {
		t.Errorf("got the log %s, want nothing", f.log.String())
	}
}

func TestHandlerHandsOnTheClaims(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, c := range map[string]struct {
		token  string
		scopes []pat.Scope
		id     pat.TokenID
		role   pat.Role
	}{
		"unscoped": {f.holder.Secret.Reveal(), []pat.Scope{"orders:read"}, 1, pat.Viewer},
		"limited":  {f.token(t, "orders:read", "pats:read"), []pat.Scope{"orders:read", "pats:read"}, 2, 0},
	} {
		f.wantStatus(t, []string{c.token}, http.StatusOK, "")
		want := []guard.Claims{{
			UserID: f.holder.Account.ID, Username: "vera", Scopes: c.scopes, TokenID: c.id, Role: c.role, ExpiresAt: pattest.Start.Add(pattest.Lifetime),
		}}
		if diff := cmp.Diff(want, f.let); diff != "" {
			t.Errorf("%s: claims (-want +got):\n%s", name, diff)
		}
	}
}

func TestHandlerRefuses(t *testing.T) {
	t.Parallel()
	const notBearer = `Bearer error="invalid_request"`
	for name, c := range map[string]struct {
		header    func(t *testing.T, f *fixture) []string
		status    int
		challenge string
	}{
		"no header":          {nothing, http.StatusUnauthorized, noCode},
		"an empty header":    {just(""), http.StatusUnauthorized, noCode},
		"a blank header":     {just("  "), http.StatusUnauthorized, noCode},
		"Bearer alone":       {just("Bearer"), http.StatusUnauthorized, noCode},
		"Bearer and blanks":  {just("bearer  "), http.StatusUnauthorized, noCode},
		"Basic":              {just("Basic YWRtaW46dW5sZWFzaDRhbGw="), http.StatusUnauthorized, noCode},
		"Basic with a token": {func(_ *testing.T, f *fixture) []string { return []string{"Basic " + f.holder.Secret.Reveal()} }, http.StatusUnauthorized, noCode},
		"junk":               {just("Bearer junk"), http.StatusUnauthorized, invalid},
		"two tokens in one":  {func(_ *testing.T, f *fixture) []string { s := f.holder.Secret.Reveal(); return []string{s + ", " + s} }, http.StatusUnauthorized, noCode},
		"Bearer twice":       {func(_ *testing.T, f *fixture) []string { return []string{"Bearer Bearer " + f.holder.Secret.Reveal()} }, http.StatusUnauthorized, invalid},
		"a wrong checksum":   {func(_ *testing.T, f *fixture) []string { return []string{pattest.Mistyped(f.holder.Secret.Reveal())} }, http.StatusUnauthorized, invalid},
		"the admin token":    {just("*:*." + strings.Repeat("x", 43)), http.StatusUnauthorized, invalid},
		"an imported token":  {just("user:" + strings.Repeat("0f", 28)), http.StatusUnauthorized, invalid},
		"two headers":        {func(_ *testing.T, f *fixture) []string { s := f.holder.Secret.Reveal(); return []string{s, s} }, http.StatusBadRequest, notBearer},
		"two empty headers":  {func(*testing.T, *fixture) []string { return []string{"", ""} }, http.StatusBadRequest, notBearer},
		"revoked":            {revoked, http.StatusUnauthorized, invalid},
		"expired":            {expiredToken, http.StatusUnauthorized, invalid},
		"a disabled user's":  {disabled, http.StatusUnauthorized, invalid},
		"another scope":      {func(t *testing.T, f *fixture) []string { t.Helper(); return []string{f.token(t, "pats:read")} }, http.StatusForbidden, lacking},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.wantStatus(t, c.header(t, f), c.status, c.challenge)
			if !strings.Contains(f.log.String(), `"msg":"refused"`) {
				t.Errorf("got the log %s, want the refusal", f.log.String())
			}
		})
	}
}

func nothing(*testing.T, *fixture) []string { return nil }

func just(header string) func(*testing.T, *fixture) []string {
	return func(*testing.T, *fixture) []string { return []string{header} }
}

func revoked(t *testing.T, f *fixture) []string {
	t.Helper()
	if err := f.service.RevokeUserToken(t.Context(), f.holder.Account.ID, f.holder.Token.ID); err != nil {
		t.Fatal(err)
	}
	return []string{f.holder.Secret.Reveal()}
}

func expiredToken(t *testing.T, f *fixture) []string {
	t.Helper()
	f.clock.Advance(pattest.Lifetime)
	return []string{"Bearer " + f.holder.Secret.Reveal()}
}

func disabled(t *testing.T, f *fixture) []string {
	t.Helper()
	if err := pattest.SetDisabled(t.Context(), f.service, f.holder.Account.ID, true); err != nil {
		t.Fatal(err)
	}
	return []string{f.holder.Secret.Reveal()}
}

// TestTokenInTheWrongPlace: only the header Authorization presents a token.
func TestTokenInTheWrongPlace(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	token := f.holder.Secret.Reveal()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/orders?access_token="+token, strings.NewReader("access_token="+token))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, name := range []string{"X-Api-Key", "Proxy-Authorization", "X-Authorization", "Cookie"} {
		r.Header.Set(name, token)
	}
	if got := f.serve(t, r, guard.NewStoreChecker(f.service)); got.Code != http.StatusUnauthorized || len(f.let) > 0 {
		t.Errorf("got %d, want %d", got.Code, http.StatusUnauthorized)
	}
	if strings.Contains(f.log.String(), token[len(token)-20:]) {
		t.Error("the token is in the log")
	}
}

func TestStoreOutOfReach(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store.Refuse(pattest.CallAccount, 1, pat.Unavailable(errors.New("the line is cut")))
	f.wantStatus(t, []string{f.holder.Secret.Reveal()}, http.StatusServiceUnavailable, "")
	if !strings.Contains(f.log.String(), `"level":"ERROR"`) || !strings.Contains(f.log.String(), "the line is cut") {
		t.Errorf("got the log %s, want an error with the cause", f.log.String())
	}
}

// checker returns the same for each token.
type checker struct {
	checked guard.Claims
	err     error
}

func (c checker) Check(context.Context, string) (guard.Claims, error) { return c.checked, c.err }

// TestAnyChecker: a Guard trusts a checker's claims no longer than the token lives, since a checker may cache them.
func TestAnyChecker(t *testing.T) {
	t.Parallel()
	valid := guard.Claims{UserID: 7, TokenID: 3, Scopes: []pat.Scope{"orders:read"}, ExpiresAt: pattest.Start.Add(time.Hour)}
	outdated := valid
	outdated.ExpiresAt = pattest.Start
	for name, c := range map[string]struct {
		checker checker
		status  int
	}{
		"valid":               {checker{valid, nil}, http.StatusOK},
		"outdated":            {checker{outdated, nil}, http.StatusUnauthorized},
		"no claims":           {checker{}, http.StatusUnauthorized},
		"invalid":             {checker{err: guard.InvalidToken(pat.ReasonInvalid, nil)}, http.StatusUnauthorized},
		"invalid, and claims": {checker{valid, guard.InvalidToken(pat.ReasonInvalid, nil)}, http.StatusUnauthorized},
		"an error":            {checker{err: context.DeadlineExceeded}, http.StatusServiceUnavailable},
		"an error and claims": {checker{valid, context.DeadlineExceeded}, http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fixture{clock: pattest.NewClock()}
			if got := f.serve(t, request(t, "Bearer x"), c.checker); got.Code != c.status || (len(f.let) > 0) != (c.status == http.StatusOK) {
				t.Errorf("got %d and %d calls of the handler, want %d", got.Code, len(f.let), c.status)
			}
		})
	}
}

func TestNoClaimsWithoutAHandler(t *testing.T) {
	t.Parallel()
	if got, found := guard.FromContext(t.Context()); found {
		t.Errorf("got %+v, want none", got)
	}
}

// FuzzAuthorization: no header but those with the token let a request through, and the token is in no log.
func FuzzAuthorization(f *testing.F) {
	const token = "a-valid-token"
	for _, header := range []string{"", token, "Bearer " + token, "bearer  " + token, token + " ", "Basic " + token, "Bearer", token + ", " + token, "Bearer\t" + token, "\x00"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		fixture := &fixture{clock: pattest.NewClock()}
		got := fixture.serve(t, request(t, header), only(token))
		rest := strings.TrimSpace(header)
		if scheme, after, found := strings.Cut(rest, " "); found && strings.EqualFold(scheme, "Bearer") {
			rest = strings.TrimLeft(after, " ")
		}
		if (got.Code == http.StatusOK) != (rest == token) || len(fixture.let) > 1 {
			t.Errorf("%q: got %d", header, got.Code)
		}
	})
}

// only is a checker that accepts one token.
type only string

func (o only) Check(_ context.Context, token string) (guard.Claims, error) {
	if token != string(o) {
		return guard.Claims{}, guard.InvalidToken(pat.ReasonInvalid, nil)
	}
	return guard.Claims{Scopes: []pat.Scope{"orders:read"}, ExpiresAt: pattest.Start.Add(time.Hour)}, nil
}
