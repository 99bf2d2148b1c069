package pat

import (
	"context"
	"fmt"
	"time"
)

// Tokens returns the caller's tokens in ascending order of ID, after one read, which also checks the caller's own token.
// Errors: KindUnauthenticated, KindUnavailable.
func (s *Service) Tokens(ctx context.Context, caller Identity) ([]Token, error) {
	account, err := s.Admit(ctx, caller)
	if err != nil {
		return nil, err
	}
	return account.prune(s.now(), s.retention).Tokens, nil
}

// CreateToken creates a token for the caller. The Secret it returns is not stored.
// Errors: KindUnauthenticated, KindInvalid, KindLimit, KindDuplicate, KindUnavailable.
func (s *Service) CreateToken(ctx context.Context, caller Identity, draft Draft) (Token, Secret, error) {
	token, secret, err := s.create(ctx, caller.User, draft, s.allow(caller))
	return token, secret, hideMissingUser(err)
}

// RevokeToken removes the caller's token with id, which is invalid from then on. If the caller has no such token, RevokeToken does
// nothing, as in Unleash. Errors: KindUnauthenticated, KindUnavailable.
func (s *Service) RevokeToken(ctx context.Context, caller Identity, id TokenID) error {
	_, err := s.revoke(ctx, caller.User, id, s.allow(caller))
	return hideMissingUser(err)
}

// UserTokens returns a user's tokens for an operator, in ascending order of ID. Errors: KindNotFound, KindUnavailable.
func (s *Service) UserTokens(ctx context.Context, user UserID) ([]Token, error) {
	account, err := s.store.Account(ctx, user)
	if err != nil {
		return nil, err
	}
	return account.prune(s.now(), s.retention).Tokens, nil
}

// CreateUserToken creates a token of a user for an operator.
// Errors: KindNotFound, KindInvalid, KindLimit, KindDuplicate, KindUnavailable.
func (s *Service) CreateUserToken(ctx context.Context, user UserID, draft Draft) (Token, Secret, error) {
	return s.create(ctx, user, draft, allowOperator)
}

// RevokeUserToken removes a user's token with id for an operator. Errors: KindNotFound if the user or the token does not exist;
// KindUnavailable.
func (s *Service) RevokeUserToken(ctx context.Context, user UserID, id TokenID) error {
	found, err := s.revoke(ctx, user, id, allowOperator)
	if err == nil && !found {
		return &Error{Kind: KindNotFound, Message: fmt.Sprintf("User %d has no token %d.", user, id)}
	}
	return err
}

// A permission returns an error if a change of account must not be made at now.
type permission func(account Account, now time.Time) error

func allowOperator(Account, time.Time) error { return nil }

// allow permits changes while the caller's token is valid.
func (s *Service) allow(caller Identity) permission {
	return func(account Account, now time.Time) error {
		_, err := s.admit(account, caller, now)
		return err
	}
}

func (s *Service) create(ctx context.Context, user UserID, draft Draft, permit permission) (Token, Secret, error) {
	secret, err := NewSecret(s.env.Random, user)
	if err != nil {
		return Token{}, Secret{}, noRandomness(err)
	}
	c := creation{draft: draft.normal(), secret: secret, permit: permit}
	return c.result(s.change(ctx, user, c.apply))
}

func noRandomness(cause error) error {
	return &Error{Kind: KindInternal, Message: "no randomness", Err: cause}
}

// revoke removes a token, and reports whether the user had it.
func (s *Service) revoke(ctx context.Context, user UserID, id TokenID, permit permission) (found bool, err error) {
	err = s.change(ctx, user, func(account Account, now time.Time) (Account, bool, error) {
		after, has := account.remove(id, now)
		if found && !has {
			return account, false, nil // an earlier write took effect; it may have removed the caller's own token
		}
		if err := permit(account, now); err != nil {
			return Account{}, false, err
		}
		found = has
		return after, has, nil
	})
	return found, err
}
