package faults_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"pats/infra/stress/faults"
	"pats/pkg/pat"
)

// longest bounds every pause before a request is sent again.
const longest = 200 * time.Millisecond

// TestPausesOfTheClient: those between the attempts of one call are drawn at random from a range that grows.
func TestPausesOfTheClient(t *testing.T) {
	t.Parallel()
	retryer := clientOptions().Retryer
	for attempt := 1; attempt < attempts(); attempt++ {
		var drawn []time.Duration
		for range 200 {
			pause, err := retryer.RetryDelay(attempt, errors.New("throttled"))
			must(t, err)
			drawn = append(drawn, pause)
		}
		must(t, jitter(drawn))
	}
}

// TestPausesOfTheService: a change that meets others over and over pauses before each try, and never as long as before.
func TestPausesOfTheService(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault faults.Fault
		most  int
	}{{faults.Conflict, 60}, {faults.Throttling, 3}, {faults.Lost, 1}} {
		t.Run(string(c.fault), func(t *testing.T) {
			t.Parallel()
			on := newTable(t, newTally())
			f := newFront(t, on, everything, plant{})
			var pauses pauses
			env := pat.SystemEnv(quiet())
			env.Wait = pauses.note
			service := pat.NewService(f.faulty, pat.DefaultRetention, env)
			user := on.newCast(t, false).admin.ID
			f.proxy.Follow(faults.Commits(c.fault))
			_, _, err := service.CreateUserToken(t.Context(), user, draft("new"))
			if made := c.fault == faults.Lost; made != (err == nil) || !made && pat.KindOf(err) != pat.KindUnavailable {
				t.Errorf("got error %v", err)
			}
			if len(pauses.taken) > c.most {
				t.Errorf("got %d pauses, want at most %d", len(pauses.taken), c.most)
			}
			if len(pauses.taken) > 20 {
				must(t, jitter(pauses.taken[10:]))
			}
		})
	}
}

// pauses notes them instead of waiting.
type pauses struct {
	mu    sync.Mutex
	taken []time.Duration
}

func (p *pauses) note(ctx context.Context, d time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken = append(p.taken, d)
	return ctx.Err()
}

// jitter says what is wrong unless the pauses are within the bound, differ from one another, and use the range that they are from.
func jitter(drawn []time.Duration) error {
	distinct, least, most := map[time.Duration]bool{}, drawn[0], drawn[0]
	for _, pause := range drawn {
		distinct[pause] = true
		least, most = min(least, pause), max(most, pause)
	}
	if least < 0 || most > longest || len(distinct) < len(drawn)/2 || least > most/2 {
		return fmt.Errorf("got %d pauses from %v to %v, %d distinct", len(drawn), least, most, len(distinct))
	}
	return nil
}

func TestPausesWithoutJitterAreNoticed(t *testing.T) {
	t.Parallel()
	for name, pause := range map[string]func(i int) time.Duration{
		"always as long": func(int) time.Duration { return longest },
		"growing":        func(i int) time.Duration { return time.Duration(i) * longest },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var drawn []time.Duration
			for i := range 200 {
				drawn = append(drawn, pause(i))
			}
			if jitter(drawn) == nil {
				t.Error("nothing was found wrong with the pauses")
			}
		})
	}
}
