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
	"pats/infra/testkit/must"
	"pats/infra/testkit/service"
)

// killsPerLife is the number of kills of one data folder.
const killsPerLife = 20

// totals are the counts of all lives.
type totals struct {
	mu     sync.Mutex
	kills  int
	counts counts
	faults map[fault]int
}

// TestKilledAtAnyMoment kills the server at random moments. Each life has a seed, with which it can be repeated as a whole.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	rounds, seed := figures.Rounds(t, 5), figures.Seed(t)
	sum := &totals{faults: map[fault]int{}}
	// The figures are printed after all lives.
	t.Run("lives", func(t *testing.T) {
		for first := 0; first < rounds; first += killsPerLife {
			t.Run(fmt.Sprintf("seed %d", seed+uint64(first)), func(t *testing.T) {
				t.Parallel()
				l := &life{t: t, sum: sum, seed: seed + uint64(first)}
				l.live(min(killsPerLife, rounds-first))
			})
		}
	})
	n := sum.counts
	figures.Print(t, "crash", figures.Count{Name: "kills", N: sum.kills},
		figures.Count{Name: "acknowledged_creates", N: n.creates}, figures.Count{Name: "acknowledged_deletes", N: n.deletes},
		figures.Count{Name: "acknowledged_rotations", N: n.rotations}, figures.Count{Name: "acknowledged_changes", N: n.changes},
		figures.Count{Name: "unanswered", N: n.unanswered}, figures.Count{Name: "repeated_creates", N: n.repeated},
		figures.Count{Name: "lost", N: sum.faults[lost]}, figures.Count{Name: "inconsistent", N: sum.faults[inconsistent]},
		figures.Count{Name: "damaged", N: sum.faults[damaged]})
}

// life is that of a data folder.
type life struct {
	t      *testing.T
	folder *folder
	sum    *totals
	seed   uint64
	kill   int
	// startTime is how long the last start took, firstStart how long the first start of a folder took from the folder's creation
	// on.
	startTime, firstStart time.Duration
}

// live kills the server the given number of times. Of five kills one is in a first start, each in another folder, of which the
// last one is used from then on; one is in a later start; the others are under writes.
func (l *life) live(kills int) {
	l.measure()
	for range (kills + 4) / 5 {
		l.folder = newFolder(l.t)
		l.killInFirstStart(l.next())
		l.begin()
	}
	l.folder.setUp(l.t, 3)
	for l.kill < kills {
		if rng := l.next(); l.kill%5 == 0 {
			l.killAtStart(rng)
		} else {
			l.killUnderLoad(rng)
		}
	}
	s := l.serve()
	l.report(l.folder.audit(l.t, s, true), "at the end")
	must.Do(l.t, s.Stop())
	l.close()
}

// next begins another kill. Its seed is that of the first one plus the number of kills.
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
		l.t.FailNow() // every later audit would find the same
	}
}

// serve returns a server that is ready, and measures its start.
func (l *life) serve() *service.Service {
	l.t.Helper()
	begin := time.Now()
	s := serve(l.t, l.folder.path)
	l.startTime = time.Since(begin)
	return s
}

// measure measures the first start of a folder.
func (l *life) measure() {
	l.t.Helper()
	path := newFolder(l.t).path
	s := launch(l.t, serveCommand(l.t, path))
	awaitFolder(l.t, path, s)
	begin := time.Now()
	must.Do(l.t, s.AwaitReady())
	l.firstStart = time.Since(begin)
	s.Kill()
}

// awaitFolder returns when there is a folder at path, or the server has ended.
func awaitFolder(t *testing.T, path string, s *service.Service) {
	t.Helper()
	poll := time.NewTicker(time.Millisecond / 4)
	defer poll.Stop()
	for {
		if _, err := os.Stat(path); err == nil {
			return
		}
		select {
		case <-poll.C:
		case <-s.Ended():
			return
		}
	}
}

// begin completes the first start, so that there is a user and, if no kill came in between, a token.
func (l *life) begin() {
	l.t.Helper()
	must.Do(l.t, l.serve().Stop())
	l.report(slices.Concat(l.folder.inspect(l.t, false), l.folder.leftovers(l.t)), "after the first whole start")
}

// killInFirstStart kills the server while it creates the data file, the first user and the token file, or shortly after.
func (l *life) killInFirstStart(rng *rand.Rand) {
	l.t.Helper()
	s := launch(l.t, serveCommand(l.t, l.folder.path))
	awaitFolder(l.t, l.folder.path, s)
	wait(l.t.Context(), time.Duration(rng.Int64N(int64(l.firstStart*5/4))))
	s.Kill()
	l.killed(true, "in the first start")
}

// killAtStart kills the server during a later start, or shortly after.
func (l *life) killAtStart(rng *rand.Rand) {
	l.t.Helper()
	s := launch(l.t, serveCommand(l.t, l.folder.path))
	wait(l.t.Context(), time.Duration(rng.Int64N(int64(l.startTime*5/4))))
	s.Kill()
	l.killed(false, "at start-up")
}

// killUnderLoad kills the server after some responses and up to two milliseconds, in which it makes about one change.
func (l *life) killUnderLoad(rng *rand.Rand) {
	l.t.Helper()
	s := l.serve()
	l.report(l.folder.audit(l.t, s, false), "after a restart")
	c := newClient(l.t, s)
	ctx, cancel := context.WithCancel(l.t.Context())
	defer cancel()
	enough, idle, left := make(chan struct{}), make(chan struct{}), int64(1+rng.IntN(80))
	var responded atomic.Int64
	var killer sync.WaitGroup
	killer.Go(func() {
		select {
		case <-enough:
		case <-idle:
		}
		wait(ctx, time.Duration(rng.Int64N(int64(2*time.Millisecond))))
		s.Kill()
		cancel()
	})
	errs := load(ctx, &l.folder.history, c, rng.Uint64(), func() {
		if responded.Add(1) == left {
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
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// killed inspects the data folder after a kill.
func (l *life) killed(fresh bool, when string) {
	l.t.Helper()
	l.sum.mu.Lock()
	l.sum.kills++
	l.sum.mu.Unlock()
	l.report(l.folder.inspect(l.t, fresh), "killed "+when)
}

// close adds the life's counts to the totals.
func (l *life) close() {
	l.sum.mu.Lock()
	defer l.sum.mu.Unlock()
	l.sum.counts.add(&l.folder.history)
}
