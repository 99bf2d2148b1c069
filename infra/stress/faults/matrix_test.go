package faults_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"pats/infra/stress/faults"
	"pats/infra/testkit/figures"
)

// scope is which requests of a case a fault is done to.
type scope struct {
	name string
	plan func(faults.Fault) faults.Plan
}

var scopes = []scope{
	{"every request", faults.Always},
	{"every write", faults.Writes},
	{"the first request", func(f faults.Fault) faults.Plan { return faults.Once(faults.Always(f)) }},
	{"the first write", func(f faults.Fault) faults.Plan { return faults.Once(faults.Writes(f)) }},
	// The client sends the write again, which meets that of somebody else, while the first one may have taken effect.
	{"the first commit, then a conflict", func(f faults.Fault) faults.Plan {
		return faults.Both(faults.Once(faults.Commits(f)), faults.Once(faults.Commits(faults.Conflict)))
	}},
}

// try makes one request under a plan and says what is wrong with the answer, with what it cost, and with what is in the table
// afterwards.
func (f *front) try(ctx context.Context, o operation, c *cast, plan faults.Plan, most int) error {
	f.proxy.Follow(plan)
	a, err := send(ctx, f.url, o.call(c))
	f.proxy.Settle()
	cost := sum(f.proxy.Requests())
	f.proxy.Follow(faults.Never)
	if err != nil {
		return err
	}
	err = judge(a, o.right...)
	if cost > most {
		err = errors.Join(err, fmt.Errorf("the request made %d requests to DynamoDB, want at most %d", cost, most))
	}
	return errors.Join(err, f.punctual(), o.after(ctx, f.sound.URL, c, a))
}

// punctual says which functions were not done when their time was over.
func (f *front) punctual() error {
	if late := f.overdue.take(); len(late) > 0 {
		return fmt.Errorf("%s ended after its time", strings.Join(late, ", "))
	}
	return nil
}

func sum[K comparable](counts map[K]int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}

// most is how many requests to DynamoDB an operation may make under a fault.
func (o operation) most(fault faults.Fault) int {
	if fault == faults.Conflict {
		return attempts() * o.rivalry
	}
	return attempts() * o.calls
}

// instance is one case of the matrix.
type instance struct {
	fault faults.Fault
	operation
	scope
}

func (i instance) name() string {
	return fmt.Sprintf("%s/%s/%s", i.fault, i.operation.name, i.scope.name)
}

// matrix has every operation under each of the faults.
func matrix(t *testing.T, of []faults.Fault) []instance {
	t.Helper()
	var all []instance
	inTurns(t, of, operations, func(f faults.Fault, o operation, s scope) { all = append(all, instance{f, o, s}) })
	return all
}

// shares is into how many parts the matrices are divided; each has every scope and every fault in it.
const shares = 19

// inTurns visits each of things under each fault in each scope, or as many shares of them as there are rounds.
func inTurns[Thing any](t *testing.T, of []faults.Fault, things []Thing, visit func(faults.Fault, Thing, scope)) {
	t.Helper()
	rounds, turn := figures.Rounds(t, 1), int(figures.Seed(t)%shares)
	for _, fault := range of {
		for _, thing := range things {
			for _, s := range scopes {
				if turn++; turn%shares < rounds {
					visit(fault, thing, s)
				}
			}
		}
	}
}

func (i instance) run(t *testing.T, on *table) {
	t.Helper()
	f := newFront(t, on, allButAuthorizer, plant{})
	if err := f.try(t.Context(), i.operation, on.newCast(t, i.aboutUsers), i.plan(i.fault), i.most(i.fault)); err != nil {
		t.Error(err)
	}
}

// testOperations: every answer is right or a 503, in time, and what was answered is so.
func testOperations(t *testing.T, counts *tally) {
	t.Parallel()
	on := newTable(t, counts)
	run := func(t *testing.T, i instance) {
		t.Helper()
		i.run(t, on)
	}
	together(t, counts, matrix(t, faults.Quick()), matrix(t, faults.Slow()), instance.name, run)
}

// refused is that nobody listens where DynamoDB should be. No Proxy does it.
const refused faults.Fault = "refused"

// nowhereURL has a port that only the system may listen on, and does not.
const nowhereURL = "http://127.0.0.1:1"

// testNobodyListens: a connection that is refused is a 503, and changes nothing.
func testNobodyListens(t *testing.T, counts *tally) {
	t.Parallel()
	on := newTable(t, counts)
	together(t, counts, operations, nil, func(o operation) string { return o.name }, func(t *testing.T, o operation) {
		t.Helper()
		f := newFrontAt(t, on, allButAuthorizer, plant{}, nowhereURL)
		counts.add(map[faults.Fault]int{refused: 1})
		c := on.newCast(t, true)
		a, err := send(t.Context(), f.url, o.call(c))
		must(t, err)
		if a.status != http.StatusServiceUnavailable {
			t.Errorf("got %v, want a 503", a)
		}
		must(t, errors.Join(judge(a), f.punctual(), o.after(t.Context(), f.sound.URL, c, a)))
	})
}

// fewAtOnce is for cases that work more than they wait.
const fewAtOnce = 6

// together runs the cases as subtests: a few of the quick ones at once, and all of the slow ones beside them, whatever the flag
// -parallel says. They wait more than they work.
func together[C any](t *testing.T, counts *tally, quick, slow []C, name func(C) string, run func(*testing.T, C)) {
	t.Helper()
	running := make(chan struct{}, fewAtOnce)
	var wg sync.WaitGroup
	for _, c := range slow {
		wg.Go(func() { counts.run(t, name(c), func(t *testing.T) { run(t, c) }) })
	}
	for _, c := range quick {
		running <- struct{}{}
		wg.Go(func() {
			defer func() { <-running }()
			counts.run(t, name(c), func(t *testing.T) { run(t, c) })
		})
	}
	wg.Wait()
}
