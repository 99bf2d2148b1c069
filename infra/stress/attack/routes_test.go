package attack_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/infra/testkit/must"
	"pats/pkg/api/apitest"
)

// nobody is an id without a user or token.
const nobody = "999999999"

// routes returns valid requests for all operations of the OpenAPI document behind the authorizer, and HEAD for each GET, with id in the
// paths.
func routes(t *testing.T, id string) []apiclient.Request {
	t.Helper()
	text, err := apitest.Document(t.Context())
	must.Do(t, err)
	spec, err := openapi3.NewLoader().LoadFromData(text)
	must.Do(t, err)
	var all []apiclient.Request
	for path, item := range spec.Paths.Map() {
		path = strings.NewReplacer("{id}", id, "{tokenId}", id).Replace(path)
		for method, operation := range item.Operations() {
			if operation.Security != nil { // it has no authorizer
				continue
			}
			all = append(all, apiclient.Request{Method: method, Path: path, Body: example(t, operation)})
			if method == http.MethodGet {
				all = append(all, apiclient.Request{Method: http.MethodHead, Path: path})
			}
		}
	}
	if len(all) < 12 {
		t.Fatalf("got %d routes, want those of tokens and users at least", len(all))
	}
	return all
}

// endsToken reports whether the request revokes or rotates the token that is presented.
func endsToken(r apiclient.Request) bool {
	return strings.HasPrefix(r.Path, deployed.SelfPath) && r.Method != http.MethodGet && r.Method != http.MethodHead
}

// harmless returns the requests that leave the token presented as it is.
func harmless(all []apiclient.Request) []apiclient.Request {
	return slices.DeleteFunc(slices.Clone(all), endsToken)
}

// example returns the body in the OpenAPI document, or nil for an operation without one.
func example(t *testing.T, operation *openapi3.Operation) any {
	t.Helper()
	if operation.RequestBody == nil {
		return nil
	}
	body := operation.RequestBody.Value.Content["application/json"].Example
	if body == nil {
		t.Fatalf("%s: got no example of a body, want one in the document", operation.OperationID)
	}
	return body
}

// ownRoutes need no permission. Every other route needs ADMIN; a new one fails the tests until it is listed here.
var ownRoutes = []string{
	deployed.ProfilePath, deployed.TokensPath, deployed.TokensPath + "/" + nobody, deployed.TokensPath + "/" + nobody + "/rotate",
	deployed.SelfPath, deployed.SelfPath + "/rotate",
}
