package authz

import (
	"strconv"
	"strings"

	"github.com/aws/aws-lambda-go/events"

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
	// Claims are nil if the token is not valid.
	*Claims
	// Reason is why the response denies every request, and otherwise empty. It is one of a fixed set of sentences.
	Reason pat.Reason `json:"reason,omitempty"`
}

// Claims describe a valid token and its user to an API. REST APIs hand on only strings, so all are strings.
type Claims struct {
	// UserID is the user's ID in decimal. It never changes and is never reused.
	UserID string `json:"userId"`
	// Username can change, and is empty for a user who has only an email address.
	Username string `json:"username"`
	// Scope is the scopes that the token carries, with a space between two (RFC 6749 §3.3), or empty.
	Scope string `json:"scope"`
	// TokenID is the token's ID in decimal. It is unique among the tokens of one user.
	TokenID string `json:"tokenId"`
	// ExpiresAt is when the token expires, in UTC in the form of expiryLayout.
	ExpiresAt string `json:"expiresAt"`
	// Role is the user's root role, for tokens that are not limited to scopes. A scoped token has none, so that no handler grants it what
	// the role permits.
	Role string `json:"role,omitempty"`
}

// expiryLayout is RFC 3339 with milliseconds, in which the API also shows expiry dates.
const expiryLayout = "2006-01-02T15:04:05.000Z"

func newClaims(holder pat.Holder, granted []pat.Scope) *Claims {
	claims := &Claims{
		UserID:    strconv.FormatInt(int64(holder.Account.ID), 10),
		Username:  holder.Account.Username,
		Scope:     join(granted),
		TokenID:   strconv.FormatInt(int64(holder.Token.ID), 10),
		ExpiresAt: holder.Token.ExpiresAt.UTC().Format(expiryLayout),
	}
	if holder.Token.Scopes.Unscoped() {
		claims.Role = holder.Account.Role.String()
	}
	return claims
}

func join(scopes []pat.Scope) string {
	var joined strings.Builder
	for i, scope := range scopes {
		if i > 0 {
			joined.WriteByte(' ')
		}
		joined.WriteString(string(scope))
	}
	return joined.String()
}
