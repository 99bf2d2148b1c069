package pat

// Holder is who presented a token, and the token, as they were when the store was read.
type Holder struct {
	Account Account
	// Token has the selector, the verifier and the end of the secret that was presented, which a rotation can have replaced.
	Token Token
}

// Identity returns the user and the token, without what they may do.
func (h Holder) Identity() Identity { return Identity{User: h.Account.ID, Selector: h.Token.Selector} }

const needAdmin = `You don't have the required permissions to perform this operation. To perform this action, you need the "ADMIN" permission.`

// RequireAdmin checks that the user is an Admin, whatever the token's scopes. The message is Unleash's. Errors: KindForbidden.
func (h Holder) RequireAdmin() error {
	if h.Account.EnabledAdmin() {
		return nil
	}
	return forbidden(needAdmin, nil)
}

// Require checks that the token has scope, as every unscoped token does. Errors: KindForbidden with a *MissingScopeError.
func (h Holder) Require(scope Scope) error {
	if h.Token.Scopes.Allow(scope) {
		return nil
	}
	return MissingScope(scope)
}
