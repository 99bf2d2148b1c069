package e2e

import (
	"net/http"
	"strings"
	"testing"

	"pats/pkg/pat"
)

// RunSwitchedOff runs the cases for an API whose kill switch is on.
func RunSwitchedOff(t *testing.T, target Target) {
	t.Helper()
	run(t, target, switchedOffCases)
}

var off = plain(http.StatusNotFound, "NotFoundError", "PATs are disabled.")

var switchedOffCases = []scenario{
	one("list", list(own), off),
	one("HEAD", newRequest("HEAD", listPath, own), headOf(off)),
	one("create", create(good), off),
	one("revoke", revoke("1"), off),
	one("malformed JSON", create("{bad"), off),
	one("no token", list(), noToken),
	one("expired", list("Authorization: {expired}"), denied("The token has expired.")),
	one("another path", newRequest("GET", "/api/admin/nope", own), notThere("/api/admin/nope")),
	one("another method", newRequest("PUT", listPath, own), notThere(listPath)),
}

// RunWithPats runs the cases for an API whose new tokens begin with pats_.
func RunWithPats(t *testing.T, target Target) {
	t.Helper()
	run(t, target, patsCases)
}

var patsCases = []scenario{
	{"create, use, repeat, revoke", []step{
		{request: create(good).plus(onceOnly), want: beginning(made, pat.PrefixPats)},
		{request: create(good).plus(onceOnly), want: beginning(made, pat.PrefixPats)},
		{request: list("Authorization: {made}"), want: tokens("own", "laptop")},
		{request: described(`"next"`).as("Bearer {made}").plus(onceOnly), want: beginning(token(3, "next"), pat.PrefixPats)},
		{request: list("Authorization: Bearer {made}"), want: tokens("own", "laptop", "next")},
		{request: revoke("2").as("Bearer {made}"), want: done},
		{request: revoke("3").as("Bearer {made}"), want: done},
		{request: list("Authorization: Bearer {made}"), want: ended(pat.ReasonInvalid)},
		{request: list(own), want: tokens("own")},
	}},
	{"a token created without a key", []step{
		{request: create(good), want: beginning(made, pat.PrefixPats)},
		{request: list("Authorization: Bearer {made}"), want: tokens("own", "laptop")},
	}},
}

// beginning expects want, with a secret that begins with prefix.
func beginning(want expected, prefix pat.TokenPrefix) expected {
	check := want.body
	want.body = func(got response) string {
		if !strings.Contains(got.body, `"secret":"`+string(prefix)) {
			return "got a token that does not begin with " + string(prefix)
		}
		return check(got)
	}
	return want
}

// RunOutage runs the cases for an API whose store is unreachable at times; cut makes it so, and reachable again.
func RunOutage(t *testing.T, target Target, cut func(off bool)) {
	t.Helper()
	off := func(*env) { cut(true) }
	on := func(*env) { cut(false) }
	run(t, target, []scenario{
		{"a token that was not seen before", []step{
			{first: func(e *env) { e.value("token"); cut(true) }, request: list(own), want: busy},
			{request: list(own), want: busy},
			{first: on, request: list(own), want: tokens("own")},
		}},
		{"a token that the gateway knows", []step{
			{request: list(own), want: tokens("own")},
			{first: off, request: list(own), want: busy},
			{request: create(good), want: busy},
			{request: revoke("1"), want: busy},
			{request: create("{}"), want: busy},
			{request: newRequest("GET", "/nope", own), want: busy},
			{request: newRequest("OPTIONS", listPath, own), want: busy},
			{first: on, request: list(own), want: tokens("own")},
		}},
		{"what needs no store", []step{
			{first: off, request: list(), want: noToken},
			{request: list("Authorization: user:nope"), want: noToken},
			{request: list("Authorization: *:*." + strings.Repeat("x", 43)), want: denied("The token is not valid.")},
			{request: list("Authorization: {adminToken}"), want: noUser},
			{first: on, request: list(own), want: tokens("own")},
		}},
	})
}

var busy = plain(http.StatusServiceUnavailable, "ServiceUnavailableError", "The service is busy or its store cannot be reached. Try again shortly.").
	having("Retry-After", "1")
