package races_test

import (
	"context"
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
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
var behindFaults = setup{store: lossy, ttl: "0", clients: 6, limit: pat.MaxTokens}

// leastPercent and mostPercent bound how many of the requests to DynamoDB meet a fault.
const (
	leastPercent = 10
	mostPercent  = 60
)

// TestRacesUnderFaults runs mixed histories over HTTP while some of the requests to DynamoDB meet a fault. A response that
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
				random := rand.New(rand.NewPCG(seed, 0))
				percent := leastPercent + random.IntN(mostPercent-leastPercent+1)
				operations, met := runUnderFaults(t, random, faults.Random(seed, percent, weighted()), func(store pat.Store) pat.Store { return store })
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
	for seed := range uint64(20) {
		operations, _ := runUnderFaults(t, rand.New(rand.NewPCG(seed, 0)), faults.Random(seed, mostPercent, quick()), claiming)
		if findings := violated(inOrder(operations), behindFaults.rules()); len(findings) > 0 { // to search takes long where there is no order
			t.Logf("seed %d: found: %s", seed, findings[0])
			return
		}
	}
	t.Error("got no finding in 20 histories, want one")
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
func runUnderFaults(t *testing.T, random *rand.Rand, plan faults.Plan, change func(pat.Store) pat.Store) ([]operation, int) {
	t.Helper()
	proxy, settings := faults.InFrontOfDynamoDB(t)
	table := "races-" + crand.Text()
	intact := dynamostore.NewClient(dynamotest.Settings(t))
	must.Do(t, dynamostore.CreateTable(t.Context(), intact, table))
	store := change(dynamostore.New(dynamostore.NewClient(settings), table))
	api := newOverHTTP(t, store, behindFaults, nil)
	e := newEnv(t, api, newService(dynamostore.New(intact, table), behindFaults.limit))
	proxy.Follow(plan)
	e.mix(t.Context(), behindFaults.clients, random)
	proxy.Follow(faults.Never)
	proxy.Settle()
	met := 0
	for _, n := range proxy.Injected() {
		met += n
	}
	return e.finish(t.Context()), met
}

// weighted returns all faults but an outage. The slow ones are rarer: each takes a client two seconds.
func weighted() []faults.Fault { return append(slices.Repeat(quick(), 4), faults.Slow()...) }

// quick returns the quick faults but an outage, during which a client without pauses would do all its operations.
func quick() []faults.Fault {
	return slices.DeleteFunc(faults.Quick(), func(f faults.Fault) bool { return f == faults.Outage })
}

// TestRepeatedChange checks histories by hand that only a store whose responses get lost explains: the first attempt of a change took
// effect, another client undid that before the next attempt, and a third one saw it in between.
func TestRepeatedChange(t *testing.T) {
	t.Parallel()
	first := operation{0, request{action: create, as: 1, description: "a"}, response{outcome: done, id: 2}, 1, 2}
	last := operation{0, request{action: list, as: 1}, response{outcome: done, tokens: []listedToken{{1, ownDescription}, {4, "c"}}}, 30, 31}
	rotation := request{action: rotate, as: 1, token: 2}
	for _, c := range []struct {
		name       string
		operations []operation
	}{
		{"a token in no list", []operation{
			first,
			{1, request{action: create, as: 2, description: "b"}, response{outcome: refused}, 3, 6},
			{2, request{action: remove, as: 1, token: 2, descendants: true}, response{outcome: done}, 4, 5},
			{0, request{action: create, as: 1, description: "c"}, response{outcome: done, id: 4}, 7, 8},
			last,
		}},
		{"a token in a list", []operation{
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
		{"a token that keeps its description from another", []operation{
			first,
			{1, request{action: create, as: 2, description: "b"}, response{outcome: refused}, 3, 8},
			{2, request{action: create, as: 1, description: "b"}, response{outcome: taken}, 4, 5},
			{2, request{action: remove, as: 1, token: 2, descendants: true}, response{outcome: done}, 6, 7},
			{0, request{action: create, as: 1, description: "c"}, response{outcome: done, id: 4}, 9, 10},
			last,
		}},
		{"two tokens of one create", []operation{
			first,
			{1, request{action: create, as: 1, description: "c"}, response{outcome: done, id: 4}, 3, 12},
			{2, request{action: list, as: 2}, response{outcome: done, tokens: []listedToken{{1, ownDescription}, {2, "a"}, {3, "c"}}}, 4, 5},
			{2, request{action: remove, as: 1, token: 3}, response{outcome: done}, 6, 7},
			{2, request{action: list, as: 2}, response{outcome: done, tokens: []listedToken{{1, ownDescription}, {2, "a"}}}, 8, 9},
			{2, request{action: remove, as: 2, token: 2}, response{outcome: done}, 10, 11},
			last,
		}},
		{"three tokens of one create", []operation{
			{0, request{action: create, as: 1, description: "c"}, response{outcome: done, id: 4}, 1, 10},
			{2, request{action: list, as: 1}, response{outcome: done, tokens: []listedToken{{1, ownDescription}, {2, "c"}}}, 2, 3},
			{2, request{action: remove, as: 1, token: 2}, response{outcome: done}, 4, 5},
			{2, request{action: list, as: 1}, response{outcome: done, tokens: []listedToken{{1, ownDescription}, {3, "c"}}}, 6, 7},
			{2, request{action: remove, as: 1, token: 3}, response{outcome: done}, 8, 9},
			last,
		}},
		{"a rotation", []operation{
			first,
			{0, request{action: create, as: 1, description: "b"}, response{outcome: done, id: 3}, 3, 4},
			{1, rotation, response{outcome: missing}, 5, 10},
			{2, request{action: use, as: 2}, response{outcome: refused}, 6, 7},
			{2, request{action: remove, as: 1, token: 2}, response{outcome: done}, 8, 9},
			{2, request{action: remove, as: 1, token: 3}, response{outcome: done}, 11, 12},
			{0, request{action: create, as: 1, description: "c"}, response{outcome: done, id: 4}, 13, 14},
			last,
		}},
		{"a disabled user", []operation{
			first,
			{0, request{action: create, as: 1, description: "b"}, response{outcome: done, id: 3}, 3, 4},
			{0, request{action: remove, as: 1, token: 3, descendants: true}, response{outcome: done}, 5, 6},
			{0, request{action: remove, as: 1, token: 2, descendants: true}, response{outcome: done}, 7, 8},
			{1, request{action: disable}, response{outcome: done}, 9, 16},
			{2, request{action: use, as: 1}, response{outcome: refused}, 10, 11},
			{2, request{action: enable}, response{outcome: done}, 12, 13},
			{2, request{action: use, as: 1}, response{outcome: done}, 14, 15},
			{2, request{action: use, as: 1}, response{outcome: refused}, 17, 18},
			{2, request{action: enable}, response{outcome: done}, 19, 20},
			{0, request{action: create, as: 1, description: "c"}, response{outcome: done, id: 4}, 21, 22},
			last,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if found := inspect(c.operations, behindFaults.rules(), behindFaults.clients).findings; len(found) > 0 {
				t.Errorf("with lost responses, got %q, want no findings", found)
			}
			reliable := rules{limit: behindFaults.limit}
			if found := inspect(c.operations, reliable, behindFaults.clients).findings; len(found) == 0 {
				t.Error("without lost responses, got no findings, want some")
			}
		})
	}
}

// TestSearchEnds checks that the search stays short where any of many creates may have used an ID that is in no response, each beside a
// delete of several tokens, and no order explains the last refusal.
func TestSearchEnds(t *testing.T) {
	t.Parallel()
	var operations []operation
	const lost = firstToken + 10
	for i, id := 0, firstToken+1; i < 24; i, id = i+1, id+1 {
		if id == lost {
			id++
		}
		begin := int64(4*i + 1)
		operations = append(operations,
			operation{0, request{action: create, as: firstToken, description: described(i), scoped: true}, response{outcome: done, id: id}, begin, begin + 3},
			operation{1, request{action: removeScoped}, response{outcome: done}, begin + 1, begin + 2})
	}
	end := operations[len(operations)-2].end
	operations = append(operations,
		operation{0, request{action: removeScoped}, response{outcome: done}, end + 1, end + 2},
		operation{0, request{action: use, as: firstToken}, response{outcome: refused}, end + 3, end + 4},
		operation{0, request{action: list, as: firstToken}, response{outcome: done, tokens: []listedToken{{firstToken, ownDescription}}}, end + 5, end + 6})
	if found := inspect(operations, behindFaults.rules(), behindFaults.clients).findings; !slices.ContainsFunc(found, func(finding string) bool {
		return strings.HasPrefix(finding, noOrder)
	}) {
		t.Errorf("got %q, want that there is no order", found)
	}
}
