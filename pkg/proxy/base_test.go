package proxy_test

import (
	"regexp"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/proxy"
)

func TestBase(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ resource, path, want string }{
		"the root":                     {"/", "/", "/"},
		"a stage":                      {"/", "/prod/", "/prod/"},
		"a stage without a slash":      {"/", "/prod", "/prod/"},
		"a base path":                  {"/", "/tokens/v1/", "/tokens/v1/"},
		"another resource":             {"/ui/cli", "/prod/ui/cli", "/prod/"},
		"another resource and a slash": {"/ui/cli", "/prod/ui/cli/", "/prod/"},
		"another resource at the root": {"/ui/cli", "/ui/cli", "/"},
		"another host":                 {"/", "//evil.example/", "/"},
		"another host after a stage":   {"/", "/prod//evil.example/", "/"},
		"slashes":                      {"/", "//", "/"},
		"dots":                         {"/", "/../", "/"},
		"backslashes":                  {"/", `/\evil.example/`, "/"},
		"a quote":                      {"/", `/"><script>/`, "/"},
		"a scheme":                     {"/", "https://evil.example/", "/"},
		"nothing":                      {"/", "", "/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			event := events.APIGatewayProxyRequest{Resource: c.resource, RequestContext: events.APIGatewayProxyRequestContext{Path: c.path}}
			if got := proxy.Base(event); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// FuzzBase: whatever the path, links stay on this origin and the attribute stays closed.
func FuzzBase(f *testing.F) {
	for _, path := range []string{"/", "/prod/", "//evil.example", `/\evil`, `/"`, "/a//b", "/%2f/"} {
		f.Add("/", path)
	}
	f.Fuzz(func(t *testing.T, resource, path string) {
		base := proxy.Base(events.APIGatewayProxyRequest{Resource: resource, RequestContext: events.APIGatewayProxyRequestContext{Path: path}})
		if !regexp.MustCompile(`^/([A-Za-z0-9_-][A-Za-z0-9._-]*/)*$`).MatchString(base) {
			t.Errorf("Base of %q and %q: got %q", resource, path, base)
		}
	})
}
