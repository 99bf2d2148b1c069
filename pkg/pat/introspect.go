package pat

import (
	"context"
	"time"
)

// RequireIntrospection checks that the holder may introspect other users' tokens: with an unscoped token of an enabled Admin, or with a
// token that carries ScopeTokensIntrospect. Errors: KindForbidden with a *MissingScopeError.
func (s *Service) RequireIntrospection(holder Holder) error {
	if holder.Token.Scopes.Unscoped() && holder.Account.EnabledAdmin() {
		return nil
	}
	if s.settings.Scopes.grants(holder, ScopeTokensIntrospect) {
		return nil
	}
	return MissingScope(ScopeTokensIntrospect)
}

// Introspect returns the holder of the token text, in any spelling, if it is valid now. It reads and records the use as Check does, but
// reads nothing for a text that does not have the form of a token. Errors: KindUnavailable.
func (s *Service) Introspect(ctx context.Context, text string) (holder Holder, valid bool, err error) {
	secret, err := ParseForeignSecret(text)
	if err == nil {
		holder, err = s.Check(ctx, secret)
	}
	if KindOf(err) == KindUnauthenticated {
		return Holder{}, false, nil
	}
	return holder, err == nil, err
}

// IssuedAt returns when the secret that was presented was issued.
func (h Holder) IssuedAt() time.Time {
	if h.Token.replaces(h.Token.Selector) {
		return h.Token.Replaced.IssuedAt
	}
	return h.Token.IssuedAt()
}
