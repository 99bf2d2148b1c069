package pat

import (
	"context"
	"time"
)

// User reads one user. Errors: KindNotFound, KindUnavailable.
func (s *Service) User(ctx context.Context, id UserID) (Account, error) {
	return s.store.Account(ctx, id)
}

// Users reads up to limit users with an id above after, in rising order of id. Errors: KindUnavailable.
func (s *Service) Users(ctx context.Context, after UserID, limit int) ([]Account, error) {
	return s.store.Accounts(ctx, after, limit)
}

// CreateUser makes a user. Errors: KindInvalid, KindUserExists, KindUnavailable.
func (s *Service) CreateUser(ctx context.Context, profile Profile) (Account, error) {
	profile, err := profile.revise(Profile{})
	if err != nil {
		return Account{}, err
	}
	return s.store.CreateAccount(ctx, Account{Profile: profile, CreatedAt: s.now(), NextTokenID: 1})
}

// UpdateUser changes a user's profile by edit, which may be called several times, and gives back the user as changed.
// Errors: KindNotFound, KindInvalid, KindUserExists, KindLastAdmin, KindUnavailable.
func (s *Service) UpdateUser(ctx context.Context, id UserID, edit func(*Profile)) (Account, error) {
	var updated Account
	err := s.change(ctx, id, func(account Account, _ time.Time) (Account, bool, error) {
		before, after := account.Profile, account.Profile
		edit(&after)
		var err error
		account.Profile, err = after.revise(before)
		updated = account
		return account, account.Profile != before, err
	})
	return updated, err
}

// DeleteUser removes a user and every token of the user's at once.
// Errors: KindNotFound, KindLastAdmin, KindUnavailable.
func (s *Service) DeleteUser(ctx context.Context, id UserID) error {
	tried := false
	return s.retry(ctx, func() error {
		account, err := s.store.Account(ctx, id)
		if tried && KindOf(err) == KindNotFound {
			return nil // perhaps by this call: a Store may send a write again and know the last answer alone
		}
		if err != nil {
			return err
		}
		tried = true
		return s.store.DeleteAccount(ctx, account)
	})
}
