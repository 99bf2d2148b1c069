package api_test

import (
	"net/http"
	"os"
	"testing"

	"pats/pkg/api"
)

// document requests the OpenAPI document without an authorizer.
func (f *fixture) document(t *testing.T, method string, headers ...string) (status int, body string, header func(string) string) {
	t.Helper()
	event := request{method: method, path: api.ResourceOpenAPI, headers: headers}.event(nil)
	event.Resource = api.ResourceOpenAPI
	got := f.handle(t, event)
	return got.StatusCode, got.Body, func(name string) string { return http.Header(got.MultiValueHeaders).Get(name) }
}

func TestDocumentNeedsNoToken(t *testing.T) {
	t.Parallel()
	f := newFixtureWith(t, settings{tokens: api.TokensSettings{Enabled: false}, log: t.Output()})
	status, body, header := f.document(t, http.MethodGet)
	want, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if status != http.StatusOK || body != string(want) {
		t.Errorf("got status %d and %d bytes, want 200 and the document's %d", status, len(body), len(want))
	}
	if got := header("Content-Type"); got != "application/json; charset=utf-8" {
		t.Errorf("Content-Type: got %q, want JSON", got)
	}
	parse[map[string]any](t, body)
}

func TestDocumentIsNotSentTwice(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, _, header := f.document(t, http.MethodGet)
	status, body, again := f.document(t, http.MethodGet, "If-None-Match: "+header("Etag"))
	if status != http.StatusNotModified || body != "" || again("Etag") != header("Etag") {
		t.Errorf("got status %d, ETag %q and body %q, want 304, %q and none", status, again("Etag"), body, header("Etag"))
	}
}

func TestDocumentHasNoOtherMethods(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for method, want := range map[string]int{
		http.MethodHead:    http.StatusOK,
		http.MethodOptions: http.StatusOK,
		http.MethodPost:    http.StatusNotFound,
		http.MethodDelete:  http.StatusNotFound,
	} {
		if status, body, _ := f.document(t, method); status != want {
			t.Errorf("%s: got status %d with %s, want %d", method, status, body, want)
		}
	}
}

// TestNothingElseIsOpen checks that an event without claims is refused on every other path.
func TestNothingElseIsOpen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, path := range []string{api.ResourceTokens, api.ResourceTokens + "/1", "/", "/docs", api.ResourceOpenAPI + "/x"} {
		event := request{method: http.MethodGet, path: path}.event(nil)
		wantProblem(t, f.handle(t, event), http.StatusUnauthorized, refused)
	}
}
