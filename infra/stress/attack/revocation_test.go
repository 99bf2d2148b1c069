package attack_test

import (
	"context"
	"crypto/rand"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/infra/testkit/figures"
	"pats/infra/testkit/must"
	"pats/pkg/api/apitypes"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/laptop"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// longestTTL is the template's maximum for the time that an authorizer's response is cached.
const longestTTL = time.Hour

// caller is a user who loses access.
type caller struct {
	user pat.UserID
	// token, whose id is id, is the one that requests present. second is another token of the same user.
	token, second string
	id            pat.TokenID
}

// loss is a way in which a caller loses access.
type loss struct {
	name string
	// take takes access away. It returns after the response.
	take func(*testing.T, *env, caller)
	// refusal is the response to every request from then on.
	refusal refusal
	// asAdmin reports whether the caller has the admin API token.
	asAdmin bool
	// imported reports whether the caller's token was imported.
	imported bool
	// aged reports whether the caller's token was created two days ago.
	aged bool
	// adminsOnly reports whether only the routes that need ADMIN are refused.
	adminsOnly bool
}

var losses = []loss{
	{name: "revoked", refusal: unauthenticated, take: func(t *testing.T, e *env, c caller) {
		e.must(t, apiclient.Request{Method: http.MethodDelete, Path: deployed.TokenPath(c.id)}, c.second)
	}},
	{name: "revoked by itself", refusal: unauthenticated, take: func(t *testing.T, e *env, c caller) {
		e.must(t, apiclient.Request{Method: http.MethodDelete, Path: deployed.TokenPath(c.id)}, c.token)
	}},
	{name: "revoked by an Admin", refusal: unauthenticated, take: func(t *testing.T, e *env, c caller) {
		e.must(t, apiclient.Request{Method: http.MethodDelete, Path: deployed.UserTokenPath(c.user, c.id)}, e.admin)
	}},
	{name: "all tokens revoked by an Admin", refusal: unauthenticated, take: func(t *testing.T, e *env, c caller) {
		e.must(t, apiclient.Request{Method: http.MethodDelete, Path: deployed.UserTokensPath(c.user)}, e.admin)
	}},
	{name: "revoked as OAuth does", refusal: unauthenticated, take: func(t *testing.T, e *env, c caller) {
		e.must(t, apiclient.Request{Method: http.MethodPost, Path: deployed.RevokePath, Body: url.Values{"token": {c.token}}}, "")
	}},
	{name: "reported as leaked", refusal: unauthenticated, take: func(t *testing.T, e *env, c caller) {
		secret, err := pat.ParseSecret(c.token)
		must.Do(t, err)
		_, err = e.operator.RevokeLeaked(t.Context(), c.user, []pat.Secret{secret})
		must.Do(t, err)
	}},
	{name: "presented to be revoked", refusal: unauthenticated, take: func(t *testing.T, e *env, c caller) {
		e.must(t, apiclient.Request{Method: http.MethodDelete, Path: deployed.SelfPath}, c.token)
	}},
	{name: "rotated", refusal: unauthenticated, take: func(t *testing.T, e *env, c caller) {
		e.must(t, rotate(deployed.RotationPath(c.id), 0), c.second)
	}},
	{name: "rotated by itself", refusal: unauthenticated, take: func(t *testing.T, e *env, c caller) {
		e.must(t, rotate(deployed.SelfPath+"/rotate", 0), c.token)
	}},
	{name: "rotated twice by the operator", refusal: unauthenticated, take: func(t *testing.T, e *env, c caller) {
		for range 2 {
			_, _, err := e.operator.RotateUserToken(t.Context(), c.user, c.id, pat.Rotation{Overlap: lifetime})
			must.Do(t, err)
		}
	}},
	{name: "overlap ended", refusal: unauthenticated, take: func(t *testing.T, e *env, c caller) {
		e.must(t, rotate(deployed.RotationPath(c.id), lifetime/2), c.second)
		e.clock.Advance(lifetime / 2)
	}},
	{name: "lifetime enforced", refusal: unauthenticated, aged: true, take: func(t *testing.T, e *env, _ caller) {
		deploy(t, e, map[string]string{"MaxTokenDays": "1", "EnforceMaxLifetime": "true"})
	}},
	{name: "expired", refusal: unauthenticated, take: func(_ *testing.T, e *env, _ caller) {
		e.clock.Advance(lifetime)
	}},
	{name: "user disabled", refusal: unauthenticated, take: func(t *testing.T, e *env, c caller) {
		e.must(t, update(c.user, "disabled", true), e.admin)
	}},
	{name: "user deleted", refusal: unauthenticated, take: func(t *testing.T, e *env, c caller) {
		e.must(t, apiclient.Request{Method: http.MethodDelete, Path: deployed.UserPath(c.user)}, e.admin)
	}},
	{name: "Admin demoted", refusal: forbidden, adminsOnly: true, take: func(t *testing.T, e *env, c caller) {
		e.must(t, update(c.user, "rootRole", "Editor"), e.admin)
	}},
	{name: "admin API token replaced", refusal: unauthenticated, asAdmin: true, take: replaceAdminToken},
	{name: "imported tokens refused", refusal: unauthenticated, imported: true, take: func(t *testing.T, e *env, _ caller) {
		deploy(t, e, map[string]string{"AcceptImportedTokens": "false"})
	}},
}

// rotate returns a rotation, with an overlap in whole seconds.
func rotate(path string, overlap time.Duration) apiclient.Request {
	return apiclient.Request{Method: http.MethodPost, Path: path, Body: apitypes.NewRotateToken(pat.Rotation{Overlap: overlap})}
}

// update returns a change of one member of a user.
func update(user pat.UserID, member string, value any) apiclient.Request {
	return apiclient.Request{Method: http.MethodPut, Path: deployed.UserPath(user), Body: map[string]any{member: value}}
}

// lifetime is the lifetime of a caller's token, which ends before the cached response of the authorizer.
const lifetime = longestTTL / 4

// replaceAdminToken deploys the functions with another hash.
func replaceAdminToken(t *testing.T, e *env, _ caller) {
	t.Helper()
	admin, err := pat.NewAdminSecret(rand.Reader)
	must.Do(t, err)
	deploy(t, e, map[string]string{"AdminTokenHash": admin.Hash()})
}

// deploy deploys the functions with other parameters, as `sam deploy` does. The gateway keeps its cache.
func deploy(t *testing.T, e *env, parameters map[string]string) {
	t.Helper()
	changed, err := laptop.Read(parameters)
	must.Do(t, err)
	e.functions.deployment.Deploy(changed.Functions(e.store, e.system))
}

// newCaller returns a caller whom every route lets through, and whose token the gateway has not cached.
func (l loss) newCaller(t *testing.T, e *env) caller {
	t.Helper()
	if l.asAdmin {
		admin, err := pat.NewAdminSecret(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		deploy(t, e, map[string]string{"AdminTokenHash": admin.Hash()})
		return caller{token: admin.Reveal()}
	}
	if l.imported {
		deploy(t, e, map[string]string{"AcceptImportedTokens": "true"})
		return e.importCaller(t)
	}
	user := e.newUser(t, pat.Profile{Username: rand.Text(), Role: pat.Admin})
	if l.aged {
		deploy(t, e, nil)
		e.clock.Advance(-48 * time.Hour)
		defer e.clock.Advance(48 * time.Hour)
		id, token := e.newToken(t, user, "first", 48*time.Hour+lifetime)
		return caller{user: user, token: token, id: id}
	}
	id, token := e.newToken(t, user, "first", lifetime)
	_, second := e.newToken(t, user, "second", 2*lifetime)
	return caller{user: user, token: token, second: second, id: id}
}

// importCaller imports an Admin with one token of Unleash's second form, whose form the gateway accepts under any parameters.
func (e *env) importCaller(t *testing.T) caller {
	t.Helper()
	secret, err := pat.ParseForeignSecret("user:v2_" + rand.Text()[:21] + "A_" + rand.Text() + rand.Text()[:17])
	must.Do(t, err)
	id := e.newUser(t, pat.Profile{Username: rand.Text(), Role: pat.Viewer}) + 1
	must.Do(t, e.operator.ReserveUserIDs(t.Context(), id))
	user := pat.Account{ID: id, Profile: pat.Profile{Username: rand.Text(), Role: pat.Admin}, CreatedAt: e.clock.Now(), Tokens: []pat.Token{{
		ID: 1, Description: "first", Scopes: pat.Unscoped(), Selector: secret.Selector(), Verifier: secret.Verifier(),
		CreatedAt: e.clock.Now(), ExpiresAt: e.clock.Now().Add(lifetime),
	}}}
	_, err = e.operator.ImportUser(t.Context(), user)
	must.Do(t, err)
	return caller{user: id, token: secret.Reveal(), id: 1}
}

// covers reports whether the route is refused after the loss.
func (l loss) covers(r apiclient.Request) bool {
	return !l.adminsOnly || !slices.Contains(ownRoutes, r.Path)
}

// ended reports whether the loss ends a user's token, which introspection then finds inactive.
func (l loss) ended() bool { return !l.adminsOnly && !l.asAdmin }

// open reports whether the route lets the caller through before the loss.
func (l loss) open(r apiclient.Request) bool {
	return !l.asAdmin || !strings.HasPrefix(r.Path, deployed.TokensPath)
}

// trial is one loss of one caller's access.
type trial struct {
	*env
	loss
	caller
	routes []apiclient.Request
	random *mathrand.Rand
}

// window counts the requests that started after the loss, and those of them that were let through.
type window struct{ requests, through atomic.Int64 }

func newTrial(t *testing.T, e *env, l loss, all []apiclient.Request, seed uint64) trial {
	t.Helper()
	return trial{e, l, l.newCaller(t, e), all, mathrand.New(mathrand.NewPCG(seed, 0))}
}

// warm requests every route once, so that the gateway caches the authorizer's response, and checks that the caller is let through.
func (r trial) warm(t *testing.T) {
	t.Helper()
	for _, route := range harmless(r.routes) {
		got := r.send(t, route, r.token)
		let := got.Status != 0 && got.Status != http.StatusUnauthorized && got.ErrorName() != forbidden.name
		if let != r.open(route) && route.Method != http.MethodHead {
			t.Fatalf("before: %v: got %v, let through %t, want %t", route, got, let, r.open(route))
		}
	}
	if r.ended() && !r.introspected(t) {
		t.Error("before: introspection finds the token inactive")
	}
}

// introspected reports whether an Admin's introspection finds the caller's token active.
func (r trial) introspected(t *testing.T) bool {
	t.Helper()
	var body struct{ Active bool }
	request := apiclient.Request{Method: http.MethodPost, Path: deployed.IntrospectPath, Body: url.Values{"token": {r.token}}}
	got := r.send(t, request, "Bearer "+r.admin)
	if err := got.Decode(http.StatusOK, &body); err != nil {
		t.Errorf("introspection: %v", err)
	}
	return body.Active
}

// each introspects the caller's token and requests every route that the loss covers once, beginning with the route at from.
func (r trial) each(t *testing.T, from int, w *window) {
	t.Helper()
	if r.ended() {
		w.requests.Add(1)
		if r.introspected(t) {
			w.through.Add(1)
		}
	}
	for i := range r.routes {
		route := r.routes[(from+i)%len(r.routes)]
		if !r.covers(route) {
			continue
		}
		got := r.send(t, route, r.token)
		w.requests.Add(1)
		if !r.refused(route, got) {
			w.through.Add(1)
		}
	}
}

func (r trial) refused(route apiclient.Request, got apiclient.Response) bool {
	if route.Method == http.MethodHead {
		return got.Status == r.refusal.status
	}
	return refusalOf(got) == r.refusal
}

// alone takes access away while there are no requests, and then requests every route.
func (r trial) alone(t *testing.T, w *window) {
	t.Helper()
	r.warm(t)
	r.take(t, r.env, r.caller)
	r.each(t, 0, w)
}

// inUse takes access away while streams of requests run, at a random moment.
func (r trial) inUse(t *testing.T, w *window) {
	t.Helper()
	const streams = 4
	r.warm(t)
	var answered atomic.Bool
	var all, begun sync.WaitGroup
	defer func() { answered.Store(true); all.Wait() }() // also if take fails
	begun.Add(streams)
	for range streams {
		from, before := r.random.IntN(len(r.routes)), r.random.IntN(2*len(r.routes))
		all.Go(func() {
			r.stream(t, from, before, begun.Done, &answered)
			r.each(t, from, w)
		})
	}
	begun.Wait()
	r.take(t, r.env, r.caller)
}

// stream requests one route after the other until answered is true. It calls begun after the given number of requests.
func (r trial) stream(t *testing.T, from, before int, begun func(), answered *atomic.Bool) {
	t.Helper()
	begun = sync.OnceFunc(begun)
	defer begun()
	routes := harmless(r.routes)
	for i := 0; !answered.Load(); i++ {
		if i == before {
			begun()
		}
		r.send(t, routes[(from+i)%len(routes)], r.token)
	}
}

// wantWarm checks that the gateway invoked the authorizer once for the caller's token, and then used its cache.
func (r trial) wantWarm(t *testing.T) {
	t.Helper()
	if got := r.functions.timesFor(r.token); got != 1 {
		t.Errorf("%s: the authorizer was invoked %d times for one token, want once", r.name, got)
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

// TestRevocationHasNoWindow: while the gateway caches the authorizer's response for an hour, a caller who lost access is refused on
// every route, from the first request that starts after the loss.
func TestRevocationHasNoWindow(t *testing.T) {
	t.Parallel()
	t.Run("boltstore", func(t *testing.T) {
		t.Parallel()
		countWindow(t, laptoptest.NewStore(t), figures.Rounds(t, 1))
	})
	if rounds := figures.Rounds(t, 0); rounds > 0 { // starting DynamoDB Local takes too long among the other tests
		t.Run("DynamoDB Local", func(t *testing.T) {
			t.Parallel()
			countWindow(t, dynamotest.NewStore(t), (rounds+3)/4)
		})
	}
}

func countWindow(t *testing.T, store pat.Store, rounds int) {
	t.Helper()
	all := routes(t, nobody)
	e := newEnv(t, store, options{parameters: longCache})
	var w window
	trials, tried := 0, 0
	for round := range rounds {
		seed := figures.Seed(t) + uint64(round)
		for _, l := range losses {
			for _, run := range []func(trial, *testing.T, *window){trial.alone, trial.inUse} {
				before := w.through.Load()
				r := newTrial(t, e, l, all, seed)
				run(r, t, &w)
				r.wantWarm(t)
				r.leave(t)
				trials++
				tried += len(all)
				if through := w.through.Load() - before; through > 0 || t.Failed() {
					t.Fatalf("seed %d, %s: %d requests were let through", seed, l.name, through)
				}
			}
		}
	}
	figures.Print(t, "revocation",
		figures.Count{Name: "trials", N: trials}, figures.Count{Name: "routes", N: tried},
		figures.Count{Name: "requests", N: int(w.requests.Load())}, figures.Count{Name: "let_through", N: int(w.through.Load())})
}

var longCache = map[string]string{"AuthorizerTtlSeconds": strconv.Itoa(int(longestTTL.Seconds()))}

// TestTrustInTheCacheIsFound plants the fault: functions that use the account as it was when the authorizer read it.
func TestTrustInTheCacheIsFound(t *testing.T) {
	t.Parallel()
	all := routes(t, nobody)
	for _, l := range losses {
		if l.asAdmin || l.imported || l.aged {
			l.take = func(*testing.T, *env, caller) {} // the functions keep the old settings
		}
		for how, run := range map[string]func(trial, *testing.T, *window){"alone": trial.alone, "in use": trial.inUse} {
			t.Run(l.name+", "+how, func(t *testing.T) {
				t.Parallel()
				e := newEnv(t, laptoptest.NewStore(t), options{parameters: longCache, wrap: trust})
				var w window
				run(newTrial(t, e, l, readOnly(all), 1), t, &w)
				if through, requests := w.through.Load(), w.requests.Load(); through != requests || through == 0 {
					t.Errorf("got %d of %d requests counted as let through, want all", through, requests)
				}
			})
		}
	}
}

// readOnly returns the routes that change nothing: changing an outdated account would be a conflict.
func readOnly(all []apiclient.Request) []apiclient.Request {
	return slices.DeleteFunc(slices.Clone(all), func(r apiclient.Request) bool { return r.Method != http.MethodGet })
}

// trusting is a store that returns accounts as they were first read, with tokens that do not expire.
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
