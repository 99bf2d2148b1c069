package sessionapi_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/api"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
	"pats/pkg/session"
	"pats/pkg/session/sessiontest"
	"pats/pkg/sessionapi"
)

const tokensPath = session.APIPrefix + api.ResourceTokens

func (f *loginFixture) draft() map[string]string {
	return map[string]string{"description": "ci", "expiresAt": f.clock.Now().Add(24 * time.Hour).Format(time.RFC3339)}
}

// wantRefused fails the test unless the response is an error with status that removes no cookie and has the headers of every response.
func wantRefused(t *testing.T, response events.APIGatewayProxyResponse, status int) {
	t.Helper()
	if response.StatusCode != status {
		t.Errorf("got status %d with %s, want %d", response.StatusCode, response.Body, status)
	}
	for name, want := range session.SecurityHeaders() {
		if got := response.MultiValueHeaders[name]; !slices.Equal(got, want) {
			t.Errorf("got %s %q, want %q", name, got, want)
		}
	}
}

// TestRequestsOfOthersAreRefused: a request that changes something needs the cookie of a live session, from a page of the stack.
func TestRequestsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	header := func(name string, values ...string) func(*loginFixture, *events.APIGatewayProxyRequest) {
		return func(_ *loginFixture, event *events.APIGatewayProxyRequest) {
			if event.MultiValueHeaders[name] = values; len(values) == 0 {
				delete(event.MultiValueHeaders, name)
			}
		}
	}
	cookie := func(change func(f *loginFixture, cookie string) []string) func(*loginFixture, *events.APIGatewayProxyRequest) {
		return func(f *loginFixture, event *events.APIGatewayProxyRequest) {
			event.MultiValueHeaders["Cookie"] = change(f, f.cookie)
		}
	}
	for name, c := range map[string]struct {
		change func(*loginFixture, *events.APIGatewayProxyRequest)
		status int
	}{
		"no cookie": {header("Cookie"), http.StatusUnauthorized},
		"a tampered cookie": {cookie(func(_ *loginFixture, cookie string) []string {
			return []string{cookie[:len(cookie)-9] + "AAAAAAAAA"}
		}), http.StatusUnauthorized},
		"a cookie cut off":         {cookie(func(_ *loginFixture, cookie string) []string { return []string{cookie[:40]} }), http.StatusUnauthorized},
		"two cookies":              {cookie(func(_ *loginFixture, cookie string) []string { return []string{cookie + "; " + cookie} }), http.StatusUnauthorized},
		"two headers of cookies":   {cookie(func(_ *loginFixture, cookie string) []string { return []string{cookie, cookie} }), http.StatusUnauthorized},
		"a cookie without prefix":  {cookie(func(_ *loginFixture, cookie string) []string { return []string{strings.TrimPrefix(cookie, "__Host-")} }), http.StatusUnauthorized},
		"a ticket as session":      {cookie(func(f *loginFixture, _ string) []string { return []string{asSession(f.ticket(t, nil))} }), http.StatusUnauthorized},
		"another user's deleted":   {cookie(func(f *loginFixture, _ string) []string { return []string{f.cookieOf(t, 99)} }), http.StatusUnauthorized},
		"a token as a header":      {header("Cookie", "Authorization: x"), http.StatusUnauthorized},
		"an expired session":       {func(f *loginFixture, _ *events.APIGatewayProxyRequest) { f.clock.Advance(time.Hour) }, http.StatusUnauthorized},
		"a foreign page":           {header("Sec-Fetch-Site", "cross-site"), http.StatusForbidden},
		"a page of the same site":  {header("Sec-Fetch-Site", "same-site"), http.StatusForbidden},
		"a form":                   {header("Content-Type", "application/x-www-form-urlencoded"), http.StatusForbidden},
		"a text form":              {header("Content-Type", "text/plain"), http.StatusForbidden},
		"no content type":          {header("Content-Type"), http.StatusForbidden},
		"a content type of a list": {header("Content-Type", "text/plain; application/json"), http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newLoginFixture(t)
			draft := f.draft()
			response := f.send(t, http.MethodPost, tokensPath, nil, draft, func(event *events.APIGatewayProxyRequest) { c.change(f, event) })
			wantRefused(t, response, c.status)
			if got := len(pattest.Read(t, f.store, f.user.ID).Tokens); got != 0 {
				t.Errorf("got %d tokens, want none", got)
			}
		})
	}
}

// TestForeignOriginIsRefused: browsers that do not send Sec-Fetch-Site send Origin.
func TestForeignOriginIsRefused(t *testing.T) {
	t.Parallel()
	for origin, want := range map[string]int{
		"https://" + host: http.StatusCreated, "https://evil.example": http.StatusForbidden, "null": http.StatusForbidden,
		"https://sub." + host: http.StatusForbidden, "https://" + host + ":444": http.StatusForbidden,
	} {
		f := newLoginFixture(t)
		response := f.send(t, http.MethodPost, tokensPath, nil, f.draft(), func(event *events.APIGatewayProxyRequest) {
			delete(event.MultiValueHeaders, "Sec-Fetch-Site")
			event.MultiValueHeaders["Origin"] = []string{origin}
		})
		if response.StatusCode != want {
			t.Errorf("origin %s: got status %d, want %d", origin, response.StatusCode, want)
		}
	}
}

// TestNoResponseIsForAnotherOrigin: not even one that CorsOrigin allows for tokens.
func TestNoResponseIsForAnotherOrigin(t *testing.T) {
	t.Parallel()
	f := newLoginFixture(t)
	for _, method := range []string{http.MethodGet, http.MethodOptions} {
		for name := range f.send(t, method, tokensPath, nil, nil, nil).MultiValueHeaders {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: got the header %s, want none", method, name)
			}
		}
	}
}

func TestSessionCreatesATokenOnce(t *testing.T) {
	t.Parallel()
	f := newLoginFixture(t)
	draft := f.draft()
	create := func() apitypes.CreatedToken {
		response := f.send(t, http.MethodPost, tokensPath, nil, draft, func(event *events.APIGatewayProxyRequest) {
			event.MultiValueHeaders["Idempotency-Key"] = []string{"k"}
		})
		return decode[apitypes.CreatedToken](t, response, http.StatusCreated)
	}
	first, second := create(), create()
	if first.Secret != second.Secret || first.ID != second.ID || first.Secret == "" {
		t.Errorf("got tokens %d and %d, want one token twice", first.ID, second.ID)
	}
	if tokens := pattest.Read(t, f.store, f.user.ID).Tokens; len(tokens) != 1 || tokens[0].Maker != (pat.Maker{User: f.user.ID}) {
		t.Errorf("got %+v, want one token that the user made", tokens)
	}
}

// TestSessionEnds: whatever ends a session, it ends with the next request.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, f *loginFixture){
		"the user is disabled": func(t *testing.T, f *loginFixture) {
			t.Helper()
			if err := pattest.SetDisabled(t.Context(), f.service, f.user.ID, true); err != nil {
				t.Fatal(err)
			}
		},
		"another browser signs out everywhere": func(t *testing.T, f *loginFixture) {
			t.Helper()
			own := f.cookie
			f.cookie = f.cookieOf(t, f.user.ID)
			response := f.send(t, http.MethodPost, session.SignOutPath, url.Values{"everywhere": {"true"}}, struct{}{}, nil)
			if response.StatusCode != http.StatusNoContent {
				t.Errorf("got status %d, want 204", response.StatusCode)
			}
			f.cookie = own
		},
		"the client secret is replaced": func(_ *testing.T, f *loginFixture) {
			f.settings.Client.Secret = pat.NewClientSecret("another secret of the client")
		},
		"the provider is another": func(_ *testing.T, f *loginFixture) { f.settings.Client.Issuer = "https://other.example" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newLoginFixture(t)
			if got := f.send(t, http.MethodGet, tokensPath, nil, nil, nil).StatusCode; got != http.StatusOK {
				t.Fatalf("got status %d, want 200", got)
			}
			end(t, f)
			wantRefused(t, f.send(t, http.MethodGet, tokensPath, nil, nil, nil), http.StatusUnauthorized)
			wantRefused(t, f.send(t, http.MethodGet, session.SessionPath, nil, nil, nil), http.StatusUnauthorized)
		})
	}
}

// TestSignOut removes the cookie, with and without a session, and only for the stack's own pages.
func TestSignOut(t *testing.T) {
	t.Parallel()
	f := newLoginFixture(t)
	wantRefused(t, f.send(t, http.MethodPost, session.SignOutPath, nil, struct{}{}, func(event *events.APIGatewayProxyRequest) {
		event.MultiValueHeaders["Sec-Fetch-Site"] = []string{"cross-site"}
	}), http.StatusForbidden)
	for _, sent := range []string{f.cookie, ""} {
		f.cookie = sent
		response := f.send(t, http.MethodPost, session.SignOutPath, nil, struct{}{}, nil)
		cookie, err := http.ParseSetCookie(response.MultiValueHeaders["Set-Cookie"][0])
		if err != nil || response.StatusCode != http.StatusNoContent || cookie.Name != "__Host-pats-session" || cookie.MaxAge >= 0 {
			t.Errorf("got status %d and cookie %v, want the session's removed", response.StatusCode, cookie)
		}
	}
	wantRefused(t, f.send(t, http.MethodGet, session.SignOutPath, nil, nil, nil), http.StatusUnauthorized)
}

// TestSignOutEverywhereNeedsASession: a 204 says that all sessions have ended, so there is none for a session that could not end them.
func TestSignOutEverywhereNeedsASession(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(f *loginFixture){
		"no session":         func(f *loginFixture) { f.cookie = "" },
		"an expired session": func(f *loginFixture) { f.clock.Advance(time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newLoginFixture(t)
			end(f)
			wantRefused(t, f.send(t, http.MethodPost, session.SignOutPath, url.Values{"everywhere": {"true"}}, struct{}{}, nil), http.StatusUnauthorized)
			if got := pattest.Read(t, f.store, f.user.ID).SignIn.SessionsFrom; !got.IsZero() {
				t.Errorf("got the sessions ended at %v, want them unchanged", got)
			}
		})
	}
}

func TestShowSession(t *testing.T) {
	t.Parallel()
	f := newLoginFixture(t)
	f.settings.Limits.MaxTokenDays = 90
	shown := decode[struct {
		User         apitypes.User
		Mode         string
		SignIn       bool
		ExpiresAt    time.Time
		MaxTokenDays int
		Scopes       []struct{ Name string }
	}](t, f.send(t, http.MethodGet, session.SessionPath, nil, nil, nil), http.StatusOK)
	if shown.User.ID != f.user.ID || shown.User.RootRole != pat.Editor || shown.Mode != "session" || !shown.SignIn || shown.MaxTokenDays != 90 ||
		!shown.ExpiresAt.Equal(f.clock.Now().Add(time.Hour)) || len(shown.Scopes) != 2 || shown.Scopes[0].Name != "pats:read" {
		t.Errorf("got %+v", shown)
	}
	f.cookie = ""
	if got := f.send(t, http.MethodGet, session.SessionPath, nil, nil, nil); got.StatusCode != http.StatusUnauthorized || got.Body != `{"signIn":true}` {
		t.Errorf("got status %d with %s, want 401 with signIn", got.StatusCode, got.Body)
	}
}

// TestWithoutAnIssuerThereAreNoSessions: all is off, even for a cookie sealed with an empty secret.
func TestWithoutAnIssuerThereAreNoSessions(t *testing.T) {
	t.Parallel()
	f := newLoginFixture(t)
	f.settings.Client = session.Client{}
	f.cookie = f.cookieOf(t, f.user.ID)
	wantRefused(t, f.send(t, http.MethodGet, tokensPath, nil, nil, nil), http.StatusNotFound)
	wantRefused(t, f.send(t, http.MethodGet, session.EnterPath, nil, nil, nil), http.StatusNotFound)
	wantRefused(t, f.send(t, http.MethodPost, session.SignOutPath, nil, struct{}{}, nil), http.StatusNotFound)
	if got := f.send(t, http.MethodGet, session.SessionPath, nil, nil, nil); got.StatusCode != http.StatusUnauthorized || got.Body != `{"signIn":false}` {
		t.Errorf("got status %d with %s, want 401 without signIn", got.StatusCode, got.Body)
	}
}

// TestKillSwitch: without tokens, sessions work and the token routes do not.
func TestKillSwitch(t *testing.T) {
	t.Parallel()
	f := newLoginFixture(t)
	off := api.NewTokenRoutes(f.service, api.TokensSettings{Enabled: false}, f.env.Log)
	handler := sessionapi.New(f.service, f.settings, f.env, off)
	event := events.APIGatewayProxyRequest{
		HTTPMethod: http.MethodGet, Resource: tokensPath, Path: tokensPath, MultiValueHeaders: http.Header{"Cookie": {f.cookie}},
		RequestContext: events.APIGatewayProxyRequestContext{DomainName: host, Path: tokensPath},
	}
	response, err := handler.Handle(t.Context(), event)
	if err != nil || response.StatusCode != http.StatusNotFound || !strings.Contains(response.Body, "PATs are disabled.") {
		t.Errorf("got status %d with %s and error %v, want 404", response.StatusCode, response.Body, err)
	}
}

// ticket returns the cookie that the identity provider's callback leaves for a user, after change.
func (f *loginFixture) ticket(t *testing.T, change func(*session.Ticket)) string {
	t.Helper()
	now := f.clock.Now()
	ticket := session.Ticket{
		User:    pat.ProvenUser{Issuer: f.settings.Client.Issuer, Subject: "1", Email: f.user.Email},
		Started: session.FactsOf(sessiontest.New(t, now)), Next: "/",
	}
	if change != nil {
		change(&ticket)
	}
	return sessiontest.Ticket(t, f.settings.Client, site, ticket, now)
}

// asSession returns a cookie under the name of the session's.
func asSession(cookie string) string {
	_, value, _ := strings.Cut(cookie, "=")
	return "__Host-pats-session=" + value
}

// enter enters with a ticket, and returns the response with the cookie of the session, if there is one.
func (f *loginFixture) enter(t *testing.T, ticket string) (response events.APIGatewayProxyResponse, cookie string) {
	t.Helper()
	f.cookie = ticket
	response = f.send(t, http.MethodGet, session.EnterPath, nil, nil, func(event *events.APIGatewayProxyRequest) {
		event.MultiValueHeaders["Sec-Fetch-Site"] = []string{"cross-site"} // the browser comes from the provider
		delete(event.MultiValueHeaders, "Origin")
	})
	return response, sessiontest.CookieOf(response.MultiValueHeaders)
}

func TestEnter(t *testing.T) {
	t.Parallel()
	f := newLoginFixture(t)
	f.clock.Advance(time.Second)
	ticket := f.ticket(t, func(ticket *session.Ticket) { ticket.Next = "/ui/cli?port=1" })
	response, cookie := f.enter(t, ticket)
	if response.StatusCode != http.StatusSeeOther || response.MultiValueHeaders["Location"][0] != "/ui/cli?port=1" {
		t.Fatalf("got status %d with %v, want 303 to /ui/cli?port=1", response.StatusCode, response.MultiValueHeaders)
	}
	f.cookie = cookie
	if got := f.send(t, http.MethodGet, tokensPath, nil, nil, nil).StatusCode; got != http.StatusOK {
		t.Errorf("got status %d in the session, want 200", got)
	}
	if got := pattest.Read(t, f.store, f.user.ID).SignIn.Login; got != pat.NewLoginKey(f.settings.Client.Issuer, "1") {
		t.Errorf("got login %q, want the ticket's", got)
	}
}

// TestEnterRefuses: no session without a ticket that is fresh, whole and for a user who may sign in.
func TestEnterRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ticket func(f *loginFixture) string
		status int
	}{
		"no ticket": {func(*loginFixture) string { return "" }, http.StatusBadRequest},
		"an expired ticket": {func(f *loginFixture) string {
			ticket := f.ticket(t, nil)
			f.clock.Advance(session.TicketLifetime)
			return ticket
		}, http.StatusBadRequest},
		"a session as ticket": {func(f *loginFixture) string { return strings.Replace(f.cookie, "session", "ticket", 1) }, http.StatusBadRequest},
		"a tampered ticket":   {func(f *loginFixture) string { return f.ticket(t, nil)[:60] }, http.StatusBadRequest},
		"nobody's":            {func(f *loginFixture) string { return f.ticket(t, func(k *session.Ticket) { k.User.Email = "" }) }, http.StatusForbidden},
		"a disabled user's": {func(f *loginFixture) string {
			if err := pattest.SetDisabled(t.Context(), f.service, f.user.ID, true); err != nil {
				t.Error(err)
			}
			return f.ticket(t, nil)
		}, http.StatusForbidden},
		"from before the sessions were ended": {func(f *loginFixture) string {
			ticket := f.ticket(t, nil)
			f.clock.Advance(time.Second)
			if _, err := f.service.LinkLogin(t.Context(), f.user.ID, f.settings.Client.Issuer, "1"); err != nil {
				t.Error(err)
			}
			return ticket
		}, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newLoginFixture(t)
			response, cookie := f.enter(t, c.ticket(f))
			wantRefused(t, response, c.status)
			if cookie != "" || !strings.Contains(response.Body, "You are not signed in") {
				t.Errorf("got cookie %q and %s, want a page without one", cookie, response.Body)
			}
		})
	}
}

// TestTicketLeadsToOneSession: presenting it again gives the same session, so it is no way to get a second one.
func TestTicketLeadsToOneSession(t *testing.T) {
	t.Parallel()
	f := newLoginFixture(t)
	ticket := f.ticket(t, nil)
	_, first := f.enter(t, ticket)
	_, second := f.enter(t, ticket)
	read := func(cookie string) session.Signed {
		signed, err := session.SessionCookie(f.settings.Client, site).Read(http.Header{"Cookie": {cookie}}, f.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	if read(first) != read(second) {
		t.Errorf("got %v and %v, want one session", read(first), read(second))
	}
}

// TestSessionIsNotFixed: entering replaces a session that the browser had, whoever planted it.
func TestSessionIsNotFixed(t *testing.T) {
	t.Parallel()
	f := newLoginFixture(t)
	planted := f.cookieOf(t, 99)
	_, cookie := f.enter(t, planted+"; "+f.ticket(t, nil))
	if cookie == "" || cookie == planted {
		t.Errorf("got cookie %q, want a new one", cookie)
	}
}

// TestNoSecretInTheLog: the log has neither cookies nor the client secret nor the token created.
func TestNoSecretInTheLog(t *testing.T) {
	t.Parallel()
	f := newLoginFixture(t)
	ticket := f.ticket(t, nil)
	_, cookie := f.enter(t, ticket)
	f.cookie = cookie
	created := decode[apitypes.CreatedToken](t, f.send(t, http.MethodPost, tokensPath, nil, f.draft(), nil), http.StatusCreated)
	f.cookie = cookie[:len(cookie)-5]
	f.send(t, http.MethodGet, tokensPath, nil, nil, nil)
	for what, secret := range map[string]string{
		"the ticket": ticket[len(ticket)-40:], "the session": cookie[len(cookie)-40 : len(cookie)-10], "the token": created.Secret[20:],
		"the client secret": f.settings.Client.Secret.Reveal(),
	} {
		if strings.Contains(f.log.String(), secret) {
			t.Errorf("the log contains %s", what)
		}
	}
}

// TestAdminsRoutesNeedTheRole: a session has its user's authority, as it is now.
func TestAdminsRoutesNeedTheRole(t *testing.T) {
	t.Parallel()
	f := newLoginFixture(t)
	handler := sessionapi.NewAPI(f.service, f.settings, f.env, api.NewUsers(f.service, pat.AdminKey{}, f.env.Log))
	status := func() int {
		path := session.APIPrefix + api.ResourceUsers
		response, err := handler.Handle(t.Context(), events.APIGatewayProxyRequest{
			HTTPMethod: http.MethodGet, Resource: path, Path: path, MultiValueHeaders: http.Header{"Cookie": {f.cookie}},
			RequestContext: events.APIGatewayProxyRequestContext{DomainName: host, Path: path},
		})
		if err != nil || !json.Valid([]byte(response.Body)) {
			t.Errorf("got %s and error %v, want JSON", response.Body, err)
		}
		return response.StatusCode
	}
	if got := status(); got != http.StatusForbidden {
		t.Errorf("Editor: got status %d, want 403", got)
	}
	if _, err := f.service.UpdateUser(t.Context(), f.user.ID, func(p *pat.Profile) { p.Role = pat.Admin }); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != http.StatusOK {
		t.Errorf("Admin: got status %d, want 200", got)
	}
}
