package sessionapi_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/api"
	"pats/pkg/api/apitypes"
	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
	"pats/pkg/session"
	"pats/pkg/session/sessiontest"
	"pats/pkg/sessionapi"
)

const host = "pats.example.com"

// loginFixture is the function for sessions with one user, who is signed in.
type loginFixture struct {
	clock    *pattest.Clock
	store    *boltstore.Store
	service  *pat.Service
	env      pat.Env
	log      *bytes.Buffer
	settings sessionapi.Settings
	user     pat.Account
	cookie   string
	verifier pat.LoginVerifier
}

func newLoginFixture(t *testing.T) *loginFixture {
	t.Helper()
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "pats.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	f := &loginFixture{clock: pattest.NewClock(), store: store, log: &bytes.Buffer{}}
	f.env = pattest.Env(f.clock)
	f.env.Random, f.env.Log = rand.Reader, slog.New(slog.NewTextHandler(f.log, nil))
	f.service = pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention, MaxLifetime: 30 * 24 * time.Hour}, f.env)
	f.settings = sessionapi.Settings{
		Client:        session.Client{Issuer: "https://id.example.com", ID: "pats", Secret: pat.NewClientSecret("a client secret of the provider")},
		TokensEnabled: true,
	}
	f.user = pattest.Account(t, store, pattest.Profile("ada", pat.Editor))
	f.cookie = f.cookieOf(t, f.user.ID)
	if f.verifier, err = pat.NewLoginVerifier(rand.Reader); err != nil {
		t.Fatal(err)
	}
	return f
}

// site is where the stack would be deployed.
var site = session.Site{Origin: "https://" + host}

// cookieOf returns the cookie of an hour's session of user that starts now.
func (f *loginFixture) cookieOf(t *testing.T, user pat.UserID) string {
	t.Helper()
	return sessiontest.Cookie(t, f.settings.Client, site, user, f.clock.Now())
}

// send handles a request that a page of the stack sends with the user's cookie, after edit has changed it.
func (f *loginFixture) send(t *testing.T, method, resource string, query url.Values, body any, edit func(*events.APIGatewayProxyRequest)) events.APIGatewayProxyResponse {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	event := events.APIGatewayProxyRequest{
		HTTPMethod: method, Resource: resource, Path: resource, MultiValueQueryStringParameters: query, Body: string(text),
		MultiValueHeaders: http.Header{
			"Cookie": {f.cookie}, "Content-Type": {"application/json"}, "Sec-Fetch-Site": {"same-origin"}, "Origin": {"https://" + host},
		},
		RequestContext: events.APIGatewayProxyRequestContext{DomainName: host, Path: resource},
	}
	if edit != nil {
		edit(&event)
	}
	handler := sessionapi.New(f.service, f.settings, f.env, api.NewTokenRoutes(f.service, api.TokensSettings{Enabled: true}, f.env.Log))
	response, err := handler.Handle(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func decode[T any](t *testing.T, response events.APIGatewayProxyResponse, status int) (value T) {
	t.Helper()
	if response.StatusCode != status {
		t.Fatalf("got %d %s, want %d", response.StatusCode, response.Body, status)
	}
	if err := json.Unmarshal([]byte(response.Body), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// query returns the query of the page for consent.
func (f *loginFixture) query() url.Values {
	return url.Values{
		"challenge": {string(f.verifier.Challenge())}, "description": {"laptop"}, "port": {"40000"}, "state": {"the-state"},
	}
}

func (f *loginFixture) show(t *testing.T, query url.Values) apitypes.LoginRequest {
	t.Helper()
	return decode[apitypes.LoginRequest](t, f.send(t, http.MethodGet, session.ConsentRequestPath, query, nil, nil), http.StatusOK)
}

// code returns the code that the user's approval of query leads to.
func (f *loginFixture) code(t *testing.T, query url.Values) string {
	t.Helper()
	body := apitypes.ConfirmLogin{Request: f.show(t, query).Request}
	confirmed := decode[apitypes.ConfirmedLogin](t, f.send(t, http.MethodPost, session.ConsentRequestPath, nil, body, nil), http.StatusOK)
	if confirmed.Code != "" {
		return confirmed.Code
	}
	location, err := url.Parse(confirmed.Location)
	if err != nil {
		t.Fatal(err)
	}
	return location.Query().Get("code")
}

// redeem sends what the command sends, which has no cookie.
func (f *loginFixture) redeem(t *testing.T, body apitypes.RedeemLogin) events.APIGatewayProxyResponse {
	t.Helper()
	return f.send(t, http.MethodPost, session.RedeemPath, nil, body, func(event *events.APIGatewayProxyRequest) {
		event.MultiValueHeaders = http.Header{"Content-Type": {"application/json"}}
	})
}

// wantNoTokens fails the test if the user has a token.
func (f *loginFixture) wantNoTokens(t *testing.T) {
	t.Helper()
	if tokens := pattest.Read(t, f.store, f.user.ID).Tokens; len(tokens) > 0 {
		t.Errorf("got %d tokens, want none", len(tokens))
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	f := newLoginFixture(t)
	query := f.query()
	query.Set("scope", "pats:write pats:read")
	query.Set("expires", f.clock.Now().Add(time.Hour).Format(time.RFC3339))
	shown := f.show(t, query)
	if shown.User.ID != f.user.ID || shown.ShortCode != f.verifier.Challenge().ShortCode() || shown.Description != "laptop" ||
		fmt.Sprint(shown.Scopes) != "[pats:read pats:write]" || shown.DenyLocation != "http://127.0.0.1:40000/?error=access_denied&state=the-state" {
		t.Errorf("got %+v, want user, code, token and where to deny", shown)
	}
	f.wantNoTokens(t)
	redeem := apitypes.RedeemLogin{Code: f.code(t, query), Verifier: f.verifier.Reveal()}
	first := decode[apitypes.CreatedToken](t, f.redeem(t, redeem), http.StatusCreated)
	second := decode[apitypes.CreatedToken](t, f.redeem(t, redeem), http.StatusCreated)
	if first.Secret != second.Secret || first.ID != second.ID || first.UserID != f.user.ID {
		t.Errorf("got token %d, then token %d, want the same", first.ID, second.ID)
	}
	for what, secret := range map[string]string{"token": first.Secret, "code": redeem.Code, "verifier": redeem.Verifier} {
		if strings.Contains(f.log.String(), secret) {
			t.Errorf("the log contains the %s:\n%s", what, f.log)
		}
	}
}

// TestAnswersGoToThisMachine: whatever the address of the page says, the browser is sent to a port of 127.0.0.1, or nowhere.
func TestAnswersGoToThisMachine(t *testing.T) {
	t.Parallel()
	for _, port := range []string{
		"", "0", "80", "1023", "65536", "-1", "+40000", "040000", "40000 ", "4e4", "0x9c40", "40000@evil.example", "40000/../..", "evil.example:80",
		"40000#", "https://evil.example", "４００００",
	} {
		t.Run(port, func(t *testing.T) {
			t.Parallel()
			f := newLoginFixture(t)
			f.settings.AllowPastedCode = true
			query := f.query()
			query.Set("port", port)
			if got := f.send(t, http.MethodGet, session.ConsentRequestPath, query, nil, nil); got.StatusCode != http.StatusBadRequest {
				t.Errorf("got %d %s, want 400", got.StatusCode, got.Body)
			}
		})
	}
}

func TestRefusedLoginPages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		spoil  func(f *loginFixture, query url.Values)
	}{
		"no challenge":         {http.StatusBadRequest, func(_ *loginFixture, q url.Values) { q.Del("challenge") }},
		"a short challenge":    {http.StatusBadRequest, func(_ *loginFixture, q url.Values) { q.Set("challenge", "x") }},
		"two challenges":       {http.StatusBadRequest, func(f *loginFixture, q url.Values) { q.Add("challenge", q.Get("challenge")) }},
		"two ports":            {http.StatusBadRequest, func(_ *loginFixture, q url.Values) { q.Add("port", "40001") }},
		"no state":             {http.StatusBadRequest, func(_ *loginFixture, q url.Values) { q.Del("state") }},
		"a state with markup":  {http.StatusBadRequest, func(_ *loginFixture, q url.Values) { q.Set("state", "<b>") }},
		"a long state":         {http.StatusBadRequest, func(_ *loginFixture, q url.Values) { q.Set("state", strings.Repeat("a", 129)) }},
		"no description":       {http.StatusBadRequest, func(_ *loginFixture, q url.Values) { q.Del("description") }},
		"a misleading one":     {http.StatusBadRequest, func(_ *loginFixture, q url.Values) { q.Set("description", "lap\u202etop") }},
		"no scopes":            {http.StatusBadRequest, func(_ *loginFixture, q url.Values) { q.Set("scope", "") }},
		"an unknown scope":     {http.StatusBadRequest, func(_ *loginFixture, q url.Values) { q.Set("scope", "orders:read") }},
		"a past end":           {http.StatusBadRequest, func(_ *loginFixture, q url.Values) { q.Set("expires", "2001-01-01T00:00:00Z") }},
		"an end in words":      {http.StatusBadRequest, func(_ *loginFixture, q url.Values) { q.Set("expires", "soon") }},
		"beyond MaxTokenDays":  {http.StatusBadRequest, func(_ *loginFixture, q url.Values) { q.Set("expires", "2027-01-01T00:00:00Z") }},
		"a code to paste":      {http.StatusForbidden, func(_ *loginFixture, q url.Values) { q.Del("port") }},
		"no session":           {http.StatusUnauthorized, func(f *loginFixture, _ url.Values) { f.cookie = "" }},
		"a session that ended": {http.StatusUnauthorized, func(f *loginFixture, _ url.Values) { f.clock.Advance(2 * time.Hour) }},
		"tokens that are off":  {http.StatusNotFound, func(f *loginFixture, _ url.Values) { f.settings.TokensEnabled = false }},
		"no provider":          {http.StatusNotFound, func(f *loginFixture, _ url.Values) { f.settings.Client = session.Client{} }},
		"another client's secret": {http.StatusUnauthorized, func(f *loginFixture, _ url.Values) {
			f.settings.Client.Secret = pat.NewClientSecret("another client secret")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newLoginFixture(t)
			query := f.query()
			c.spoil(f, query)
			if got := f.send(t, http.MethodGet, session.ConsentRequestPath, query, nil, nil); got.StatusCode != c.status {
				t.Errorf("got %d %s, want %d", got.StatusCode, got.Body, c.status)
			}
		})
	}
}

// TestForgedConsent: no other page can approve a login in the user's browser, and nobody but the user to whom the page was shown.
func TestForgedConsent(t *testing.T) {
	t.Parallel()
	header := func(name, value string) func(*testing.T, *loginFixture, *events.APIGatewayProxyRequest) {
		return func(_ *testing.T, _ *loginFixture, event *events.APIGatewayProxyRequest) {
			event.MultiValueHeaders[name] = []string{value}
		}
	}
	for name, c := range map[string]struct {
		status int
		forge  func(*testing.T, *loginFixture, *events.APIGatewayProxyRequest)
	}{
		"from another site":     {http.StatusForbidden, header("Sec-Fetch-Site", "cross-site")},
		"from a sibling domain": {http.StatusForbidden, header("Sec-Fetch-Site", "same-site")},
		"by a form":             {http.StatusForbidden, header("Content-Type", "application/x-www-form-urlencoded")},
		"by a text form":        {http.StatusForbidden, header("Content-Type", "text/plain")},
		"from another origin": {http.StatusForbidden, func(_ *testing.T, _ *loginFixture, event *events.APIGatewayProxyRequest) {
			delete(event.MultiValueHeaders, "Sec-Fetch-Site")
			event.MultiValueHeaders["Origin"] = []string{"https://evil.example"}
		}},
		"without a session": {http.StatusUnauthorized, func(_ *testing.T, _ *loginFixture, event *events.APIGatewayProxyRequest) {
			delete(event.MultiValueHeaders, "Cookie")
		}},
		"by another user": {http.StatusForbidden, func(t *testing.T, f *loginFixture, event *events.APIGatewayProxyRequest) {
			t.Helper()
			bob := pattest.Account(t, f.store, pattest.Profile("bob", pat.Admin))
			event.MultiValueHeaders["Cookie"] = []string{f.cookieOf(t, bob.ID)}
		}},
		"of a disabled user": {http.StatusUnauthorized, func(t *testing.T, f *loginFixture, _ *events.APIGatewayProxyRequest) {
			t.Helper()
			if err := pattest.SetDisabled(t.Context(), f.service, f.user.ID, true); err != nil {
				t.Fatal(err)
			}
		}},
		"of a made-up request": {http.StatusBadRequest, func(_ *testing.T, _ *loginFixture, event *events.APIGatewayProxyRequest) {
			event.Body = `{"request":"AAAA"}`
		}},
		"of a code": {http.StatusBadRequest, func(t *testing.T, f *loginFixture, event *events.APIGatewayProxyRequest) {
			t.Helper()
			event.Body = `{"request":"` + f.code(t, f.query()) + `"}`
		}},
		"of a cookie": {http.StatusBadRequest, func(_ *testing.T, f *loginFixture, event *events.APIGatewayProxyRequest) {
			event.Body = `{"request":"` + strings.SplitN(f.cookie, "=", 2)[1] + `"}`
		}},
		"of nothing": {http.StatusBadRequest, func(_ *testing.T, _ *loginFixture, event *events.APIGatewayProxyRequest) { event.Body = "" }},
		"too late": {http.StatusBadRequest, func(_ *testing.T, f *loginFixture, _ *events.APIGatewayProxyRequest) {
			f.clock.Advance(10 * time.Minute)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newLoginFixture(t)
			body := apitypes.ConfirmLogin{Request: f.show(t, f.query()).Request}
			got := f.send(t, http.MethodPost, session.ConsentRequestPath, nil, body, func(event *events.APIGatewayProxyRequest) { c.forge(t, f, event) })
			if got.StatusCode != c.status || strings.Contains(got.Body, "code=") {
				t.Errorf("got %d %s, want %d", got.StatusCode, got.Body, c.status)
			}
		})
	}
}

func TestRefusedRedemptions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		spoil  func(t *testing.T, f *loginFixture, body *apitypes.RedeemLogin)
	}{
		"another verifier": {http.StatusBadRequest, func(t *testing.T, _ *loginFixture, body *apitypes.RedeemLogin) {
			t.Helper()
			other, err := pat.NewLoginVerifier(rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			body.Verifier = other.Reveal()
		}},
		"the challenge as verifier": {http.StatusBadRequest, func(_ *testing.T, f *loginFixture, body *apitypes.RedeemLogin) {
			body.Verifier = string(f.verifier.Challenge())
		}},
		"no verifier": {http.StatusBadRequest, func(_ *testing.T, _ *loginFixture, body *apitypes.RedeemLogin) { body.Verifier = "" }},
		"no code":     {http.StatusBadRequest, func(_ *testing.T, _ *loginFixture, body *apitypes.RedeemLogin) { body.Code = "" }},
		"a tampered code": {http.StatusBadRequest, func(_ *testing.T, _ *loginFixture, body *apitypes.RedeemLogin) {
			i, other := len(body.Code)-5, "A"
			if body.Code[i] == 'A' {
				other = "B"
			}
			body.Code = body.Code[:i] + other + body.Code[i+1:]
		}},
		"the request that the page showed": {http.StatusBadRequest, func(t *testing.T, f *loginFixture, body *apitypes.RedeemLogin) {
			t.Helper()
			body.Code = f.show(t, f.query()).Request
		}},
		"a cookie as code": {http.StatusBadRequest, func(_ *testing.T, f *loginFixture, body *apitypes.RedeemLogin) {
			body.Code = strings.SplitN(f.cookie, "=", 2)[1]
		}},
		"a minute later": {http.StatusBadRequest, func(_ *testing.T, f *loginFixture, _ *apitypes.RedeemLogin) { f.clock.Advance(time.Minute) }},
		"after a sign-out everywhere": {http.StatusUnauthorized, func(t *testing.T, f *loginFixture, _ *apitypes.RedeemLogin) {
			t.Helper()
			got := f.send(t, http.MethodPost, session.SignOutPath, url.Values{"everywhere": {"true"}}, struct{}{}, nil)
			if got.StatusCode != http.StatusNoContent {
				t.Fatalf("got %d %s, want 204", got.StatusCode, got.Body)
			}
		}},
		"of a disabled user": {http.StatusUnauthorized, func(t *testing.T, f *loginFixture, _ *apitypes.RedeemLogin) {
			t.Helper()
			if err := pattest.SetDisabled(t.Context(), f.service, f.user.ID, true); err != nil {
				t.Fatal(err)
			}
		}},
		"with a new client secret": {http.StatusBadRequest, func(_ *testing.T, f *loginFixture, _ *apitypes.RedeemLogin) {
			f.settings.Client.Secret = pat.NewClientSecret("another client secret")
		}},
		"with tokens off": {http.StatusNotFound, func(_ *testing.T, f *loginFixture, _ *apitypes.RedeemLogin) { f.settings.TokensEnabled = false }},
		"without a provider": {http.StatusNotFound, func(_ *testing.T, f *loginFixture, _ *apitypes.RedeemLogin) {
			f.settings.Client = session.Client{}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newLoginFixture(t)
			body := apitypes.RedeemLogin{Code: f.code(t, f.query()), Verifier: f.verifier.Reveal()}
			c.spoil(t, f, &body)
			if got := f.redeem(t, body); got.StatusCode != c.status {
				t.Errorf("got %d %s, want %d", got.StatusCode, got.Body, c.status)
			}
			f.wantNoTokens(t)
		})
	}
}

// TestRedeemedCodeIsSpent: once its token is revoked, a code brings no other.
func TestRedeemedCodeIsSpent(t *testing.T) {
	t.Parallel()
	f := newLoginFixture(t)
	body := apitypes.RedeemLogin{Code: f.code(t, f.query()), Verifier: f.verifier.Reveal()}
	token := decode[apitypes.CreatedToken](t, f.redeem(t, body), http.StatusCreated)
	if err := f.service.RevokeUserToken(t.Context(), f.user.ID, token.ID); err != nil {
		t.Fatal(err)
	}
	got := f.redeem(t, body)
	if got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "has been redeemed") {
		t.Errorf("got %d %s, want 422", got.StatusCode, got.Body)
	}
	f.wantNoTokens(t)
}

// TestRedeemTakesNoForm: a page of another site can send forms here, without a cookie. They are refused before the code is opened.
func TestRedeemTakesNoForm(t *testing.T) {
	t.Parallel()
	f := newLoginFixture(t)
	body := apitypes.RedeemLogin{Code: f.code(t, f.query()), Verifier: f.verifier.Reveal()}
	got := f.send(t, http.MethodPost, session.RedeemPath, nil, body, func(event *events.APIGatewayProxyRequest) {
		event.MultiValueHeaders = http.Header{"Content-Type": {"text/plain"}}
	})
	if got.StatusCode != http.StatusBadRequest {
		t.Errorf("got %d %s, want 400", got.StatusCode, got.Body)
	}
	f.wantNoTokens(t)
}

// TestPastedCode: the code is in the response alone, and a stack that stops to allow them refuses also pages that are open.
func TestPastedCode(t *testing.T) {
	t.Parallel()
	f := newLoginFixture(t)
	f.settings.AllowPastedCode = true
	query := f.query()
	query.Del("port")
	query.Del("state")
	shown := f.show(t, query)
	if !shown.Pasted || shown.DenyLocation != "" {
		t.Errorf("got %+v, want a login with a code to paste", shown)
	}
	body := apitypes.RedeemLogin{Code: f.code(t, query), Verifier: f.verifier.Reveal()}
	f.settings.AllowPastedCode = false
	got := f.send(t, http.MethodPost, session.ConsentRequestPath, nil, apitypes.ConfirmLogin{Request: shown.Request}, nil)
	if got.StatusCode != http.StatusForbidden {
		t.Errorf("got %d %s, want 403", got.StatusCode, got.Body)
	}
	decode[apitypes.CreatedToken](t, f.redeem(t, body), http.StatusCreated)
}

// TestLoginHeaders: every response of the routes has the headers of pages.
func TestLoginHeaders(t *testing.T) {
	t.Parallel()
	f := newLoginFixture(t)
	for name, response := range map[string]events.APIGatewayProxyResponse{
		"a page":                  f.send(t, http.MethodGet, session.ConsentRequestPath, f.query(), nil, nil),
		"a refused page":          f.send(t, http.MethodGet, session.ConsentRequestPath, nil, nil, nil),
		"a refused redemption":    f.redeem(t, apitypes.RedeemLogin{}),
		"a method that is no use": f.send(t, http.MethodPut, session.RedeemPath, nil, nil, nil),
	} {
		headers := http.Header(response.MultiValueHeaders)
		if !strings.Contains(headers.Get("Content-Security-Policy"), "frame-ancestors 'none'") || headers.Get("Cache-Control") != "no-store" ||
			headers.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: got headers %v, want those of pages", name, headers)
		}
	}
}
