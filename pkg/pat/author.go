package pat

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// maxAncestors is the number of ancestors that a token keeps, the nearest ones.
const maxAncestors = 10

// Maker is who created a token. The zero value is an operator, or unknown: a release without makers created the token, or it was
// imported.
type Maker struct {
	User UserID
	// Token is the token that was presented for the create, or 0 if the user was signed in without one.
	Token TokenID
}

// An author is who changes an account: an operator, the holder of one of its tokens, its user in a session, or for a service account also
// an Admin. The zero value may create nothing.
type author struct {
	operator bool
	holder   Holder
	// foreign reports that the holder's account is not the one that is changed.
	foreign bool
}

// A permission returns who changes account at now, or an error if the change is not permitted.
type permission func(account Account, now time.Time) (author, error)

func allowOperator(Account, time.Time) (author, error) { return author{operator: true}, nil }

// allow permits changes while the caller's token is valid, if it has scope. Errors: KindUnauthenticated, KindForbidden.
func (s *Service) allow(caller Identity, scope Scope) permission {
	return func(account Account, now time.Time) (author, error) {
		by, err := s.author(account, caller, now)
		if err == nil {
			err = by.holder.Require(scope)
		}
		return by, err
	}
}

// allowSelf permits the caller to change the token presented, whatever its scopes, while it is valid. Errors: KindUnauthenticated;
// KindNotFound for a session, which presents none.
func (s *Service) allowSelf(caller Identity) permission {
	return func(account Account, now time.Time) (author, error) {
		by, err := s.author(account, caller, now)
		if err == nil && caller.session() {
			err = noPresentedToken()
		}
		return by, err
	}
}

// allowToken permits the caller to revoke or rotate the token with id while the caller's token is valid. One other than the caller's
// own requires ScopePatsWrite. Errors: KindUnauthenticated, KindForbidden.
func (s *Service) allowToken(caller Identity, id TokenID) permission {
	return func(account Account, now time.Time) (author, error) {
		by, err := s.author(account, caller, now)
		if err == nil && by.holder.Token.ID != id {
			err = by.holder.Require(ScopePatsWrite)
		}
		return by, err
	}
}

func (s *Service) author(account Account, caller Identity, now time.Time) (author, error) {
	token, err := s.admit(account, caller, now)
	return author{holder: Holder{account, token}}, err
}

// checkBounds checks that draft is no stronger than the author's token. If that is scoped, the draft must have a subset of its scopes,
// and end no later than the secret presented. Errors: KindForbidden.
func (a author) checkBounds(draft Draft) error {
	own := a.holder.Token
	if a.operator || own.Scopes.Unscoped() {
		return a.checkGiven(draft.Scopes)
	}
	return cmp.Or(checkSubset("create", draft.Scopes, own.Scopes), checkEnd("create", draft.ExpiresAt, own.ExpiresAt))
}

// checkGiven checks that an author without a scoped token may give a token scopes: ScopeTokensIntrospect takes an Admin. Errors:
// KindForbidden.
func (a author) checkGiven(scopes Scopes) error {
	if a.operator || scopes.Unscoped() || !scopes.Allow(ScopeTokensIntrospect) || a.holder.Account.EnabledAdmin() {
		return nil
	}
	return forbidden(fmt.Sprintf("Only an Admin can create or rotate a token with the scope %q.", ScopeTokensIntrospect), nil)
}

// checkSubset checks that scopes are a subset of own. verb says what the author does. Errors: KindForbidden.
func checkSubset(verb string, scopes, own Scopes) error {
	if scopes.SubsetOf(own) {
		return nil
	}
	scope, exceeds := scopes.exceeding(own)
	if !exceeds { // they are Unscoped
		return forbidden("A token with scopes can "+verb+" only tokens with scopes that it has.", nil)
	}
	message := fmt.Sprintf("A token can %s only tokens with scopes that it has, and this one does not have %q.", verb, scope)
	return forbidden(message, &MissingScopeError{scope})
}

// checkEnd checks that end is no later than own. verb says what the author does. Errors: KindForbidden.
func checkEnd(verb string, end, own time.Time) error {
	if !end.After(own) {
		return nil
	}
	return forbidden("A token with scopes can "+verb+" only tokens that expire no later than it does: at "+
		own.Format("2006-01-02T15:04:05.000Z07:00")+".", nil)
}

func forbidden(message string, cause error) *Error {
	return &Error{Kind: KindForbidden, Message: message, Err: cause}
}

func (a author) maker() Maker {
	if a.operator {
		return Maker{}
	}
	return Maker{a.holder.Account.ID, a.holder.Token.ID}
}

// ancestors returns the Ancestors of a token that the author creates. They are of the same account.
func (a author) ancestors() []TokenID {
	if a.operator || a.foreign || a.holder.Token.ID == 0 {
		return nil
	}
	all := slices.Concat([]TokenID{a.holder.Token.ID}, a.holder.Token.Ancestors)
	return all[:min(len(all), maxAncestors)]
}
