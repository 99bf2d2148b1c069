package pat

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Tokens returns the caller's tokens in ascending order of ID, after one read, which also checks the caller's own token.
// Errors: KindUnauthenticated, KindForbidden without ScopePatsRead, KindUnavailable.
func (s *Service) Tokens(ctx context.Context, caller Identity) ([]Token, error) {
	holder, err := s.Admit(ctx, caller)
	if err == nil {
		err = holder.Require(ScopePatsRead)
	}
	if err != nil {
		return nil, err
	}
	return s.settings.list(holder.Account.Tokens, s.now()), nil
}

// CreateToken creates a token for the caller. The Secret it returns is not stored.
// Errors: KindUnauthenticated; KindForbidden without ScopePatsWrite, or if the caller's token is scoped and the draft exceeds its
// scopes or its end; KindInvalid, KindLimit, KindDuplicate, KindUnavailable.
func (s *Service) CreateToken(ctx context.Context, caller Identity, draft Draft) (Token, Secret, error) {
	token, secret, err := s.create(ctx, caller.User, draft, s.allow(caller, ScopePatsWrite))
	return token, secret, caller.hideMissingUser(err)
}

// RevokeToken removes the caller's token with id, which is invalid from then on. If the caller has no such token, RevokeToken does
// nothing, as in Unleash. Errors: KindUnauthenticated; KindForbidden without ScopePatsWrite, unless the token is the one that the
// caller presented; KindUnavailable.
func (s *Service) RevokeToken(ctx context.Context, caller Identity, id TokenID) error {
	_, err := s.revoke(ctx, caller.User, justToken(id), s.allowToken(caller, id))
	return caller.hideMissingUser(err)
}

// RevokeDescendants removes the caller's token with id, if it exists, and all that it led to: the tokens created with it, those
// created with them, and so on. It removes them in one change, and returns their IDs. One of more than ten generations later is
// found only if one between them exists. Errors: those of RevokeToken.
func (s *Service) RevokeDescendants(ctx context.Context, caller Identity, id TokenID) ([]TokenID, error) {
	removed, err := s.revoke(ctx, caller.User, withDescendants(id), s.allowToken(caller, id))
	return removed, caller.hideMissingUser(err)
}

// RevokeSelf removes the token that the caller presented. Errors: KindUnauthenticated, KindUnavailable.
func (s *Service) RevokeSelf(ctx context.Context, caller Identity) error {
	_, err := s.revoke(ctx, caller.User, presentedBy(caller), s.allowSelf(caller))
	return caller.hideMissingUser(err)
}

// RevokeSelfAndDescendants removes the token that the caller presented and all that it led to, as RevokeDescendants does.
// Errors: those of RevokeSelf.
func (s *Service) RevokeSelfAndDescendants(ctx context.Context, caller Identity) ([]TokenID, error) {
	selected := func(account Account) []TokenID { return account.withDescendants(presentedBy(caller)(account)...) }
	removed, err := s.revoke(ctx, caller.User, selected, s.allowSelf(caller))
	return removed, caller.hideMissingUser(err)
}

// UserTokens returns a user's tokens for an operator, in ascending order of ID. Errors: KindNotFound, KindUnavailable.
func (s *Service) UserTokens(ctx context.Context, user UserID) ([]Token, error) {
	account, err := s.store.Account(ctx, user)
	if err != nil {
		return nil, err
	}
	return s.settings.list(account.Tokens, s.now()), nil
}

// CreateUserToken creates a token of a user for an operator.
// Errors: KindNotFound, KindInvalid, KindLimit, KindDuplicate, KindUnavailable.
func (s *Service) CreateUserToken(ctx context.Context, user UserID, draft Draft) (Token, Secret, error) {
	return s.create(ctx, user, draft, allowOperator)
}

// RevokeUserToken removes a user's token with id for an operator. Errors: KindNotFound if the user or the token does not exist;
// KindUnavailable.
func (s *Service) RevokeUserToken(ctx context.Context, user UserID, id TokenID) error {
	removed, err := s.revoke(ctx, user, justToken(id), allowOperator)
	if err == nil && len(removed) == 0 {
		return noToken(user, id)
	}
	return err
}

// RevokeUserDescendants removes a user's tokens for an operator as RevokeDescendants does.
// Errors: KindNotFound if the user does not exist, or has neither the token nor one that descends from it; KindUnavailable.
func (s *Service) RevokeUserDescendants(ctx context.Context, user UserID, id TokenID) ([]TokenID, error) {
	removed, err := s.revoke(ctx, user, withDescendants(id), allowOperator)
	if err == nil && len(removed) == 0 {
		return nil, &Error{Kind: KindNotFound, Message: fmt.Sprintf("User %d has no token %d and none that descends from it.", user, id)}
	}
	return removed, err
}

func (s *Service) create(ctx context.Context, user UserID, draft Draft, permit permission) (Token, Secret, error) {
	secret, err := s.NewSecret(user)
	if err != nil {
		return Token{}, Secret{}, err
	}
	c := creation{draft: draft.normal(), secret: secret, permit: permit, settings: s.settings}
	return c.result(s.change(ctx, user, c.apply))
}

// NewSecret returns a new token for user, with the prefix of the settings, without storing it. Errors: KindInternal.
func (s *Service) NewSecret(user UserID) (Secret, error) {
	secret, err := NewSecret(s.env.Random, user)
	if err != nil {
		return Secret{}, noRandomness(err)
	}
	return secret.spelled(s.settings.TokenPrefix), nil
}

var errNoToken = errors.New("no such token")

func noToken(user UserID, id TokenID) error {
	return &Error{Kind: KindNotFound, Message: fmt.Sprintf("User %d has no token %d.", user, id), Err: errNoToken}
}

func noRandomness(cause error) error {
	return &Error{Kind: KindInternal, Message: "no randomness", Err: cause}
}

// A selection returns the IDs of the tokens of account that a change is about.
type selection func(account Account) []TokenID

func justToken(id TokenID) selection {
	return func(Account) []TokenID { return []TokenID{id} }
}

func presentedBy(caller Identity) selection {
	return func(account Account) []TokenID {
		if caller.session() {
			return nil
		}
		if token, found := account.Find(caller.Selector); found {
			return []TokenID{token.ID}
		}
		return nil
	}
}

func withDescendants(id TokenID) selection {
	return func(account Account) []TokenID { return account.withDescendants(id) }
}

// revoke removes the selected tokens, and returns the IDs of those that the user had.
func (s *Service) revoke(ctx context.Context, user UserID, selected selection, permit permission) (removed []TokenID, err error) {
	err = s.change(ctx, user, func(account Account, now time.Time) (Account, bool, error) {
		after, found := account.remove(selected(account), now, s.settings)
		if len(removed) > 0 && len(found) == 0 {
			return account, false, nil // an earlier write took effect; it may have removed the caller's own token
		}
		if _, err := permit(account, now); err != nil {
			return Account{}, false, err
		}
		removed = found
		return after, len(found) > 0, nil
	})
	if err != nil {
		return nil, err
	}
	return removed, nil
}
