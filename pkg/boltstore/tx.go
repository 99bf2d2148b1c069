package boltstore

import (
	"context"
	"errors"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"

	"pats/pkg/boltstore/boltfile"
	"pats/pkg/pat"
)

// errUnchanged ends a change that writes nothing, which saves the commit.
var errUnchanged = errors.New("nothing to write")

// view runs work in a read transaction. Errors: those of work, as *pat.Error; KindUnavailable if ctx is done.
func view[T any](ctx context.Context, s *Store, work func(*bolt.Tx) (T, error)) (T, error) {
	if err := ctx.Err(); err != nil {
		return *new(T), pat.Unavailable(err)
	}
	value, err := do(s, func() (value T, err error) {
		err = s.db.View(func(tx *bolt.Tx) (err error) {
			value, err = work(tx)
			return err
		})
		return value, err
	})
	return value, s.translate(err)
}

// noUser is the ID of no user, for changes of no existing account.
const noUser pat.UserID = 0

// update runs work, which may change the account with id and no other that exists, in a write transaction. It returns when the
// change is on the disk. Errors: as for view.
func (s *Store) update(ctx context.Context, id pat.UserID, work func(*bolt.Tx) error) error {
	if err := s.awaitTurn(ctx); err != nil {
		return err
	}
	defer func() { <-s.writer }()
	_, err := do(s, func() (struct{}, error) {
		return struct{}{}, s.db.Update(func(tx *bolt.Tx) error {
			if err := work(tx); err != nil {
				return err
			}
			s.cache.forget(id, tx.ID())
			return nil
		})
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return s.translate(err)
}

// awaitTurn waits until no other change is in progress. bbolt would wait too, but without regard to ctx.
func (s *Store) awaitTurn(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return pat.Unavailable(err)
	}
	select {
	case s.writer <- struct{}{}:
		return nil
	case <-ctx.Done():
		return pat.Unavailable(ctx.Err())
	case <-s.broken:
		return s.fault
	}
}

// do runs work, which calls bbolt, on a separate goroutine. When bbolt faults, there or elsewhere, no caller keeps waiting.
func do[T any](s *Store, work func() (T, error)) (T, error) {
	if s.isBroken() {
		return *new(T), s.fault
	}
	type result struct {
		value T
		err   error
	}
	results := make(chan result, 1)
	go func() {
		defer s.catch()
		debug.SetPanicOnFault(true)
		value, err := work()
		results <- result{value, err}
	}()
	select {
	case r := <-results:
		return r.value, r.err
	case <-s.broken:
		return *new(T), s.fault
	}
}

// catch, deferred, turns a panic into the fault that ends the Store.
func (s *Store) catch() {
	if cause := recover(); cause != nil {
		s.breakOnce.Do(func() {
			s.fault = s.translate(boltfile.Damaged("it can no longer be read; restart to have it checked: %v", cause))
			close(s.broken)
		})
	}
}

func (s *Store) isBroken() bool {
	select {
	case <-s.broken:
		return true
	default:
		return false
	}
}
