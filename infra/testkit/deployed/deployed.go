// Package deployed names what template.yaml deploys.
package deployed

// The logical IDs of the functions.
const (
	AuthorizerFunction = "AuthorizerFunction"
	TokensFunction     = "TokensFunction"
	UsersFunction      = "UsersFunction"
)

// The paths of the API's collections and of the caller's profile. An item's path is its collection's, a slash and the ID.
const (
	TokensPath  = "/api/admin/user/tokens" //nolint:gosec // a path, no credential
	ProfilePath = "/api/admin/user"
	UsersPath   = "/api/admin/user-admin"
)
