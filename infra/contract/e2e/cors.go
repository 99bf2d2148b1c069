package e2e

import (
	"net/http"
	"strings"
	"testing"

	"pats/pkg/pat"
)

// CORSOrigin is the origin that RunCORS expects in responses.
const CORSOrigin = "https://app.example.com"

// RunCORS runs the cases for an API whose parameter CorsOrigin is [CORSOrigin].
func RunCORS(t *testing.T, target Target) {
	t.Helper()
	run(t, target, corsCases())
}

func corsCases() []scenario {
	fromScript := "Origin: " + CORSOrigin
	cases := []scenario{
		one("a list", list(own, fromScript), readable(tokens("own"))),
		one("a list from another origin", list(own, "Origin: https://other.example"), readable(tokens("own"))),
		one("a create", create(good).plus(fromScript), readable(made)),
		one("a bad request", create("{bad").plus(fromScript), readable(notJSON)),
		one("a request that is too large", create(strings.Repeat(" ", 10<<20+1)), readable(plain(413, "BadDataError", "The request is too large."))),
		one("no token", list(fromScript), readable(noToken)),
		one("a forged token", list("Authorization: {forged}"), readable(denied("The token is not valid."))),
		one("an unknown path", newRequest("GET", "/api/admin/nope", own), readable(notThere("/api/admin/nope"))),
		one("an unknown method", newRequest("PURGE", listPath, own), readable(badMethod)),
		{"a token that is revoked", []step{
			{request: create(good), want: readable(made)},
			{request: list("Authorization: {made}"), want: readable(tokens("own", "laptop"))},
			{request: revoke("2").as("{made}"), want: readable(done)},
			{request: newRequest("OPTIONS", listPath, "Authorization: {made}"), want: preflight},
			{request: list("Authorization: {made}"), want: readable(ended(pat.ReasonInvalid))},
		}},
	}
	for _, path := range []string{"/", "/nope", documentPath, listPath, listPath + "/1", selfPath, usersPath, usersPath + "/1", usersPath + "/search?q=ann", usersPath + "/admin-count", allTokensPath, usersPath + "/1/tokens"} {
		cases = append(cases,
			one("a preflight of "+path, newRequest("OPTIONS", path, fromScript, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization"), preflight),
			one("a preflight with a forged token of "+path, newRequest("OPTIONS", path, "Authorization: {forged}"), preflight))
	}
	return cases
}

// readable expects want, with the headers that let a script of CORSOrigin read it, but send no cookies.
func readable(want expected) expected {
	return want.having("Access-Control-Allow-Origin", CORSOrigin).having("Access-Control-Allow-Credentials", "").
		having("Access-Control-Expose-Headers", "ETag,Link,Location,Retry-After,WWW-Authenticate,X-Amzn-Remapped-WWW-Authenticate,X-Amzn-RequestId")
}

// preflight expects the response to every OPTIONS request.
var preflight = expected{
	status: http.StatusNoContent,
	headers: map[string]string{
		"Access-Control-Allow-Origin":      CORSOrigin,
		"Access-Control-Allow-Methods":     "GET,HEAD,POST,PUT,DELETE",
		"Access-Control-Allow-Headers":     "Authorization,Content-Type,Idempotency-Key,If-None-Match",
		"Access-Control-Max-Age":           "600",
		"Access-Control-Allow-Credentials": "",
		"X-Content-Type-Options":           "nosniff",
	},
	body: text(""),
}
