package attack_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/infra/testkit/must"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// TestConfusedDeputies: no route acts on another user's account, or reveals anything about it, for a caller without the permission,
// whatever the id in the path: the user's, those of the user's tokens, or the selector of one.
func TestConfusedDeputies(t *testing.T) {
	t.Parallel()
	store := laptoptest.NewStore(t)
	e := newEnv(t, store, options{})
	bob := e.newUser(t, pat.Profile{Username: "bob-the-other", Name: "Bob", Email: "bob@example.com", Role: pat.Editor})
	ids := []string{strconv.FormatInt(int64(bob), 10)}
	for _, description := range []string{"bob's first", "bob's second"} {
		id, secret := e.newToken(t, bob, description, time.Hour)
		ids = append(ids, fmt.Sprint(id), secret[len("user:v2_"):len("user:v2_")+22])
	}
	before := read(t, store, bob)
	requests := 0
	for name, caller := range e.deputies(t) {
		for _, id := range ids {
			for _, route := range harmless(routes(t, id)) {
				if !caller.on(route) {
					continue
				}
				requests++
				response := e.send(t, route, caller.token)
				if response.Status == http.StatusUnauthorized {
					t.Fatalf("%s, %v: got %v, want a caller who is let in", name, route, response)
				}
				got := string(response.Body)
				if after := read(t, store, bob); !cmp.Equal(before, after) {
					t.Fatalf("%s, %v: the other user's account was changed:\n%s", name, route, cmp.Diff(before, after))
				}
				if strings.Contains(got, "bob") {
					t.Errorf("%s, %v: got %s, want nothing about the other user", name, route, got)
				}
			}
		}
	}
	if requests < 150 {
		t.Errorf("got %d requests, want every caller on every route with every id", requests)
	}
}

// deputy is a caller, and the routes on which it is tried.
type deputy struct {
	token string
	on    func(apiclient.Request) bool
}

// deputies returns a Viewer and an Editor on all routes, and callers who can administer users on the other routes.
func (e *env) deputies(t *testing.T) map[string]deputy {
	t.Helper()
	everywhere := func(apiclient.Request) bool { return true }
	ofTokens := func(r apiclient.Request) bool { return strings.HasPrefix(r.Path, deployed.TokensPath) }
	callers := map[string]deputy{"the admin API token": {e.AdminToken, ofTokens}}
	for name, c := range map[string]struct {
		role pat.Role
		on   func(apiclient.Request) bool
	}{"a Viewer": {pat.Viewer, everywhere}, "an Editor": {pat.Editor, everywhere}, "an Admin": {pat.Admin, ofTokens}} {
		user := e.newUser(t, pat.Profile{Username: name, Role: c.role})
		for _, description := range []string{"has the id of one of the other user's", "has the id of another"} {
			e.newToken(t, user, description, time.Hour)
		}
		_, token := e.newToken(t, user, "own", time.Hour)
		callers[name] = deputy{token, c.on}
	}
	return callers
}

// TestDeputyOfAnAdminIsFound: the checks find an Admin's change.
func TestDeputyOfAnAdminIsFound(t *testing.T) {
	t.Parallel()
	store := laptoptest.NewStore(t)
	e := newEnv(t, store, options{})
	bob := e.newUser(t, pat.Profile{Username: "bob", Role: pat.Editor})
	before := read(t, store, bob)
	for _, route := range routes(t, fmt.Sprint(bob)) {
		if route.Method == http.MethodPut && strings.Contains(string(e.send(t, route, e.admin).Body), "bob") && !cmp.Equal(before, read(t, store, bob)) {
			return
		}
	}
	t.Error("got no route by which an Admin changes a user, want one")
}

func read(t *testing.T, store pat.Store, user pat.UserID) pat.Account {
	t.Helper()
	account, err := store.Account(t.Context(), user)
	must.Do(t, err)
	return account
}
