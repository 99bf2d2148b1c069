package races_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/infra/testkit/deployed"
	"pats/infra/testkit/figures"
	"pats/pkg/gateway"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// TestFaultsAreFound runs the harness on targets with a planted fault and expects it to find the fault.
func TestFaultsAreFound(t *testing.T) {
	t.Parallel()
	const tries = 30
	cases := []struct {
		fault     string
		newTarget func(testing.TB) (target, *pat.Service)
		run       func(testing.TB, *env, *rand.Rand) []operation
		want      string
	}{
		{"a write that ignores the version", onStore(atOnce(unconditional)), inContest(distinctCreates), "assigned twice"},
		{"a write that merges after a conflict", onStore(atOnce(merging)), inContest(distinctCreates), "limit:"},
		{"a write that merges after a conflict", onStore(atOnce(merging)), inContest(sameCreates), "duplicate:"},
		{"a skipped write", onStore(dropping), inContest(distinctCreates), "lost:"},
		{"an ID derived from the number of tokens", onStore(recounting), inMixture, "order:"},
		{"a stale read", onStore(staleReads), inContest(disableAgainstUses), "disabled user:"},
		{"a stale read", onStore(staleReads), inMixture, "deleted token:"},
		{"a stale read", onStore(staleReads), inContest(createsAgainstDeletes), noOrder},
		{"a read that reports a user as disabled", onStore(disabling), inContest(createsAgainstDeletes), "unjustified:"},
		{"a read with an extra token", onStore(withExtraTokens("same")), inContest(sameCreates), "unjustified:"},
		{"a read of a full account", onStore(withExtraTokens(slices.Repeat([]string{"?"}, pat.MaxTokens)...)), inContest(sameCreates), "unjustified:"},
		{"a write that spares one of many tokens", onStore(sparing), inContest(createsAgainstDescendants), "deleted token:"},
		{"a read without scopes", onStore(widening), inContest(createsAgainstDescendants), noOrder},
		{"a read that prolongs every overlap", onStore(prolonging), inContest(rotationsWithOneSecret), noOrder},
		{"a read that forgets replaced secrets", onStore(forgetting), inContest(rotationsAgainstUses), noOrder},
		{"a read that prolongs every overlap", onStore(prolonging), inContest(rotationsWithOneSecret), "replaced secret:"},
		{"a write that spares one of many tokens", onStore(sparing), inContest(rotationsAgainstEnds), noOrder},
		{"a write that brings the replaced secret back", onStore(restoring), inContest(rotationsAgainstEnds), noOrder},
		{"an exhausted store", onStore(exhausted), inContest(distinctCreates), "busy:"},
		{"a failing store", onStore(failing), inContest(distinctCreates), "unexpected response"},
		{"a function that trusts the authorizer", trustingFunction, inContest(disableAgainstUses), "disabled user:"},
	}
	for _, c := range cases {
		t.Run(c.fault+", "+c.want, func(t *testing.T) {
			t.Parallel()
			target, service := c.newTarget(t)
			random := rand.New(rand.NewPCG(figures.Seed(t), 0))
			var found []string
			for range tries {
				found = inspectFor(c.run(t, newEnv(t, target, service), random), c.want)
				if slices.ContainsFunc(found, func(finding string) bool { return strings.Contains(finding, c.want) }) {
					return
				}
			}
			t.Errorf("got %q in the last of %d tries, want a finding with %q", found, tries, c.want)
		})
	}
}

// inspectFor searches for an order only where want is its absence: to be sure that there is none takes long.
func inspectFor(operations []operation, want string) []string {
	clients := maxSearched
	if want != noOrder {
		clients++
	}
	return inspect(operations, rules{limit: pat.MaxTokens}, clients).findings
}

// TestLostResponses checks that operations without a response are in order too, whether or not they took effect.
func TestLostResponses(t *testing.T) {
	t.Parallel()
	target, service := onStore(unreliable)(t)
	var sum counts
	random := rand.New(rand.NewPCG(figures.Seed(t), 0))
	s := setup{store: lossy, clients: 6, limit: pat.MaxTokens}
	for range 5 {
		for _, c := range contests[:3] {
			sum.add(t, s, c.name, s.clients, c.run(t, newEnv(t, target, service), s.clients, random))
		}
	}
	if sum.unavailable == 0 {
		t.Error("got no unknown outcome, want some")
	}
}

// onStore returns the Service on a broken store. What happens before the race uses the intact store.
func onStore(fault func(pat.Store) pat.Store) func(testing.TB) (target, *pat.Service) {
	return func(tb testing.TB) (target, *pat.Service) {
		tb.Helper()
		intact := laptoptest.NewStore(tb)
		return direct{newService(fault(intact), pat.MaxTokens)}, newService(intact, pat.MaxTokens)
	}
}

// trustingFunction returns the API with a function that accepts every caller whom the authorizer accepted once.
func trustingFunction(tb testing.TB) (target, *pat.Service) {
	tb.Helper()
	const id = deployed.UsersFunction
	api := newOverHTTP(tb, laptoptest.NewStore(tb), setup{ttl: longest, clients: maxSearched, limit: pat.MaxTokens}, func(functions gateway.Functions) gateway.Functions {
		functions.Proxies[id] = withoutCheck(functions.Proxies[id])
		return functions
	})
	return api, api.server.Service
}

func withoutCheck(intact gateway.ProxyFunction) gateway.ProxyFunction {
	return func(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		if event.HTTPMethod == http.MethodGet {
			return events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Body: "{}"}, nil
		}
		return intact(ctx, event)
	}
}

func inContest(jobs func(context.Context, testing.TB, *env, int) []job) func(testing.TB, *env, *rand.Rand) []operation {
	return func(tb testing.TB, e *env, random *rand.Rand) []operation {
		tb.Helper()
		return contest{jobs: jobs}.run(tb, e, maxSearched, random)
	}
}

func inMixture(tb testing.TB, e *env, random *rand.Rand) []operation {
	tb.Helper()
	return runMixture(tb.Context(), e, random)
}

// broken is a store with other reads or writes.
type broken struct {
	pat.Store
	read  func(context.Context, pat.UserID) (pat.Account, error)
	write func(ctx context.Context, before, after pat.Account) error
}

func (b broken) Account(ctx context.Context, id pat.UserID) (pat.Account, error) {
	if b.read != nil {
		return b.read(ctx, id)
	}
	return b.Store.Account(ctx, id)
}

func (b broken) ReplaceAccount(ctx context.Context, before, after pat.Account) error {
	if b.write != nil {
		return b.write(ctx, before, after)
	}
	return b.Store.ReplaceAccount(ctx, before, after)
}

// atOnce returns fault with writes that collide: the first reads, one of each client, wait for each other.
func atOnce(fault func(pat.Store) pat.Store) func(pat.Store) pat.Store {
	return func(store pat.Store) pat.Store {
		var reads atomic.Int64
		var first sync.WaitGroup
		first.Add(maxSearched)
		return fault(broken{Store: store, read: func(ctx context.Context, id pat.UserID) (pat.Account, error) {
			account, err := store.Account(ctx, id)
			if reads.Add(1) <= maxSearched {
				first.Done()
				first.Wait()
			}
			return account, err
		}})
	}
}

func unconditional(store pat.Store) pat.Store {
	return broken{Store: store, write: func(ctx context.Context, before, after pat.Account) error {
		for {
			present, err := store.Account(ctx, before.ID)
			if err != nil {
				return err
			}
			if err := store.ReplaceAccount(ctx, present, after); pat.KindOf(err) != pat.KindConflict || err == nil {
				return err
			}
		}
	}}
}

// merging adds the tokens of a write that comes too late to those that are there.
func merging(store pat.Store) pat.Store {
	return broken{Store: store, write: func(ctx context.Context, before, after pat.Account) error {
		err := store.ReplaceAccount(ctx, before, after)
		for err != nil && pat.KindOf(err) == pat.KindConflict {
			present, readErr := store.Account(ctx, before.ID)
			if readErr != nil {
				return readErr
			}
			late := after.Tokens[len(after.Tokens)-1]
			late.ID = present.NextTokenID
			merged := present
			merged.Tokens = append(slices.Clone(present.Tokens), late)
			merged.NextTokenID++
			err = store.ReplaceAccount(ctx, present, merged)
		}
		return err
	}}
}

// dropping skips every fifth write and reports success.
func dropping(store pat.Store) pat.Store {
	writes := counter{every: 5}
	return broken{Store: store, write: func(ctx context.Context, before, after pat.Account) error {
		if writes.isDue() {
			return nil
		}
		return store.ReplaceAccount(ctx, before, after)
	}}
}

// sparing keeps the last token where a write removes more than one.
func sparing(store pat.Store) pat.Store {
	return broken{Store: store, write: func(ctx context.Context, before, after pat.Account) error {
		if n := len(before.Tokens); n-len(after.Tokens) > 1 {
			after.Tokens = append(slices.Clone(after.Tokens), before.Tokens[n-1])
		}
		return store.ReplaceAccount(ctx, before, after)
	}}
}

// widening reads every token as an unscoped one.
func widening(store pat.Store) pat.Store {
	return broken{Store: store, read: func(ctx context.Context, id pat.UserID) (pat.Account, error) {
		account, err := store.Account(ctx, id)
		account.Tokens = slices.Clone(account.Tokens)
		for i := range account.Tokens {
			account.Tokens[i].Scopes = pat.Unscoped()
		}
		return account, err
	}}
}

// prolonging reads every replaced secret as one that works for the longest overlap.
func prolonging(store pat.Store) pat.Store {
	return changingRotations(store, func(token *pat.Token) { token.Replaced.Until = token.RotatedAt.Add(pat.MaxOverlap) })
}

// forgetting reads no replaced secret.
func forgetting(store pat.Store) pat.Store {
	return changingRotations(store, func(token *pat.Token) { token.Replaced.Selector = "" })
}

// restoring keeps a replaced secret that a write ends.
func restoring(store pat.Store) pat.Store {
	return broken{Store: store, write: func(ctx context.Context, before, after pat.Account) error {
		after.Tokens = slices.Clone(after.Tokens)
		for i := range after.Tokens {
			if token := &after.Tokens[i]; !token.RotatedAt.IsZero() && token.Replaced.Until.IsZero() {
				token.Replaced.Until = token.RotatedAt.Add(pat.MaxOverlap)
			}
		}
		return store.ReplaceAccount(ctx, before, after)
	}}
}

// changingRotations changes the tokens that it reads, if they were rotated.
func changingRotations(store pat.Store, change func(*pat.Token)) pat.Store {
	return broken{Store: store, read: func(ctx context.Context, id pat.UserID) (pat.Account, error) {
		account, err := store.Account(ctx, id)
		account.Tokens = slices.Clone(account.Tokens)
		for i := range account.Tokens {
			if token := &account.Tokens[i]; !token.RotatedAt.IsZero() {
				change(token)
			}
		}
		return account, err
	}}
}

// recounting derives the next ID from the number of tokens.
func recounting(store pat.Store) pat.Store {
	return broken{Store: store, write: func(ctx context.Context, before, after pat.Account) error {
		after.NextTokenID = pat.TokenID(len(after.Tokens) + 1)
		return store.ReplaceAccount(ctx, before, after)
	}}
}

// staleReads returns the account before its last write at every third read.
func staleReads(store pat.Store) pat.Store {
	reads := counter{every: 3}
	var earlier sync.Map
	return broken{
		Store: store,
		read: func(ctx context.Context, id pat.UserID) (pat.Account, error) {
			if account, ok := earlier.Load(id); ok && reads.isDue() {
				return account.(pat.Account), nil //nolint:errcheck // this function stores it
			}
			return store.Account(ctx, id)
		},
		write: func(ctx context.Context, before, after pat.Account) error {
			err := store.ReplaceAccount(ctx, before, after)
			if err == nil {
				earlier.Store(before.ID, before)
			}
			return err
		},
	}
}

// withExtraTokens adds tokens to every account that is read.
func withExtraTokens(descriptions ...string) func(pat.Store) pat.Store {
	return func(store pat.Store) pat.Store {
		return broken{Store: store, read: func(ctx context.Context, id pat.UserID) (pat.Account, error) {
			account, err := store.Account(ctx, id)
			for _, description := range descriptions {
				account.Tokens = append(account.Tokens, pat.Token{Description: description, ExpiresAt: time.Now().Add(tokenLife)})
			}
			return account, err
		}}
	}
}

// disabling reports the user as disabled at every twentieth read.
func disabling(store pat.Store) pat.Store {
	reads := counter{every: 20}
	return broken{Store: store, read: func(ctx context.Context, id pat.UserID) (pat.Account, error) {
		account, err := store.Account(ctx, id)
		account.Disabled = account.Disabled || reads.isDue()
		return account, err
	}}
}

// unreliable fails at every other read, and at two of three writes after they took effect.
func unreliable(store pat.Store) pat.Store {
	reads, writes := counter{every: 2}, counter{every: 3}
	return broken{
		Store: store,
		read: func(ctx context.Context, id pat.UserID) (pat.Account, error) {
			if reads.isDue() {
				return pat.Account{}, pat.Unavailable(nil)
			}
			return store.Account(ctx, id)
		},
		write: func(ctx context.Context, before, after pat.Account) error {
			err := store.ReplaceAccount(ctx, before, after)
			if writes.isDue() || err != nil && pat.KindOf(err) == pat.KindConflict {
				return err
			}
			return pat.Unavailable(err)
		},
	}
}

func exhausted(store pat.Store) pat.Store {
	return broken{Store: store, write: func(context.Context, pat.Account, pat.Account) error { return pat.Unavailable(nil) }}
}

func failing(store pat.Store) pat.Store {
	return broken{Store: store, write: func(context.Context, pat.Account, pat.Account) error {
		return &pat.Error{Kind: pat.KindInternal, Message: "planted"}
	}}
}

// counter reports at every nth call that it is due.
type counter struct {
	every int
	mu    sync.Mutex
	calls int
}

func (c *counter) isDue() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	return c.calls%c.every == 0
}
