package boltstore

import (
	"errors"
	"os"

	bolt "go.etcd.io/bbolt"

	"pats/pkg/pat"
)

// Format is the last format that this program reads.
const Format = format

// FormatOf returns the format of the file.
func FormatOf(tx *bolt.Tx) (int, error) {
	written, _, err := get[int](tx, bucketMeta, keyFormat)
	return written, err
}

// SmallPage is the smallest page size, for small files of many pages.
const SmallPage = 1 << 10

// Create creates a data file if there is none.
var Create = create

// CreateSmall creates a data file with small pages.
func CreateSmall(path string) error { return Change(path, layOut) }

// Change changes a data file without a Store, or creates one with small pages.
func Change(path string, change func(*bolt.Tx) error) error {
	db, err := bolt.Open(path, fileMode, &bolt.Options{PageSize: SmallPage, NoSync: true})
	if err != nil {
		return err
	}
	return errors.Join(db.Update(change), db.Close())
}

// Add stores an account in the transaction.
func Add(tx *bolt.Tx, draft pat.Account) error {
	id, err := nextUser(tx)
	if err != nil {
		return err
	}
	draft.ID = id
	return replace(tx, pat.Account{}, draft)
}

// RemoveOneIn deletes every nth user except the last Admin, in the transaction.
func RemoveOneIn(tx *bolt.Tx, n int) error {
	var ids []pat.UserID
	_ = tx.Bucket(bucketAccounts).ForEach(func(key, _ []byte) error {
		ids = append(ids, userOf(key))
		return nil
	})
	for i := 0; i < len(ids); i += n {
		stored, _, err := get[account](tx, bucketAccounts, userKey(ids[i]))
		if err != nil {
			return err
		}
		before, err := withTokens(tx, stored, ids[i])
		if err != nil {
			return err
		}
		if err := replace(tx, before, pat.Account{}); err != nil && pat.KindOf(err) != pat.KindLastAdmin {
			return err
		}
	}
	return nil
}

// Put stores any value under key, in the form of the Store.
func Put(tx *bolt.Tx, bucket string, key []byte, value any) error {
	return put(tx, []byte(bucket), key, value)
}

// Keys counts the records of a bucket.
func Keys(tx *bolt.Tx, bucket string) int { return tx.Bucket([]byte(bucket)).Stats().KeyN }

// UserKey and SeenKey are the keys of accounts and of recorded uses.
var (
	UserKey = userKey
	SeenKey = seenKey
)

// HoldWriter begins a change that ends when release is called.
func (s *Store) HoldWriter() (release func()) {
	s.writer <- struct{}{}
	return func() { <-s.writer }
}

// Syncs reports whether each change is synced to the disk before the call returns.
func (s *Store) Syncs() bool { return !s.db.NoSync && !s.db.NoGrowSync }

// File returns the open data file.
func (s *Store) File() *os.File { return s.file }

// DecodeStep is the number of records that Check decodes in one batch.
const DecodeStep = decodeStep

// Cache is the cache of accounts in a Store.
type Cache = cache

// NewCache returns an empty cache.
var NewCache = newCache

// CacheUsers and CacheTokens bound a cache, and AccountTokens each account in it.
const (
	CacheUsers    = cacheUsers
	CacheTokens   = cacheTokens
	AccountTokens = accountTokens
)

// Get returns the cached account.
func (c *cache) Get(id pat.UserID) (pat.Account, bool) { return c.get(id) }

// Keep caches an account that was read in transaction.
func (c *cache) Keep(account pat.Account, transaction int) { c.keep(account, transaction) }

// Forget drops an account that transaction writes.
func (c *cache) Forget(id pat.UserID, transaction int) { c.forget(id, transaction) }

// Len returns the number of cached accounts.
func (c *cache) Len() int { return len(c.accounts) }

// Tokens returns the number of tokens and spent ones in the cached accounts.
func (c *cache) Tokens() int {
	n := 0
	for _, account := range c.accounts {
		n += len(account.Tokens) + len(account.Spent)
	}
	return n
}

// Cache returns the store's cache.
func (s *Store) Cache() *Cache { return s.cache }
