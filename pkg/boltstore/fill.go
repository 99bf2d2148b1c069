package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"slices"

	bolt "go.etcd.io/bbolt"

	"pats/pkg/pat"
)

const (
	// fillStep is how many users one transaction of Fill takes: some ten megabytes.
	fillStep = 4096
	// fillPercent is how full Fill makes the pages of small records, which come in order of key.
	fillPercent = 0.9
)

// Fill makes a data file at path of accounts, which come in rising order of ID and are kept as they are, with versions and uses.
// The file is what the operations of a Store would have made, with the highest ID as the last one given, but is synced to the
// disk once and not for each user. It appears at path whole, or not at all.
// Errors: KindInvalid if there is a file at path, and for an account that breaks a rule; KindUserExists; KindUnavailable if ctx
// is done; those of the operating system.
func Fill(ctx context.Context, path string, accounts iter.Seq[pat.Account]) error {
	if _, err := os.Lstat(path); err == nil {
		return exists(path)
	}
	err := build(path, func(db *bolt.DB) error {
		next, stop := iter.Pull(accounts)
		defer stop()
		f := &filling{db: db, next: next, roster: pat.NewRoster()}
		return f.all(ctx)
	})
	if errors.Is(err, fs.ErrExist) {
		return exists(path)
	}
	return err
}

func exists(path string) error {
	return &pat.Error{Kind: pat.KindInvalid, Message: fmt.Sprintf("Data file %s exists already.", path)}
}

// filling is a Fill under way.
type filling struct {
	db     *bolt.DB
	next   func() (pat.Account, bool)
	roster *pat.Roster
}

func (f *filling) all(ctx context.Context) error {
	if err := f.db.Update(layOut); err != nil {
		return err
	}
	for more := true; more; {
		if err := f.db.Update(func(tx *bolt.Tx) (err error) {
			more, err = f.step(ctx, tx)
			return err
		}); err != nil {
			return err
		}
	}
	return f.db.Update(f.finish)
}

// step writes the next users, and says whether there may be more.
func (f *filling) step(ctx context.Context, tx *bolt.Tx) (bool, error) {
	tx.Bucket(bucketSeen).FillPercent = fillPercent
	for range fillStep {
		if err := ctx.Err(); err != nil {
			return false, pat.Unavailable(err)
		}
		account, more := f.next()
		if !more {
			return false, nil
		}
		if err := f.add(tx, account); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (f *filling) add(tx *bolt.Tx, account pat.Account) error {
	if err := f.roster.Add(account); err != nil {
		return err
	}
	if err := put(tx, bucketAccounts, userKey(account.ID), fromAccount(account)); err != nil {
		return err
	}
	return keepSeen(tx, pat.Account{}, account)
}

// finish writes the unique keys, sorted so that each page is written once, and the counters.
func (f *filling) finish(tx *bolt.Tx) error {
	tx.Bucket(bucketUnique).FillPercent = fillPercent
	for _, key := range slices.Sorted(maps.Keys(f.roster.Owners)) {
		if err := put(tx, bucketUnique, []byte(key), f.roster.Owners[key]); err != nil {
			return err
		}
	}
	return put(tx, bucketMeta, keyState, state{LastUser: f.roster.LastUser, Admins: f.roster.Admins})
}
