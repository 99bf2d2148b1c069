package throughput

import (
	"context"
	"slices"
	"time"

	"pats/infra/bench/result"
	"pats/pkg/pat"
)

// What the tests look at of the inside.
type (
	Crowd   = crowd
	Memory  = memory
	Notes   = notes
	Outcome = outcome
	Service = service
)

const (
	Block       = block
	BlockOrders = blockOrders
	RestSamples = restSamples
)

var (
	NewCrowd     = newCrowd
	ParseOutcome = parseOutcome
	Start        = start
	Steady       = steady
	Until        = until
)

const testSubject = "it"

// NewMemory is in MiB.
func NewMemory(rss, pss float64) Memory { return memory{rss, pss} }

// NewNotes go into run.
func NewNotes(run *result.Run) Notes { return notes{run} }

// Outcome notes one of List1 at 16 connections, each request of which took half a millisecond of pats's or ten times that.
func (n notes) Outcome(subjectName string, o Outcome) {
	each := 500 * time.Microsecond
	if subjectName == Unleash {
		each *= 10
	}
	n.outcome(turn{&subject{name: subjectName}, kinds[0], loaded}, o, time.Duration(o.Requests)*each)
}

// Compare is notes.compare.
func (n notes) Compare() error { return n.compare() }

// Accounts are all users.
func (c *crowd) Accounts() []pat.Account { return c.accounts }

// Load imports the users into an empty store.
func (c *crowd) Load(ctx context.Context, store pat.Store) error { return c.load(ctx, store) }

// Orders are crowd.orders.
func (c *crowd) Orders(subject string, n int) ([]byte, error) { return c.orders(subject, n) }

// Again is the crowd before it made anything.
func (c *crowd) Again() Crowd {
	again := *c
	again.used = map[string]int{}
	return again
}

// Spend makes that many creates used.
func (c *crowd) Spend(n int) { c.used[testSubject] = n }

// PID is service.pid.
func (s *service) PID() int { return s.pid() }

// Stop is service.stop.
func (s *service) Stop(ctx context.Context) error { return s.stop(ctx) }

// Measure loads the server at url for a second.
func Measure(ctx context.Context, folder, url string, c *Crowd, what string, connections int) (Outcome, error) {
	return load{folder, c}.run(ctx, turnOf(url, what, connections), 1)
}

// Check is load.check.
func Check(ctx context.Context, url string, c *Crowd, what string) error {
	return load{crowd: c}.check(ctx, turnOf(url, what, 1))
}

func turnOf(url, what string, connections int) turn {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.what == what })
	return turn{&subject{name: testSubject, url: url}, kinds[i], connections}
}
