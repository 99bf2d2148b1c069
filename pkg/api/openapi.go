package api

import (
	"context"
	_ "embed" // for the document
	"net/http"

	"pats/pkg/pat"
)

// ResourceOpenAPI is where the API describes itself, open to all. template.yaml puts no authorizer before it.
const ResourceOpenAPI = "/docs/openapi.json"

//go:embed openapi.json
var openAPI string

// OpenAPI is the OpenAPI 3.0.3 document of all routes, as JSON.
func OpenAPI() []byte { return []byte(openAPI) }

func showOpenAPI(_ context.Context, req *request, _ pat.Principal) (response, error) {
	answer := response{status: http.StatusOK, headers: http.Header{"Content-Type": {responseType}}, body: openAPI}
	return answer.tagged(req), nil
}
