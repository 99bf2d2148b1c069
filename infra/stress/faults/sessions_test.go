package faults_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/infra/testkit/must"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
	"pats/pkg/session"
	"pats/pkg/session/sessiontest"
)

// provider is the identity provider. No request reaches it: cookies are sealed as after a sign-in there.
var provider = session.Client{Issuer: "https://id.example.com", ID: "pats", Secret: pat.NewClientSecret(clientSecret)}

const clientSecret = "a client secret of the provider"

// site is the address of the stack in a browser.
var site = session.Site{Origin: "http://127.0.0.1"}

// sessionOperations are those of browsers, and the last step of `pats login`.
var sessionOperations = []operation{
	{
		name: "sign in for the first time", success: http.StatusSeeOther, page: true, calls: firstSignIn, contested: firstSignInContested,
		prepare: signInAtProvider, request: enter, check: checkEntered,
	},
	{
		name: "create in a session", success: http.StatusCreated, calls: change, contested: changeContested,
		prepare: beginSession, request: createInSession, check: checkRepeatable(createInSession, http.StatusCreated, checkCreated),
	},
	{
		name: "sign out everywhere", success: http.StatusNoContent, calls: change, contested: changeContested,
		prepare: beginSession,
		request: func(f *fixture) apiclient.Request {
			return fromPage(f, http.MethodPost, session.SignOutPath+"?everywhere=true", struct{}{})
		},
		check: checkSignedOut,
	},
	{
		name: "redeem a login", success: http.StatusCreated, calls: change, contested: changeContested,
		prepare: approveLogin, request: redeem, check: checkRepeatable(redeem, http.StatusCreated, checkCreated),
	},
}

// The maximum cost of a first sign-in: looking for the login and the address, the new user, and whether the session has been ended.
const (
	firstSignIn          = 2 + newUser + 1
	firstSignInContested = 2 + newUserContested + 1
)

// signInAtProvider sets the cookie with which a new user returns from the provider.
func signInAtProvider(t *testing.T, c *checker) {
	t.Helper()
	now := time.Now().Truncate(time.Millisecond)
	who := pat.ProvenUser{Issuer: provider.Issuer, Subject: c.fresh, Email: c.fresh + "@example.org", MayCreate: true}
	c.cookie = sessiontest.Ticket(t, provider, site, session.Ticket{User: who, Started: session.FactsOf(sessiontest.New(t, now)), Next: "/"}, now)
}

// beginSession sets the cookie of a session of the Admin.
func beginSession(t *testing.T, c *checker) {
	t.Helper()
	c.cookie = sessiontest.Cookie(t, provider, site, c.admin.ID, time.Now().Truncate(time.Millisecond))
}

// approveLogin approves a `pats login` in a session of the Admin.
func approveLogin(t *testing.T, c *checker) {
	t.Helper()
	beginSession(t, c)
	verifier, err := pat.NewLoginVerifier(rand.Reader)
	must.Do(t, err)
	query := url.Values{"challenge": {string(verifier.Challenge())}, "description": {c.fresh}, "port": {"40000"}, "state": {"the-state"}}
	var shown apitypes.LoginRequest
	var approved apitypes.ConfirmedLogin
	show := fromPage(c.fixture, http.MethodGet, session.ConsentRequestPath+"?"+query.Encode(), nil)
	must.Do(t, c.want(t.Context(), show, http.StatusOK, &shown))
	approve := fromPage(c.fixture, http.MethodPost, session.ConsentRequestPath, apitypes.ConfirmLogin{Request: shown.Request})
	must.Do(t, c.want(t.Context(), approve, http.StatusOK, &approved))
	location, err := url.Parse(approved.Location)
	must.Do(t, err)
	c.login = apitypes.RedeemLogin{Code: location.Query().Get("code"), Verifier: verifier.Reveal()}
}

// fromPage returns a request of a page of the stack in the browser.
func fromPage(f *fixture, method, path string, body any) apiclient.Request {
	return apiclient.Request{
		Method: method, Path: path, Body: body, Header: http.Header{"Cookie": {f.cookie}, "Sec-Fetch-Site": {"same-origin"}},
	}
}

// enter returns the request to which the provider's callback leads.
func enter(f *fixture) apiclient.Request { return fromPage(f, http.MethodGet, session.EnterPath, nil) }

// createInSession returns the same request each time, as an Idempotency-Key demands.
func createInSession(f *fixture) apiclient.Request {
	r := fromPage(f, http.MethodPost, session.APIPrefix+deployed.TokensPath, createToken(f.fresh, f.own.ExpiresAt))
	r.Key = f.fresh
	return r
}

// redeem returns what the command sends, which has no cookie.
func redeem(f *fixture) apiclient.Request { return post(session.RedeemPath, "", f.login) }

// checkEntered checks that a 303 begins a session and a 503 does not, that the same ticket then begins one, and that there is one new user.
func checkEntered(ctx context.Context, c *checker, got apiclient.Response) error {
	begun, err := c.inSession(ctx, got)
	if err != nil {
		return err
	}
	if begun != (got.Status == http.StatusSeeOther) {
		return fmt.Errorf("after %d, in a session: %t", got.Status, begun)
	}
	again, err := c.send(ctx, enter(c.fixture))
	if err != nil {
		return err
	}
	if begun, err = c.inSession(ctx, again); err != nil || !begun {
		return errors.Join(err, fmt.Errorf("after a repetition: got %v, in a session: %t", again, begun))
	}
	users, err := c.usersWith(ctx, func(u apitypes.User) bool { return u.Email == c.fresh+"@example.org" })
	if err != nil || len(users) != 1 {
		return errors.Join(err, fmt.Errorf("the sign-in made %d users, want 1", len(users)))
	}
	return nil
}

// inSession reports whether the response began a session.
func (c *checker) inSession(ctx context.Context, got apiclient.Response) (bool, error) {
	shown, err := c.send(ctx, fromPage(&fixture{cookie: sessiontest.CookieOf(got.Header)}, http.MethodGet, session.SessionPath, nil))
	return shown.Status == http.StatusOK, err
}

// checkSignedOut checks that after a 204 the session is over. After a 503 it may be.
func checkSignedOut(ctx context.Context, c *checker, got apiclient.Response) error {
	return c.checkEnded(ctx, fromPage(c.fixture, http.MethodGet, session.SessionPath, nil), got)
}

// checkUnavailablePage returns an error unless the 503 is a page.
func checkUnavailablePage(got apiclient.Response) error {
	if kind := got.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/html") {
		return fmt.Errorf("the 503 has Content-Type %q, want a page", kind)
	}
	return nil
}
