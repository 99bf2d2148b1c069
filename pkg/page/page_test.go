package page_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"pats/pkg/page"
	"pats/pkg/pat"
)

var settings = page.Settings{
	MaxTokenDays: 90, MaxTokens: 10, Scopes: []page.Scope{{Name: "orders:read", Role: pat.Viewer}, {Name: "users:read", Role: pat.Admin}},
}

// get returns the response to a request for a resource at a path that includes the stage.
func get(t *testing.T, method, resource, path string) events.APIGatewayProxyResponse {
	t.Helper()
	event := events.APIGatewayProxyRequest{
		Resource: resource, HTTPMethod: method, RequestContext: events.APIGatewayProxyRequestContext{Path: path},
	}
	if file, ok := strings.CutPrefix(path, "/ui/assets/"); ok {
		event.PathParameters = map[string]string{"file": file}
	}
	got, err := page.New(settings).Handle(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func document(t *testing.T) string {
	t.Helper()
	return get(t, http.MethodGet, page.ResourcePage, "/").Body
}

var assetPath = regexp.MustCompile(`ui/assets/page\.[0-9a-f]{12}\.js`)

// script returns the path of the script, the only file that the document refers to.
func script(t *testing.T) string {
	t.Helper()
	paths := assetPath.FindAllString(document(t), -1)
	if len(paths) != 1 {
		t.Fatalf("got the assets %q, want a script", paths)
	}
	return "/" + paths[0]
}

func TestDocumentTellsSettings(t *testing.T) {
	t.Parallel()
	match := regexp.MustCompile(`<meta name="pats" content='([^']*)'>`).FindStringSubmatch(document(t))
	if match == nil {
		t.Fatal("the document has no settings")
	}
	var got page.Settings
	if err := json.Unmarshal([]byte(match[1]), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(settings, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

// TestDocumentHasNoInlineCode: the policy would block it, and a browser would only say so in its console.
func TestDocumentHasNoInlineCode(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{`<script[^>]*>[^<]`, `<style`, `\sstyle=`, `\son[a-z]+=`, `javascript:`, `\{\{`} {
		for _, text := range []string{document(t), get(t, http.MethodGet, page.ResourceConsent, "/ui/cli").Body} {
			if found := regexp.MustCompile(pattern).FindString(text); found != "" {
				t.Errorf("a document has %q, which matches %s", found, pattern)
			}
		}
	}
}

func TestScriptWritesNoHTML(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(os.DirFS("static"), "*.js")
	if err != nil || len(names) == 0 {
		t.Fatalf("got %d modules and error %v", len(names), err)
	}
	for _, name := range names {
		text := source(t, name)
		for _, sink := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "localStorage", "sessionStorage", "document.cookie", "indexedDB"} {
			if strings.Contains(text, sink) {
				t.Errorf("%s uses %s", name, sink)
			}
		}
	}
}

func source(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("static/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	importLine  = regexp.MustCompile(`(?m)^import \{ ([^}]*) \} from './([a-z]+)\.js'$`)
	declaration = regexp.MustCompile(`(?m)^(?:export )?(?:async )?(?:const|let|function) ([$\w]+)`)
)

// TestModulesFitTogether: each is an ES module that imports what others export, and all of them together are one script. So imports come
// from earlier modules, and no two declare one name.
func TestModulesFitTogether(t *testing.T) {
	t.Parallel()
	all := get(t, http.MethodGet, page.ResourceAsset, script(t)).Body
	if regexp.MustCompile(`\b(import|export)\b`).MatchString(all) {
		t.Error("the script has an import or an export")
	}
	names, _ := fs.Glob(os.DirFS("static"), "*.js")
	in, exported := map[string]string{}, map[string]bool{}
	for _, name := range names {
		text := source(t, name)
		for _, match := range declaration.FindAllStringSubmatch(text, -1) {
			if other, ok := in[match[1]]; ok {
				t.Errorf("%s and %s both declare %s", other, name, match[1])
			}
			in[match[1]], exported[match[1]] = name, strings.HasPrefix(match[0], "export ")
		}
	}
	for _, name := range names {
		for line := range strings.SplitSeq(source(t, name), "\n") {
			match := importLine.FindStringSubmatch(line)
			if strings.HasPrefix(line, "import ") && match == nil {
				t.Errorf("%s: %q is not an import of one line", name, line)
			}
			if match == nil {
				continue
			}
			for imported := range strings.SplitSeq(match[1], ", ") {
				if in[imported] != match[2]+".js" || !exported[imported] {
					t.Errorf("%s imports %s, which %s.js does not export", name, imported, match[2])
				}
			}
		}
	}
}

// maxBytes is the most that a first view takes, in bytes, before compression.
const maxBytes = 30_000

func TestPageIsSmall(t *testing.T) {
	t.Parallel()
	size := len(document(t)) + len(get(t, http.MethodGet, page.ResourceAsset, script(t)).Body)
	t.Logf("%d bytes", size)
	if size > maxBytes {
		t.Errorf("the page has %d bytes, want at most %d", size, maxBytes)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, resource, path string
		status                 int
		contentType, cache     string
	}{
		"the document":              {http.MethodGet, page.ResourcePage, "/", http.StatusOK, "text/html; charset=utf-8", "public, max-age=3600"},
		"the page for consent":      {http.MethodGet, page.ResourceConsent, "/ui/cli", http.StatusOK, "text/html; charset=utf-8", "no-store"},
		"HEAD":                      {http.MethodHead, page.ResourcePage, "/", http.StatusOK, "text/html; charset=utf-8", "public, max-age=3600"},
		"an asset":                  {http.MethodGet, page.ResourceAsset, script(t), http.StatusOK, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		"an asset of another hash":  {http.MethodGet, page.ResourceAsset, "/ui/assets/page.000000000000.js", http.StatusOK, "text/javascript; charset=utf-8", "no-store"},
		"an asset without a hash":   {http.MethodGet, page.ResourceAsset, "/ui/assets/page.js", http.StatusNotFound, "text/plain; charset=utf-8", "no-store"},
		"no asset":                  {http.MethodGet, page.ResourceAsset, "/ui/assets/..%2fpage.html", http.StatusNotFound, "text/plain; charset=utf-8", "no-store"},
		"a method that changes":     {http.MethodPost, page.ResourcePage, "/", http.StatusMethodNotAllowed, "text/plain; charset=utf-8", "no-store"},
		"a resource of another one": {http.MethodGet, "/{proxy+}", "/x", http.StatusNotFound, "text/plain; charset=utf-8", "no-store"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := get(t, c.method, c.resource, c.path)
			want := http.Header{
				"Content-Security-Policy": {"default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; " +
					"form-action 'self'; base-uri 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"},
				"Cross-Origin-Opener-Policy":   {"same-origin"},
				"Cross-Origin-Resource-Policy": {"same-origin"},
				"Referrer-Policy":              {"same-origin"},
				"X-Content-Type-Options":       {"nosniff"},
				"X-Frame-Options":              {"DENY"},
				"Content-Type":                 {c.contentType},
				"Cache-Control":                {c.cache},
			}
			if c.status == http.StatusMethodNotAllowed {
				want.Set("Allow", "GET, HEAD")
			}
			if diff := cmp.Diff(want, http.Header(got.MultiValueHeaders)); got.StatusCode != c.status || diff != "" {
				t.Errorf("got status %d, want %d; headers (-want +got):\n%s", got.StatusCode, c.status, diff)
			}
		})
	}
}

func TestScopesHaveTheirLowestRoles(t *testing.T) {
	t.Parallel()
	catalog, err := pat.ParseScopeCatalog("orders:read,orders:write@Editor")
	if err != nil {
		t.Fatal(err)
	}
	got := map[pat.Scope]pat.Role{}
	var order []pat.Scope
	for _, scope := range page.Scopes(catalog) {
		got[scope.Name] = scope.Role
		order = append(order, scope.Name)
	}
	want := map[pat.Scope]pat.Role{
		"orders:read": pat.Viewer, "orders:write": pat.Editor, "pats:read": pat.Viewer, "pats:write": pat.Viewer,
		"tokens:introspect": pat.Admin, "users:read": pat.Admin, "users:write": pat.Admin,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	if sorted := slices.Sorted(maps.Keys(want)); !slices.Equal(order, sorted) {
		t.Errorf("got the order %q, want %q", order, sorted)
	}
}
