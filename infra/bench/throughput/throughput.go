// Package throughput measures the requests per second, memory and CPU time of the laptop server, next to Unleash 8.2.0 on PostgreSQL and
// next to a net/http server that only writes the same bytes.
//
// All run on this machine throughout, in their usual configuration, and have the same users and tokens. wrk, with one thread, loads one
// of them at a time, in alternating rounds, so that disturbances affect all alike. wrk shares the machine's CPUs with them; the CPU time
// of a request excludes wrk.
//
// Sources of bias:
//   - Unleash's PostgreSQL does not wait for the disk (fsync=off, as infra/services/unleash/start runs it). pats syncs each change.
//   - pats caches the authorizer's response to a token for a minute, as API Gateway does, while Unleash looks each token up. All lists
//     are requested with one token.
//   - Creates come from many users, each of whom creates nine tokens, one in 128 requests. pats records the first use of a token before
//     it responds, and Unleash later, many at once.
package throughput

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"time"

	"pats/infra/bench/progress"
	"pats/infra/bench/result"
)

// Options determine how much is measured, and where.
type Options struct {
	// Root is the folder of the repository. It must contain bin/pats.
	Root string
	// Rounds is the number of measurements of each case, each of Seconds seconds.
	Rounds, Seconds int
	// Progress receives a progress bar.
	Progress io.Writer
}

// warmUp is the time in seconds for which each case runs on each server before anything is measured: Node.js compiles hot code.
const warmUp = 2

// Run adds its measurements to run, and removes and stops everything that it created and started. It needs wrk, npm and PostgreSQL. It
// returns an error if a server does not start or does not become idle, and for any wrong response.
func Run(ctx context.Context, run *result.Run, options Options) (err error) {
	folder, err := os.MkdirTemp("", "pats-throughput-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	crowd, err := newCrowd(rand.Reader, time.Now(), options.blocks())
	if err != nil {
		return err
	}
	pats, err := startPats(ctx, options.Root, folder, crowd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pats.stop(ctx)) }()
	unleash, err := startUnleash(ctx, options.Root, folder, crowd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unleash.stop(ctx)) }()
	netHTTP, err := startNetHTTP(ctx, options.Root, folder, pats, crowd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, netHTTP.stop(ctx)) }()
	comparison := comparison{subjects: []*subject{pats, unleash, netHTTP}, load: load{folder, crowd}, options: options, notes: notes{run}}
	return comparison.measure(ctx)
}

// blocks returns the number of blocks of users that the creates need.
func (o Options) blocks() int {
	seconds := warmUp + o.Rounds*len(connections)*o.Seconds
	return seconds*fastest/blockOrders + 1
}

// comparison is a Run in progress.
type comparison struct {
	subjects []*subject
	load     load
	options  Options
	notes    notes
}

func (c *comparison) measure(ctx context.Context) error {
	turns := c.turns()
	bar := progress.New(c.options.Progress, Part, c.options.Rounds*len(turns))
	for _, step := range []func(context.Context) error{c.rest, c.warmUp} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	for range c.options.Rounds {
		for _, turn := range turns {
			if err := c.take(ctx, turn); err != nil {
				return err
			}
			bar.Add(1)
		}
	}
	return c.notes.compare()
}

// rest measures the memory of the servers before their first request.
func (c *comparison) rest(ctx context.Context) error {
	for _, s := range c.subjects {
		if s.only != "" {
			continue
		}
		at, err := s.atRest(ctx)
		if err != nil {
			return err
		}
		c.notes.memory(MemoryAtRest, s.name, at)
	}
	return nil
}

func (c *comparison) warmUp(ctx context.Context) error {
	for _, turn := range c.turns() {
		if turn.connections != loaded {
			continue
		}
		if err := c.load.check(ctx, turn); err != nil {
			return err
		}
		if _, err := c.load.run(ctx, turn, warmUp); err != nil {
			return err
		}
	}
	return nil
}

// turn is one measurement.
type turn struct {
	*subject
	kind
	connections int
}

var connections = []int{1, loaded, 64}

// loaded is the number of connections at which memory under load is measured.
const loaded = 16

// turns returns the measurements of a round.
func (c *comparison) turns() []turn {
	var turns []turn
	for _, kind := range kinds {
		for _, n := range connections {
			for _, subject := range c.subjects {
				if subject.only == "" || subject.only == kind.what {
					turns = append(turns, turn{subject, kind, n})
				}
			}
		}
	}
	return turns
}

// take measures one turn while all servers are otherwise idle.
func (c *comparison) take(ctx context.Context, t turn) error {
	for _, s := range c.subjects {
		if err := s.calm(ctx); err != nil {
			return err
		}
	}
	before, err := t.cpu()
	if err != nil {
		return err
	}
	outcome, err := c.run(ctx, t)
	if err != nil {
		return err
	}
	after, err := t.cpu()
	if err != nil {
		return err
	}
	c.notes.outcome(t, outcome, after-before)
	return nil
}

// run loads the subject of a turn, and watches its memory in one of the cases.
func (c *comparison) run(ctx context.Context, t turn) (outcome, error) {
	if t.what != List1 || t.connections != loaded || t.only != "" {
		return c.load.run(ctx, t, c.options.Seconds)
	}
	peak := t.watch(ctx)
	outcome, err := c.load.run(ctx, t, c.options.Seconds)
	under, watched := peak()
	c.notes.memory(MemoryUnderLoad, t.name, under)
	return outcome, errors.Join(err, watched)
}
