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
	OAuthFunction            = "OAuthFunction"
	PageFunction             = "PageFunction"
	SignInFunction           = "SignInFunction"
	SessionFunction          = "SessionFunction"
	AdminSessionFunction     = "AdminSessionFunction"
)

// The paths of the API's collections, of the token presented and of the caller's profile.
const (
	TokensPath  = "/api/admin/user/tokens" //nolint:gosec // a path, no credential
	SelfPath    = TokensPath + "/self"
	ProfilePath = "/api/admin/user"
	UsersPath   = "/api/admin/user-admin"
)

// TokenPath returns the path of a token.
func TokenPath(id pat.TokenID) string { return TokensPath + "/" + strconv.FormatInt(int64(id), 10) }

// RotationPath returns the path of a rotation of a token.
func RotationPath(id pat.TokenID) string { return TokenPath(id) + "/rotate" }

// UserPath returns the path of a user.
func UserPath(id pat.UserID) string { return UsersPath + "/" + strconv.FormatInt(int64(id), 10) }
