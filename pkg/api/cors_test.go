package api_test

import (
	"net/http"
	"strings"
	"testing"

	"pats/pkg/pat/pattest"
)

// TestAllowOrigin checks that scripts of another origin can read successes and refusals, if and only if the origin is set.
func TestAllowOrigin(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	holder := f.holder(t)
	listed := f.do(t, holder, get())
	revoked := holder
	revoked.Token.Selector = f.holder(t).Token.Selector
	for name, c := range map[string]struct {
		holder pattest.Holder
		request
		status int
	}{
		"a list":           {holder, get(), http.StatusOK},
		"an unchanged one": {holder, get("If-None-Match: " + http.Header(listed.MultiValueHeaders).Get("Etag")), http.StatusNotModified},
		"a duplicate":      {holder, post(strings.Replace(good, "laptop", "own", 1)), http.StatusConflict},
		"a bad request":    {holder, post("{"), http.StatusBadRequest},
		"a revoked token":  {revoked, get(), http.StatusUnauthorized},
		"an unknown path":  {holder, request{method: http.MethodGet, path: "/nope"}, http.StatusNotFound},
		"the methods":      {holder, request{method: http.MethodOptions, path: get().path}, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, origin := range []string{"", "*", "https://app.example.com"} {
				got, err := f.handler.AllowOrigin(origin).Handle(t.Context(), c.event(claimsOf(c.holder)))
				headers := http.Header(got.MultiValueHeaders)
				if err != nil || got.StatusCode != c.status {
					t.Fatalf("origin %q: got status %d with %s, error %v, want %d", origin, got.StatusCode, got.Body, err, c.status)
				}
				if allowed := headers.Get("Access-Control-Allow-Origin"); allowed != origin {
					t.Errorf("origin %q: got Access-Control-Allow-Origin %q", origin, allowed)
				}
				if exposes := headers.Get("Access-Control-Expose-Headers") != ""; exposes != (origin != "") {
					t.Errorf("origin %q: got headers %v, want Access-Control-Expose-Headers with an origin only", origin, headers)
				}
				if headers.Get("Access-Control-Allow-Credentials") != "" {
					t.Errorf("origin %q: got Access-Control-Allow-Credentials, want none", origin)
				}
			}
		})
	}
}
