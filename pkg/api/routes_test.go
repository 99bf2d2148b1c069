package api_test

import (
	"net/http"
	"strings"
	"testing"

	"pats/pkg/api"
)

const token1 = api.ResourceTokens + "/1"

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	h := f.holder(t)
	for _, c := range []struct{ method, path string }{
		{"PUT", api.ResourceTokens},
		{"PATCH", api.ResourceTokens},
		{"DELETE", api.ResourceTokens},
		{"TRACE", api.ResourceTokens},
		{"PURGE", api.ResourceTokens},
		{"get", api.ResourceTokens},
		{"", api.ResourceTokens},
		{"GET", token1},
		{"HEAD", token1},
		{"POST", token1},
		{"PUT", token1},
		{"PATCH", token1},
		{"GET", api.ResourceTokens + "/abc"},
		{"DELETE", api.ResourceTokens + "/"},
		{"DELETE", token1 + "/x"},
		{"GET", "/"},
		{"HEAD", "/"},
		{"OPTIONS", "/"},
		{"POST", "/"},
		{"GET", "/api"},
		{"GET", "/api/admin"},
		{"GET", "/api/admin/nope"},
		{"POST", "/api/admin/nope"},
		{"OPTIONS", "/api/admin/nope"},
		{"GET", "/nope.js"},
		{"GET", "/api/<script>alert(1)</script>"},
		{"GET", "/api/%3Cb%3E%22%20%E2%98%83"},
		{"GET", "/api/admin/user%2ftokens"},
		{"GET", "/api/admin/user/%74okens"},
		{"GET", "/api/admin/user/./tokens"},
		{"GET", "/api/admin/user/x/../tokens"},
		{"GET", "/api/admin/user/tokens%"},
		{"GET", "/api/admin/user/tokens%20"},
		{"GET", "/api/admin/user/tokens;a=b"},
		{"GET", "/" + strings.Repeat("n", 8000)},
		{"GET", "/API/ADMIN/USER/TOKENS"}, // difference 10: paths are case-sensitive
		{"GET", "/api/admin/user/Tokens"},
		{"GET", "/api/admin//user/tokens"}, // Unleash folds slashes
		{"GET", "/api/admin/user/tokens/"}, // Unleash takes a slash at the end
	} {
		t.Run(c.method+" "+c.path[:min(len(c.path), 60)], func(t *testing.T) {
			t.Parallel()
			got := f.do(t, h, call{method: c.method, path: c.path})
			wantProblem(t, got, http.StatusNotFound, notThere(c.path))
		})
	}
}

// TestResourceDecidesTheRoute: API Gateway has matched the path already, with its stage or a base path before it.
func TestResourceDecidesTheRoute(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	event := get().event(claimsOf(f.holder(t)))
	event.Path = "/pats/v1/api/admin/user/tokens"
	wantStatus(t, f.handle(t, event), http.StatusOK)
	event.Resource = "/{proxy+}"
	wantStatus(t, f.handle(t, event), http.StatusNotFound)
}

func TestHeadAnswersAsGet(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	h := f.holder(t)
	want, request := f.do(t, h, get()), get()
	request.method = http.MethodHead
	got := f.do(t, h, request)
	wantStatus(t, got, http.StatusOK)
	for _, name := range []string{"Etag", "Content-Type"} {
		wantHeader(t, got, name, want.MultiValueHeaders[name][0])
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	h := f.holder(t)
	for path, want := range map[string]string{api.ResourceTokens: "GET,HEAD,POST", token1: "DELETE"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			got := f.do(t, h, call{method: http.MethodOptions, path: path, headers: []string{"Origin: https://example.com"}})
			wantStatus(t, got, http.StatusOK)
			wantHeader(t, got, "Allow", want)
			wantHeader(t, got, "Access-Control-Allow-Origin", "")
			if got.Body != want {
				t.Errorf("body: got %q, want %q", got.Body, want)
			}
		})
	}
}

// TestJSONBodiesAreLookedAtOnEveryRoute: malformed JSON is a 400 before the path is a 404, as in Unleash.
func TestJSONBodiesAreLookedAtOnEveryRoute(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	h := f.holder(t)
	for name, c := range map[string]struct {
		method, path, header, body string
		status                     int
		want                       problem
	}{
		"PUT, malformed":          {"PUT", token1, "Content-Type: application/json", "{bad", 400, notJSON},
		"PUT, an object":          {"PUT", token1, "Content-Type: application/json", "{}", 404, notThere(token1)},
		"no such path, malformed": {"POST", "/api/admin/nope", "Content-Type: application/json", "{bad", 400, notJSON},
		"no such path, text":      {"POST", "/api/admin/nope", "Content-Type: text/plain", "x", 404, notThere("/api/admin/nope")},
		"no such path, too large": {"POST", "/api/admin/nope", "Content-Type: text/plain", strings.Repeat("x", 1<<17), 400, tooLarge},
		"list, malformed":         {"GET", api.ResourceTokens, "Content-Type: application/json", "{bad", 400, notJSON},
		"OPTIONS, malformed":      {"OPTIONS", api.ResourceTokens, "Content-Type: application/json", "{bad", 400, notJSON},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := f.do(t, h, call{method: c.method, path: c.path, headers: []string{c.header}, body: c.body})
			wantProblem(t, got, c.status, c.want)
		})
	}
}
