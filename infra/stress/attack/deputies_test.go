package attack_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// TestConfusedDeputies: no route acts on another user's account for who may not, whatever id it is given: the other's user ID,
// those of the other's tokens, or the public part of one. Nor does it tell anything of the other.
func TestConfusedDeputies(t *testing.T) {
	t.Parallel()
	store := laptoptest.NewStore(t)
	s := newStack(t, store, options{})
	bob := s.newUser(t, pat.Profile{Username: "bob-the-other", Name: "Bob", Email: "bob@example.com", Role: pat.Editor})
	ids := []string{strconv.FormatInt(int64(bob), 10)}
	for _, description := range []string{"bob's first", "bob's second"} {
		id, secret := s.newToken(t, bob, description, time.Hour)
		ids = append(ids, fmt.Sprint(id), secret[len("user:v2_"):len("user:v2_")+22])
	}
	before := read(t, store, bob)
	requests := 0
	for name, caller := range s.deputies(t) {
		for _, id := range ids {
			for _, route := range routes(t, id) {
				if !caller.may(route) {
					continue
				}
				requests++
				got := s.sees(t, route, caller.token)
				if after := read(t, store, bob); !cmp.Equal(before, after) {
					t.Fatalf("%s, %s %s: the other's account was changed:\n%s", name, route.method, route.path, cmp.Diff(before, after))
				}
				if strings.Contains(got, "bob") {
					t.Errorf("%s, %s %s: got %s, want nothing of the other", name, route.method, route.path, got)
				}
			}
		}
	}
	if requests < 150 {
		t.Errorf("got %d requests, want every caller on every route with every id", requests)
	}
}

// deputy is a caller on some routes.
type deputy struct {
	token string
	may   func(route) bool
}

// deputies are a Viewer and an Editor everywhere, and who may administer users where that is not the question.
func (s *stack) deputies(t *testing.T) map[string]deputy {
	t.Helper()
	everywhere := func(route) bool { return true }
	ofTokens := func(r route) bool { return strings.HasPrefix(r.path, "/api/admin/user/tokens") }
	callers := map[string]deputy{"the admin API token": {s.AdminToken, ofTokens}}
	for name, c := range map[string]struct {
		role pat.Role
		may  func(route) bool
	}{"a Viewer": {pat.Viewer, everywhere}, "an Editor": {pat.Editor, everywhere}, "an Admin": {pat.Admin, ofTokens}} {
		_, token := s.newToken(t, s.newUser(t, pat.Profile{Username: name, Role: c.role}), "own", time.Hour)
		callers[name] = deputy{token, c.may}
	}
	return callers
}

// TestDeputyOfAnAdminIsFound shows that the check sees a change: an Admin may make it.
func TestDeputyOfAnAdminIsFound(t *testing.T) {
	t.Parallel()
	store := laptoptest.NewStore(t)
	s := newStack(t, store, options{})
	bob := s.newUser(t, pat.Profile{Username: "bob", Role: pat.Editor})
	before := read(t, store, bob)
	for _, route := range routes(t, fmt.Sprint(bob)) {
		if route.method == http.MethodPut && strings.Contains(s.sees(t, route, s.boss), "bob") && !cmp.Equal(before, read(t, store, bob)) {
			return
		}
	}
	t.Error("got no route by which an Admin changes a user, want one")
}

func read(t *testing.T, store pat.Store, user pat.UserID) pat.Account {
	t.Helper()
	account, err := store.Account(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	return account
}
