package pat

import (
	"context"
	"fmt"
	"time"
)

// Tokens lists the tokens of the caller in rising order of ID, with one read, which checks the caller's own token as well.
// Errors: KindUnauthenticated, KindUnavailable.
func (s *Service) Tokens(ctx context.Context, caller Identity) ([]Token, error) {
	account, err := s.Admit(ctx, caller)
	if err != nil {
		return nil, err
	}
	return account.prune(s.now(), s.retention).Tokens, nil
}

// CreateToken makes a token of the caller's. The Secret is nowhere else.
// Errors: KindUnauthenticated, KindInvalid, KindLimit, KindDuplicate, KindUnavailable.
func (s *Service) CreateToken(ctx context.Context, caller Identity, draft Draft) (Token, Secret, error) {
	token, secret, err := s.issue(ctx, caller.User, draft, s.admitted(caller))
	return token, secret, refuseStranger(err)
}

// RevokeToken ends a token of the caller's at once. An id that the caller does not have is no error, as in Unleash.
// Errors: KindUnauthenticated, KindUnavailable.
func (s *Service) RevokeToken(ctx context.Context, caller Identity, id TokenID) error {
	return refuseStranger(s.revoke(ctx, caller.User, id, s.admitted(caller)))
}

// UserTokens lists a user's tokens on behalf of an operator. Errors: KindNotFound, KindUnavailable.
func (s *Service) UserTokens(ctx context.Context, user UserID) ([]Token, error) {
	account, err := s.store.Account(ctx, user)
	if err != nil {
		return nil, err
	}
	return account.prune(s.now(), s.retention).Tokens, nil
}

// CreateUserToken makes a token for a user on behalf of an operator.
// Errors: KindNotFound, KindInvalid, KindLimit, KindDuplicate, KindUnavailable.
func (s *Service) CreateUserToken(ctx context.Context, user UserID, draft Draft) (Token, Secret, error) {
	return s.issue(ctx, user, draft, anyone)
}

// RevokeUserToken ends a user's token on behalf of an operator. Errors: KindNotFound, also if the user has no such token;
// KindUnavailable.
func (s *Service) RevokeUserToken(ctx context.Context, user UserID, id TokenID) error {
	found := false
	err := s.revoke(ctx, user, id, func(account Account, now time.Time) error {
		_, has := account.remove(id, now)
		found = found || has
		return nil
	})
	if err == nil && !found {
		return &Error{Kind: KindNotFound, Message: fmt.Sprintf("User %d has no token %d.", user, id)}
	}
	return err
}

// gate says whether a change may go on, given the account as it is at now.
type gate func(account Account, now time.Time) error

func anyone(Account, time.Time) error { return nil }

func (s *Service) admitted(caller Identity) gate {
	return func(account Account, now time.Time) error {
		_, err := s.admit(account, caller, now)
		return err
	}
}

func (s *Service) issue(ctx context.Context, user UserID, draft Draft, may gate) (Token, Secret, error) {
	secret, err := NewSecret(s.env.Random, user)
	if err != nil {
		return Token{}, Secret{}, noRandomness(err)
	}
	c := creation{draft: draft, secret: secret, may: may}
	return c.outcome(s.change(ctx, user, c.apply))
}

func noRandomness(cause error) error {
	return &Error{Kind: KindInternal, Message: "no randomness", Err: cause}
}

func (s *Service) revoke(ctx context.Context, user UserID, id TokenID, may gate) error {
	tried := false
	return s.change(ctx, user, func(account Account, now time.Time) (Account, bool, error) {
		after, found := account.remove(id, now)
		if tried && !found {
			return account, false, nil // a write without an answer took effect, perhaps on the caller's own token
		}
		if err := may(account, now); err != nil {
			return Account{}, false, err
		}
		tried = found
		return after, found, nil
	})
}
