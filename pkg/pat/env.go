package pat

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"time"
)

// Env is what a Service needs besides a Store.
type Env struct {
	// Now returns the current time.
	Now func() time.Time
	// Random is read for selectors, secrets and pauses.
	Random io.Reader
	// Wait returns after the duration, or earlier with the context's error.
	Wait func(context.Context, time.Duration) error
	// Log receives errors that do not fail a request.
	Log *slog.Logger
}

// SystemEnv returns the Env with the system's clock and randomness, and log.
func SystemEnv(log *slog.Logger) Env {
	return Env{Now: time.Now, Random: rand.Reader, Wait: wait, Log: log}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
