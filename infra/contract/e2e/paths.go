package e2e

import (
	"net/http"
	"strings"
)

// pathCases are unknown paths and methods, and unusual spellings of paths.
var pathCases = []scenario{
	one("OPTIONS on the list", newRequest("OPTIONS", listPath, own), allows("GET,HEAD,POST")),
	one("OPTIONS on a token", newRequest("OPTIONS", listPath+"/1", own), allows("DELETE")),
	one("OPTIONS without a token", newRequest("OPTIONS", listPath), noToken),
	one("a CORS preflight", newRequest("OPTIONS", listPath, "Origin: https://example.com", "Access-Control-Request-Method: POST"), noToken),

	one("PUT on the list", newRequest("PUT", listPath, own), notThere(listPath)),
	one("PATCH on the list", newRequest("PATCH", listPath, own), notThere(listPath)),
	one("DELETE on the list", newRequest("DELETE", listPath, own), notThere(listPath)),
	one("GET of a token", newRequest("GET", listPath+"/1", own), notThere(listPath+"/1")),
	one("HEAD of a token", newRequest("HEAD", listPath+"/1", own), headOf(notThere(listPath+"/1"))),
	one("POST to a token", newRequest("POST", listPath+"/1", own), notThere(listPath+"/1")),
	one("PUT to a token", newRequest("PUT", listPath+"/1", own, jsonBody).with(`{"description":"x"}`), notThere(listPath+"/1")),
	one("PUT to a token, a malformed body", newRequest("PUT", listPath+"/1", own, jsonBody).with("{bad"), notThere(listPath+"/1")),
	one("PATCH of a token", newRequest("PATCH", listPath+"/1", own), notThere(listPath+"/1")),
	one("below a token", newRequest("DELETE", listPath+"/1/x", own), notThere(listPath+"/1/x")),
	one("PUT without a token", newRequest("PUT", listPath), noToken),
	one("TRACE", newRequest("TRACE", listPath, own), badMethod),
	one("PURGE", newRequest("PURGE", listPath, own), badMethod),
	one("a method in lower case", newRequest("get", listPath, own), badMethod.sam(upperCase, tokens("own")).ministack(upperCase, tokens("own"))),
	one("X-HTTP-Method-Override", list(own, "X-HTTP-Method-Override: DELETE"), tokens("own")),

	one("/api", newRequest("GET", "/api", own), notThere("/api")),
	one("/api/admin", newRequest("GET", "/api/admin", own), notThere("/api/admin")),
	one("a path that is not there", newRequest("GET", "/api/admin/nope", own), notThere("/api/admin/nope")),
	one("a path that is not there, without a token", newRequest("GET", "/api/admin/nope"), noToken),
	one("a path that is not there, wrong token", newRequest("GET", "/api/admin/nope", "Authorization: {forged}"), denied("The token is not valid.")),
	one("a path that is not there, HEAD", newRequest("HEAD", "/api/admin/nope", own), headOf(notThere("/api/admin/nope"))),
	one("a path that is not there, OPTIONS", newRequest("OPTIONS", "/api/admin/nope", own), notThere("/api/admin/nope")),
	one("a path that is not there, POST", newRequest("POST", "/api/admin/nope", own, "Content-Type: text/plain").with("x"), notThere("/api/admin/nope")),
	one("a path that is not there, a malformed body", newRequest("POST", "/api/admin/nope", own, jsonBody).with("{bad"), notThere("/api/admin/nope")),
	one("a path that is not there, with a query", newRequest("GET", "/api/admin/nope?a=b", own), notThere("/api/admin/nope")),
	one("an AWS signature", newRequest("GET", "/nope", "Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/execute-api/aws4_request"), noToken),
	one("a file", newRequest("GET", "/favicon.ico", own), notThere("/favicon.ico")),
	one("a long path", newRequest("GET", "/"+strings.Repeat("n", 1000), own), notThere("/"+strings.Repeat("n", 1000))),
	one("markup in the path", newRequest("GET", "/api/%3Cscript%3Ealert(1)%3C/script%3E", own), notThere("/api/%3Cscript%3Ealert(1)%3C/script%3E").sam(decodes, notThere("/api/<script>alert(1)</script>"))),
	one("a quote in the path", newRequest("GET", "/api/%22", own), notThere("/api/%22").sam(decodes, notThere(`/api/"`))),

	one("the path in upper case", newRequest("GET", "/API/ADMIN/USER/TOKENS", own), notThere("/API/ADMIN/USER/TOKENS")),
	one("the path in mixed case", newRequest("GET", "/api/admin/user/Tokens", own), notThere("/api/admin/user/Tokens")),
	one("an encoded letter", newRequest("GET", "/api/admin/user/%74okens", own), notThere("/api/admin/user/%74okens").atEdge().sam(decodes, tokens("own"))),
	one("an encoded slash", newRequest("GET", "/api/admin/user%2ftokens", own), notThere("/api/admin/user%2ftokens").atEdge().sam(decodes, tokens("own"))),
	one("a dot segment", newRequest("GET", "/api/admin/user/./tokens", own), notThere("/api/admin/user/./tokens").atEdge()),
	one("two dots", newRequest("GET", "/api/admin/user/x/../tokens", own), notThere("/api/admin/user/x/../tokens").atEdge()),
	one("two encoded dots", newRequest("GET", "/api/admin/user/x/%2e%2e/tokens", own), notThere("/api/admin/user/x/%2e%2e/tokens").atEdge().sam(decodes, notThere("/api/admin/user/x/../tokens"))),
	one("two slashes inside", newRequest("GET", "/api/admin//user/tokens", own), notThere("/api/admin//user/tokens").atEdge()),
	one("a semicolon", newRequest("GET", listPath+";a=b", own), notThere(listPath+";a=b").atEdge()),
	one("an encoded space after", newRequest("GET", listPath+"%20", own), notThere(listPath+"%20").atEdge().sam(decodes, notThere(listPath+" "))),
	one("a slash after", newRequest("GET", listPath+"/", own), tokens("own").atEdge()),
	one("two slashes first", newRequest("GET", "/"+listPath, own), notThere("/"+listPath).atEdge().sam("two slashes first count as one", tokens("own"))),
	one("two slashes last", newRequest("GET", listPath+"//", own), notThere(listPath+"//").atEdge()),
	one("a bad escape", newRequest("GET", "/api/%zz", own), badRequest.sam(takesAll, notThere("/api/%zz")).ministack(takesAll, notThere("/api/%zz"))),
	one("no path", newRequest("GET", "tokens", own), badRequest.sam(takesAll, notThere("/tokens")).ministack(takesAll, expected{status: http.StatusNotFound})),
}
