package pat

import (
	"context"
	"time"
)

// User returns one user. Errors: KindNotFound, KindUnavailable.
func (s *Service) User(ctx context.Context, id UserID) (Account, error) {
	return s.store.Account(ctx, id)
}

// Users returns up to limit users with an ID above after, in ascending order of ID, without their tokens and without service accounts.
// Errors: KindUnavailable.
func (s *Service) Users(ctx context.Context, after UserID, limit int) ([]Account, error) {
	return s.store.Accounts(ctx, after, limit, UserAccount)
}

// CreateUser creates a user. Errors: KindInvalid, KindUserExists, KindUnavailable.
func (s *Service) CreateUser(ctx context.Context, profile Profile) (Account, error) {
	profile, err := profile.revise(Profile{})
	if err != nil {
		return Account{}, err
	}
	return s.store.CreateAccount(ctx, Account{Profile: profile, CreatedAt: s.now(), NextTokenID: 1})
}

// UpdateUser applies edit, which can be called several times, to a user's profile, and returns the changed user.
// Errors: KindNotFound, KindInvalid, KindUserExists, KindLastAdmin, KindUnavailable.
func (s *Service) UpdateUser(ctx context.Context, id UserID, edit func(*Profile)) (Account, error) {
	var updated Account
	err := s.change(ctx, id, func(account Account, now time.Time) (Account, bool, error) {
		before, after := account.Profile, account.Profile
		edit(&after)
		var err error
		account.Profile, err = after.revise(before)
		if account.Role != before.Role {
			account.SignIn.RoleBefore = 0 // so that the provider's group does not end what is given here
		}
		if account.Disabled && account.SignIn.Login != "" {
			account.SignIn.SessionsFrom = now // so that enabling the user brings back no session
		}
		updated = account
		return account, account.Profile != before, err
	})
	return updated, err
}

// DeleteUser deletes a user with all tokens. Errors: KindNotFound, KindLastAdmin, KindUnavailable.
func (s *Service) DeleteUser(ctx context.Context, id UserID) error {
	tried := false
	return s.retry(ctx, func() error {
		account, err := s.store.Account(ctx, id)
		if tried && KindOf(err) == KindNotFound {
			return nil // an earlier delete took effect, although its response was lost
		}
		if err != nil {
			return err
		}
		tried = true
		return s.store.DeleteAccount(ctx, account)
	})
}
