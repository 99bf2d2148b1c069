package races_test

import (
	crand "crypto/rand"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pats/infra/testkit/figures"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// setup is the store, the target and the number of clients of a round.
type setup struct {
	store string
	// ttl is the template's AuthorizerTtlSeconds for the API over HTTP, or empty for the Service.
	ttl     string
	clients int
	// limit is the template's MaxTokensPerUser.
	limit int
}

const (
	embedded = "boltstore"
	dynamodb = "dynamostore"
	// lossy stands for a store many of whose responses get lost.
	lossy   = "a lossy store"
	longest = "3600"
)

// setups are used in turn, by seed.
var setups = []setup{
	{embedded, longest, 64, pat.MaxTokens},
	{dynamodb, "", 64, pat.MaxTokens},
	{embedded, "", 256, 100},
	{dynamodb, longest, 64, pat.MaxTokens},
	{embedded, "0", 256, pat.MaxTokens},
	{dynamodb, "", 256, pat.MaxTokens},
	{embedded, "", 64, 25},
	{dynamodb, "0", 64, 100},
	{embedded, "0", 64, pat.MaxTokens},
	{dynamodb, longest, 256, 25},
	{embedded, longest, 256, pat.MaxTokens},
	{dynamodb, "0", 256, pat.MaxTokens},
}

func (s setup) String() string {
	target := "Service"
	if s.ttl != "" {
		target = "HTTP with TTL " + s.ttl
	}
	return fmt.Sprintf("%s, %s, %d clients, %d tokens", s.store, target, s.clients, s.limit)
}

// mayBeBusy reports whether a 503 is allowed. It is not for up to 64 clients at once on the embedded store.
func (s setup) mayBeBusy() bool { return s.store != embedded || s.clients > 64 }

func (s setup) rules() rules {
	return rules{cachedDenials: s.ttl != "" && s.ttl != "0", limit: s.limit, mayBeBusy: s.mayBeBusy(), loses: s.store == lossy}
}

func (s setup) newStore(tb testing.TB) pat.Store {
	tb.Helper()
	if s.store == dynamodb {
		return dynamotest.NewStore(tb)
	}
	return laptoptest.NewStore(tb)
}

// newTarget returns the target on the store.
func (s setup) newTarget(tb testing.TB, store pat.Store) (target, *pat.Service) {
	tb.Helper()
	if s.ttl == "" {
		service := newService(store, s.limit)
		return direct{service}, service
	}
	api := newOverHTTP(tb, store, s, nil)
	return api, api.server.Service
}

func newService(store pat.Store, limit int) *pat.Service {
	settings := pat.Settings{Retention: pat.DefaultRetention, MaxTokens: limit, MaxLifetime: maxLifetime}
	return pat.NewService(store, settings, pat.SystemEnv(slog.New(slog.DiscardHandler)))
}

// counts are the totals of all rounds.
type counts struct{ rounds, requests, histories, operations, unavailable, violations int }

// mixes is the number of mixed histories in a round.
const mixes = 3

// TestRaces runs every contest and some mixed histories on one setup in each round.
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
		sum.add(t, s, where+", mixed", maxSearched, runMixture(t.Context(), newEnv(t, target, service), random))
	}
}

// add counts the operations, checks them, and reports the findings.
func (sum *counts) add(t *testing.T, s setup, what string, clients int, operations []operation) {
	t.Helper()
	r := inspect(operations, s.rules(), clients)
	sum.requests += len(operations)
	if r.searched > 0 {
		sum.histories++
	}
	sum.operations += r.searched
	unavailable := len(busyOnes(operations))
	sum.unavailable += unavailable
	if unavailable > 0 {
		t.Logf("%s: %d requests got a 503", what, unavailable)
	}
	sum.violations += len(r.findings)
	if len(r.findings) > 0 {
		t.Errorf("%s: got %d findings, want none\n%s%s", what, len(r.findings),
			strings.Join(r.findings[:min(len(r.findings), maxShown)], "\n"), r.picture())
	}
}

// maxShown bounds the reported findings of one history.
const maxShown = 10

// picture draws the history into a file that is kept, and returns its name.
func (r result) picture() string {
	if r.draw == nil {
		return ""
	}
	path := filepath.Join(os.TempDir(), "pats-history-"+crand.Text()+".html")
	if err := r.draw(path); err != nil {
		return "\nno picture: " + err.Error()
	}
	return "\nthe history is drawn in " + path
}
