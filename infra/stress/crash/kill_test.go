package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pats/infra/testkit/figures"
)

// killsOfLife is how many kills a data folder lives through.
const killsOfLife = 20

// tally adds up over all lives.
type tally struct {
	mu     sync.Mutex
	kills  int
	counts counts
	faults map[fault]int
}

// TestKilledAtAnyMoment kills the server again and again. Seeds are those of the lives: a life is repeated as a whole.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	rounds, seed := figures.Rounds(t, 5), figures.Seed(t)
	sum := &tally{faults: map[fault]int{}}
	// The figures come after all of them.
	t.Run("lives", func(t *testing.T) {
		for first := 0; first < rounds; first += killsOfLife {
			t.Run(fmt.Sprintf("seed %d", seed+uint64(first)), func(t *testing.T) {
				t.Parallel()
				l := &life{t: t, sum: sum, seed: seed + uint64(first)}
				l.live(min(killsOfLife, rounds-first))
			})
		}
	})
	n := sum.counts
	figures.Print(t, "crash", figures.Count{Name: "kills", N: sum.kills},
		figures.Count{Name: "acknowledged_creates", N: n.creates}, figures.Count{Name: "acknowledged_deletes", N: n.deletes},
		figures.Count{Name: "acknowledged_changes", N: n.changes}, figures.Count{Name: "unanswered", N: n.unanswered},
		figures.Count{Name: "lost", N: sum.faults[lost]}, figures.Count{Name: "half", N: sum.faults[half]},
		figures.Count{Name: "damaged", N: sum.faults[damaged]})
}

// life is that of a data folder.
type life struct {
	t      *testing.T
	folder *folder
	sum    *tally
	seed   uint64
	kill   int
	// startUp is how long the last start took, making how long the first start of a folder took from the folder on.
	startUp, making time.Duration
}

// live kills the server so often: of five times once in a first start, each in a folder of its own, of which the last one goes
// on; once in a later start; and else under writes.
func (l *life) live(kills int) {
	l.measure()
	for range (kills + 4) / 5 {
		l.folder = newFolder(l.t)
		l.killWhileMaking(l.next())
		l.begin()
	}
	l.folder.setUp(l.t, 3)
	for l.kill < kills {
		if rng := l.next(); l.kill%5 == 0 {
			l.killAtStart(rng)
		} else {
			l.killUnderLoad(rng)
		}
		l.folder.give(l.t)
	}
	s := l.serve()
	l.report(l.folder.audit(l.t, s), "at the end")
	s.stop()
	l.close()
}

// next begins another kill. Round i of all has the seed of the first one plus i.
func (l *life) next() *rand.Rand {
	rng := rand.New(rand.NewPCG(l.seed+uint64(l.kill), 0))
	l.kill++
	return rng
}

func (l *life) report(findings []finding, when string) {
	l.t.Helper()
	l.sum.mu.Lock()
	defer l.sum.mu.Unlock()
	for _, f := range findings {
		l.sum.faults[f.fault]++
		l.t.Errorf("seed %d, kill %d, %s: %v", l.seed, l.kill, when, f)
	}
	if len(findings) > 0 {
		l.t.FailNow() // what follows would be found again and again
	}
}

// serve gives a server that answers, and notes how long it took.
func (l *life) serve() *server {
	l.t.Helper()
	begin := time.Now()
	s := serve(l.t, l.folder.path)
	l.startUp = time.Since(begin)
	return s
}

// measure notes how long the first start of a folder takes.
func (l *life) measure() {
	l.t.Helper()
	path := newFolder(l.t).path
	s := launch(l.t, path).start(l.t)
	appears(l.t, path, s)
	begin := time.Now()
	s.await(l.t)
	l.making = time.Since(begin)
	s.kill()
}

// appears returns when there is a folder at path, or the server has ended.
func appears(t *testing.T, path string, s *server) {
	t.Helper()
	poll := time.NewTicker(time.Millisecond / 4)
	defer poll.Stop()
	for {
		if _, err := os.Stat(path); err == nil {
			return
		}
		select {
		case <-poll.C:
		case <-s.ended:
			return
		}
	}
}

// begin lets a start come to its end, so that there are a user and, if no kill came between, a token.
func (l *life) begin() {
	l.t.Helper()
	l.serve().stop()
	l.report(slices.Concat(l.folder.inspect(l.t, false), l.folder.leftovers(l.t)), "after the first whole start")
}

// killWhileMaking kills the server while it makes the data file, the first user and the token file, or a little after it.
func (l *life) killWhileMaking(rng *rand.Rand) {
	l.t.Helper()
	s := launch(l.t, l.folder.path).start(l.t)
	appears(l.t, l.folder.path, s)
	wait(l.t.Context(), time.Duration(rng.Int64N(int64(l.making*5/4))))
	s.kill()
	l.killed(true, "in the first start")
}

// killAtStart kills the server at a moment of its start-up, or a little after it.
func (l *life) killAtStart(rng *rand.Rand) {
	l.t.Helper()
	s := launch(l.t, l.folder.path).start(l.t)
	wait(l.t.Context(), time.Duration(rng.Int64N(int64(l.startUp*5/4))))
	s.kill()
	l.killed(false, "at start-up")
}

// killUnderLoad kills the server after some answers, and up to two milliseconds: that is about one change.
func (l *life) killUnderLoad(rng *rand.Rand) {
	l.t.Helper()
	s := l.serve()
	l.report(l.folder.audit(l.t, s), "after a restart")
	c := newClient(s)
	defer c.close()
	ctx, cancel := context.WithCancel(l.t.Context())
	defer cancel()
	enough, idle, left := make(chan struct{}), make(chan struct{}), int64(1+rng.IntN(80))
	var answered atomic.Int64
	var killer sync.WaitGroup
	killer.Go(func() {
		select {
		case <-enough:
		case <-idle:
		}
		wait(ctx, time.Duration(rng.Int64N(int64(2*time.Millisecond))))
		s.kill()
		cancel()
	})
	errs := load(ctx, &l.folder.ledger, c, rng.Uint64(), func() {
		if answered.Add(1) == left {
			close(enough)
		}
	})
	close(idle)
	killer.Wait()
	for _, err := range errs {
		l.t.Errorf("seed %d, kill %d: %v", l.seed, l.kill, err)
	}
	l.killed(false, "under writes")
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// killed looks at what the kill has left.
func (l *life) killed(fresh bool, when string) {
	l.t.Helper()
	l.sum.mu.Lock()
	l.sum.kills++
	l.sum.mu.Unlock()
	l.report(l.folder.inspect(l.t, fresh), "killed "+when)
}

// close adds the life's counts to the others.
func (l *life) close() {
	n := l.folder.ledger.counts()
	l.sum.mu.Lock()
	defer l.sum.mu.Unlock()
	l.sum.counts.creates += n.creates
	l.sum.counts.deletes += n.deletes
	l.sum.counts.changes += n.changes
	l.sum.counts.unanswered += n.unanswered
}
