package pat

import (
	"context"
	"encoding/binary"
	"io"
	"time"
)

const (
	// maxTries bounds the writes of one change. A conflict means that another change succeeded, so 64 concurrent writers of an
	// account with room for ten tokens conflict about ten times each.
	maxTries = 60
	// maxUnavailable bounds the attempts that fail with KindUnavailable, in addition to those that the Store repeats.
	maxUnavailable = 2
	firstPause     = 5 * time.Millisecond
	maxPause       = 200 * time.Millisecond
)

// An edit returns account as changed at now, and whether there is anything to write. It can be called several times.
type edit func(account Account, now time.Time) (after Account, changed bool, err error)

// change reads the account, edits it and writes it back, and repeats that while others write first. If the response to a write is
// lost, the next attempt finds out whether the write took effect, since apply then finds its change made.
// Errors: those of apply, KindNotFound, KindUnavailable.
func (s *Service) change(ctx context.Context, user UserID, apply edit) error {
	return s.retry(ctx, func() error { return s.tryChange(ctx, user, apply) })
}

func (s *Service) tryChange(ctx context.Context, user UserID, apply edit) error {
	before, err := s.store.Account(ctx, user)
	if err != nil {
		return err
	}
	now := s.now()
	after, changed, err := apply(before.prune(now, s.settings), now)
	if err != nil || !changed {
		return err
	}
	return s.store.ReplaceAccount(ctx, before, after)
}

// retry calls attempt until it succeeds, fails with an error other than KindConflict and KindUnavailable, or has been tried
// often enough. Errors: those of attempt, KindUnavailable.
func (s *Service) retry(ctx context.Context, attempt func() error) error {
	unavailable := 0
	for try := range maxTries {
		err := attempt()
		if KindOf(err) == KindUnavailable {
			unavailable++
		}
		if !isTransient(err) || unavailable > maxUnavailable {
			return err
		}
		if err := s.env.Wait(ctx, s.pause(try)); err != nil {
			return Unavailable(err)
		}
	}
	return Unavailable(nil)
}

func isTransient(err error) bool {
	return err != nil && (KindOf(err) == KindConflict || KindOf(err) == KindUnavailable)
}

// pause returns a random time below a bound that doubles with each try ("full jitter"), so that writers who collided do not
// collide again.
func (s *Service) pause(try int) time.Duration {
	bound := min(firstPause<<min(try, 10), maxPause)
	var raw [4]byte
	if _, err := io.ReadFull(s.env.Random, raw[:]); err != nil {
		return bound
	}
	return time.Duration(binary.BigEndian.Uint32(raw[:])) % bound
}
