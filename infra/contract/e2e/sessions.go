package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"pats/pkg/session"
)

// fromPage is a header of the requests that the page sends.
const fromPage = "Sec-Fetch-Site: same-origin"

// signInCases are requests of browsers to sign in, and of their sessions, on a stack without an identity provider.
var signInCases = []scenario{
	one("a sign-in", newRequest("GET", session.LoginPath), noSignInPage),
	one("a sign-in that leads elsewhere", newRequest("GET", session.LoginPath+"?next=https://evil.example/"), noSignInPage),
	one("a sign-in with a token", newRequest("GET", session.LoginPath, own), noSignInPage),
	one("a sign-in, POST", newRequest("POST", session.LoginPath, jsonBody).with("{}"), noSignInPage),
	one("a callback", newRequest("GET", session.CallbackPath+"?code=x&state=evil"), noSignInPage),
	one("the entry after a sign-in", newRequest("GET", session.EnterPath, forgedCookie), noSession),
	one("who is signed in", newRequest("GET", session.SessionPath), nobody),
	one("who is signed in, with a token", newRequest("GET", session.SessionPath, own), nobody),
	one("who is signed in, with a forged cookie", newRequest("GET", session.SessionPath, forgedCookie), nobody),
	one("a session by another method", newRequest("PUT", session.SessionPath, own, jsonBody).with("{}"), noSession),
	one("a sign-out", newRequest("POST", session.SignOutPath, fromPage, jsonBody).with("{}"), noSession),
	one("a sign-out, GET", newRequest("GET", session.SignOutPath), noSession),
	one("the tokens of a session", newRequest("GET", session.APIPrefix+listPath, forgedCookie), noSession),
	one("the tokens of a session, with a token", newRequest("GET", session.APIPrefix+listPath, own), noSession),
	one("a create in a session, with a token", newRequest("POST", session.APIPrefix+listPath, own, fromPage, jsonBody).with(good), noSession),
	one("a revocation in a session, with a token", newRequest("DELETE", session.APIPrefix+listPath+"/1", own, fromPage, jsonBody), noSession),
	one("the users for a session, with an Admin's token", newRequest("GET", session.APIPrefix+usersPath, byAdmin), noSession),
	one("all tokens for a session, with an Admin's token", newRequest("GET", session.APIPrefix+allTokensPath, byAdmin), noSession),
	one("the users for a session, with the admin API token", newRequest("GET", session.APIPrefix+usersPath, "Authorization: {adminToken}"), noSession),
	one("a session's path that is not there", newRequest("GET", session.APIPrefix+"/api/admin/nope", own), notThere(session.APIPrefix+"/api/admin/nope")),
}

// forgedCookie is a session that this service did not seal.
const forgedCookie = "Cookie: __Host-pats-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; __Host-pats-ticket=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

var (
	noSession = forBrowsers(noSignIn)
	nobody    = forBrowsers(expected{
		status: http.StatusUnauthorized, headers: map[string]string{"Content-Type": jsonType}, body: text(`{"signIn":false}`),
	})
	noSignInPage = forBrowsers(expected{
		status: http.StatusNotFound, headers: map[string]string{"Content-Type": "text/html; charset=utf-8"}, body: refusedSignIn,
	})
)

// forBrowsers returns a with the headers of the functions for browsers, and without a cookie.
func forBrowsers(a expected) expected {
	a = a.having("Set-Cookie", "")
	for name, values := range session.SecurityHeaders() {
		a = a.having(name, values[0])
	}
	return a
}

var refusedSignInPattern = regexp.MustCompile(`<p>Sign-in is not available: no identity provider is set up\.</p><p><a href="[^":]*` + session.LoginPath + `">`)

// refusedSignIn expects the page for a user who cannot sign in, which contains nothing of the query.
func refusedSignIn(got response) string {
	if !refusedSignInPattern.MatchString(got.body) || strings.Contains(got.body, "evil") {
		return fmt.Sprintf("got %s, want the page that refuses a sign-in", got.body)
	}
	return ""
}
