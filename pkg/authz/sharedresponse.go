package authz

import (
	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/claims"
	"pats/pkg/pat"
)

// sharedResponse is a response of Shared: a policy and, for HTTP APIs with payload format 2.0, also a simple response. The event does
// not tell which of the two the API expects, and API Gateway ignores the other one.
type sharedResponse struct {
	PrincipalID    string                                  `json:"principalId"`
	PolicyDocument events.APIGatewayCustomAuthorizerPolicy `json:"policyDocument"`
	// IsAuthorized is nil for the kinds of APIs that have no simple responses.
	IsAuthorized *bool         `json:"isAuthorized,omitempty"`
	Context      sharedContext `json:"context"`
}

// sharedContext is what handlers, access logs and gateway responses of an API get from its authorizer.
type sharedContext struct {
	// Strings are the claims, or nil if the token is not valid.
	*claims.Strings
	// Reason is why the response denies every request, and otherwise empty. It is one of a fixed set of sentences.
	Reason pat.Reason `json:"reason,omitempty"`
}

func newContext(holder pat.Holder, granted []pat.Scope) sharedContext {
	texts := claims.Of(holder, granted).Strings()
	return sharedContext{Strings: &texts}
}
