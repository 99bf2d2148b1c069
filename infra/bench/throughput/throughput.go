// Package throughput measures the requests per second, memory and CPU time of the laptop server, next to Unleash 8.2.0 on PostgreSQL and
// next to a net/http server that only writes the same bytes. It also measures introspections next to lists.
//
// All run on this machine throughout, in their usual configuration, and have the same users and tokens. wrk, with one thread, loads one
// of them at a time, in alternating rounds, so that disturbances affect all alike. wrk shares the machine's CPUs with them; the CPU time
// of a request excludes wrk.
//
// Sources of bias:
//   - Unleash's PostgreSQL does not wait for the disk (fsync=off, as infra/services/unleash/start runs it). pats syncs each change.
//   - pats writes a line to its access log per request, here to /dev/null. The others write none.
//   - pats caches the authorizer's response to a token for a minute, as API Gateway does, while Unleash looks each token up. All lists
//     are requested with one token.
//   - Creates come from many users, each of whom creates nine tokens, one in 128 requests. pats records the first use of a token before
//     it responds, and Unleash later, many at once.
package throughput

import (
	"context"
	"errors"
	"os"

	"pats/infra/bench/result"
)

// Options determine how much is measured, and where.
type Options struct {
	// Root is the folder of the repository. It must contain bin/pats.
	Root string
	// Rounds is the number of measurements of each case, each of Seconds seconds.
	Rounds, Seconds int
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
	users, err := newUsers(options.blocks())
	if err != nil {
		return err
	}
	pats, err := startPats(ctx, options.Root, folder, users)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pats.Stop()) }()
	unleash, err := startUnleash(ctx, options.Root, folder, users)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unleash.Stop()) }()
	c := comparison{[]*subject{pats, unleash}, load{folder, users}, options, run}
	if err := c.rest(ctx); err != nil {
		return err
	}
	list, err := c.load.check(ctx, turn{pats, kinds[0], 1})
	if err != nil {
		return err
	}
	netHTTP, err := startNetHTTP(ctx, options.Root, folder, list)
	if err != nil {
		return err
	}
	defer netHTTP.Kill()
	introspection := &subject{name: Introspection, Service: pats.Service, programs: pats.programs, only: List1}
	c.subjects = append(c.subjects, netHTTP, introspection)
	return c.measure(ctx)
}

// blocks returns the number of blocks of users that the creates need.
func (o Options) blocks() int {
	seconds := warmUp + o.Rounds*len(connections)*o.Seconds
	return seconds*fastest/(block*spare) + 1
}

// comparison is a Run in progress.
type comparison struct {
	subjects []*subject
	load     load
	options  Options
	run      *result.Run
}

// rest measures the memory of the servers before their first request.
func (c *comparison) rest(ctx context.Context) error {
	for _, s := range c.subjects {
		at, err := s.atRest(ctx)
		if err != nil {
			return err
		}
		addMemory(c.run, MemoryAtRest, s.name, at)
	}
	return nil
}

func (c *comparison) measure(ctx context.Context) error {
	turns := c.turns()
	for _, turn := range turns {
		if turn.connections != loaded {
			continue
		}
		if _, err := c.load.check(ctx, turn); err != nil {
			return err
		}
		if _, err := c.load.run(ctx, turn, warmUp); err != nil {
			return err
		}
	}
	for range c.options.Rounds {
		for _, turn := range turns {
			if err := c.take(ctx, turn); err != nil {
				return err
			}
		}
	}
	return compare(c.run)
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
	outcome, err := c.loadSubject(ctx, t)
	if err != nil {
		return err
	}
	after, err := t.cpu()
	if err != nil {
		return err
	}
	addOutcome(c.run, t, outcome, after-before)
	return nil
}

// loadSubject loads the subject of a turn, and watches its memory in one of the cases.
func (c *comparison) loadSubject(ctx context.Context, t turn) (outcome, error) {
	if t.what != List1 || t.connections != loaded || t.only != "" {
		return c.load.run(ctx, t, c.options.Seconds)
	}
	var got outcome
	peak, err := t.watch(func() (err error) {
		got, err = c.load.run(ctx, t, c.options.Seconds)
		return err
	})
	addMemory(c.run, MemoryUnderLoad, t.name, peak)
	return got, err
}
