// Package faults_test checks that the service keeps its promises while DynamoDB or the network in front of it fails: each fault
// against each operation. Package races_test has random faults under concurrent clients.
package faults_test

import (
	"sync"
	"testing"

	"pats/infra/stress/faults"
	"pats/infra/testkit/figures"
	"pats/pkg/dynamostore/dynamotest"
)

// TestFaults runs all parts of the harness and prints the counts.
func TestFaults(t *testing.T) {
	t.Parallel()
	dynamotest.Start(t) // or skip
	n := newCounts()
	var wg sync.WaitGroup                                         // they mostly wait, so they run at once, whatever the flag -parallel says
	for name, part := range map[string]func(*testing.T, *counts){ //nolint:paralleltest // see wg
		"operations": testOperations, "authorizer": testAuthorizer,
		"connection refused": testConnectionRefused, "binaries": testBinaries,
	} {
		wg.Go(func() { t.Run(name, func(t *testing.T) { part(t, n) }) })
	}
	wg.Wait()
	n.print(t)
}

// counts are the totals of cases and injected faults. It is safe for concurrent use.
type counts struct {
	mu            sync.Mutex
	injected      map[faults.Fault]int
	cases, failed int
}

func newCounts() *counts { return &counts{injected: map[faults.Fault]int{}} }

func (n *counts) addInjected(injected map[faults.Fault]int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for fault, times := range injected {
		n.injected[fault] += times
	}
}

// run runs a case and counts it.
func (n *counts) run(t *testing.T, c testCase) {
	t.Helper()
	passed := t.Run(c.name, c.run)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cases++
	if !passed {
		n.failed++
	}
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
	{"refuse", []faults.Fault{connectionRefused}},
	{"error", []faults.Fault{faults.InternalError, faults.Unavailable, faults.BadGateway}},
	{"truncate", []faults.Fault{faults.Truncate, faults.Cut, faults.Empty}},
	{"garbage", []faults.Fault{faults.Garbage}},
	{"corrupt", []faults.Fault{faults.Corrupt}},
	{"lost_response", []faults.Fault{faults.Lost, faults.Stall}},
	{"hang", []faults.Fault{faults.Hang}},
}

func (n *counts) print(t *testing.T) {
	t.Helper()
	line := []figures.Count{{Name: "cases", N: n.cases}, {Name: "injected", N: sum(n.injected)}}
	for _, group := range groups {
		times := 0
		for _, fault := range group.faults {
			times += n.injected[fault]
		}
		line = append(line, figures.Count{Name: group.name, N: times})
	}
	figures.Print(t, "faults", append(line, figures.Count{Name: "wrong_responses", N: n.failed})...)
}
