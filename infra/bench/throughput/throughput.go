// Package throughput measures how many requests a second the laptop server answers, and with how much memory and processor time,
// beside Unleash 8.2.0 on PostgreSQL, and beside a net/http server that only writes the same bytes.
//
// Both run on this machine all the time, in their ordinary form, and hold the same users and tokens. wrk, with one thread, loads one
// of them at a time, in rounds that take turns, so that what disturbs the machine disturbs both. It shares the machine's processors
// with them: the processor time of a request leaves wrk out.
//
// What favours whom:
//   - Unleash's PostgreSQL does not wait for the disk (fsync=off, as infra/services/unleash/start runs it). pats syncs each change.
//   - pats keeps the authorizer's answer for a token for a minute, as API Gateway does, and Unleash looks each token up. A list is
//     asked for with one token, again and again.
//   - Creates come from many users, each of whom makes nine, one in 128 requests. pats records the first use of a token
//     before it answers, and Unleash later, of many at once.
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

// Options are how much is measured, and where.
type Options struct {
	// Root is the folder of the repository, with bin/pats built.
	Root string
	// Rounds is how often each case is measured, for Seconds each time.
	Rounds, Seconds int
	// Progress gets a bar.
	Progress io.Writer
}

// warmUp is for how long, in seconds, each case is asked of each server before anything is measured: Node compiles what it runs often.
const warmUp = 2

// Run adds what is measured to run, and removes all that it made and started. It needs wrk, npm and PostgreSQL. Errors: a server
// that does not start or come to rest, and any request that is not answered as it should be.
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
	contest := contest{subjects: []*subject{pats, unleash, netHTTP}, load: load{folder, crowd}, options: options, notes: notes{run}}
	return contest.hold(ctx)
}

// blocks is how many there have to be for the creates.
func (o Options) blocks() int {
	seconds := warmUp + o.Rounds*len(connections)*o.Seconds
	return seconds*fastest/blockOrders + 1
}

// contest is a Run under way.
type contest struct {
	subjects []*subject
	load     load
	options  Options
	notes    notes
}

func (c *contest) hold(ctx context.Context) error {
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

// rest measures the memory of servers that nobody has asked for anything.
func (c *contest) rest(ctx context.Context) error {
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

func (c *contest) warmUp(ctx context.Context) error {
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

// loaded is the number of connections at which the memory under load is measured.
const loaded = 16

// turns are the measurements of a round.
func (c *contest) turns() []turn {
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

// take measures one turn while nothing else is under way.
func (c *contest) take(ctx context.Context, t turn) error {
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

// run loads the subject of a turn, and looks at its memory meanwhile where that is wanted.
func (c *contest) run(ctx context.Context, t turn) (outcome, error) {
	if t.what != List1 || t.connections != loaded || t.only != "" {
		return c.load.run(ctx, t, c.options.Seconds)
	}
	peak := t.watch(ctx)
	outcome, err := c.load.run(ctx, t, c.options.Seconds)
	under, watched := peak()
	c.notes.memory(MemoryUnderLoad, t.name, under)
	return outcome, errors.Join(err, watched)
}
