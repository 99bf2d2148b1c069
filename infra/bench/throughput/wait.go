package throughput

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var errHolds = errors.New("the condition holds")

// until calls holds once per interval until it returns true. It returns the errors of holds and of ctx, and one when within has passed.
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
		return fmt.Errorf("waited %v in vain", within)
	}
	return errors.Join(err, ctx.Err())
}

// every calls work once per interval until ctx is done or work fails. It returns the error of work.
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
