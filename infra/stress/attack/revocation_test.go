package attack_test

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pats/infra/testkit/figures"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/gateway"
	"pats/pkg/laptop"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// longestTTL is the template's bound for how long the authorizer's answer is kept.
const longestTTL = time.Hour

// caller is whose access ends.
type caller struct {
	user pat.UserID
	// token is what the requests have, with id among the user's. second is another one of the same user.
	token, second string
	id            pat.TokenID
}

// ending takes a caller's access away.
type ending struct {
	name string
	// end returns when the change was answered.
	end func(*testing.T, *stack, caller)
	// status and name are those of the refusal from then on.
	refusal reply
	// asAdmin says that the caller is the holder of the admin API token.
	asAdmin bool
	// imported says that the caller's token is one of Unleash's.
	imported bool
	// adminsOnly says that only the routes which need ADMIN are refused.
	adminsOnly bool
}

var (
	unauthenticated = reply{http.StatusUnauthorized, "AuthenticationRequired"}
	forbidden       = reply{http.StatusForbidden, "NoAccessError"}
)

var endings = []ending{
	{name: "revoked", refusal: unauthenticated, end: func(t *testing.T, s *stack, c caller) {
		s.must(t, http.MethodDelete, fmt.Sprintf("/api/admin/user/tokens/%d", c.id), c.second, "")
	}},
	{name: "revoked by itself", refusal: unauthenticated, end: func(t *testing.T, s *stack, c caller) {
		s.must(t, http.MethodDelete, fmt.Sprintf("/api/admin/user/tokens/%d", c.id), c.token, "")
	}},
	{name: "expired", refusal: unauthenticated, end: func(_ *testing.T, s *stack, _ caller) {
		s.clock.Advance(lifetime)
	}},
	{name: "user disabled", refusal: unauthenticated, end: func(t *testing.T, s *stack, c caller) {
		s.must(t, http.MethodPut, fmt.Sprintf("/api/admin/user-admin/%d", c.user), s.boss, `{"disabled":true}`)
	}},
	{name: "user deleted", refusal: unauthenticated, end: func(t *testing.T, s *stack, c caller) {
		s.must(t, http.MethodDelete, fmt.Sprintf("/api/admin/user-admin/%d", c.user), s.boss, "")
	}},
	{name: "Admin demoted", refusal: forbidden, adminsOnly: true, end: func(t *testing.T, s *stack, c caller) {
		s.must(t, http.MethodPut, fmt.Sprintf("/api/admin/user-admin/%d", c.user), s.boss, `{"rootRole":"Editor"}`)
	}},
	{name: "admin API token replaced", refusal: unauthenticated, asAdmin: true, end: replaceAdminToken},
	{name: "imported tokens refused", refusal: unauthenticated, imported: true, end: func(t *testing.T, s *stack, _ caller) {
		deploy(t, s, map[string]string{"AcceptImportedTokens": "false"})
	}},
}

// lifetime is how long a caller's token lasts: less than the gateway keeps the authorizer's answer.
const lifetime = longestTTL / 4

// replaceAdminToken deploys the functions with another hash.
func replaceAdminToken(t *testing.T, s *stack, _ caller) {
	t.Helper()
	admin, err := pat.NewAdminSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	deploy(t, s, map[string]string{"AdminTokenHash": admin.Hash()})
}

// deploy gives the functions other parameters, as `sam deploy` does. The gateway keeps its cache.
func deploy(t *testing.T, s *stack, parameters map[string]string) {
	t.Helper()
	changed, err := laptop.Read(gateway.Options{Parameters: parameters, Resources: map[string]string{"Table": "pats"}})
	if err != nil {
		t.Fatal(err)
	}
	s.functions.deployment.Deploy(changed.Functions(s.seen, s.env))
}

// newCaller is somebody who is let through everywhere, and who has not been seen by the gateway.
func (e ending) newCaller(t *testing.T, s *stack) caller {
	t.Helper()
	if e.asAdmin {
		admin, err := pat.NewAdminSecret(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		deploy(t, s, map[string]string{"AdminTokenHash": admin.Hash()})
		return caller{token: admin.Reveal()}
	}
	if e.imported {
		deploy(t, s, map[string]string{"AcceptImportedTokens": "true"})
		return s.importCaller(t)
	}
	user := s.newUser(t, pat.Profile{Username: rand.Text(), Role: pat.Admin})
	id, token := s.newToken(t, user, "first", lifetime)
	_, second := s.newToken(t, user, "second", 2*lifetime)
	return caller{user: user, token: token, second: second, id: id}
}

// importCaller imports an Admin with one token of Unleash's second form, which the gateway lets through whatever the parameters.
func (s *stack) importCaller(t *testing.T) caller {
	t.Helper()
	secret, err := pat.ParseForeignSecret("user:v2_" + rand.Text()[:21] + "A_" + rand.Text() + rand.Text()[:17])
	if err != nil {
		t.Fatal(err)
	}
	id := s.newUser(t, pat.Profile{Username: rand.Text(), Role: pat.Viewer}) + 1
	if err := s.operator.ReserveUserIDs(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	user := pat.Account{ID: id, Profile: pat.Profile{Username: rand.Text(), Role: pat.Admin}, CreatedAt: s.clock.Now(), Tokens: []pat.Token{{
		ID: 1, Description: "first", Selector: secret.Selector(), Verifier: secret.Verifier(),
		CreatedAt: s.clock.Now(), ExpiresAt: s.clock.Now().Add(lifetime),
	}}}
	if _, err := s.operator.ImportUser(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	return caller{user: id, token: secret.Reveal(), id: 1}
}

// covers says whether the route is refused after the end.
func (e ending) covers(r route) bool { return !e.adminsOnly || !slices.Contains(ownRoutes, r.path) }

// open says whether the route lets the caller through before the end.
func (e ending) open(r route) bool {
	return !e.asAdmin || !strings.HasPrefix(r.path, "/api/admin/user/tokens")
}

// trial is one end of one caller's access.
type trial struct {
	*stack
	ending
	caller
	routes []route
	random *mathrand.Rand
}

// window counts requests that started after the end was answered, and those of them that were let through.
type window struct{ requests, through atomic.Int64 }

func newTrial(t *testing.T, s *stack, e ending, all []route, seed uint64) trial {
	t.Helper()
	return trial{s, e, e.newCaller(t, s), all, mathrand.New(mathrand.NewPCG(seed, 0))}
}

// warm asks every route once, so that the gateway has the authorizer's answer, and holds that the caller is let through.
func (r trial) warm(t *testing.T) {
	t.Helper()
	for _, route := range r.routes {
		got, err := r.send(t.Context(), route.method, route.path, r.token, route.body)
		if err != nil {
			t.Fatal(err)
		}
		if let := got.status != http.StatusUnauthorized && got.name != forbidden.name; let != r.open(route) && route.method != http.MethodHead {
			t.Fatalf("before: %s %s: got %v, let through %t, want %t", route.method, route.path, got, let, r.open(route))
		}
	}
}

// each asks every route that the end covers once, from a random one on.
func (r trial) each(t *testing.T, from int, w *window) {
	t.Helper()
	for i := range r.routes {
		route := r.routes[(from+i)%len(r.routes)]
		if !r.covers(route) {
			continue
		}
		got, err := r.send(t.Context(), route.method, route.path, r.token, route.body)
		if err != nil {
			t.Error(err)
			return
		}
		w.requests.Add(1)
		if !r.refused(route, got) {
			w.through.Add(1)
		}
	}
}

func (r trial) refused(route route, got reply) bool {
	if route.method == http.MethodHead {
		return got.status == r.refusal.status
	}
	return got == r.refusal
}

// alone ends the access while nobody asks, and then asks every route.
func (r trial) alone(t *testing.T, w *window) {
	t.Helper()
	r.warm(t)
	r.end(t, r.stack, r.caller)
	r.each(t, 0, w)
}

// inUse ends the access while streams of requests run, at a random moment.
func (r trial) inUse(t *testing.T, w *window) {
	t.Helper()
	const streams = 4
	r.warm(t)
	var answered atomic.Bool
	var all, begun sync.WaitGroup
	defer func() { answered.Store(true); all.Wait() }() // also where the end fails
	begun.Add(streams)
	for range streams {
		from, before := r.random.IntN(len(r.routes)), r.random.IntN(2*len(r.routes))
		all.Go(func() {
			r.stream(t, from, before, begun.Done, &answered)
			r.each(t, from, w)
		})
	}
	begun.Wait()
	r.end(t, r.stack, r.caller)
}

// stream asks one route after the other until the end was answered. After so many requests it says that it has begun.
func (r trial) stream(t *testing.T, from, before int, begun func(), answered *atomic.Bool) {
	t.Helper()
	begun = sync.OnceFunc(begun)
	defer begun()
	for i := 0; !answered.Load(); i++ {
		if i == before {
			begun()
		}
		route := r.routes[(from+i)%len(r.routes)]
		if _, err := r.send(t.Context(), route.method, route.path, r.token, route.body); err != nil {
			t.Error(err)
			return
		}
	}
}

// wantWarm holds that the gateway asked the authorizer once for the caller's token, and answered all else from its cache.
func (r trial) wantWarm(t *testing.T) {
	t.Helper()
	if got := r.functions.timesFor(r.token); got != 1 {
		t.Errorf("%s: the authorizer was asked %d times for one token, want once", r.name, got)
	}
}

// leave removes the caller, so that lists stay short.
func (r trial) leave(t *testing.T) {
	t.Helper()
	if r.user == 0 {
		return
	}
	if err := r.operator.DeleteUser(t.Context(), r.user); err != nil && pat.KindOf(err) != pat.KindNotFound {
		t.Error(err)
	}
}

// TestRevocationHasNoWindow: with the authorizer's answer in the gateway's cache for an hour, who lost access is refused on every
// route by each request that starts after the loss was answered.
func TestRevocationHasNoWindow(t *testing.T) {
	t.Parallel()
	t.Run("boltstore", func(t *testing.T) {
		t.Parallel()
		countWindow(t, laptoptest.NewStore(t), figures.Rounds(t, 1))
	})
	if rounds := figures.Rounds(t, 0); rounds > 0 { // starting DynamoDB Local is too much among the other tests
		t.Run("DynamoDB Local", func(t *testing.T) {
			t.Parallel()
			countWindow(t, dynamotest.NewStore(t), (rounds+3)/4)
		})
	}
}

func countWindow(t *testing.T, store pat.Store, rounds int) {
	t.Helper()
	all := routes(t, nobody)
	s := newStack(t, store, options{parameters: longCache})
	var w window
	trials, tried := 0, 0
	for round := range rounds {
		seed := figures.Seed(t) + uint64(round)
		for _, e := range endings {
			for _, run := range []func(trial, *testing.T, *window){trial.alone, trial.inUse} {
				before := w.through.Load()
				r := newTrial(t, s, e, all, seed)
				run(r, t, &w)
				r.wantWarm(t)
				r.leave(t)
				trials++
				tried += len(all)
				if let := w.through.Load() - before; let > 0 || t.Failed() {
					t.Fatalf("seed %d, %s: %d requests were let through", seed, e.name, let)
				}
			}
		}
	}
	figures.Print(t, "revocation",
		figures.Count{Name: "trials", N: trials}, figures.Count{Name: "routes", N: tried},
		figures.Count{Name: "requests", N: int(w.requests.Load())}, figures.Count{Name: "let_through", N: int(w.through.Load())})
}

var longCache = map[string]string{"AuthorizerTtlSeconds": strconv.Itoa(int(longestTTL.Seconds()))}

// TestTrustInTheCacheIsFound plants the fault: functions that go by the account as it was when the authorizer saw it.
func TestTrustInTheCacheIsFound(t *testing.T) {
	t.Parallel()
	all := routes(t, nobody)
	for _, e := range endings {
		if e.asAdmin || e.imported {
			e.end = func(*testing.T, *stack, caller) {} // functions that have the old settings
		}
		for how, run := range map[string]func(trial, *testing.T, *window){"alone": trial.alone, "in use": trial.inUse} {
			t.Run(e.name+", "+how, func(t *testing.T) {
				t.Parallel()
				s := newStack(t, laptoptest.NewStore(t), options{parameters: longCache, front: trust})
				var w window
				run(newTrial(t, s, e, readOnly(all), 1), t, &w)
				if through, requests := w.through.Load(), w.requests.Load(); through != requests || through == 0 {
					t.Errorf("got %d of %d requests counted as let through, want all", through, requests)
				}
			})
		}
	}
}

// readOnly are the routes that change nothing: a change of the account as it was would be a conflict.
func readOnly(all []route) []route {
	return slices.DeleteFunc(slices.Clone(all), func(r route) bool { return r.method != http.MethodGet })
}

// trusting is a store whose accounts stay as they were first read, with tokens that do not end.
type trusting struct {
	pat.Store
	mu    sync.Mutex
	known map[pat.UserID]pat.Account
}

func trust(store pat.Store) pat.Store {
	return &trusting{Store: store, known: map[pat.UserID]pat.Account{}}
}

func (s *trusting) Account(ctx context.Context, id pat.UserID) (pat.Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if account, ok := s.known[id]; ok {
		return account, nil
	}
	account, err := s.Store.Account(ctx, id)
	if err != nil {
		return pat.Account{}, err
	}
	for i := range account.Tokens {
		account.Tokens[i].ExpiresAt = account.Tokens[i].ExpiresAt.Add(longestTTL)
	}
	s.known[id] = account
	return account, nil
}
