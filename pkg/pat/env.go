package pat

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"time"
)

// Env is what a Service takes from the world around it.
type Env struct {
	// Now is the clock.
	Now func() time.Time
	// Random gives the bytes of selectors, secrets and pauses.
	Random io.Reader
	// Wait returns after the duration, or with the context's error before.
	Wait func(context.Context, time.Duration) error
	// Log gets what goes wrong without failing a request.
	Log *slog.Logger
}

// SystemEnv is the system's clock and randomness, with log.
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
