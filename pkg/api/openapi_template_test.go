package api

import (
	"cmp"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"pats/pkg/api/apitypes"
	"pats/pkg/leaks"
	"pats/pkg/oauth"
	"pats/pkg/pat"
)

// document has the parts of the OpenAPI document that these tests check.
type document struct {
	Info struct {
		Description string `json:"description"`
	} `json:"info"`
	Paths      map[string]map[string]shownOperation `json:"paths"`
	Components struct {
		Schemas struct {
			Error struct {
				Properties struct {
					Name struct {
						Enum []string `json:"enum"`
					} `json:"name"`
				} `json:"properties"`
			} `json:"error"`
		} `json:"schemas"`
		Responses map[string]documented `json:"responses"`
	} `json:"components"`
}

type shownOperation struct {
	// Scope is what a token with scopes needs, or "".
	Scope string `json:"x-scope"`
	// Security is absent for an operation behind the authorizer, and empty for one that needs no token.
	Security  *[]any                `json:"security"`
	Responses map[string]documented `json:"responses"`
}

// documented is a response, or a reference to one.
type documented struct {
	Ref     string `json:"$ref"`
	Content map[string]struct {
		Example  json.RawMessage `json:"example"`
		Examples map[string]struct {
			Value json.RawMessage `json:"value"`
		} `json:"examples"`
	} `json:"content"`
}

func readDocument(t *testing.T) document {
	t.Helper()
	var read document
	if err := json.Unmarshal(openAPI, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

func handlers() []*Handler {
	log := slog.New(slog.DiscardHandler)
	return []*Handler{
		NewTokens(nil, TokensSettings{Enabled: true}, log), NewUsers(nil, pat.AdminKey{}, log), NewAdminTokens(nil, pat.AdminKey{}, log),
		NewServiceAccounts(nil, TokensSettings{Enabled: true}, log),
	}
}

// oauthRoutes are the operations of package oauth, which have errors of their own.
var oauthRoutes = []string{
	"POST " + oauth.ResourceIntrospect, "POST " + oauth.ResourceRevoke, "POST " + oauth.ResourceToken, "GET " + oauth.ResourceDiscovery,
}

// leakRoutes are the operations of package leaks.
var leakRoutes = []string{"POST " + leaks.ResourceGitHub, "POST " + leaks.ResourceGitLab, "GET " + leaks.ResourceGitLabTypes}

// TestDocumentHasEveryRoute compares the routes of the handlers with the operations of the document.
func TestDocumentHasEveryRoute(t *testing.T) {
	t.Parallel()
	routed, shown := slices.Concat(oauthRoutes, leakRoutes), []string(nil)
	for _, handler := range handlers() {
		for resource, route := range handler.routes {
			for method := range route.operations {
				routed = append(routed, method+" "+resource)
			}
		}
	}
	for path, operations := range readDocument(t).Paths {
		for method := range operations {
			shown = append(shown, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(routed)
	slices.Sort(shown)
	if diff := gocmp.Diff(routed, shown); diff != "" {
		t.Errorf("operations (-routed +documented):\n%s", diff)
	}
}

// scopeRow matches a row of a table whose first column has an operation and whose last one has its scope.
var scopeRow = regexp.MustCompile("(?m)^\\| `([A-Z]+ [^`?]+)[^`]*` \\|(?:.*\\|)? `?([a-z:]+)[^|]*\\|$")

// TestTablesOfScopes compares the tables for readers, in the document and in docs/api.md, with the operations'. That the operations
// need these scopes is tested by TestOperationsNeedTheirScopes.
func TestTablesOfScopes(t *testing.T) {
	t.Parallel()
	read := readDocument(t)
	guide, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for path, operations := range read.Paths {
		for method, operation := range operations {
			want[strings.ToUpper(method)+" "+path] = cmp.Or(operation.Scope, "none")
		}
	}
	_, guideTable, _ := strings.Cut(string(guide), "## Requests and responses\n")
	guideTable, _, _ = strings.Cut(guideTable, "\n**")
	for name, table := range map[string]string{"openapi.json": read.Info.Description, "docs/api.md": guideTable} {
		got := map[string]string{}
		for _, row := range scopeRow.FindAllStringSubmatch(table, -1) {
			got[row[1]] = row[2]
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s: operations and scopes (-operations +table):\n%s", name, diff)
		}
	}
}

// TestDocumentHasEveryResource compares the resources of template.yaml with the paths of the document, and which of them have no
// authorizer.
func TestDocumentHasEveryResource(t *testing.T) {
	t.Parallel()
	functions := readTemplate(t).Resources
	open := map[string]bool{}
	for _, f := range []function{
		functions.TokensFunction, functions.UsersFunction, functions.AdminTokensFunction, functions.ServiceAccountsFunction, functions.OAuthFunction,
		functions.LeaksFunction,
	} {
		for _, event := range f.Properties.Events {
			open[event.Properties.Path] = event.Properties.Auth.Authorizer == "NONE"
		}
	}
	delete(open, "/{proxy+}")
	shown := map[string]bool{}
	for path, operations := range readDocument(t).Paths {
		for _, operation := range operations {
			shown[path] = operation.Security != nil
		}
	}
	if diff := gocmp.Diff(open, shown); diff != "" {
		t.Errorf("resources, and whether they have no authorizer (-template +document):\n%s", diff)
	}
	want := map[string]bool{
		ResourceOpenAPI: true, oauth.ResourceIntrospect: true, oauth.ResourceRevoke: true, oauth.ResourceToken: true, oauth.ResourceDiscovery: true,
		leaks.ResourceGitHub: true, leaks.ResourceGitLab: true, leaks.ResourceGitLabTypes: true,
	}
	if diff := gocmp.Diff(want, onlyTrue(open)); diff != "" {
		t.Errorf("open resources (-want +template):\n%s", diff)
	}
}

func onlyTrue(all map[string]bool) map[string]bool {
	picked := maps.Clone(all)
	maps.DeleteFunc(picked, func(_ string, value bool) bool { return !value })
	return picked
}

// namesByStatus returns the names of errors of the functions and the gateway. Status 0 stands for any.
func namesByStatus(t *testing.T) map[int][]string {
	t.Helper()
	names := map[int][]string{}
	add := func(status int, name string) {
		if !slices.Contains(names[status], name) {
			names[status] = append(names[status], name)
		}
	}
	for _, as := range errorOf {
		add(as.status, as.name)
	}
	unaccepted := wrongContentType("")
	add(unaccepted.status, unaccepted.name)
	for kind, gateway := range readTemplate(t).Resources.API.Properties.GatewayResponses {
		var body apitypes.Error
		if err := json.Unmarshal([]byte(gateway.ResponseTemplates[jsonType]), &body); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		add(gateway.StatusCode, body.Name)
	}
	return names
}

func TestDocumentNamesEveryError(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	for _, names := range namesByStatus(t) {
		for _, name := range names {
			want[name] = true
		}
	}
	got := readDocument(t).Components.Schemas.Error.Properties.Name.Enum
	if diff := gocmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(slices.Values(got))); diff != "" {
		t.Errorf("names of errors (-ours +documented):\n%s", diff)
	}
}

// TestDocumentShowsErrorsWhereTheyOccur checks that each error has examples, whose names occur with its status.
func TestDocumentShowsErrorsWhereTheyOccur(t *testing.T) {
	t.Parallel()
	read, names := readDocument(t), namesByStatus(t)
	for path, operations := range read.Paths {
		for method, operation := range operations {
			if slices.Contains(oauthRoutes, strings.ToUpper(method)+" "+path) {
				continue
			}
			for code, documented := range operation.Responses {
				status, err := strconv.Atoi(code)
				if err != nil || status < http.StatusBadRequest {
					continue
				}
				refusal := read.Components.Responses[strings.TrimPrefix(documented.Ref, "#/components/responses/")]
				for _, shown := range refusal.names(t) {
					if !slices.Contains(names[status], shown) && !slices.Contains(names[0], shown) {
						t.Errorf("%s %s, %d: got the example %q, want one of %q or %q", method, path, status, shown, names[status], names[0])
					}
				}
			}
		}
	}
}

// names returns the names in the examples.
func (d documented) names(t *testing.T) []string {
	t.Helper()
	content := d.Content[jsonType]
	bodies := []json.RawMessage{content.Example}
	if content.Examples != nil {
		bodies = nil
	}
	for _, example := range content.Examples {
		bodies = append(bodies, example.Value)
	}
	var names []string
	for _, body := range bodies {
		var shown apitypes.Error
		if err := json.Unmarshal(body, &shown); err != nil {
			t.Fatalf("example %s: %v", body, err)
		}
		names = append(names, shown.Name)
	}
	return names
}
