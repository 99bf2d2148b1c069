package e2e

import (
	"fmt"
	"net/http"
	"strings"

	"pats/pkg/pat"
)

const allTokensPath = "/api/admin/tokens"

func allTokens(query string) request { return newRequest(http.MethodGet, allTokensPath+query, byAdmin) }

// revokeOf returns an Admin's DELETE below the tokens of a user.
func revokeOf(user, rest string) request {
	return newRequest(http.MethodDelete, usersPath+"/"+user+"/tokens"+rest, byAdmin)
}

// ownOf is the JSON of the token "own" of the user with the placeholder id, in the list of all.
func ownOf(id, names, end string) string {
	return `{"id":1,"description":"own","expiresAt":TIME,"userId":` + id + `,"createdAt":TIME,"seenAt":null,"user":` + person(id, names, end) + "}"
}

// viewerTokens is a page with the Viewer's token alone.
var viewerTokens = shows(`{"tokens":[`+ownOf("{viewerID}", viewerNames, `,"rootRole":3`)+`]}`).having("Link", "").having("Cache-Control", "no-store")

// emptyPage is a page without a token, which is not the last one.
var emptyPage = ok(func(got response) string {
	if got.body != `{"tokens":[]}` || got.header.Get("Link") == "" {
		return fmt.Sprintf("got %s and Link %q, want no tokens and a next page", got.body, got.header.Get("Link"))
	}
	return ""
})

// revokedTokens expects the response to an Admin's DELETE, with the ids in JSON.
func revokedTokens(ids string) expected { return shows(`{"revoked":[` + ids + `]}`) }

// noUserToken expects the 404 for a token that the Viewer does not have.
func noUserToken(id pat.TokenID) expected {
	return expected{status: http.StatusNotFound, body: func(got response) string {
		var body problem
		if err := strict(got.body, &body); err != nil || body.Name != "NotFoundError" || !strings.HasSuffix(body.Message, fmt.Sprintf(" has no token %d.", id)) {
			return fmt.Sprintf("got %s, want that the user has no token %d", got.body, id)
		}
		return ""
	}}
}

func unknownQuery(name string) expected {
	return schema("/query/"+name, fmt.Sprintf("The query does not allow additional parameters. Your request included %q.", name))
}

func notQueryTime(name, sent string) expected {
	return schema("/query/"+name, fmt.Sprintf("The `/query/%s` property must be a time in RFC 3339 from 1970 on, such as 2027-01-31T12:00:00Z. You sent %q.", name, sent))
}

// adminTokenCases are about the tokens of all users.
var adminTokenCases = []scenario{
	one("a user's tokens in the list of all", allTokens("?user={viewerID}"), viewerTokens),
	one("a user's tokens in the list of all, HEAD", newRequest("HEAD", allTokensPath+"?user={viewerID}", byAdmin), headOf(viewerTokens)),
	one("a user's tokens in the list of all, If-None-Match", allTokens("?user={viewerID}").plus("If-None-Match: *"), notModified),
	one("a user's unused tokens", allTokens("?user={viewerID}&unusedSince=2100-01-01T00:00:00%2B01:00&expiresBefore=2101-01-01T00:00:00.5Z&state=active"), viewerTokens),
	one("a user's tokens with a scope", allTokens("?user={viewerID}&scope=pats:read"), shows(`{"tokens":[]}`)),
	one("tokens of a user who was deleted", allTokens("?user={goneUser}"), noSuchUser),
	one("tokens of the page after the last", allTokens("?after=9007199254740991"), shows(`{"tokens":[]}`).having("Link", "")),
	one("tokens of a page of none", allTokens("?limit=0"), notInRange("limit", "1 to 100", "0")),
	one("tokens of too many users", allTokens("?limit=101"), notInRange("limit", "1 to 100", "101")),
	one("tokens of users after a negative id", allTokens("?after=-1"), notInRange("after", "0 to 9007199254740991", "-1")),
	one("a misspelled filter", allTokens("?unusedsince=2026-01-01T00:00:00Z"), unknownQuery("unusedsince")),
	one("a time that is a duration", allTokens("?unusedSince=90d"), notQueryTime("unusedSince", "90d")),
	one("a state twice", allTokens("?state=active&state=expired"), schema("/query/state", "The `/query/state` property must be string. You sent [\"active\",\"expired\"].")),
	one("an unknown state", allTokens("?state=valid"), schema("/query/state", "The `/query/state` property must be one of active, expired, disabled. You sent \"valid\".")),
	one("a scope of another form", allTokens("?scope=a%20b"), rule("A scope is 1 to 64 of A-Z, a-z, 0-9 and the characters . _ : / -.")),
	one("all tokens, OPTIONS", newRequest("OPTIONS", allTokensPath, byAdmin), allows("GET,HEAD")),
	one("POST to all tokens", newRequest("POST", allTokensPath, byAdmin), notThere(allTokensPath)),
	one("all tokens, without a token", newRequest("GET", allTokensPath), noToken),
	one("a Viewer lists all tokens", allTokens("").as("{viewer}"), needAdmin),
	one("a Viewer lists own tokens among all", allTokens("?user={viewerID}").as("{viewer}"), needAdmin),
	one("the admin API token lists a user's tokens", allTokens("?user={viewerID}").as("{adminToken}"), viewerTokens),
	one("a token without users:read lists all tokens", allTokens("").as("{usersWriter}"), missingScope(pat.ScopeUsersRead)),
	one("a token with users:read lists a user's tokens", allTokens("?user={viewerID}").as("{usersReader}"), viewerTokens),

	{"an Admin revokes a user's token", []step{
		{request: revokeOf("{viewerID}", "/1"), want: revokedTokens("1")},
		{request: self("Authorization: {viewer}"), want: denied(pat.ReasonInvalid)},
		{request: revokeOf("{viewerID}", "/1"), want: noUserToken(1)},
	}},
	{"an Admin revokes a user's tokens with a filter, and then all", []step{
		{request: revokeOf("{viewerID}", "?state=expired"), want: revokedTokens("")},
		{request: self("Authorization: {viewer}"), want: viewerSelf},
		{request: revokeOf("{viewerID}", ""), want: revokedTokens("1")},
		{request: self("Authorization: {viewer}"), want: ended(pat.ReasonInvalid)},
		{request: revokeOf("{viewerID}", ""), want: revokedTokens("")},
	}},
	{"an Admin revokes a user's token with its descendants", []step{
		{request: create(good), want: made},
		{request: revokeOf("{user}", "/1?descendants=true"), want: revokedTokens("1,2")},
		{request: list("Authorization: {made}"), want: denied(pat.ReasonInvalid)},
	}},
	one("a Viewer revokes own tokens as an Admin would", revokeOf("{viewerID}", "").as("{viewer}"), needAdmin),
	one("a Viewer revokes another's token", revokeOf("{adminID}", "/1").as("{viewer}"), needAdmin),
	one("a token without users:write revokes a user's token", revokeOf("{viewerID}", "/1").as("{usersReader}"), missingScope(pat.ScopeUsersWrite)),
	one("the admin API token revokes a user's tokens", revokeOf("{viewerID}", "").as("{adminToken}"), revokedTokens("1")),
	one("tokens of a user who was deleted are revoked", revokeOf("{goneUser}", ""), noSuchUser),
	one("a user's id of letters", revokeOf("abc", ""), notWhole("abc")),
	one("a token's id of letters", revokeOf("{viewerID}", "/abc"), schema("/params/tokenId", "The `/params/tokenId` property must be integer. You sent \"abc\".")),
	one("descendants of another form", revokeOf("{viewerID}", "/1?descendants=yes"), schema("/query/descendants", "The `/query/descendants` property must be boolean. You sent \"yes\".")),
	one("a misspelled parameter of a revocation", revokeOf("{viewerID}", "/1?descendant=true"), unknownQuery("descendant")),
	one("GET of a user's tokens", newRequest("GET", usersPath+"/1/tokens", byAdmin), notThere(usersPath+"/1/tokens")),
	one("OPTIONS of a user's token", newRequest("OPTIONS", usersPath+"/1/tokens/1", byAdmin), allows("DELETE")),
}
