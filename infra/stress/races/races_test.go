package races_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"pats/infra/testkit/figures"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// stage is where a round plays: a store, a front and how many clients there are at once.
type setup struct {
	store string
	// ttl is the template's AuthorizerTtlSeconds for the API over HTTP, or empty for the Service beneath it.
	ttl     string
	clients int
}

const (
	embedded = "boltstore"
	dynamodb = "dynamostore"
	longest  = "3600"
)

// stages take turns, as seeds follow each other.
var setups = []setup{
	{embedded, longest, 64},
	{dynamodb, "", 64},
	{embedded, "", 256},
	{dynamodb, longest, 64},
	{embedded, "0", 256},
	{dynamodb, "", 256},
	{embedded, "", 64},
	{dynamodb, "0", 64},
	{embedded, "0", 64},
	{dynamodb, longest, 256},
	{embedded, longest, 256},
	{dynamodb, "0", 256},
}

func (s setup) String() string {
	target := "Service"
	if s.ttl != "" {
		target = "HTTP with TTL " + s.ttl
	}
	return fmt.Sprintf("%s, %s, %d clients", s.store, target, s.clients)
}

// mayBeBusy: a 503 is never right for up to 64 clients at once on the embedded store.
func (s setup) mayBeBusy() bool { return s.store != embedded || s.clients > 64 }

func (s setup) rules() rules { return rules{cachedDenials: s.ttl != "" && s.ttl != "0"} }

func (s setup) newStore(tb testing.TB) pat.Store {
	tb.Helper()
	if s.store == dynamodb {
		return dynamotest.NewStore(tb)
	}
	return laptoptest.NewStore(tb)
}

// enter opens the front on the store.
func (s setup) newTarget(tb testing.TB, store pat.Store) (target, *pat.Service) {
	tb.Helper()
	if s.ttl == "" {
		service := newService(store)
		return direct{service}, service
	}
	w := newOverHTTP(tb, store, s.ttl, s.clients, nil)
	return w, w.server.Service
}

func newService(store pat.Store) *pat.Service {
	return pat.NewService(store, pat.DefaultRetention, pat.SystemEnv(slog.New(slog.DiscardHandler)))
}

// tally is what the rounds add up to.
type counts struct{ rounds, requests, histories, operations, unavailable, violations int }

// mixes is how many mixed histories a round has.
const mixes = 3

// TestRaces runs every contest and some histories of everything at once on one stage a round.
func TestRaces(t *testing.T) {
	t.Parallel()
	var sum counts
	first := figures.Seed(t)
	for i := range figures.Rounds(t, 1) { //nolint:paralleltest // a round has the processors to itself, for its races
		seed := first + uint64(i)
		s := setups[int((seed-1)%uint64(len(setups)))]
		t.Run(fmt.Sprintf("seed %d on %s", seed, s), func(t *testing.T) { sum.round(t, s, seed) })
	}
	figures.Print(t, "races", figures.Count{Name: "rounds", N: sum.rounds}, figures.Count{Name: "requests", N: sum.requests},
		figures.Count{Name: "histories", N: sum.histories}, figures.Count{Name: "operations", N: sum.operations},
		figures.Count{Name: "unavailable", N: sum.unavailable}, figures.Count{Name: "violations", N: sum.violations})
}

func (sum *counts) round(t *testing.T, s setup, seed uint64) {
	t.Helper()
	target, service := s.newTarget(t, s.newStore(t))
	random := rand.New(rand.NewPCG(seed, 0))
	where := fmt.Sprintf("seed %d, %s", seed, s)
	sum.rounds++
	for _, n := range []int{s.clients, maxSearched} {
		for _, c := range contests {
			sum.add(t, s, fmt.Sprintf("%s, %s by %d", where, c.name, n), n, c.run(t, newEnv(t, target, service), n, random))
		}
	}
	for range mixes {
		sum.add(t, s, where+", everything", maxSearched, runMixture(t.Context(), newEnv(t, target, service), random))
	}
	found, unavailable := usersAtOnce(t, service, s.clients)
	if unavailable > 0 && !s.mayBeBusy() {
		found = append(found, fmt.Sprintf("busy: %d times", unavailable))
	}
	sum.requests += s.clients
	sum.log(t, where+", users", report{findings: found}, unavailable)
}

// add counts what was recorded, checks it, and tells what is wrong with it.
func (sum *counts) add(t *testing.T, s setup, what string, clients int, operations []operation) {
	t.Helper()
	r := inspect(operations, s.rules(), clients, s.mayBeBusy())
	sum.requests += len(operations)
	if r.searched > 0 {
		sum.histories++
	}
	sum.operations += r.searched
	sum.log(t, what, r, len(busyOnes(operations)))
}

func (sum *counts) log(t *testing.T, what string, r report, unavailable int) {
	t.Helper()
	sum.unavailable += unavailable
	if unavailable > 0 {
		t.Logf("%s: %d were answered 503", what, unavailable)
	}
	sum.violations += len(r.findings)
	if len(r.findings) > 0 {
		t.Errorf("%s: got %d violations, want none\n%s%s", what, len(r.findings),
			strings.Join(r.findings[:min(len(r.findings), maxShown)], "\n"), r.picture(t))
	}
}

// shown is how many violations of one history are told.
const maxShown = 10

// picture draws the history into a file that stays, and names it.
func (r report) picture(t *testing.T) string {
	t.Helper()
	if r.draw == nil {
		return ""
	}
	file, err := os.CreateTemp("", "pats-history-*.html") //nolint:usetesting // it is for who looks into the failure afterwards
	if err != nil {
		return "\nno picture: " + err.Error()
	}
	if err := file.Close(); err != nil {
		return "\nno picture: " + err.Error()
	}
	if err := r.draw(file.Name()); err != nil {
		return "\nno picture: " + err.Error()
	}
	return "\nthe history is drawn in " + file.Name()
}
