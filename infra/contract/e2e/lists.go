package e2e

// listCases are requests for a list with queries, headers and bodies.
var listCases = []scenario{
	one("HEAD", newRequest("HEAD", listPath, own), headOf(tokens("own"))),
	one("a query", newRequest("GET", listPath+"?a=b", own), tokens("own")),
	one("an empty query", newRequest("GET", listPath+"?", own), tokens("own")),
	one("a query with a slash", newRequest("GET", listPath+"?x=y/z", own), tokens("own")),
	one("a query that names another user", newRequest("GET", listPath+"?userId=1", own), tokens("own")),
	one("a query with a bad escape", newRequest("GET", listPath+"?a=%", own), tokens("own")),
	one("a query with a list", newRequest("GET", listPath+"?a[]=1&a[]=2", own), tokens("own")),
	one("Accept text/html", list(own, "Accept: text/html"), tokens("own")),
	one("Accept json;q=0", list(own, "Accept: application/json;q=0"), tokens("own")),
	one("Accept image/png", list(own, "Accept: image/png;q=0.1"), tokens("own")),
	one("Accept-Encoding", list(own, "Accept-Encoding: gzip"), tokens("own")),
	one("Accept-Language", list(own, "Accept-Language: de"), tokens("own")),
	one("If-Match", list(own, `If-Match: "x"`), tokens("own")),
	one("If-Modified-Since", list(own, "If-Modified-Since: Mon, 23 Nov 2099 00:00:00 GMT"), tokens("own")),
	one("If-None-Match, another", list(own, `If-None-Match: W/"0-x"`), tokens("own")),
	one("If-None-Match, any", list(own, "If-None-Match: *"), notModified),
	one("If-None-Match on a create", described(`"x"`).plus("If-None-Match: *"), token(2, "x")),
	one("a body", list(own, "Content-Type: text/plain").with("x"), tokens("own")),
	one("a JSON body", list(own, jsonBody).with("{}"), tokens("own")),
	one("a malformed JSON body", list(own, jsonBody).with("{bad"), tokens("own")),
	{"the list again, unchanged and changed", []step{
		{request: list(own), want: tokens("own")},
		{request: list(own, "If-None-Match: {etag}"), want: notModified},
		{request: list(own, `If-None-Match: "a", {etag}`), want: notModified},
		{request: newRequest("HEAD", listPath, own, "If-None-Match: {etag}"), want: notModified},
		{request: list(own, "If-None-Match: {etag}", "Cache-Control: no-cache"), want: tokens("own")},
		{request: described(`"x"`), want: token(2, "x")},
		{request: list(own, "If-None-Match: {etag}"), want: tokens("own", "x")},
	}},
}
