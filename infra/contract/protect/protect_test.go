package protect_test

import (
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"pats/infra/testkit/figures"
	"pats/infra/testkit/must"
	"pats/pkg/pat"
)

// TestProtectedAPIs deploys the stacks and checks them side by side, and then what parameters of pats change for them.
func TestProtectedAPIs(t *testing.T) {
	t.Parallel()
	e := start(t)
	bearers := e.bearers(t)
	t.Run("APIs", func(t *testing.T) {
		t.Run("commands of the docs", func(t *testing.T) {
			t.Parallel()
			e.checkWalkthrough(t)
		})
		for _, k := range kinds {
			t.Run(k.name, func(t *testing.T) {
				t.Parallel()
				e.checkKind(t, k, bearers)
			})
		}
	})
	e.checkSwitches(t, bearers)
}

// checkKind deploys and checks the APIs of a kind.
func (e *env) checkKind(t *testing.T, k kind, bearers []bearer) {
	t.Helper()
	template := e.build(t, k)
	for _, ttl := range k.deployments() {
		t.Run("TTL "+strconv.Itoa(ttl), func(t *testing.T) {
			t.Parallel()
			to, err := e.deploy(t.Context(), k, template, ttl)
			must.Do(t, err)
			e.add(to)
			e.checkAPI(t, to, bearers)
		})
	}
}

// deployments returns the TTLs with which the kind is deployed.
func (k kind) deployments() []int {
	if k.ttls == nil {
		return []int{0}
	}
	return k.ttls
}

// build returns the path of the kind's template, ready to deploy.
func (e *env) build(t *testing.T, k kind) string {
	t.Helper()
	folder := filepath.Join(root(t), "examples/protect", k.folder)
	if k.folder == "cdk" {
		return synthesize(t, folder)
	}
	template, err := e.emulator.Build(t.Context(), filepath.Join(folder, "template.yaml"), t.TempDir())
	must.Do(t, err)
	return template
}

func (e *env) checkAPI(t *testing.T, to api, bearers []bearer) {
	t.Helper()
	if to.cors {
		e.checkPreflight(t, to)
	}
	e.checkRevocation(t, to)
	if to.ttl == briefly {
		return // the cache would change between two requests
	}
	e.checkBearers(t, to, bearers)
	if to.ttl == long {
		e.checkExpiry(t, to)
	}
}

// checkBearers sends each header twice to each route, so that users and routes alternate while responses are cached.
func (e *env) checkBearers(t *testing.T, to api, bearers []bearer) {
	t.Helper()
	order := rand.New(rand.NewPCG(figures.Seed(t), 0))
	for _, r := range to.routes {
		for _, i := range order.Perm(len(bearers)) {
			e.check(t, to, r, bearers[i])
			e.check(t, to, r, bearers[i])
		}
	}
}

// checkRevocation revokes a token whose responses may be cached. They count for the header that was sent, and no longer than the TTL.
func (e *env) checkRevocation(t *testing.T, to api) {
	t.Helper()
	user := e.newUser(t, pat.Editor)
	b := bearer{name: "a token", header: e.newToken(t, user, pat.Unscoped()), valid: true, scopes: []string{read, write}, username: user.Username}
	for range 2 {
		e.check(t, to, to.routes[0], b)
	}
	cached := time.Now()
	must.Do(t, e.service(0).RevokeUserToken(t.Context(), user.ID, 1))
	revoked := bearer{name: "a revoked token", header: b.header}
	for _, form := range revoked.forms()[1:] {
		e.check(t, to, to.routes[0], form)
	}
	switch to.ttl {
	case 0:
		e.check(t, to, to.routes[0], revoked)
	case briefly:
		e.awaitRefusal(t, to, b.header, cached.Add(briefly*time.Second))
	default:
		e.check(t, to, to.routes[0], b)
	}
}

// checkExpiry sends a token that expires while the authorizer's response is cached. The function must refuse it.
func (e *env) checkExpiry(t *testing.T, to api) {
	t.Helper()
	user, expiry := e.newUser(t, pat.Editor), time.Now().Add(lifetime)
	b := bearer{name: "a token", header: e.newTokenUntil(t, user, pat.Unscoped(), expiry, 0), valid: true, scopes: []string{read, write}, username: user.Username}
	e.check(t, to, to.routes[0], b)
	e.awaitRefusal(t, to, b.header, expiry)
}

const (
	// lifetime is that of a token that expires during the test, and is long enough for a first request on a busy machine.
	lifetime = 8 * time.Second
	// patience is how long after the end of a token's time its refusal is awaited.
	patience = 5 * time.Second
	// pause is the time between two requests that await it.
	pause = 100 * time.Millisecond
)

// awaitRefusal sends requests until one is refused, which must happen soon after end, and then another, which must be refused too.
func (e *env) awaitRefusal(t *testing.T, to api, authorization string, end time.Time) {
	t.Helper()
	for sent := time.Now(); ; sent = <-time.After(pause) {
		got := e.send(t, to, to.routes[0], authorization)
		if got.status != to.accepted {
			break
		}
		if sent.Before(end) {
			e.count(to.accepted, got.status, to.accepted)
			continue
		}
		e.count(http.StatusUnauthorized, got.status, to.accepted)
		t.Errorf("a token is accepted %s after the end of its time", sent.Sub(end))
		if sent.After(end.Add(patience)) {
			return
		}
	}
	if got := e.send(t, to, to.routes[0], authorization); got.status == to.accepted {
		t.Errorf("a token is accepted again after it was refused")
	}
}

// checkPreflight checks that a browser may send the header, and reads the refusals of a REST API.
func (e *env) checkPreflight(t *testing.T, to api) {
	t.Helper()
	const origin = "Origin: https://shop.example.com"
	got := e.send(t, to, route{http.MethodOptions, "/orders", ""}, "", origin, "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: authorization")
	if got.status/100 != 2 || got.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("preflight: status %d, Access-Control-Allow-Origin %q, want success and *", got.status, got.header.Get("Access-Control-Allow-Origin"))
	}
	if to.refused != http.StatusUnauthorized {
		return // ministack does not add the headers to the refusals of an HTTP API, as AWS does
	}
	for _, authorization := range []string{"", "junk"} {
		if got := e.send(t, to, to.routes[0], authorization, origin); got.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("refusal: Access-Control-Allow-Origin %q, want *", got.header.Get("Access-Control-Allow-Origin"))
		}
	}
}
