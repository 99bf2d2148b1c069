package boltstore

import (
	"context"
	"slices"

	bolt "go.etcd.io/bbolt"

	"pats/pkg/pat"
)

// Account implements [pat.Store].
func (s *Store) Account(ctx context.Context, id pat.UserID) (pat.Account, error) {
	if account, found := s.cache.get(id); found && ctx.Err() == nil && !s.isBroken() {
		return account, nil
	}
	return view(ctx, s, func(tx *bolt.Tx) (pat.Account, error) {
		account, err := read(tx, id)
		if err == nil {
			s.cache.keep(account, tx.ID())
		}
		return account, err
	})
}

// read reads the account with its tokens. Errors: KindNotFound; damage.
func read(tx *bolt.Tx, id pat.UserID) (pat.Account, error) {
	stored, found, err := get[account](tx, bucketAccounts, userKey(id))
	if err != nil {
		return pat.Account{}, err
	}
	if !found {
		return pat.Account{}, pat.NoUser(nil)
	}
	return withTokens(tx, stored, id)
}

// withTokens returns the stored account with its tokens and the times of their last use.
func withTokens(tx *bolt.Tx, stored account, id pat.UserID) (pat.Account, error) {
	result, err := stored.header(id)
	if err != nil {
		return pat.Account{}, err
	}
	uses, err := seenTimes(tx, id)
	if err != nil {
		return pat.Account{}, err
	}
	result.Tokens = slices.Grow(result.Tokens, len(stored.Tokens))
	for _, t := range stored.Tokens {
		token, err := t.domain()
		if err != nil {
			return pat.Account{}, err
		}
		token.SeenAt = uses[t.ID]
		result.Tokens = append(result.Tokens, token)
	}
	for _, s := range stored.Spent {
		result.Spent = append(result.Spent, s.domain())
	}
	return result, nil
}

// Accounts implements [pat.Store].
func (s *Store) Accounts(ctx context.Context, after pat.UserID, limit int, of ...pat.AccountType) ([]pat.Account, error) {
	return view(ctx, s, func(tx *bolt.Tx) ([]pat.Account, error) {
		return list(tx, after, limit, of, account.header)
	})
}

// AccountsWithTokens implements [pat.Store]. It bypasses the cache, so that a walk through all users does not displace those in use.
func (s *Store) AccountsWithTokens(ctx context.Context, after pat.UserID, limit int, of ...pat.AccountType) ([]pat.Account, pat.UserID, error) {
	accounts, err := view(ctx, s, func(tx *bolt.Tx) ([]pat.Account, error) {
		return list(tx, after, limit+1, of, func(stored account, id pat.UserID) (pat.Account, error) { return withTokens(tx, stored, id) })
	})
	if err != nil || len(accounts) <= limit {
		return accounts, 0, err
	}
	return accounts[:limit], accounts[limit-1].ID, nil
}

// list returns up to limit accounts of the given types, or of all types if there are none, with IDs above after.
func list(
	tx *bolt.Tx, after pat.UserID, limit int, of []pat.AccountType, read func(account, pat.UserID) (pat.Account, error),
) ([]pat.Account, error) {
	index := tx.Bucket(directoryOf(of))
	if index == nil {
		return nil, nil
	}
	var accounts []pat.Account
	cursor := index.Cursor()
	for key, _ := cursor.Seek(userKey(after + 1)); key != nil && len(accounts) < limit; key, _ = cursor.Next() {
		stored, err := decode[account](bucketAccounts, key, tx.Bucket(bucketAccounts).Get(key))
		if err != nil {
			return nil, err
		}
		account, err := read(stored, userOf(key))
		if err != nil {
			return nil, err
		}
		if len(of) == 0 || slices.Contains(of, account.Type) {
			accounts = append(accounts, account)
		}
	}
	return accounts, nil
}

// directoryOf returns the bucket whose keys include those of all accounts of the given types. A file without such accounts can lack it.
func directoryOf(of []pat.AccountType) []byte {
	if slices.Equal(of, []pat.AccountType{pat.ServiceAccount}) {
		return bucketServices
	}
	return bucketAccounts
}

// FindUser implements [pat.Store].
func (s *Store) FindUser(ctx context.Context, key string) (pat.UserID, error) {
	return view(ctx, s, func(tx *bolt.Tx) (pat.UserID, error) {
		id, found, err := get[pat.UserID](tx, bucketUnique, []byte(key))
		if err == nil && !found {
			return 0, pat.NoUser(nil)
		}
		return id, err
	})
}

// CountAdmins implements [pat.Store].
func (s *Store) CountAdmins(ctx context.Context) (int, error) {
	return view(ctx, s, func(tx *bolt.Tx) (int, error) {
		counted, _, err := get[state](tx, bucketMeta, keyState)
		return counted.Admins, err
	})
}

// CreateAccount implements [pat.Store].
func (s *Store) CreateAccount(ctx context.Context, draft pat.Account) (pat.Account, error) {
	var created pat.Account
	err := s.update(ctx, noUser, func(tx *bolt.Tx) error {
		id, err := nextUser(tx)
		if err != nil {
			return err
		}
		draft.Version, draft.Tokens = 1, nil
		if created, err = fromAccount(draft).header(id); err != nil {
			return err
		}
		return replace(tx, pat.Account{}, created)
	})
	if err != nil {
		return pat.Account{}, err
	}
	return created, nil
}

// ReplaceAccount implements [pat.Store].
func (s *Store) ReplaceAccount(ctx context.Context, before, after pat.Account) error {
	return s.update(ctx, before.ID, func(tx *bolt.Tx) error {
		stored, err := current(tx, before)
		if err != nil {
			return err
		}
		after.ID, after.Version = before.ID, before.Version+1
		return replace(tx, stored, after)
	})
}

// DeleteAccount implements [pat.Store].
func (s *Store) DeleteAccount(ctx context.Context, account pat.Account) error {
	return s.update(ctx, account.ID, func(tx *bolt.Tx) error {
		stored, err := current(tx, account)
		if err != nil {
			return err
		}
		return replace(tx, stored, pat.Account{})
	})
}

func nextUser(tx *bolt.Tx) (pat.UserID, error) {
	counted, _, err := get[state](tx, bucketMeta, keyState)
	if err != nil {
		return 0, err
	}
	counted.LastUser++
	return counted.LastUser, put(tx, bucketMeta, keyState, counted)
}

// current returns the stored account. Errors: KindConflict if it has changed since before was read.
func current(tx *bolt.Tx, before pat.Account) (pat.Account, error) {
	stored, found, err := get[account](tx, bucketAccounts, userKey(before.ID))
	if err != nil {
		return pat.Account{}, err
	}
	if !found || stored.Version != before.Version {
		return pat.Account{}, pat.Conflict(nil)
	}
	return withTokens(tx, stored, before.ID)
}

// replace replaces before by after, with the counters and keys that depend on them. Either can be zero, for a user who does not exist.
func replace(tx *bolt.Tx, before, after pat.Account) error {
	for _, step := range []func(*bolt.Tx, pat.Account, pat.Account) error{countAdmins, moveKeys, forgetSeen, listService} {
		if err := step(tx, before, after); err != nil {
			return err
		}
	}
	if after.ID == 0 {
		return tx.Bucket(bucketAccounts).Delete(userKey(before.ID))
	}
	return putAccount(tx, after)
}

// putAccount stores an account, and raises the file's format if it has what only a later one has.
func putAccount(tx *bolt.Tx, a pat.Account) error {
	stored := fromAccount(a)
	if err := raise(tx, stored.since()); err != nil {
		return err
	}
	return put(tx, bucketAccounts, userKey(a.ID), stored)
}

// countAdmins updates the number of pat.Account.PersonalAdmin. Errors: KindLastAdmin.
func countAdmins(tx *bolt.Tx, before, after pat.Account) error {
	if before.PersonalAdmin() == after.PersonalAdmin() {
		return nil
	}
	counted, _, err := get[state](tx, bucketMeta, keyState)
	if err != nil {
		return err
	}
	switch {
	case after.PersonalAdmin():
		counted.Admins++
	case counted.Admins > 1:
		counted.Admins--
	default:
		return pat.LastAdmin(nil)
	}
	return put(tx, bucketMeta, keyState, counted)
}

// moveKeys removes the unique keys of before and adds those of after. Errors: KindUserExists.
func moveKeys(tx *bolt.Tx, before, after pat.Account) error {
	unique := tx.Bucket(bucketUnique)
	for _, key := range before.UniqueKeys() {
		if err := unique.Delete([]byte(key)); err != nil {
			return err
		}
	}
	for _, key := range after.UniqueKeys() {
		if unique.Get([]byte(key)) != nil {
			return pat.UserExists(nil)
		}
		if err := put(tx, bucketUnique, []byte(key), after.ID); err != nil {
			return err
		}
	}
	return nil
}

// forgetSeen deletes the recorded uses of tokens that after lacks.
func forgetSeen(tx *bolt.Tx, before, after pat.Account) error {
	for _, t := range before.Tokens {
		if _, kept := after.Token(t.ID); kept {
			continue
		}
		if err := tx.Bucket(bucketSeen).Delete(seenKey(before.ID, t.ID)); err != nil {
			return err
		}
	}
	return nil
}

// listService adds a new service account to the bucket of service accounts, or removes one that is deleted. The first one creates the
// bucket; putAccount raises the format.
func listService(tx *bolt.Tx, before, after pat.Account) error {
	was, is := before.Type == pat.ServiceAccount, after.Type == pat.ServiceAccount
	switch {
	case was == is:
		return nil
	case was:
		return tx.Bucket(bucketServices).Delete(userKey(before.ID))
	}
	if _, err := tx.CreateBucketIfNotExists(bucketServices); err != nil {
		return err
	}
	return put(tx, bucketServices, userKey(after.ID), true)
}
