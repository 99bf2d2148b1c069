package api_test

import (
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/api"
)

const token1 = api.ResourceTokens + "/1"

var unknownRoutes = []struct{ method, path string }{
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
	{"GET", token1 + "/rotate"},
	{"PUT", token1 + "/rotate"},
	{"POST", token1 + "/rotate/x"},
	{"POST", token1 + "/Rotate"},
	{"POST", api.ResourceTokenSelf},
	{"PUT", api.ResourceTokenSelf},
	{"DELETE", api.ResourceTokenSelfRotate},
	{"GET", api.ResourceTokenSelf + "/"},
	{"GET", api.ResourceTokens + "/Self"},
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
	{"GET", "/API/ADMIN/USER/TOKENS"}, // Unleash ignores case
	{"GET", "/api/admin/user/Tokens"},
	{"GET", "/api/admin//user/tokens"}, // Unleash folds slashes
	{"GET", "/api/admin/user/tokens/"}, // Unleash takes a slash at the end
}

func TestUnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	for _, c := range unknownRoutes {
		t.Run(c.method+" "+c.path[:min(len(c.path), 60)], func(t *testing.T) {
			t.Parallel()
			got := f.do(t, h, request{method: c.method, path: c.path})
			wantProblem(t, got, http.StatusNotFound, notThere(c.path))
		})
	}
}

// TestResourceDecidesTheRoute checks that the path, which can start with a stage or a base path, does not matter.
func TestResourceDecidesTheRoute(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	event := get().event(claimsOf(f.holder(t)))
	event.Path = "/pats/v1/api/admin/user/tokens"
	wantStatus(t, f.handle(t, event), http.StatusOK)
	event.Resource = "/{proxy+}"
	wantStatus(t, f.handle(t, event), http.StatusNotFound)
}

func TestHeadAnswersAsGet(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	want, req := f.do(t, h, get()), get()
	req.method = http.MethodHead
	got := f.do(t, h, req)
	wantStatus(t, got, http.StatusOK)
	for _, name := range []string{"Etag", "Content-Type"} {
		wantHeader(t, got, name, want.MultiValueHeaders[name][0])
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	for path, want := range map[string]string{
		api.ResourceTokens: "GET,HEAD,POST", token1: "DELETE", token1 + "/rotate": "POST",
		api.ResourceTokenSelf: "GET,HEAD,DELETE", api.ResourceTokenSelfRotate: "POST",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			got := f.do(t, h, request{method: http.MethodOptions, path: path, headers: []string{"Origin: https://example.com"}})
			wantStatus(t, got, http.StatusOK)
			wantHeader(t, got, "Allow", want)
			wantHeader(t, got, "Access-Control-Allow-Origin", "")
			if got.Body != want {
				t.Errorf("body: got %q, want %q", got.Body, want)
			}
		})
	}
}

// TestRoutesWithoutABodyIgnoreIt checks that no body changes the response of a route that takes none.
func TestRoutesWithoutABodyIgnoreIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, route := range []struct {
		method, path string
		status       int
	}{
		{"GET", api.ResourceTokens, 200},
		{"HEAD", api.ResourceTokens, 200},
		{"OPTIONS", api.ResourceTokens, 200},
		{"DELETE", token1, 200},
		{"PUT", token1, 404},
		{"POST", "/api/admin/nope", 404},
		{"GET", api.ResourceOpenAPI, 200},
		{"POST", api.ResourceOpenAPI, 404},
		{"GET", api.ResourceTokenSelf, 200},
		{"DELETE", api.ResourceTokenSelf, 200},
	} {
		for name, body := range map[string]request{
			"malformed JSON": {body: "{bad"},
			"an array":       {body: "[]"},
			"not base64":     {body: "!", base64: true},
			"10 MiB":         {body: strings.Repeat("\xff", 10<<20)},
		} {
			t.Run(route.method+" "+route.path+", "+name, func(t *testing.T) {
				t.Parallel()
				c := request{method: route.method, path: route.path, headers: []string{"Content-Type: application/json"}, body: body.body, base64: body.base64}
				event := c.event(claimsOf(f.holder(t)))
				if route.path == api.ResourceOpenAPI {
					event.Resource = route.path
				}
				wantStatus(t, f.handle(t, event), route.status)
			})
		}
	}
}

// TestALargeBodyIsNotCopied checks that a body over the limit is refused by its length.
func TestALargeBodyIsNotCopied(t *testing.T) { //nolint:paralleltest // it measures what the whole process allocates
	f := newFixture(t)
	claims := claimsOf(f.holder(t))
	text := strings.Repeat("A", 8<<20)
	for name, event := range map[string]events.APIGatewayProxyRequest{ //nolint:paralleltest // likewise
		"a create, as text":   post(text).event(claims),
		"a create, in base64": request{method: "POST", path: api.ResourceTokens, headers: post("").headers, body: text, base64: true}.event(claims),
		"an unknown path":     request{method: "POST", path: "/nope", body: text, base64: true}.event(claims),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f.handle(t, event)
			runtime.ReadMemStats(&after)
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 1<<20 {
				t.Errorf("a body of 8 MiB: %d bytes allocated, want at most 1 MiB", allocated)
			}
		})
	}
}
