package pat

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// DefaultRetention is how long an expired token is listed, and counts, by default.
const DefaultRetention = 30 * 24 * time.Hour

// seenBudget bounds what recording a use may add to a request.
const seenBudget = time.Second

// Service applies the rules to a Store. It is safe for concurrent use.
type Service struct {
	store     Store
	retention time.Duration
	env       Env
	imported  bool
}

// NewService makes a Service on store. Expired tokens are listed, and count, until retention after their end.
func NewService(store Store, retention time.Duration, env Env) *Service {
	return &Service{store: store, retention: retention, env: env}
}

// AcceptImported returns a Service that accepts imported tokens if on is true. Otherwise Authenticate refuses them without a read,
// and every method with a caller refuses a caller who presented one. Accepting them costs one more read for each made-up or
// revoked token.
func (s *Service) AcceptImported(on bool) *Service {
	accepting := *s
	accepting.imported = on
	return &accepting
}

// Identity names a user and the token that the user presented. It does not say what the user may do.
type Identity struct {
	User     UserID
	Selector Selector
}

// imported reports whether the token was imported: a token created here names its user.
func (i Identity) imported() bool { return i.Selector.UserID() != i.User }

// Authenticate finds out whose token secret is, with one read, and records its use. A failure to record is logged only. An
// imported token takes a read or two more. Errors: KindUnauthenticated with a Reason, KindUnavailable.
func (s *Service) Authenticate(ctx context.Context, secret Secret) (Identity, error) {
	account, err := s.keeper(ctx, secret)
	if err != nil {
		return Identity{}, err
	}
	who := Identity{User: account.ID, Selector: secret.Selector()}
	record, _ := account.Find(who.Selector)
	if !record.Verifier.Matches(secret) {
		return Identity{}, Refused(ReasonInvalid, nil)
	}
	token, err := account.admit(who.Selector, s.now())
	if err != nil {
		return Identity{}, err
	}
	s.markSeen(ctx, account, token)
	return who, nil
}

// keeper reads the account that should have the token: that of the user whom it names, or else the one it was imported for.
// Errors: KindUnauthenticated, KindUnavailable.
func (s *Service) keeper(ctx context.Context, secret Secret) (Account, error) {
	named := Refused(ReasonInvalid, errMalformed)
	if secret.native() {
		account, err := s.holder(ctx, secret.Selector().UserID())
		if err != nil && KindOf(err) != KindUnauthenticated {
			return Account{}, err
		}
		if _, found := account.Find(secret.Selector()); found {
			return account, nil
		}
		named = Refused(ReasonInvalid, err)
	}
	if !s.imported {
		return Account{}, named
	}
	user, err := s.store.LookUp(ctx, secret.Selector())
	if err != nil {
		return Account{}, refuseStranger(err)
	}
	return s.holder(ctx, user)
}

// Tokens lists the tokens of the caller in rising order of ID, with one read, which checks the caller's own token as well.
// Errors: KindUnauthenticated, KindUnavailable.
func (s *Service) Tokens(ctx context.Context, caller Identity) ([]Token, error) {
	account, err := s.Admit(ctx, caller)
	if err != nil {
		return nil, err
	}
	return account.prune(s.now(), s.retention).Tokens, nil
}

// Admit reads the caller's account afresh and checks that the caller's token is still good. What the caller may do is then in
// the account. Errors: KindUnauthenticated, KindUnavailable.
func (s *Service) Admit(ctx context.Context, caller Identity) (Account, error) {
	account, err := s.holder(ctx, caller.User)
	if err != nil {
		return Account{}, err
	}
	if _, err := s.admit(account, caller, s.now()); err != nil {
		return Account{}, err
	}
	return account, nil
}

// admit checks that caller, a holder of a token of account, may act at now. Errors: KindUnauthenticated.
func (s *Service) admit(account Account, caller Identity, now time.Time) (Token, error) {
	if caller.imported() && !s.imported {
		return Token{}, Refused(ReasonInvalid, errNotAccepted)
	}
	return account.admit(caller.Selector, now)
}

var errNotAccepted = errors.New("imported tokens are not accepted")

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

// holder reads the account of who holds a token: to a stranger, a user that is not there is a token that is not valid.
func (s *Service) holder(ctx context.Context, user UserID) (Account, error) {
	account, err := s.store.Account(ctx, user)
	return account, refuseStranger(err)
}

func refuseStranger(err error) error {
	if KindOf(err) == KindNotFound {
		return Refused(ReasonInvalid, err)
	}
	return err
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

func (s *Service) markSeen(ctx context.Context, account Account, token Token) {
	now := s.now()
	if now.Sub(token.SeenAt) < SeenInterval {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, seenBudget)
	defer cancel()
	if err := s.store.MarkSeen(ctx, account, token.ID, now); err != nil {
		s.env.Log.WarnContext(ctx, "the use of a token was not recorded", "user", account.ID, "token", token.ID, "error", err)
	}
}

func (s *Service) now() time.Time { return s.env.Now().UTC().Truncate(time.Millisecond) }
