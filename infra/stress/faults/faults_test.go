// Package faults_test shows that the service keeps its word while DynamoDB, or the network before it, does not: each kind of fault
// against each operation, and many at random under concurrent clients.
package faults_test

import (
	"sync"
	"testing"

	"pats/infra/stress/faults"
	"pats/infra/testkit/figures"
	"pats/pkg/dynamostore/dynamotest"
)

// TestFaults runs the matrices and the rounds, and prints what was done to the service and what came of it.
func TestFaults(t *testing.T) {
	t.Parallel()
	dynamotest.Start(t) // without it there is nothing to count
	counts := newTally()
	t.Run("all", func(t *testing.T) { //nolint:paralleltest // it ends when its parts do
		for name, part := range map[string]func(*testing.T, *tally){
			"operations": testOperations, "authorizer": testAuthorizer, "unrecorded use": testUseThatIsNotRecorded, "rounds": testRounds,
			"nobody listens": testNobodyListens,
		} {
			t.Run(name, func(t *testing.T) { part(t, counts) }) //nolint:paralleltest // each part says so itself
		}
	})
	counts.print(t)
}

// tally counts what was done. It is safe for concurrent use.
type tally struct {
	mu                    sync.Mutex
	injected              map[faults.Fault]int
	cases, rounds, failed int
}

func newTally() *tally { return &tally{injected: map[faults.Fault]int{}} }

func (c *tally) add(injected map[faults.Fault]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for fault, n := range injected {
		c.injected[fault] += n
	}
}

// run is t.Run, and counts a case.
func (c *tally) run(t *testing.T, name string, test func(*testing.T)) {
	t.Helper()
	passed := t.Run(name, test)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cases++
	if !passed {
		c.failed++
	}
}

func (c *tally) round() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rounds++
}

// groups are the names under which faults are counted.
var groups = []struct {
	name   string
	faults []faults.Fault
}{
	{"throttle", []faults.Fault{
		faults.Throughput, faults.Throttling, faults.RequestLimit, faults.TransactionThrottled, faults.TransactionInProgress,
	}},
	{"conflict", []faults.Fault{faults.Conflict}},
	{"delay", []faults.Fault{faults.Delay}},
	{"late", []faults.Fault{faults.Late}},
	{"reset", []faults.Fault{faults.Reset, faults.Outage}},
	{"refuse", []faults.Fault{refused}},
	{"error", []faults.Fault{faults.InternalError, faults.Unavailable, faults.BadGateway}},
	{"truncate", []faults.Fault{faults.Truncate, faults.Cut, faults.Empty}},
	{"rubbish", []faults.Fault{faults.Rubbish}},
	{"corrupt", []faults.Fault{faults.Corrupt}},
	{"lost_answer", []faults.Fault{faults.Lost, faults.Stall}},
	{"hang", []faults.Fault{faults.Hang}},
}

func (c *tally) print(t *testing.T) {
	t.Helper()
	line := []figures.Count{{Name: "cases", N: c.cases}, {Name: "rounds", N: c.rounds}, {Name: "injected", N: sum(c.injected)}}
	for _, group := range groups {
		n := 0
		for _, fault := range group.faults {
			n += c.injected[fault]
		}
		line = append(line, figures.Count{Name: group.name, N: n})
	}
	figures.Print(t, "faults", append(line, figures.Count{Name: "wrong_answers", N: c.failed})...)
}
