package e2e

import (
	"strings"

	"pats/pkg/pat"
)

// Gaps of the HTTP servers of sam local and ministack.
const (
	keepsBlanks = "blanks after a header's value are kept"
	noBounds    = "there are no bounds for headers and bodies"
	takesAll    = "malformed requests are taken as they are"
	decodes     = "paths are decoded before they are routed"
	upperCase   = "methods are put in upper case"
	strictLines = "a line that ends without a carriage return is refused"
	lastType    = "of two Content-Type headers the last counts"
	lastKey     = "of two Idempotency-Key headers the last counts"
)

// credentialCases are the forms in which a token is accepted, and those in which it is not.
var credentialCases = []scenario{
	one("the request of Unleash's API reference", newRequest("GET", listPath, "Accept: application/json", own), tokens("own")),
	one("a bare token", list(own), tokens("own")),
	one("Bearer", list("Authorization: Bearer {token}"), tokens("own")),
	one("bearer", list("Authorization: bearer {token}"), tokens("own")),
	one("BEARER", list("Authorization: BEARER {token}"), tokens("own")),
	one("bEaReR", list("Authorization: bEaReR {token}"), tokens("own")),
	one("Bearer and two spaces", list("Authorization: Bearer  {token}"), tokens("own")),
	one("the header's name in lower case", list("authorization: {token}"), tokens("own")),
	one("the header's name in upper case", list("AUTHORIZATION: {token}"), tokens("own")),
	one("no space after the colon", list("Authorization:{token}"), tokens("own")),
	one("spaces before the token", list("Authorization:    {token}"), tokens("own")),
	one("a space after the token", list("Authorization: {token} "), tokens("own").sam(keepsBlanks, samUnauthorized)),
	one("a tab after the token", list("Authorization: {token}\t"), tokens("own").sam(keepsBlanks, samUnauthorized)),
	one("a space after a Bearer token", list("Authorization: Bearer {token} "), tokens("own").sam(keepsBlanks, samUnauthorized)),
	one("the spelling with pats_", list("Authorization: {pats}"), tokens("own")),
	one("pats_, Bearer", list("Authorization: Bearer {pats}"), tokens("own")),
	one("pats_, bearer and two spaces", list("Authorization: bearer  {pats}"), tokens("own")),
	one("a cookie beside the token", list(own, "Cookie: unleash-session=x"), tokens("own")),

	one("no header", list(), noToken),
	one("HEAD without a header", newRequest("HEAD", listPath), headOf(noToken)),
	one("an empty header", list("Authorization: "), noToken),
	one("a blank header", list("Authorization:    "), noToken),
	one("Bearer alone", list("Authorization: Bearer"), noToken),
	one("Bearer and a space", list("Authorization: Bearer "), noToken),
	one("Bearer without a space", list("Authorization: Bearer{token}"), noToken),
	one("Bearer with a colon", list("Authorization: Bearer: {token}"), noToken),
	one("Bearer and a tab", list("Authorization: Bearer\t{token}"), noToken),
	one("Bearer twice", list("Authorization: Bearer Bearer {token}"), noToken),
	one("Basic", list("Authorization: Basic YWRtaW46dW5sZWFzaDRhbGw="), noToken),
	one("Token", list("Authorization: Token {token}"), noToken),
	one("Digest", list("Authorization: Digest username=admin"), noToken),
	one("a quoted token", list(`Authorization: "{token}"`), noToken),
	one("a quoted Bearer token", list(`Authorization: Bearer "{token}"`), noToken),
	one("two tokens in one header", list("Authorization: {token}, {token}"), noToken),
	one("user:nope", list("Authorization: user:nope"), noToken),
	one("user: alone", list("Authorization: user:"), noToken),
	one("a v1 token", list("Authorization: user:"+strings.Repeat("0", 56)), noToken),
	one("a v2 token, too short", list("Authorization: user:v2_AAA_BBB"), noToken),
	one("one character more", list("Authorization: {token}x"), noToken),
	one("one character less", list("Authorization: {cut}"), noToken),
	one("without user:", list("Authorization: {tail}"), noToken),
	one("USER:", list("Authorization: USER:{tail}"), noToken),
	one("PATS_", list("Authorization: PATS_{rest}"), noToken),
	one("pats with a colon", list("Authorization: pats:{rest}"), noToken),
	one("pats_v2_", list("Authorization: pats_v2_{rest}"), noToken),
	one("both prefixes", list("Authorization: pats_{token}"), noToken),
	one("no prefix", list("Authorization: Bearer {rest}"), noToken),
	one("pats_, too short", list("Authorization: pats_AAA_BBB"), noToken),
	one("pats_, one character more", list("Authorization: {pats}x"), noToken),
	one("an encoded line break after the token", list("Authorization: {token}%0A"), noToken),
	one("an encoded NUL after the token", list("Authorization: {token}%00"), noToken),
	one("a comma after the token", list("Authorization: {token},"), noToken),
	one("a letter in Latin-1", list("Authorization: Bearer user:\xe9"), noToken),
	one("a letter in UTF-8", list("Authorization: Bearer user:☃"), noToken),
	one("SQL", list("Authorization: user:' or '1'='1"), noToken),
	one("a client API token", list("Authorization: default:development.unleash-insecure-client-api-token"), noToken),
	one("8 KiB", list("Authorization: user:"+strings.Repeat("a", 8000)), noToken),
	one("X-Api-Key", list("X-Api-Key: {token}"), noToken),
	one("Proxy-Authorization", list("Proxy-Authorization: {token}"), noToken),
	one("a cookie alone", list("Cookie: Authorization={token}"), noToken),
	one("access_token in the query", newRequest("GET", listPath+"?access_token={token}"), noToken),
	one("If-None-Match and no token", list("If-None-Match: *"), noToken),

	one("well-formed, but never given out", list("Authorization: user:v2_"+strings.Repeat("A", 22)+"_"+strings.Repeat("B", 43)), denied(pat.ReasonInvalid)),
	one("pats_, well-formed, but never given out", list("Authorization: Bearer pats_"+strings.Repeat("A", 22)+"_"+strings.Repeat("B", 43)), denied(pat.ReasonInvalid)),
	one("pats_, mistyped", list("Authorization: {mistypedPats}"), denied(pat.ReasonInvalid)),
	one("pats_, revoked", list("Authorization: Bearer {revokedPats}"), denied(pat.ReasonInvalid)),
	one("pats_, expired", list("Authorization: Bearer {expiredPats}"), denied(pat.ReasonExpired)),
	one("mistyped", list("Authorization: {mistyped}"), denied(pat.ReasonInvalid)),
	one("the right selector, another secret", list("Authorization: {forged}"), denied(pat.ReasonInvalid)),
	one("of no user", list("Authorization: Bearer {stranger}"), denied(pat.ReasonInvalid)),
	one("revoked", list("Authorization: {revoked}"), denied(pat.ReasonInvalid)),
	one("of a deleted user", list("Authorization: {deleted}"), denied(pat.ReasonInvalid)),
	one("of a disabled user", list("Authorization: {disabled}"), denied(pat.ReasonDisabled)),
	one("expired", list("Authorization: {expired}"), denied(pat.ReasonExpired)),
	one("expired, as a Bearer token", list("Authorization: bearer {expired}"), denied(pat.ReasonExpired)),
	one("expired long ago", list("Authorization: {longExpired}"), denied(pat.ReasonExpired)),
	one("expired, HEAD", newRequest("HEAD", listPath, "Authorization: {expired}"), headOf(denied(pat.ReasonExpired))),
	one("expired, a malformed body", create("{bad").as("{expired}"), denied(pat.ReasonExpired)),
	one("a wrong admin API token", list("Authorization: *:*."+strings.Repeat("x", 43)), denied(pat.ReasonInvalid)),
	one("an admin API token that is too short", list("Authorization: *:*.unleash-insecure-admin-api-token"), noToken),

	one("the admin API token", list("Authorization: {adminToken}"), noUser),
	one("the admin API token as a Bearer token", list("Authorization: Bearer {adminToken}"), noUser),
	one("the admin API token creates", create(`{"description":"x","expiresAt":"{soon}"}`).as("{adminToken}"), noUser),
	one("the admin API token, a body against the schema", create("{}").as("{adminToken}"), missing("description")),
	one("the admin API token deletes", revoke("1").as("{adminToken}"), noUser),
	one("the admin API token on a path that is not there", newRequest("GET", "/api/admin/nope", "Authorization: {adminToken}"), notThere("/api/admin/nope")),
	one("the admin API token, one character more", list("Authorization: {adminToken}x"), denied(pat.ReasonInvalid)),

	one("two headers, the same token", list(own, own), noToken.atEdge()),
	one("two headers, the right one first", list(own, "Authorization: user:nope"), noToken.atEdge()),
	one("two headers, the wrong one first", list("Authorization: user:nope", own), noToken.atEdge()),
	one("two headers in different case", list(own, "authorization: {other}"), noToken.atEdge()),
	one("17 KiB", list("Authorization: user:"+strings.Repeat("a", 17000)), headersTooLarge.sam(noBounds, samUnauthorized).ministack(noBounds, noToken)),
	one("another header of 17 KiB", list(own, "X-Long: "+strings.Repeat("a", 17000)), headersTooLarge.sam(noBounds, tokens("own")).ministack(noBounds, tokens("own"))),
	// A lone line feed ends a line (RFC 9112 §2.2), so none reaches the token.
	one("a line feed after the token", list("Authorization: {token}\n"), tokens("own").atEdge().ministack(strictLines, badRequest)),
	one("a token folded over two lines", list("Authorization: Bearer\r\n {token}"), tokens("own").atEdge()),
	one("a carriage return in the token's place", list("Authorization: \r{token}"), badRequest.sam(takesAll, samUnauthorized)),
	one("NUL in the header", list("Authorization: {token}\x00"), badRequest.sam(takesAll, samUnauthorized)),
	one("a space before the colon", list("Authorization : {token}"), badRequest.sam(takesAll, samUnauthorized)),
}
