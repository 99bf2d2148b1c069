package e2e

import (
	"slices"
	"strings"
)

// Gaps of sam local's HTTP server.
const (
	anyBytes = "bytes that no header may have are taken"
	dotted   = "a header's name may have any form"
)

// attackCases are requests that try to gain more access than they have. A valid token that gets through shows in the response.
var attackCases = []scenario{
	// Look-alikes of the scheme, of spaces and of the letters of the token.
	one("Bearer in full width", list("Authorization: Ｂｅａｒｅｒ {token}"), noToken),
	one("Bearer with a Cyrillic е", list("Authorization: B\u0435arer {token}"), noToken),
	one("Bearer with a combining accent", list("Authorization: Bearer\u0301 {token}"), noToken),
	one("Bearer and a no-break space", list("Authorization: Bearer\u00a0{token}"), noToken),
	one("Bearer and an ideographic space", list("Authorization: Bearer\u3000{token}"), noToken),
	one("Bearer and a zero-width space", list("Authorization: Bearer\u200b {token}"), noToken),
	one("a byte order mark before the token", list("Authorization: \ufeff{token}"), noToken),
	one("a zero-width joiner after the token", list("Authorization: {token}\u200d"), noToken),
	one("a right-to-left override before the token", list("Authorization: \u202e{token}"), noToken),
	one("user: with a long s", list("Authorization: u\u017fer:{tail}"), noToken),
	one("user: with a Cyrillic е", list("Authorization: us\u0435r:{tail}"), noToken),
	one("user: with a colon in full width", list("Authorization: user\uff1a{tail}"), noToken),
	one("a blank in overlong UTF-8", list("Authorization: Bearer\xc0\xa0{token}"), noToken),
	one("a no-break space in Latin-1", list("Authorization: Bearer\xa0{token}"), noToken),
	one("the admin API token with full-width stars", list("Authorization: ＊:＊.x"), noToken),

	// Control characters, white space and names of headers.
	one("a tab before the token", list("Authorization:\t{token}"), tokens("own")),
	one("NUL before the token", list("Authorization: \x00{token}"), badRequest.sam(anyBytes, samUnauthorized)),
	one("NUL after Bearer", list("Authorization: Bearer\x00{token}"), badRequest.sam(anyBytes, samUnauthorized)),
	one("DEL after the token", list("Authorization: {token}\x7f"), badRequest.sam(anyBytes, samUnauthorized).ministack(anyBytes, noToken)),
	one("a backspace after the token", list("Authorization: {token}\x08"), badRequest.sam(anyBytes, samUnauthorized).ministack(anyBytes, noToken)),
	one("an escape sequence before the token", list("Authorization: \x1b[0m{token}"), badRequest.sam(anyBytes, samUnauthorized).ministack(anyBytes, noToken)),
	one("a vertical tab after Bearer", list("Authorization: Bearer\x0b{token}"), badRequest.sam(anyBytes, samUnauthorized)),
	one("a form feed after Bearer", list("Authorization: Bearer\x0c{token}"), badRequest.sam(anyBytes, samUnauthorized)),
	one("a fold within the token", list("Authorization: user:\r\n {tail}"), noToken.atEdge()),
	one("a fold and a tab within the token", list("Authorization: user:\r\n\t{tail}"), noToken.atEdge()),
	one("a header folded into the one before", list("Accept: x", " Authorization: {token}"), noToken.atEdge()),
	one("NUL in the header's name", list("Author\x00ization: {token}"), badRequest.sam(dotted, samUnauthorized)),
	one("a tab before the colon", list("Authorization\t: {token}"), badRequest.sam(dotted, samUnauthorized)),
	one("the header's name with a Cyrillic о", list("Auth\u043erization: {token}"), badRequest.sam(dotted, samUnauthorized)),
	one("the header's name in full width", list("Ａuthorization: {token}"), badRequest.sam(dotted, samUnauthorized)),
	one("the header's name with an underscore", list("HTTP_AUTHORIZATION: {token}"), noToken),
	one("the header's name with X-", list("X-Authorization: {token}", "X-Amzn-Authorization: {token}", "X-Amzn-Remapped-Authorization: {token}"), noToken),
	one("fifty headers", list(slices.Repeat([]string{own}, 50)...), noToken.atEdge()),
	one("three headers, the right one in between", list("Authorization: {stranger}", own, "Authorization: {other}"), noToken.atEdge()),

	// Tokens in other places than the header Authorization.
	one("Authorization in the query", newRequest("GET", listPath+"?Authorization={token}&authorization={token}&token={token}&api_key={token}"), noToken),
	one("another Authorization in the query", newRequest("GET", listPath+"?Authorization={other}", own), tokens("own")),
	one("a token in many cookies", list("Cookie: Authorization={token}; token={token}; session={token}; access_token={token}"), noToken),
	one("another token in a cookie", list(own, "Cookie: Authorization={other}"), tokens("own")),
	one("a token in other headers alone", list(otherHeaders...), noToken),
	one("a token in other headers, too", list(append([]string{own}, otherHeaders...)...), tokens("own")),
	one("a token as fragment", newRequest("GET", listPath+"#{token}"), noToken),

	// Headers with which proxies and frameworks change a request.
	one("headers of another method", list(own, "X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE", "X-Method-Override: DELETE"), tokens("own")),
	one("a query of another method", newRequest("POST", listPath+"/1?_method=DELETE&X-HTTP-Method-Override=DELETE", own), notThere(listPath+"/1")),
	one("headers of another path", list(append([]string{own}, elsewhere(usersPath)...)...), tokens("own")),
	one("headers of the open path, no token", list(elsewhere(documentPath)...), noToken),
	one("headers of another user", list(append([]string{own}, claimed...)...), tokens("own")),
	one("headers of another user, no token", list(claimed...), noToken),
	one("a header that takes the token's header away", list(own, "Connection: close, Authorization"), tokens("own").atEdge()),
	one("headers of another path, a Viewer", users("").as("{viewer}").plusAll(elsewhere(listPath)), needAdmin),
	one("headers of another user, a Viewer", users("").as("{viewer}").plusAll(claimed), needAdmin),
	one("headers of another user, who one is", self(append([]string{"Authorization: {viewer}"}, claimed...)...), viewerSelf),

	// Paths that leave an open route, or bypass the one with an authorizer.
	one("out of the open path by dots", newRequest("GET", documentPath+"/../../"+strings.TrimPrefix(selfPath, "/")), noToken.atEdge()),
	one("out of the open path by encoded slashes", newRequest("GET", documentPath+"%2f..%2f..%2fapi%2fadmin%2fuser"), noToken.atEdge()),
	one("the open path and parameters", newRequest("GET", documentPath+";/../.."+selfPath), noToken.atEdge()),
	one("the open path and an encoded NUL", newRequest("GET", documentPath+"%00"), noToken.atEdge()),
	one("the open path in upper case", newRequest("GET", "/DOCS/OPENAPI.JSON"), noToken),
	one("an encoded backslash", newRequest("GET", `/api/admin%5cuser`), noToken.atEdge()),
	one("a backslash", newRequest("GET", `/api/admin\user`), noToken.atEdge()),
	one("dots and slashes encoded twice", newRequest("GET", "/docs/%252e%252e%252fapi/admin/user"), noToken.atEdge()),
	one("a Viewer, two dots to the users", newRequest("GET", selfPath+"/../user-admin", "Authorization: {viewer}"), notThere(selfPath+"/../user-admin").atEdge()),
	one("a Viewer, encoded dots to the users", newRequest("GET", listPath+"/%2e%2e/%2e%2e/user-admin", "Authorization: {viewer}"),
		notThere(listPath+"/%2e%2e/%2e%2e/user-admin").atEdge().sam(decodes, notThere(listPath+"/../../user-admin"))),
	one("a Viewer, the users in upper case", newRequest("GET", strings.ToUpper(usersPath), "Authorization: {viewer}"), notThere(strings.ToUpper(usersPath))),
	one("a Viewer, the users and parameters", newRequest("GET", usersPath+";x=y", "Authorization: {viewer}"), notThere(usersPath+";x=y").atEdge()),
	one("a Viewer, the users and an encoded NUL", newRequest("GET", usersPath+"%00", "Authorization: {viewer}"),
		notThere(usersPath+"%00").atEdge().sam(decodes, notThere(usersPath+"\x00"))),
	one("a Viewer, a user and an encoded slash", newRequest("GET", usersPath+"%2f1", "Authorization: {viewer}"),
		notThere(usersPath+"%2f1").atEdge().sam(decodes, needAdmin)),
	one("a Viewer, a slash after the users", newRequest("GET", usersPath+"/", "Authorization: {viewer}"), needAdmin.atEdge()),

	// Ids of other users, and ids of another kind.
	one("an Editor lists users, HEAD", newRequest("HEAD", usersPath, own), headOf(needAdmin)),
	one("an Editor becomes an Admin", updateUser("{user}", `{"rootRole":1}`).as("{token}"), needAdmin),
	one("an Editor deletes a user", deleteUser("{viewerID}").as("{token}"), needAdmin),
	one("a selector as a user's id", readUser(someSelector), notWhole(someSelector)),
	{"ids of another user's tokens, and users' ids in their place", []step{
		{first: otherHasTwo, request: revoke("2"), want: done},
		{request: revoke("{otherID}"), want: done},
		{request: revoke(someSelector), want: notWhole(someSelector)},
		{request: list("Authorization: {other}"), want: tokens("theirs", "second")},
		{request: list(own), want: tokens("own")},
	}},
	{"another user named in the body and the query", []step{
		{request: request{"POST", listPath + "?userId={otherID}", []string{own, jsonBody}, `{"userId":{otherID},"user":{"id":{otherID}},` + good[1:]}, want: made},
		{request: list("Authorization: {other}"), want: tokens("theirs")},
		{request: list(own), want: tokens("own", "laptop")},
	}},
	{"an id is not taken from the body", []step{
		{request: updateUser("{viewerID}", `{"id":{adminID},"name":"Vera"}`), want: viewer},
		{request: self(byAdmin), want: adminSelf},
	}},
}

// otherHeaders are headers whose values logs often contain.
var otherHeaders = []string{
	"User-Agent: {token}", "Referer: {token}", "X-Forwarded-For: {token}", "Content-Type: {token}", "If-None-Match: {token}",
}

// someSelector is the public part of a token of user 1.
const someSelector = "AAAAAAAAAAEAAAAAAAAAAA"

// elsewhere returns headers that name another path or host than the request line.
func elsewhere(path string) []string {
	return []string{
		"X-Original-URL: " + path, "X-Rewrite-URL: " + path, "X-Forwarded-Path: " + path, "X-Forwarded-Uri: " + path, "X-Forwarded-Prefix: " + path,
		"X-Forwarded-Host: example.com", "X-Forwarded-Proto: https", "X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1;host=example.com",
	}
}

// claimed are headers in which proxies and functions tell each other who the caller is.
var claimed = []string{
	"userId: {adminID}", "kind: admin", "principalId: admin", "X-User-Id: {adminID}", "X-Forwarded-User: {adminName}", "X-Remote-User: {adminName}",
	"X-Amzn-Oidc-Identity: {adminID}", "X-Amz-Security-Token: x", "X-Api-Key: {admin}",
}

// plusAll returns the request with more headers.
func (r request) plusAll(headers []string) request {
	for _, header := range headers {
		r = r.plus(header)
	}
	return r
}
