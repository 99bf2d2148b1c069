package pat

import (
	"context"
	"errors"
	"time"
)

// seenBudget bounds what recording a use may add to a request.
const seenBudget = time.Second

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
