package attack_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"pats/pkg/api"
)

// route is an operation of the API with what a caller needs to send to get through to it.
type route struct {
	method, path string
	// body is the OpenAPI document's own example.
	body string
}

// nobody is an id that no user and no token has.
const nobody = "999999999"

// routes are all operations of the OpenAPI document that need a token, so that a route that is added is tried as well, and HEAD
// beside each GET. Where a path has an id, it is this one.
func routes(t *testing.T, id string) []route {
	t.Helper()
	spec, err := openapi3.NewLoader().LoadFromData(api.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
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

// ownRoutes are those that need no permission. Every other one needs ADMIN, one that is added too until it stands here.
var ownRoutes = []string{"/api/admin/user", "/api/admin/user/tokens", "/api/admin/user/tokens/" + nobody}
