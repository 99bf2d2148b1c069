package pat

import (
	"context"
	"time"
)

// User returns one user of the given types, or of any type if there are none. Errors: KindNotFound, KindUnavailable.
func (s *Service) User(ctx context.Context, id UserID, of ...AccountType) (Account, error) {
	account, err := s.store.Account(ctx, id)
	if err == nil {
		err = account.checkType(of)
	}
	if err != nil {
		return Account{}, err
	}
	return account, nil
}

// Users returns up to limit users of the given types, or of any type if there are none, with an ID above after, in ascending order of
// ID, without their tokens. Errors: KindUnavailable.
func (s *Service) Users(ctx context.Context, after UserID, limit int, of ...AccountType) ([]Account, error) {
	return s.store.Accounts(ctx, after, limit, of...)
}

// CreateUser creates the account of a person. Errors: KindInvalid, KindUserExists, KindUnavailable.
func (s *Service) CreateUser(ctx context.Context, profile Profile) (Account, error) {
	return s.createAccount(ctx, UserAccount, profile)
}

// CreateServiceAccount creates a service account. Errors: KindInvalid, KindUserExists, KindUnavailable.
func (s *Service) CreateServiceAccount(ctx context.Context, profile Profile) (Account, error) {
	return s.createAccount(ctx, ServiceAccount, profile)
}

func (s *Service) createAccount(ctx context.Context, of AccountType, profile Profile) (Account, error) {
	profile, err := profile.revise(Profile{})
	if err != nil {
		return Account{}, err
	}
	return s.store.CreateAccount(ctx, Account{Type: of, Profile: profile, CreatedAt: s.now(), NextTokenID: 1})
}

// UpdateUser applies edit, which can be called several times, to the profile of a user of the given types, or of any type if there are
// none, and returns the changed user. Errors: KindNotFound, KindInvalid, KindUserExists, KindLastAdmin, KindUnavailable.
func (s *Service) UpdateUser(ctx context.Context, id UserID, edit func(*Profile), of ...AccountType) (Account, error) {
	var updated Account
	err := s.change(ctx, id, func(account Account, now time.Time) (Account, bool, error) {
		if err := account.checkType(of); err != nil {
			return Account{}, false, err
		}
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

// DeleteUser deletes a user of the given types, or of any type if there are none, with all tokens.
// Errors: KindNotFound, KindLastAdmin, KindUnavailable.
func (s *Service) DeleteUser(ctx context.Context, id UserID, of ...AccountType) error {
	tried := false
	return s.retry(ctx, func() error {
		account, err := s.User(ctx, id, of...)
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
