package session_test

import (
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/session"
)

// TestSiteOf: with a stage or a base path, the path in the event's context has it. The event's own path has only the base path.
func TestSiteOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		host, path, contextPath, public string
		want                            string
	}{
		"a stage":                {"api.example", "/ui/login", "/prod/ui/login", "", "https://api.example/prod/ui/callback"},
		"a custom domain":        {"pats.example", "/ui/login", "/ui/login", "", "https://pats.example/ui/callback"},
		"a base path":            {"pats.example", "/tokens/ui/login", "/tokens/ui/login", "", "https://pats.example/tokens/ui/callback"},
		"a slash at the end":     {"api.example", "/ui/login/", "/prod/ui/login/", "", "https://api.example/prod/ui/callback"},
		"another host":           {"api.example", "//evil.example/ui/login", "//evil.example/ui/login", "", "https://api.example/ui/callback"},
		"a laptop":               {"127.0.0.1:3000", "/ui/login", "/ui/login", "", "http://127.0.0.1:3000/ui/callback"},
		"a laptop by IPv6":       {"[::1]:3000", "/ui/login", "/ui/login", "", "http://[::1]:3000/ui/callback"},
		"a laptop by name":       {"localhost", "/ui/login", "/ui/login", "", "http://localhost/ui/callback"},
		"a name like a laptop's": {"localhost.example", "/ui/login", "/ui/login", "", "https://localhost.example/ui/callback"},
		"a public address":       {"api.example", "/ui/login", "/prod/ui/login", "https://pats.example/tokens/", "https://pats.example/tokens/ui/callback"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			event := events.APIGatewayProxyRequest{Resource: session.LoginPath, Path: c.path}
			event.RequestContext.DomainName, event.RequestContext.Path = c.host, c.contextPath
			if got := session.SiteOf(event, c.public).URL(session.CallbackPath); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
