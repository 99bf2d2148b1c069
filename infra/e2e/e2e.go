// Package e2e holds the HTTP cases of the API: requests, byte for byte, and the answers that the contract gives them. They run
// against any front: the laptop gateway, `sam local`, a deployed stack. Where a front is known to answer otherwise, the case
// holds that answer too, so that a gap which has closed is noticed.
package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pats/pkg/pat"
)

// Front is what stands between a client and the functions.
type Front int

// The fronts.
const (
	// Laptop is infra/local behind net/http.
	Laptop Front = iota
	// SamLocal is `sam local start-api`.
	SamLocal
	// Deployed is API Gateway.
	Deployed
)

func (f Front) String() string {
	return [...]string{"the laptop gateway", "sam local", "API Gateway"}[f]
}

// Target is an API to run the cases against.
type Target struct {
	Front Front
	// URL is the API's base address, without a slash at its end.
	URL string
	// Store is the one that the API's functions use. The cases make users and tokens in it, and remove the users.
	Store pat.Store
	// AdminToken is the admin API token that the functions know. Without it the cases that need it are left out.
	AdminToken string
}

// Run runs every case against target and logs how many there were.
func Run(t *testing.T, target Target) {
	t.Helper()
	run(t, target, slices.Concat(credentialCases, pathCases, listCases, createCases, revokeCases, sequences))
}

func run(t *testing.T, target Target, cases []scenario) {
	t.Helper()
	count := tally{}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { //nolint:paralleltest // sam local has one container a function, which takes one event at a time
			count.add(c.run(t, target), c.gapAt(target.Front))
		})
	}
	t.Logf("%d cases on %s at %s, %d of them with a known gap, %d left out", count.ran, target.Front, target.URL, count.gaps, count.leftOut)
}

type tally struct{ ran, gaps, leftOut int }

func (n *tally) add(ran, gap bool) {
	switch {
	case !ran:
		n.leftOut++
	case gap:
		n.gaps++
		fallthrough
	default:
		n.ran++
	}
}

// scenario is a case: steps that are taken one after the other.
type scenario struct {
	name  string
	steps []step
}

// step is a request with its answer.
type step struct {
	// first is done ahead of the request.
	first   func(*world)
	request request
	want    answer
	// gaps are the answers of fronts that do not give the one wanted.
	gaps gaps
}

type gaps map[Front]answer

// one is a scenario of one step.
func one(name string, r request, want answer, known ...gaps) scenario {
	s := step{request: r, want: want}
	for _, g := range known {
		s.gaps = g
	}
	return scenario{name, []step{s}}
}

// run takes the steps. It says whether they were taken.
func (s scenario) run(t *testing.T, target Target) bool {
	t.Helper()
	w := newWorld(t, target)
	if target.AdminToken == "" && s.needs("{admin}") {
		t.Log("left out: it needs the admin API token")
		return false
	}
	for i, step := range s.steps {
		t.Logf("step %d: %s %s", i+1, step.request.method, step.request.path)
		if step.first != nil {
			step.first(w)
		}
		got := w.send(step.request)
		step.at(target.Front).check(t, got)
		if t.Failed() {
			t.Logf("got %s", got)
			break
		}
	}
	return true
}

// needs says whether a request has the placeholder in it.
func (s scenario) needs(placeholder string) bool {
	return slices.ContainsFunc(s.steps, func(step step) bool {
		return strings.Contains(fmt.Sprint(step.request), placeholder)
	})
}

func (s scenario) gapAt(front Front) bool {
	return slices.ContainsFunc(s.steps, func(step step) bool {
		_, gap := step.gaps[front]
		return gap
	})
}

// at is the answer that is expected of the front.
func (s step) at(front Front) answer {
	if gap, known := s.gaps[front]; known {
		return gap
	}
	return s.want
}
