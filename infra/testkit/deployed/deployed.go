// Package deployed names what template.yaml deploys.
package deployed

import (
	"strconv"

	"pats/pkg/pat"
)

// The logical IDs of the functions.
const (
	AuthorizerFunction       = "AuthorizerFunction"
	SharedAuthorizerFunction = "SharedAuthorizerFunction"
	TokensFunction           = "TokensFunction"
	UsersFunction            = "UsersFunction"
	ServiceAccountsFunction  = "ServiceAccountsFunction"
	OAuthFunction            = "OAuthFunction"
	PageFunction             = "PageFunction"
	SignInFunction           = "SignInFunction"
	SessionFunction          = "SessionFunction"
	AdminSessionFunction     = "AdminSessionFunction"
	AdminTokensFunction      = "AdminTokensFunction"
	LeaksFunction            = "LeaksFunction"
)

// The paths of the API's collections, of the token presented and of the caller's profile.
const (
	TokensPath  = "/api/admin/user/tokens" //nolint:gosec // a path, no credential
	SelfPath    = TokensPath + "/self"
	ProfilePath = "/api/admin/user"
	UsersPath   = "/api/admin/user-admin"
	// AllTokensPath is the list of the tokens of all users.
	AllTokensPath = "/api/admin/tokens"
	GitHubPath    = "/leaks/github"
	GitLabPath    = "/leaks/gitlab"
	// ServiceAccountsPath is the collection of service accounts.
	ServiceAccountsPath = "/api/admin/service-account"
	// IntrospectPath and RevokePath are those of OAuth 2.0.
	IntrospectPath = "/oauth/introspect"
	RevokePath     = "/oauth/revoke"
)

// TokenPath returns the path of a token.
func TokenPath(id pat.TokenID) string { return TokensPath + "/" + strconv.FormatInt(int64(id), 10) }

// RotationPath returns the path of a rotation of a token.
func RotationPath(id pat.TokenID) string { return TokenPath(id) + "/rotate" }

// UserPath returns the path of a user.
func UserPath(id pat.UserID) string { return UsersPath + "/" + strconv.FormatInt(int64(id), 10) }

// UserTokensPath returns the path of a user's tokens, for Admins.
func UserTokensPath(id pat.UserID) string { return UserPath(id) + "/tokens" }

// UserTokenPath returns the path of a token of a user, for Admins.
func UserTokenPath(user pat.UserID, id pat.TokenID) string {
	return UserTokensPath(user) + "/" + strconv.FormatInt(int64(id), 10)
}

// ServiceTokensPath returns the path of the tokens of a service account.
func ServiceTokensPath(id pat.UserID) string {
	return ServiceAccountsPath + "/" + strconv.FormatInt(int64(id), 10) + "/token"
}
