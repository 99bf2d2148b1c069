package pattest

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"pats/pkg/pat"
)

// Env returns a deterministic environment: clock, randomness from a fixed seed, pauses that take no time, and no log.
func Env(clock *Clock) pat.Env {
	return pat.Env{Now: clock.Now, Random: NewRandom(), Wait: noWait, Log: slog.New(slog.DiscardHandler)}
}

// noWait skips a pause, but returns the context's error as the real one does.
func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// random is a seeded generator that is safe for concurrent use.
type random struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

// NewRandom returns a reader of the same bytes in every run, for tests only. It is safe for concurrent use.
func NewRandom() io.Reader {
	return &random{source: rand.NewChaCha8([32]byte([]byte("the same bytes for each test run")))}
}

func (r *random) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.Read(p)
}
