package e2e

import (
	"context"
	"net/http"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/api/apitest"
)

const documentPath = "/docs/openapi.json"

// document is the OpenAPI document, which needs no token.
var document = ok(func(got response) string {
	want, err := apitest.Document(context.Background())
	if err != nil {
		return err.Error()
	}
	return cmp.Diff(string(want), got.body)
})

// documentCases are requests for the one route that needs no token.
var documentCases = []scenario{
	one("the document without a token", newRequest(http.MethodGet, documentPath), document),
	one("the document with a token", newRequest(http.MethodGet, documentPath, own), document),
	one("the document with an expired token", newRequest(http.MethodGet, documentPath, "Authorization: {expired}"), document),
	one("the document with a header that is not a token", newRequest(http.MethodGet, documentPath, "Authorization: Basic YWRtaW4="), document),
	one("the document, HEAD", newRequest(http.MethodHead, documentPath), headOf(document)),
	one("the document, OPTIONS", newRequest(http.MethodOptions, documentPath), allows("GET,HEAD")),
	one("POST to the document", newRequest(http.MethodPost, documentPath), notThere(documentPath)),
	one("the document with a malformed body", newRequest(http.MethodGet, documentPath, jsonBody).with("{bad"), document),
	one("below the document", newRequest(http.MethodGet, documentPath+"/x"), noToken),
	one("beside the document", newRequest(http.MethodGet, "/docs"), noToken),
	{"the document again", []step{
		{request: newRequest(http.MethodGet, documentPath), want: document},
		{request: newRequest(http.MethodGet, documentPath, "If-None-Match: {etag}"), want: notModified},
		{request: newRequest(http.MethodGet, documentPath, `If-None-Match: W/"0-x"`), want: document},
	}},
}
