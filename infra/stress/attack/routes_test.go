package attack_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"pats/infra/testkit/must"
	"pats/pkg/api/apitest"
)

// route is an operation of the API with a valid request for it.
type route struct {
	method, path string
	// body is the example in the OpenAPI document.
	body string
}

// nobody is an id without a user or token.
const nobody = "999999999"

// routes returns all operations of the OpenAPI document that need a token, and HEAD for each GET, with id in the paths.
func routes(t *testing.T, id string) []route {
	t.Helper()
	text, err := apitest.Document(t.Context())
	must.Do(t, err)
	spec, err := openapi3.NewLoader().LoadFromData(text)
	must.Do(t, err)
	var all []route
	for path, item := range spec.Paths.Map() {
		path = strings.ReplaceAll(path, "{id}", id)
		for method, operation := range item.Operations() {
			if open := operation.Security != nil && len(*operation.Security) == 0; open {
				continue
			}
			all = append(all, route{method, path, example(t, operation)})
			if method == http.MethodGet {
				all = append(all, route{method: http.MethodHead, path: path})
			}
		}
	}
	if len(all) < 12 {
		t.Fatalf("got %d routes, want those of tokens and users at least", len(all))
	}
	return all
}

func example(t *testing.T, operation *openapi3.Operation) string {
	t.Helper()
	if operation.RequestBody == nil {
		return ""
	}
	body, err := json.Marshal(operation.RequestBody.Value.Content["application/json"].Example)
	if err != nil || string(body) == "null" {
		t.Fatalf("%s: got body %s and error %v, want an example in the document", operation.OperationID, body, err)
	}
	return string(body)
}

// ownRoutes need no permission. Every other route needs ADMIN; a new one fails the tests until it is listed here.
var ownRoutes = []string{"/api/admin/user", "/api/admin/user/tokens", "/api/admin/user/tokens/" + nobody}
