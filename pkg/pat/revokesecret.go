package pat

import (
	"context"
	"slices"
	"time"
)

// Ended is what a revocation by secrets ended. The zero value is nothing.
type Ended struct {
	User UserID
	// Tokens are the tokens that were removed, in ascending order of ID.
	Tokens []TokenID
	// Replaced are the tokens of which only the replaced secret ended, in ascending order of ID.
	Replaced []TokenID
}

// Empty reports whether e is nothing.
func (e Ended) Empty() bool { return len(e.Tokens)+len(e.Replaced) == 0 }

// RevokeSecret removes the token secret, without its descendants. Whoever has it may do so, even if it has expired. A secret that a
// rotation replaced ends alone: the token keeps its present one. A secret that is no token's ends nothing, which is not an error.
// Errors: KindUnavailable.
func (s *Service) RevokeSecret(ctx context.Context, secret Secret) (Ended, error) {
	user, err := s.Owner(ctx, secret)
	if err != nil || user == 0 {
		return Ended{}, err
	}
	return s.end(ctx, user, newEnding([]Secret{secret}, s.settings))
}

// RevokeLeaked removes those of the user's tokens that are among secrets, and all that they led to, in one change. A secret that
// a rotation replaced ends alone, as with RevokeSecret. Other secrets are ignored, so a repetition ends nothing.
// Errors: KindUnavailable.
func (s *Service) RevokeLeaked(ctx context.Context, user UserID, secrets []Secret) (Ended, error) {
	e := newEnding(secrets, s.settings)
	e.descendants = true
	return s.end(ctx, user, e)
}

// FindLeaked returns what RevokeLeaked would end now. Errors: KindUnavailable.
func (s *Service) FindLeaked(ctx context.Context, user UserID, secrets []Secret) (Ended, error) {
	account, err := s.store.Account(ctx, user)
	switch {
	case KindOf(err) == KindNotFound:
		return Ended{}, nil
	case err != nil:
		return Ended{}, err
	}
	e := newEnding(secrets, s.settings)
	e.descendants = true
	now := s.now()
	_, _, err = e.apply(account.prune(now, s.settings), now)
	return e.ended, err
}

// Owner returns the only user who can have the token secret: the one whom a token created here names, without a read, or the one
// for whom it was imported, after one read. It returns 0 if there is none. Errors: KindUnavailable.
func (s *Service) Owner(ctx context.Context, secret Secret) (UserID, error) {
	switch {
	case secret.native():
		return secret.Selector().UserID(), nil
	case !s.settings.AcceptImported:
		return 0, nil
	}
	user, err := s.store.LookUp(ctx, secret.Selector())
	if KindOf(err) == KindNotFound {
		return 0, nil
	}
	return user, err
}

// end changes a user's account, unless there is none. Errors: KindUnavailable.
func (s *Service) end(ctx context.Context, user UserID, e *ending) (Ended, error) {
	if err := s.change(ctx, user, e.apply); err != nil && KindOf(err) != KindNotFound {
		return Ended{}, err
	}
	return e.ended, nil
}

// ending is a revocation by secrets, over all attempts to write it.
type ending struct {
	secrets     map[Selector][]Secret
	descendants bool
	settings    Settings
	ended       Ended
}

func newEnding(secrets []Secret, settings Settings) *ending {
	e := &ending{secrets: map[Selector][]Secret{}, settings: settings}
	for _, secret := range secrets {
		e.secrets[secret.Selector()] = append(e.secrets[secret.Selector()], secret)
	}
	return e
}

// apply is an edit, which does not fail.
func (e *ending) apply(account Account, now time.Time) (Account, bool, error) {
	leaked, replaced := e.find(account, now)
	if e.descendants {
		leaked = account.withDescendants(leaked...)
	}
	after, removed := account.remove(leaked, now, e.settings)
	after, cut := after.endReplaced(replaced)
	if found := (Ended{account.ID, removed, cut}); !found.Empty() {
		e.ended = found // otherwise an earlier write may have taken effect, although its response was lost
		return after, true, nil
	}
	return account, false, nil
}

// find returns the tokens whose present secret is among the secrets, and those whose replaced secret is, if it works.
func (e *ending) find(account Account, now time.Time) (present, replaced []TokenID) {
	for _, token := range account.Tokens {
		if e.has(token.Selector, token.Verifier) {
			present = append(present, token.ID)
		}
		if r := token.Replaced; token.rotated() && e.has(r.Selector, r.Verifier) && now.Before(e.settings.replacedEnd(r)) {
			replaced = append(replaced, token.ID)
		}
	}
	return present, replaced
}

func (e *ending) has(selector Selector, verifier Verifier) bool {
	return slices.ContainsFunc(e.secrets[selector], verifier.Matches)
}

// endReplaced returns a with the replaced secrets of the tokens with ids ended, and the IDs of those that a has.
func (a Account) endReplaced(ids []TokenID) (Account, []TokenID) {
	var ended []TokenID
	for _, id := range ids {
		if token, found := a.Token(id); found {
			token.Replaced.Until = time.Time{}
			a, ended = a.replace(token), append(ended, id)
		}
	}
	return a, ended
}
