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

// Env is an environment that runs alike each time: clock, randomness from a fixed seed, pauses that take no time, and no log.
func Env(clock *Clock) pat.Env {
	return pat.Env{Now: clock.Now, Random: NewRandom(), Wait: noWait, Log: slog.New(slog.DiscardHandler)}
}

// noWait leaves a pause out, but heeds the context as the real one does.
func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// random is a seeded generator that may be read from several goroutines.
type random struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

// NewRandom gives the same bytes in every run. It is safe for concurrent use, and no source for real secrets.
func NewRandom() io.Reader {
	return &random{source: rand.NewChaCha8([32]byte([]byte("the same bytes for each test run")))}
}

func (r *random) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.Read(p)
}
