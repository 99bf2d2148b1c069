package races_test

import (
	"context"
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"pats/infra/stress/faults"
	"pats/infra/testkit/figures"
	"pats/infra/testkit/must"
	"pats/pkg/dynamostore"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/pat"
)

// behindFaults is the setup of the histories with faults.
var behindFaults = setup{store: dynamodb, ttl: "0", clients: 6, limit: pat.MaxTokens}

// TestRacesUnderFaults runs mixed histories over HTTP while 10 to 60 percent of the requests to DynamoDB meet a fault. A response that
// reports a fault must be a 503; every other one must be in order with those of the other clients.
func TestRacesUnderFaults(t *testing.T) {
	t.Parallel()
	var (
		mu       sync.Mutex
		sum      counts
		injected int
	)
	rounds := (figures.Rounds(t, 1) + 1) / 2 // each takes some seconds, most of which it waits
	t.Run("rounds", func(t *testing.T) {
		for i := range rounds {
			seed := figures.Seed(t) + uint64(i)
			t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
				t.Parallel()
				operations, met := runUnderFaults(t, seed, func(store pat.Store) pat.Store { return store })
				mu.Lock()
				defer mu.Unlock()
				sum.rounds++
				sum.add(t, behindFaults, fmt.Sprintf("seed %d", seed), behindFaults.clients, operations)
				injected += met
			})
		}
	})
	if sum.unavailable == 0 && sum.rounds > 1 {
		t.Error("got no 503, want some")
	}
	figures.Print(t, "races-faults", figures.Count{Name: "rounds", N: sum.rounds}, figures.Count{Name: "injected", N: injected},
		figures.Count{Name: "operations", N: sum.operations}, figures.Count{Name: "unavailable", N: sum.unavailable},
		figures.Count{Name: "violations", N: sum.violations})
}

// TestClaimedWriteIsFound plants the fault: a store that reports writes without a response as done.
func TestClaimedWriteIsFound(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		operations, _ := runUnderFaults(t, seed+1, claiming)
		if findings := inspect(operations, behindFaults.rules(), behindFaults.clients, true).findings; len(findings) > 0 {
			t.Logf("seed %d: found: %s", seed+1, findings[0])
			return
		}
	}
	t.Error("got no finding in 10 histories, want one")
}

func claiming(store pat.Store) pat.Store {
	return broken{Store: store, write: func(ctx context.Context, before, after pat.Account) error {
		if err := store.ReplaceAccount(ctx, before, after); err != nil && pat.KindOf(err) != pat.KindUnavailable {
			return err
		}
		return nil
	}}
}

// runUnderFaults returns the operations of a mixed history on a store behind faults, as changed by change, and the number of faults.
func runUnderFaults(t *testing.T, seed uint64, change func(pat.Store) pat.Store) ([]operation, int) {
	t.Helper()
	proxy, settings := faults.InFrontOfDynamoDB(t)
	table := "races-" + crand.Text()
	intact := dynamostore.NewClient(dynamotest.Settings(t))
	must.Do(t, dynamostore.CreateTable(t.Context(), intact, table))
	store := change(dynamostore.New(dynamostore.NewClient(settings), table))
	api := newOverHTTP(t, store, behindFaults, nil)
	e := newEnv(t, api, newService(dynamostore.New(intact, table), behindFaults.limit))
	random := rand.New(rand.NewPCG(seed, 0))
	proxy.Follow(faults.Random(seed, 10+random.IntN(51), weighted()))
	e.mix(t.Context(), behindFaults.clients, random)
	proxy.Follow(faults.Never)
	proxy.Settle()
	met := 0
	for _, n := range proxy.Injected() {
		met += n
	}
	return e.finish(t.Context()), met
}

// weighted returns all faults but an outage, during which a client without pauses would do all its operations. The slow ones are
// rarer: each takes a client two seconds.
func weighted() []faults.Fault {
	quick := slices.DeleteFunc(faults.Quick(), func(f faults.Fault) bool { return f == faults.Outage })
	return append(slices.Repeat(quick, 4), faults.Slow()...)
}

// TestVanishedToken checks histories by hand: token 3 was created, the response of the store was lost, and a delete of several tokens
// removed it before the next attempt, which was refused. Only a store whose responses get lost explains that.
func TestVanishedToken(t *testing.T) {
	t.Parallel()
	first := operation{0, request{action: create, as: 1, description: "a"}, response{outcome: done, id: 2}, 1, 2}
	last := operation{0, request{action: list, as: 1}, response{outcome: done, tokens: []listedToken{{1, ownDescription}, {4, "c"}}}, 20, 21}
	for _, c := range []struct {
		name       string
		operations []operation
	}{
		{"in no list", []operation{
			first,
			{1, request{action: create, as: 2, description: "b"}, response{outcome: refused}, 3, 6},
			{2, request{action: remove, as: 1, token: 2, descendants: true}, response{outcome: done}, 4, 5},
			{0, request{action: create, as: 1, description: "c"}, response{outcome: done, id: 4}, 7, 8},
			last,
		}},
		{"in a list", []operation{
			first,
			{1, request{action: create, as: 1, description: "b", scoped: true}, response{outcome: refused}, 3, 12},
			{2, request{action: list, as: 2}, response{outcome: done, tokens: []listedToken{{1, ownDescription}, {2, "a"}, {3, "b"}}}, 4, 5},
			{2, request{action: removeScoped}, response{outcome: done}, 6, 7},
			{2, request{action: remove, as: 2, token: 2}, response{outcome: done}, 8, 9},
			{2, request{action: disable}, response{outcome: done}, 10, 11},
			{2, request{action: enable}, response{outcome: done}, 13, 14},
			{0, request{action: create, as: 1, description: "c"}, response{outcome: done, id: 4}, 15, 16},
			last,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if found := inspect(c.operations, behindFaults.rules(), behindFaults.clients, true).findings; len(found) > 0 {
				t.Errorf("with lost responses, got %q, want no findings", found)
			}
			if found := inspect(c.operations, behindFaults.rules(), behindFaults.clients, false).findings; len(found) == 0 {
				t.Error("without lost responses, got no findings, want some")
			}
		})
	}
}
