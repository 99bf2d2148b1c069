package oauth

import (
	"context"
	"net/http"
	"strings"

	"pats/pkg/proxy"
)

// metadata is that of OpenID Connect Discovery 1.0 §3 and RFC 8414 §2, as far as this service has it and clients need it.
type metadata struct {
	Issuer string `json:"issuer"`
	// TokenEndpoint grants nothing. zitadel/oidc's resource server refuses metadata without one.
	TokenEndpoint         string   `json:"token_endpoint"`
	IntrospectionEndpoint string   `json:"introspection_endpoint"`
	IntrospectionMethods  []string `json:"introspection_endpoint_auth_methods_supported"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	RevocationMethods     []string `json:"revocation_endpoint_auth_methods_supported"`
}

func discover(_ context.Context, req request) (response, error) {
	base := baseURL(req)
	return jsonResponse(http.StatusOK, metadata{
		Issuer:                base,
		TokenEndpoint:         base + ResourceToken,
		IntrospectionEndpoint: base + ResourceIntrospect,
		IntrospectionMethods:  []string{"client_secret_basic", "client_secret_post", "Bearer"},
		RevocationEndpoint:    base + ResourceRevoke,
		RevocationMethods:     []string{"none", "client_secret_basic", "client_secret_post"},
	})
}

// refuseGrant is the token endpoint of RFC 6749 §3.2. Tokens are created with the token routes.
func refuseGrant(context.Context, request) (response, error) {
	return response{}, &problem{
		status: http.StatusBadRequest, code: unsupportedGrantType, description: "This service has no grants. Create tokens with its token API.",
	}
}

// baseURL returns the URL that the request's path was appended to.
func baseURL(req request) string {
	scheme := "https"
	if req.headers.Get("X-Forwarded-Proto") == "http" { // on a laptop
		scheme = "http"
	}
	return scheme + "://" + req.event.RequestContext.DomainName + strings.TrimSuffix(proxy.Base(req.event), "/")
}
