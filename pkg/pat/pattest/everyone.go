package pattest

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pats/pkg/pat"
)

var everyonePromises = []promise{
	{"AccountsWithTokens of an empty store returns none", nobodyHasTokens},
	{"AccountsWithTokens pages through all users with tokens and uses", everyoneIsPaged},
	{"AccountsWithTokens shows each change at once", everyoneIsConsistent},
	{"AccountsWithTokens misses no user while others are deleted", everyoneWhileDeleting},
	{"AllTokens selects tokens of all users", allTokensAreSelected},
	{"RevokeUserTokens removes the selected tokens against concurrent changes", revokeAgainstChanges},
}

func nobodyHasTokens(t *testing.T, store pat.Store) {
	accounts, next, err := store.AccountsWithTokens(t.Context(), 0, 10)
	succeed(t, err)
	if len(accounts) != 0 || next != 0 {
		t.Errorf("got %v and next %d, want no users and 0", accounts, next)
	}
}

// population creates n users, the i-th with i tokens of which the first is used.
func population(t *testing.T, store pat.Store, n int) []pat.Account {
	t.Helper()
	var made []pat.Account
	for i := range n {
		account := Account(t, store, Profile(fmt.Sprintf("user%d", i), pat.Viewer))
		if i > 0 {
			account = replaced(t, store, withTokens(t, account, i))
			account.Tokens[0].SeenAt = Start.Add(time.Duration(i) * time.Hour)
			succeed(t, store.MarkSeen(t.Context(), account, 1, account.Tokens[0].SeenAt))
		}
		made = append(made, account)
	}
	return made
}

// walk reads all users in pages of limit.
func walk(t *testing.T, store pat.Store, limit int, between func()) []pat.Account {
	t.Helper()
	var all []pat.Account
	for after, last := pat.UserID(0), false; !last; {
		accounts, next, err := store.AccountsWithTokens(t.Context(), after, limit)
		succeed(t, err)
		if len(accounts) > limit || (next != 0 && next <= after) {
			t.Fatalf("got %d users and next %d after %d, want at most %d users and a higher next", len(accounts), next, after, limit)
		}
		all = append(all, accounts...)
		after, last = next, next == 0
		between()
	}
	return all
}

func everyoneIsPaged(t *testing.T, store pat.Store) {
	made := population(t, store, 8)
	for _, limit := range []int{1, 3, 8, 100} {
		got := walk(t, store, limit, func() {})
		if diff := cmp.Diff(made, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("in pages of %d, -want +got:\n%s", limit, diff)
		}
	}
}

func everyoneIsConsistent(t *testing.T, store pat.Store) {
	made := population(t, store, 3)
	after := made[1]
	after.Tokens = nil
	made[1] = replaced(t, store, after)
	succeed(t, store.DeleteAccount(t.Context(), made[0]))
	if diff := cmp.Diff(made[1:], walk(t, store, 10, func() {}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("after a change and a deletion, -want +got:\n%s", diff)
	}
}

func everyoneWhileDeleting(t *testing.T, store pat.Store) {
	made := population(t, store, 12)
	done := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < len(made) && err == nil; i += 2 {
			err = store.DeleteAccount(t.Context(), made[i])
		}
		done <- err
	}()
	got := walk(t, store, 2, func() {})
	succeed(t, <-done)
	for i := 1; i < len(made); i += 2 {
		if !slices.ContainsFunc(got, func(a pat.Account) bool { return a.ID == made[i].ID }) {
			t.Errorf("user %d, who is not deleted, is missing", made[i].ID)
		}
	}
}

// key names a token of a user.
type key struct {
	User  pat.UserID
	Token pat.TokenID
}

// selected returns the tokens that AllTokens returns in pages of 2.
func selected(t *testing.T, service *pat.Service, filter pat.TokenFilter) []key {
	t.Helper()
	var all []key
	for after, last := pat.UserID(0), false; !last; {
		page, next, err := service.AllTokens(t.Context(), after, 2, filter)
		succeed(t, err)
		for _, of := range page {
			for _, token := range of.Tokens {
				all = append(all, key{of.User.ID, token.ID})
			}
		}
		after, last = next, next == 0
	}
	return all
}

func allTokensAreSelected(t *testing.T, store pat.Store) {
	clock := NewClock()
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, Env(clock))
	ann, bob := NewHolder(t, store, service, Profile("ann", pat.Admin)), NewHolder(t, store, service, Profile("bob", pat.Viewer))
	scoped := Draft("scoped")
	scoped.Scopes, scoped.ExpiresAt = Scopes(t, "pats:read", "pats:write"), Start.Add(time.Hour)
	for _, user := range []pat.UserID{ann.Account.ID, bob.Account.ID} {
		_, _, err := service.CreateUserToken(t.Context(), user, scoped)
		succeed(t, err)
	}
	clock.Advance(30 * time.Minute)
	_, err := service.Authenticate(t.Context(), bob.Secret)
	succeed(t, err)
	a1, a2, b1, b2 := key{ann.Account.ID, 1}, key{ann.Account.ID, 2}, key{bob.Account.ID, 1}, key{bob.Account.ID, 2}
	for name, c := range map[string]struct {
		filter pat.TokenFilter
		want   []key
	}{
		"all":                   {pat.TokenFilter{}, []key{a1, a2, b1, b2}},
		"a user's":              {pat.TokenFilter{User: bob.Account.ID}, []key{b1, b2}},
		"with a scope":          {pat.TokenFilter{Scope: "pats:write"}, []key{a2, b2}},
		"unused":                {pat.TokenFilter{UnusedSince: Start.Add(30 * time.Minute)}, []key{a1, a2, b2}},
		"unused for any time":   {pat.TokenFilter{UnusedSince: Start.Add(31 * time.Minute)}, []key{a1, a2, b1, b2}},
		"unused since the test": {pat.TokenFilter{UnusedSince: Start}, nil},
		"that end soon":         {pat.TokenFilter{ExpiresBefore: Start.Add(2 * time.Hour)}, []key{a2, b2}},
		"that end earlier":      {pat.TokenFilter{ExpiresBefore: Start.Add(time.Hour)}, nil},
		"active":                {pat.TokenFilter{State: pat.TokenActive}, []key{a1, a2, b1, b2}},
		"two at once":           {pat.TokenFilter{User: ann.Account.ID, Scope: "pats:read"}, []key{a2}},
	} {
		if diff := cmp.Diff(c.want, selected(t, service, c.filter)); diff != "" {
			t.Errorf("%s, -want +got:\n%s", name, diff)
		}
	}
	clock.Advance(time.Hour)
	succeed(t, SetDisabled(t.Context(), service, bob.Account.ID, true))
	for state, want := range map[pat.TokenState][]key{pat.TokenActive: {a1}, pat.TokenExpired: {a2, b2}, pat.TokenDisabled: {b1}} {
		if diff := cmp.Diff(want, selected(t, service, pat.TokenFilter{State: state})); diff != "" {
			t.Errorf("state %s, -want +got:\n%s", state, diff)
		}
	}
}

// revokeAgainstChanges creates tokens while others are revoked: each is revoked or still there, and only those with the scope are revoked.
func revokeAgainstChanges(t *testing.T, store pat.Store) {
	service := newService(store)
	ann := NewHolder(t, store, service, Profile("ann", pat.Admin))
	scoped := Draft("scoped")
	scoped.Scopes = Scopes(t, "pats:read")
	filter := pat.TokenFilter{Scope: "pats:read"}
	revoked := make([][]pat.TokenID, 8)
	errs := together(8, func(i int) error {
		draft := scoped
		draft.Description = strconv.Itoa(i)
		_, _, err := service.CreateUserToken(t.Context(), ann.Account.ID, draft)
		if err == nil {
			revoked[i], err = service.RevokeUserTokens(t.Context(), ann.Account.ID, filter)
		}
		return err
	})
	wantKinds(t, errs, map[pat.Kind]int{succeeded: 8})
	all := slices.Concat(revoked...)
	slices.Sort(all)
	if want := []pat.TokenID{2, 3, 4, 5, 6, 7, 8, 9}; !slices.Equal(slices.Compact(all), want) {
		t.Errorf("the calls revoked tokens %v, want all of %v", all, want)
	}
	if got := selected(t, service, pat.TokenFilter{}); !slices.Equal(got, []key{{ann.Account.ID, 1}}) {
		t.Errorf("got %v, want the unscoped token only", got)
	}
}
