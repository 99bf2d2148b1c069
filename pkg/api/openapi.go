package api

import (
	"context"
	_ "embed" // for the document
	"net/http"

	"pats/pkg/pat"
)

// ResourceOpenAPI is the path of the API's description.
const ResourceOpenAPI = "/docs/openapi.json"

// openAPI is the OpenAPI 3.0.3 document of all routes.
//
//go:embed openapi.json
var openAPI []byte

func showOpenAPI(_ context.Context, req *request, _ pat.Principal) (response, error) {
	headers := http.Header{"Content-Type": {responseType}, "Cache-Control": {"no-cache"}}
	return response{status: http.StatusOK, headers: headers, body: openAPI}.tagged(req), nil
}
