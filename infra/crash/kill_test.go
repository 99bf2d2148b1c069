package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pats/infra/figures"
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
				l := &life{t: t, folder: newFolder(t), sum: sum, seed: seed + uint64(first)}
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
	// startUp is how long the last start took.
	startUp time.Duration
}

// live kills the server so often: of ten times once while the data file is made, twice at start-up and else under writes.
func (l *life) live(kills int) {
	l.measure()
	for range (kills + 9) / 10 {
		l.killAtStart(l.next(), true)
	}
	l.begin()
	l.folder.setUp(l.t, 3)
	for l.kill < kills {
		if rng := l.next(); l.kill%5 == 0 {
			l.killAtStart(rng, false)
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

// measure notes how long the first start of another folder takes.
func (l *life) measure() {
	l.t.Helper()
	begin := time.Now()
	serve(l.t, newFolder(l.t).path).kill()
	l.startUp = time.Since(begin)
}

// begin lets a start come to its end, so that there are a user and, if no kill came between, a token.
func (l *life) begin() {
	l.t.Helper()
	l.serve().stop()
	l.report(slices.Concat(l.folder.inspect(l.t, false), l.folder.leftovers(l.t)), "after the first whole start")
}

// killAtStart kills the server at a moment of its start-up, or a little after it.
func (l *life) killAtStart(rng *rand.Rand, fresh bool) {
	l.t.Helper()
	s := launch(l.t, l.folder.path).start(l.t)
	wait(l.t.Context(), time.Duration(rng.Int64N(int64(l.startUp*5/4))))
	s.kill()
	l.killed(fresh, "at start-up")
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
