package throughput

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var errHolds = errors.New("what was waited for")

// until asks once each interval. Errors: those of holds and of ctx, and one if within is over.
func until(ctx context.Context, interval, within time.Duration, holds func() (bool, error)) error {
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := every(limited, interval, func() error {
		ok, err := holds()
		if err == nil && ok {
			return errHolds
		}
		return err
	})
	switch {
	case errors.Is(err, errHolds):
		return nil
	case err == nil && ctx.Err() == nil:
		return fmt.Errorf("waited for %v in vain", within)
	}
	return errors.Join(err, ctx.Err())
}

// every calls work once each interval until ctx is done, which is no error, or work fails.
func every(ctx context.Context, interval time.Duration, work func() error) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := work(); err != nil {
				return err
			}
		}
	}
}
