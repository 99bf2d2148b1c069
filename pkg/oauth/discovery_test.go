package oauth_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/oauth"
)

// TestDiscovery: the issuer is the URL to which clients append the path of the document, whatever the API's address.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, c := range map[string]struct {
		path, proto, want string
	}{
		"a stage":                    {"/prod" + oauth.ResourceDiscovery, "https", "https://api.example/prod"},
		"a custom domain":            {oauth.ResourceDiscovery, "https", "https://api.example"},
		"a custom domain's path":     {"/pats" + oauth.ResourceDiscovery, "https", "https://api.example/pats"},
		"a slash at the end":         {"/prod" + oauth.ResourceDiscovery + "/", "https", "https://api.example/prod"},
		"no protocol":                {oauth.ResourceDiscovery, "", "https://api.example"},
		"a laptop":                   {oauth.ResourceDiscovery, "http", "http://api.example"},
		"a protocol that is no such": {oauth.ResourceDiscovery, "javascript", "https://api.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			event := request{method: http.MethodGet, resource: oauth.ResourceDiscovery, headers: map[string]string{"X-Forwarded-Proto": c.proto}}.event()
			event.RequestContext.Path = c.path
			got, err := f.handler.Handle(t.Context(), event)
			if err != nil || got.StatusCode != http.StatusOK {
				t.Fatalf("got status %d, error %v, want 200", got.StatusCode, err)
			}
			want := object{
				"issuer":                 c.want,
				"token_endpoint":         c.want + "/oauth/token",
				"introspection_endpoint": c.want + "/oauth/introspect",
				"introspection_endpoint_auth_methods_supported": []any{"client_secret_basic", "client_secret_post", "Bearer"},
				"revocation_endpoint":                           c.want + "/oauth/revoke",
				"revocation_endpoint_auth_methods_supported":    []any{"none", "client_secret_basic", "client_secret_post"},
			}
			if diff := cmp.Diff(want, response{body: got.Body}.object(t)); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
		})
	}
}
