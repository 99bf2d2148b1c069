// Package e2e holds the HTTP cases of the API: requests, byte for byte, and the answers that the contract gives them. They run
// against any front: the laptop gateway, `sam local`, a deployed stack. Where a front is known to answer otherwise, the case
// holds that answer too, so that a gap which has closed is noticed.
package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pats/infra/contract/openapi"
	"pats/infra/testkit/skip"
	"pats/pkg/pat"
)

// Front is what stands between a client and the functions.
type Front int

// The fronts.
const (
	// Laptop is pkg/gateway behind net/http.
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
	// Store is the one that the API's functions use. The cases make users and tokens in it, and remove the users. It has to have
	// an enabled Admin besides: the last one cannot be removed.
	Store pat.Store
	// AdminToken is the admin API token that the functions know. Without it the cases that need it are left out.
	AdminToken string

	// document is what the API's answers are held against.
	document *openapi.Document
}

// Run runs every case against target and logs how many there were.
func Run(t *testing.T, target Target) {
	t.Helper()
	run(t, target, slices.Concat(credentialCases, pathCases, listCases, createCases, revokeCases, sequences,
		userCases, userSequences, documentCases, attackCases))
}

func run(t *testing.T, target Target, cases []scenario) {
	t.Helper()
	var err error
	if target.document, err = openapi.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	count := tally{gaps: map[string]int{}, ids: map[string]int{}}
	// One after the other: sam local has one container for a function, which takes one event at a time.
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.run(t, target, &count)
		})
	}
	count.checkIDs(t, target.Front)
	t.Logf("%d cases on %s at %s, %d left out", count.ran, target.Front, target.URL, count.leftOut)
	for _, why := range slices.Sorted(maps.Keys(count.gaps)) {
		t.Logf("known gap in %d of them: %s", count.gaps[why], why)
	}
}

// tally counts cases, those with each known gap, and how often each request id came.
type tally struct {
	ran, leftOut int
	gaps         map[string]int
	ids          map[string]int
}

// checkIDs: every request has an id of its own, but at sam local, where each process has one.
func (n *tally) checkIDs(t *testing.T, front Front) {
	t.Helper()
	if front == SamLocal {
		if len(n.ids) > 1 {
			t.Errorf("ids of refusals: got %d different ones, want one for all, which is a known gap of sam local", len(n.ids))
		}
		return
	}
	for id, times := range n.ids {
		if times > 1 {
			t.Errorf("id %s: got it in %d refusals, want it in one", id, times)
		}
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
}

// one is a scenario of one step.
func one(name string, r request, want answer) scenario {
	return scenario{name, []step{{request: r, want: want}}}
}

func (s scenario) run(t *testing.T, target Target, count *tally) {
	t.Helper()
	if target.AdminToken == "" && s.needs("{admin}") {
		count.leftOut++
		skip.Test(t, noAdminToken)
	}
	count.ran++
	for _, why := range s.gaps(target.Front) {
		count.gaps[why]++
	}
	w := &world{t: t, target: target, values: map[string]string{"admin": target.AdminToken}}
	for i, step := range s.steps {
		if step.first != nil {
			step.first(w)
		}
		got := w.send(step.request)
		if id := requestID(got); id != "" {
			count.ids[id]++
		}
		step.want.on(target.Front).in(w).check(t, got)
		w.checkDocumented(step, got)
		if t.Failed() {
			t.Fatalf("step %d, %s %s: got %s", i+1, step.request.method, step.request.path, got)
		}
	}
}

// noAdminToken is the reason to skip a case.
const noAdminToken = "the admin API token is not known: set PATS_E2E_ADMIN_TOKEN to the one whose hash the functions have"

// needs says whether a request has the placeholder in it.
func (s scenario) needs(placeholder string) bool {
	return slices.ContainsFunc(s.steps, func(step step) bool {
		return strings.Contains(fmt.Sprint(step.request), placeholder)
	})
}

// gaps are those of the front that the steps meet, each once.
func (s scenario) gaps(front Front) []string {
	known := map[string]bool{}
	for _, step := range s.steps {
		if gap, ok := step.want.gaps[front]; ok {
			known[gap.why] = true
		}
	}
	return slices.Sorted(maps.Keys(known))
}
