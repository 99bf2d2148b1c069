// Package e2e has the HTTP test cases of the API: requests, byte for byte, and the responses that docs/api.md promises. They run
// against any front: the laptop gateway, `sam local`, a stack deployed to AWS or to an emulator of it. Where a front is known to
// respond differently, the case has that response too, so that the test fails once the gap has closed.
package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pats/infra/contract/openapi"
	"pats/infra/testkit/figures"
	"pats/infra/testkit/partners"
	"pats/infra/testkit/skip"
	"pats/pkg/pat"
)

// Front is the HTTP server or service between a client and the functions.
type Front int

// The fronts.
const (
	// Laptop is pkg/gateway behind net/http.
	Laptop Front = iota
	// SamLocal is `sam local start-api`.
	SamLocal
	// Deployed is API Gateway.
	Deployed
	// Ministack is the emulator of AWS to which infra/testkit/ministack deploys.
	Ministack
)

func (f Front) String() string {
	return [...]string{"the laptop gateway", "sam local", "API Gateway", "ministack"}[f]
}

// subject returns the front's name in figures.
func (f Front) subject() string {
	return [...]string{"laptop", "sam-local", "aws", "deployed"}[f]
}

// Target is an API to run the cases against.
type Target struct {
	Front Front
	// URL is the base URL of the API, without a slash at the end.
	URL string
	// Store is the store of the API's functions. The cases create users and tokens in it, and delete the users. It must have another
	// enabled Admin, since the last one cannot be deleted.
	Store pat.Store
	// AdminToken is the admin API token of the functions. Without it the cases that need it are skipped.
	AdminToken string
	// Partners report leaked tokens to the API. Without them the cases that need them are skipped.
	Partners partners.Partners

	// document is the OpenAPI document, with which responses are compared.
	document *openapi.Document
}

// Run runs every case against target and logs their number.
func Run(t *testing.T, target Target) {
	t.Helper()
	count := run(t, target, slices.Concat(credentialCases, pathCases, pageCases, signInCases, loginCases, listCases, createCases, revokeCases, rotations, sequences,
		userCases, userSequences, adminTokenCases, scopeCases, serviceCases, deniedServices(), leakCases, oauthCases, documentCases, attackCases))
	count.print(t, target.Front.subject())
}

// run runs the cases in order, and logs their number and the known gaps.
func run(t *testing.T, target Target, cases []scenario) counts {
	t.Helper()
	var err error
	if target.document, err = openapi.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	count := counts{gaps: map[string]int{}, ids: map[string]int{}}
	// One at a time: sam local has one container for a function, which handles one event at a time.
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.run(t, target, &count)
		})
	}
	count.checkIDs(t, target.Front)
	t.Logf("%d cases on %s at %s, %d skipped", count.ran, target.Front, target.URL, count.leftOut)
	for _, why := range slices.Sorted(maps.Keys(count.gaps)) {
		t.Logf("known gap in %d of them: %s", count.gaps[why], why)
	}
	return count
}

// print prints the numbers of cases and known gaps as figures of the subject.
func (n counts) print(t *testing.T, subject string) {
	t.Helper()
	gaps := 0
	for _, cases := range n.gaps {
		gaps += cases
	}
	figures.Print(t, subject, figures.Count{Name: "cases", N: n.ran}, figures.Count{Name: "known_gaps", N: gaps})
}

// counts has the number of cases, of those with each known gap, and of responses with each request id.
type counts struct {
	ran, leftOut int
	gaps         map[string]int
	ids          map[string]int
}

// checkIDs checks that no two requests have the same id, except with sam local, where each process has one.
func (n *counts) checkIDs(t *testing.T, front Front) {
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

// scenario is a case: one or more steps in order.
type scenario struct {
	name  string
	steps []step
}

// step is a request with the expected response.
type step struct {
	// first runs before the request is sent, if it is not nil.
	first   func(*env)
	request request
	want    expected
}

// one returns a scenario of one step.
func one(name string, r request, want expected) scenario {
	return scenario{name, []step{{request: r, want: want}}}
}

func (s scenario) run(t *testing.T, target Target, count *counts) {
	t.Helper()
	if target.AdminToken == "" && s.needs("{adminToken}") {
		count.leftOut++
		skip.Test(t, noAdminToken)
	}
	if !target.Partners.Known() && slices.ContainsFunc(leakPlaceholders, s.needs) {
		count.leftOut++
		skip.Test(t, noPartners)
	}
	count.ran++
	for _, why := range s.gaps(target.Front) {
		count.gaps[why]++
	}
	e := newEnv(t, target)
	for i, step := range s.steps {
		if step.first != nil {
			step.first(e)
		}
		got := e.send(step.request)
		if id := requestID(got); id != "" {
			count.ids[id]++
		}
		step.want.on(target.Front).in(e).check(t, got)
		e.checkDocumented(step, got)
		if t.Failed() {
			t.Fatalf("step %d, %s %s: got %s", i+1, step.request.method, step.request.path, got)
		}
	}
}

// noAdminToken is the reason why cases are skipped without an admin API token.
const noAdminToken = "the admin API token is not known: set PATS_E2E_ADMIN_TOKEN to the one whose hash the functions have"

// noPartners is the reason why cases are skipped without partners.
const noPartners = "the stack's partners are not known: reports of leaked tokens cannot be signed"

// needs reports whether a request contains the placeholder.
func (s scenario) needs(placeholder string) bool {
	return slices.ContainsFunc(s.steps, func(step step) bool {
		return strings.Contains(fmt.Sprint(step.request), placeholder)
	})
}

// gaps returns the known gaps of the front in the steps, each once.
func (s scenario) gaps(front Front) []string {
	known := map[string]bool{}
	for _, step := range s.steps {
		if gap, ok := step.want.gaps[front]; ok {
			known[gap.why] = true
		}
	}
	return slices.Sorted(maps.Keys(known))
}
