package e2e

import (
	"net/http"

	"pats/pkg/api"
)

const documentPath = "/docs/openapi.json"

// document is the OpenAPI document, which is open to all.
var document = ok(text(string(api.OpenAPI())))

// documentCases are those of the one route that needs no token.
var documentCases = []scenario{
	one("the document without a token", call(http.MethodGet, documentPath), document),
	one("the document with a token", call(http.MethodGet, documentPath, own), document),
	one("the document with an expired token", call(http.MethodGet, documentPath, "Authorization: {expired}"), document),
	one("the document with what is no token", call(http.MethodGet, documentPath, "Authorization: Basic YWRtaW4="), document),
	one("the document, HEAD", call(http.MethodHead, documentPath), headOf(document)),
	one("the document, OPTIONS", call(http.MethodOptions, documentPath), allows("GET,HEAD")),
	one("POST to the document", call(http.MethodPost, documentPath), notThere(documentPath)),
	one("the document with a malformed body", call(http.MethodGet, documentPath, jsonBody).with("{bad"), document),
	one("below the document", call(http.MethodGet, documentPath+"/x"), noToken),
	one("beside the document", call(http.MethodGet, "/docs"), noToken),
	{"the document again", []step{
		{request: call(http.MethodGet, documentPath), want: document},
		{request: call(http.MethodGet, documentPath, "If-None-Match: {etag}"), want: notModified},
		{request: call(http.MethodGet, documentPath, `If-None-Match: W/"0-x"`), want: document},
	}},
}
