package boltstore

import (
	"bytes"
	"context"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"pats/pkg/pat"
)

// MarkSeen implements [pat.Store]. It ignores tokens that are gone, and writes only when a use is due: one synced write in
// pat.SeenInterval for each token in use.
func (s *Store) MarkSeen(ctx context.Context, account pat.Account, token pat.TokenID, at time.Time) error {
	return s.update(ctx, account.ID, func(tx *bolt.Tx) error {
		due, err := seenDue(tx, account.ID, token, at)
		if err != nil {
			return err
		}
		if !due {
			return errUnchanged
		}
		return put(tx, bucketSeen, seenKey(account.ID, token), at.UnixMilli())
	})
}

// seenTimes returns the times at which the tokens of a user were last used. Their keys are adjacent, so one search finds them all.
func seenTimes(tx *bolt.Tx, id pat.UserID) (map[pat.TokenID]time.Time, error) {
	times := map[pat.TokenID]time.Time{}
	user := userKey(id)
	cursor := tx.Bucket(bucketSeen).Cursor()
	for key, record := cursor.Seek(user); bytes.HasPrefix(key, user); key, record = cursor.Next() {
		seen, err := decode[int64](bucketSeen, key, record)
		if err != nil {
			return nil, err
		}
		times[tokenOf(key)] = utc(seen)
	}
	return times, nil
}

// seenDue reports whether a use of an existing token must be recorded.
func seenDue(tx *bolt.Tx, user pat.UserID, id pat.TokenID, at time.Time) (bool, error) {
	stored, _, err := get[account](tx, bucketAccounts, userKey(user))
	if err != nil || !slices.ContainsFunc(stored.Tokens, func(t token) bool { return t.ID == id }) {
		return false, err
	}
	last, found, err := get[int64](tx, bucketSeen, seenKey(user, id))
	return !found || at.Sub(utc(last)) >= pat.SeenInterval, err
}
