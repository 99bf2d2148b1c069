package pat

import (
	"context"
	"encoding/binary"
	"io"
	"time"
)

const (
	// maxTries bounds the writes of one change. A conflict means that somebody else's change went through, so 64 writers on
	// an account with room for ten tokens conflict about ten times each.
	maxTries = 60
	// maxSilent bounds the writes without an answer, on top of what the Store itself repeats.
	maxSilent  = 2
	firstPause = 5 * time.Millisecond
	maxPause   = 200 * time.Millisecond
)

// edit gives the account as it shall be, and whether there is anything to write. It may be called several times.
type edit func(account Account, now time.Time) (after Account, changed bool, err error)

// change reads the account, edits it and writes it back, again and again while others come first. A write whose answer was
// lost is settled by the next read: edit then finds its change made.
// Errors: those of edit, KindNotFound, KindUnavailable.
func (s *Service) change(ctx context.Context, user UserID, apply edit) error {
	return s.retry(ctx, func() error { return s.tryChange(ctx, user, apply) })
}

// retry calls attempt until it succeeds, fails for good, or has been tried often enough.
func (s *Service) retry(ctx context.Context, attempt func() error) error {
	silent := 0
	for try := range maxTries {
		err := attempt()
		if KindOf(err) == KindUnavailable {
			silent++
		}
		if done(err) || silent > maxSilent {
			return err
		}
		if err := s.env.Wait(ctx, s.pause(try)); err != nil {
			return Unavailable(err)
		}
	}
	return Unavailable(nil)
}

func done(err error) bool {
	return err == nil || (KindOf(err) != KindConflict && KindOf(err) != KindUnavailable)
}

func (s *Service) tryChange(ctx context.Context, user UserID, apply edit) error {
	before, err := s.store.Account(ctx, user)
	if err != nil {
		return err
	}
	now := s.now()
	after, changed, err := apply(before.prune(now, s.retention), now)
	if err != nil || !changed {
		return err
	}
	return s.store.ReplaceAccount(ctx, before, after)
}

// pause is uniform below a bound that doubles ("full jitter"), so that writers who collided do not collide again.
func (s *Service) pause(try int) time.Duration {
	bound := min(firstPause<<min(try, 10), maxPause)
	var raw [4]byte
	if _, err := io.ReadFull(s.env.Random, raw[:]); err != nil {
		return bound
	}
	return time.Duration(binary.BigEndian.Uint32(raw[:])) % bound
}
