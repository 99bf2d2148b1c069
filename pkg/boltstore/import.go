package boltstore

import (
	"context"

	bolt "go.etcd.io/bbolt"

	"pats/pkg/pat"
)

// ReserveUserIDs implements [pat.Store].
func (s *Store) ReserveUserIDs(ctx context.Context, last pat.UserID) error {
	return s.update(ctx, noUser, func(tx *bolt.Tx) error {
		counted, _, err := get[state](tx, bucketMeta, keyState)
		if err != nil {
			return err
		}
		if counted.LastUser >= last {
			return errUnchanged
		}
		counted.LastUser = last
		return put(tx, bucketMeta, keyState, counted)
	})
}

// ImportAccount implements [pat.Store].
func (s *Store) ImportAccount(ctx context.Context, before, after pat.Account) error {
	return s.update(ctx, after.ID, func(tx *bolt.Tx) error {
		stored, err := importable(tx, before, after.ID)
		if err != nil {
			return err
		}
		after.Version = before.Version + 1
		for _, step := range []func(*bolt.Tx, pat.Account, pat.Account) error{keepImported, replace, keepSeen} {
			if err := step(tx, stored, after); err != nil {
				return err
			}
		}
		return nil
	})
}

// importable returns the stored account that before was read from; a zero before must not exist. Errors: KindConflict.
func importable(tx *bolt.Tx, before pat.Account, id pat.UserID) (pat.Account, error) {
	if before.ID != 0 {
		return current(tx, before)
	}
	if tx.Bucket(bucketAccounts).Get(userKey(id)) != nil {
		return pat.Account{}, pat.Conflict(nil)
	}
	return pat.Account{}, nil
}

// keepImported records the user of the tokens that before lacks. Errors: KindConflict.
func keepImported(tx *bolt.Tx, before, after pat.Account) error {
	for _, token := range added(before, after) {
		if tx.Bucket(bucketImported).Get([]byte(token.Selector)) != nil {
			return pat.Conflict(nil)
		}
		if err := put(tx, bucketImported, []byte(token.Selector), after.ID); err != nil {
			return err
		}
	}
	return nil
}

// keepSeen records the last use of the tokens of a new user.
func keepSeen(tx *bolt.Tx, before, after pat.Account) error {
	if before.ID != 0 {
		return nil
	}
	for _, token := range after.Tokens {
		if token.SeenAt.IsZero() {
			continue
		}
		if err := put(tx, bucketSeen, seenKey(after.ID, token.ID), token.SeenAt.UnixMilli()); err != nil {
			return err
		}
	}
	return nil
}

// added returns the tokens of after that before lacks.
func added(before, after pat.Account) []pat.Token {
	var tokens []pat.Token
	for _, token := range after.Tokens {
		if _, had := before.Token(token.ID); !had {
			tokens = append(tokens, token)
		}
	}
	return tokens
}

// CheckSize implements [pat.Store]: an account of any size fits.
func (s *Store) CheckSize(pat.Account) error { return nil }

// LookUp implements [pat.Store].
func (s *Store) LookUp(ctx context.Context, selector pat.Selector) (pat.UserID, error) {
	return view(ctx, s, func(tx *bolt.Tx) (pat.UserID, error) {
		id, found, err := get[pat.UserID](tx, bucketImported, []byte(selector))
		if err == nil && !found {
			return 0, pat.NoUser(nil)
		}
		return id, err
	})
}
