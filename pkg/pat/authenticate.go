package pat

import (
	"context"
	"errors"
	"time"
)

// seenTimeout bounds the time that recording a use adds to a request.
const seenTimeout = time.Second

// Identity is a user and the token that was presented, or the session that stands in for one. It does not say what the user may do.
type Identity struct {
	User UserID
	// Selector is empty for a session.
	Selector Selector
	// Session is zero for a token.
	Session Session
}

// imported reports whether the token was imported: a token created here names its user.
func (i Identity) imported() bool { return i.Selector.UserID() != i.User }

// Authenticate returns the Identity of the user with the token secret. It reads and fails as Check does.
// Errors: KindUnauthenticated with a Reason, KindUnavailable.
func (s *Service) Authenticate(ctx context.Context, secret Secret) (Identity, error) {
	holder, err := s.Check(ctx, secret)
	if err != nil {
		return Identity{}, err
	}
	return holder.Identity(), nil
}

// Check returns the holder of the token secret, after one read, or up to two more for an imported token. It records the use; if
// that fails, it only logs the error. Errors: KindUnauthenticated with a Reason, KindUnavailable.
func (s *Service) Check(ctx context.Context, secret Secret) (Holder, error) {
	account, err := s.accountFor(ctx, secret)
	if err != nil {
		return Holder{}, err
	}
	selector := secret.Selector()
	record, _ := account.Find(selector)
	if !record.verifier(selector).Matches(secret) {
		return Holder{}, Refused(ReasonInvalid, nil)
	}
	token, err := account.admit(selector, s.now(), s.settings)
	if err != nil {
		return Holder{}, err
	}
	s.markSeen(ctx, account, token)
	return Holder{account, token}, nil
}

// accountFor reads the account that should have the token: that of the user whom the token names, or else that of the user for
// whom it was imported. Errors: KindUnauthenticated, KindUnavailable.
func (s *Service) accountFor(ctx context.Context, secret Secret) (Account, error) {
	refusal := Refused(ReasonInvalid, errMalformed)
	if secret.native() {
		account, err := s.account(ctx, Identity{User: secret.Selector().UserID()})
		if err != nil && KindOf(err) != KindUnauthenticated {
			return Account{}, err
		}
		if _, found := account.Find(secret.Selector()); found {
			return account, nil
		}
		refusal = Refused(ReasonInvalid, err)
	}
	if !s.settings.AcceptImported {
		return Account{}, refusal
	}
	user, err := s.store.LookUp(ctx, secret.Selector())
	if err != nil {
		return Account{}, Identity{}.hideMissingUser(err)
	}
	return s.account(ctx, Identity{User: user})
}

// Admit reads the caller's account and checks that the caller's token or session is still valid. The account's role and the token's scopes
// determine what the caller can do now; the Holder of a session has an unscoped token without an ID. Errors: KindUnauthenticated,
// KindUnavailable.
func (s *Service) Admit(ctx context.Context, caller Identity) (Holder, error) {
	account, err := s.account(ctx, caller)
	if err != nil {
		return Holder{}, err
	}
	token, err := s.admit(account, caller, s.now())
	if err != nil {
		return Holder{}, err
	}
	return Holder{account, token}, nil
}

// admit returns the caller's token, or what stands in for it, if the caller may act at now. account is the caller's. Errors:
// KindUnauthenticated.
func (s *Service) admit(account Account, caller Identity, now time.Time) (Token, error) {
	if caller.session() {
		return account.admitSession(caller.Session, now)
	}
	if caller.imported() && !s.settings.AcceptImported {
		return Token{}, Refused(ReasonInvalid, errImported)
	}
	return account.admit(caller.Selector, now, s.settings)
}

var errImported = errors.New("imported tokens are not accepted")

// account reads the caller's account. Errors: KindUnauthenticated, KindUnavailable.
func (s *Service) account(ctx context.Context, caller Identity) (Account, error) {
	account, err := s.store.Account(ctx, caller.User)
	return account, caller.hideMissingUser(err)
}

// hideMissingUser returns err, but the KindNotFound of the caller's account as an invalid token or a session that was ended: callers must
// not learn which users exist.
func (c Identity) hideMissingUser(err error) error {
	switch {
	case KindOf(err) != KindNotFound || errors.Is(err, errNoToken):
		return err
	case c.session():
		return Refused(ReasonSessionEnded, err)
	}
	return Refused(ReasonInvalid, err)
}

func (s *Service) markSeen(ctx context.Context, account Account, token Token) {
	now := s.now()
	if now.Sub(token.SeenAt) < SeenInterval {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, seenTimeout)
	defer cancel()
	if err := s.store.MarkSeen(ctx, account, token.ID, now); err != nil {
		s.env.Log.WarnContext(ctx, "recording the use of a token failed", "user", account.ID, "token", token.ID, "error", err)
	}
}
