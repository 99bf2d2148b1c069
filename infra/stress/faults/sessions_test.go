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
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
	"pats/pkg/session"
	"pats/pkg/session/sessiontest"
)

// provider is where people have signed in. Nothing contacts it.
var provider = session.Client{Issuer: "https://id.example.com", ID: "pats", Secret: pat.NewClientSecret(clientSecret)}

const clientSecret = "a client secret of the provider"

// site is where the people's browsers see the stack.
var site = session.Site{Origin: "http://127.0.0.1"}

// sessionOperations are those of people's browsers, and what `pats login` gets from them.
var sessionOperations = []operation{
	{
		name: "sign in for the first time", success: http.StatusSeeOther, page: true, calls: firstSignIn, contested: firstSignInContested,
		prepare: comeFromProvider, request: enter, check: checkEntered,
	},
	{
		name: "create in a session", success: http.StatusCreated, calls: change, contested: changeContested,
		prepare: beginSession, request: createInSession, check: checkRepeatable(createInSession),
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
		prepare: approveLogin, request: redeem, check: checkRepeatable(redeem),
	},
}

// The maximum cost of a first sign-in: looking for the login and the address, the new user, and whether the session has been ended.
const (
	firstSignIn          = 2 + newUser + 1
	firstSignInContested = 2 + newUserContested + 1
)

// comeFromProvider gives the browser a ticket for somebody who is not a user yet.
func comeFromProvider(t *testing.T, c *checker) {
	t.Helper()
	now := time.Now().Truncate(time.Millisecond)
	who := pat.ProvenUser{Issuer: provider.Issuer, Subject: c.fresh, Email: c.fresh + "@example.org", MayCreate: true}
	c.cookie = sessiontest.Ticket(t, provider, site, session.Ticket{User: who, Started: session.FactsOf(sessiontest.New(t, now)), Next: "/"}, now)
}

// beginSession gives the browser a session of the Admin.
func beginSession(t *testing.T, c *checker) {
	t.Helper()
	c.cookie = sessiontest.Cookie(t, provider, site, c.admin.ID, time.Now().Truncate(time.Millisecond))
}

// approveLogin approves a `pats login` in a session of the Admin.
func approveLogin(t *testing.T, c *checker) {
	t.Helper()
	beginSession(t, c)
	verifier, err := pat.NewLoginVerifier(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	query := url.Values{"challenge": {string(verifier.Challenge())}, "description": {c.fresh}, "port": {"40000"}, "state": {"the-state"}}
	var shown apitypes.LoginRequest
	var approved apitypes.ConfirmedLogin
	err = c.want(t.Context(), fromPage(c.fixture, http.MethodGet, session.ConsentRequestPath+"?"+query.Encode(), nil), http.StatusOK, &shown)
	if err == nil {
		body := apitypes.ConfirmLogin{Request: shown.Request}
		err = c.want(t.Context(), fromPage(c.fixture, http.MethodPost, session.ConsentRequestPath, body), http.StatusOK, &approved)
	}
	location, parseErr := url.Parse(approved.Location)
	if err := errors.Join(err, parseErr); err != nil {
		t.Fatal(err)
	}
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

// checkEntered checks that after a 303 the browser is in a session, and after a 503 in none, that the ticket leads to a session in any
// case, and that it made one user.
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
	r := apiclient.Request{Method: http.MethodGet, Path: session.SessionPath, Header: http.Header{}}
	for _, line := range got.Header["Set-Cookie"] {
		if set, err := http.ParseSetCookie(line); err == nil && set.MaxAge > 0 {
			r.Header.Set("Cookie", set.Name+"="+set.Value)
		}
	}
	shown, err := c.send(ctx, r)
	return shown.Status == http.StatusOK, err
}

// checkSignedOut checks that after a 204 the session is over. After a 503 it may be.
func checkSignedOut(ctx context.Context, c *checker, got apiclient.Response) error {
	shown, err := c.send(ctx, fromPage(c.fixture, http.MethodGet, session.SessionPath, nil))
	if err != nil {
		return err
	}
	if shown.Status == http.StatusUnauthorized || shown.Status == http.StatusOK && got.Status == http.StatusServiceUnavailable {
		return nil
	}
	return fmt.Errorf("after %d the session gets %v", got.Status, shown)
}

// checkUnavailablePage returns an error unless the response is a page that begins no session.
func checkUnavailablePage(got apiclient.Response) error {
	if kind := got.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/html") {
		return fmt.Errorf("the 503 has Content-Type %q, want a page", kind)
	}
	return nil
}
