package pattest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
)

var listPromises = []promise{
	{"Accounts of an empty store returns none", nobodyIsListed},
	{"Accounts pages through all users in rising order", listIsPaged},
	{"Accounts returns no tokens", listHasNoTokens},
	{"Accounts shows each change at once", listIsConsistent},
}

// listed is the part of a user that Accounts must return.
type listed struct {
	ID      pat.UserID
	Type    pat.AccountType
	Profile pat.Profile
	Created int64
}

func list(t *testing.T, store pat.Store, after pat.UserID, limit int) []listed {
	t.Helper()
	return listOf(t, store, after, limit)
}

func listOf(t *testing.T, store pat.Store, after pat.UserID, limit int, of ...pat.AccountType) []listed {
	t.Helper()
	accounts, err := store.Accounts(t.Context(), after, limit, of...)
	succeed(t, err)
	return summary(accounts)
}

func summary(accounts []pat.Account) []listed {
	var result []listed
	for _, a := range accounts {
		result = append(result, listed{a.ID, a.Type, a.Profile, a.CreatedAt.UnixMilli()})
	}
	return result
}

func nobodyIsListed(t *testing.T, store pat.Store) {
	if got := list(t, store, 0, 10); len(got) != 0 {
		t.Errorf("got %v, want no users", got)
	}
}

func listIsPaged(t *testing.T, store pat.Store) {
	var made []pat.Account
	for i := range 23 {
		made = append(made, Account(t, store, Profile(fmt.Sprintf("user%d", i), pat.Viewer)))
	}
	for _, limit := range []int{1, 10, 23, 100} {
		var got []listed
		for page := list(t, store, 0, limit); len(page) > 0; page = list(t, store, page[len(page)-1].ID, limit) {
			if len(page) > limit || len(got) > len(made) {
				t.Fatalf("got %d users in a page and %d before, want at most %d", len(page), len(got), limit)
			}
			got = append(got, page...)
		}
		if diff := cmp.Diff(summary(made), got); diff != "" {
			t.Errorf("in pages of %d, -want +got:\n%s", limit, diff)
		}
	}
}

func listHasNoTokens(t *testing.T, store pat.Store) {
	before := Account(t, store, Profile("ann", pat.Viewer))
	succeed(t, store.ReplaceAccount(t.Context(), before, withTokens(t, before, 3)))
	accounts, err := store.Accounts(t.Context(), 0, 10)
	succeed(t, err)
	for _, account := range accounts {
		if len(account.Tokens) != 0 {
			t.Errorf("user %d is listed with %d tokens, want none", account.ID, len(account.Tokens))
		}
	}
}

func listIsConsistent(t *testing.T, store pat.Store) {
	ann, bob := Account(t, store, Profile("ann", pat.Admin)), Account(t, store, Profile("bob", pat.Viewer))
	after := bob
	after.Profile = pat.Profile{Username: "robert", Email: "r@example.org", Role: pat.Editor, Disabled: true}
	succeed(t, store.ReplaceAccount(t.Context(), bob, after))
	if diff := cmp.Diff(summary([]pat.Account{ann, after}), list(t, store, 0, 10)); diff != "" {
		t.Errorf("after a change, -want +got:\n%s", diff)
	}
	succeed(t, store.DeleteAccount(t.Context(), Read(t, store, bob.ID)))
	if diff := cmp.Diff(summary([]pat.Account{ann}), list(t, store, 0, 10)); diff != "" {
		t.Errorf("after a deletion, -want +got:\n%s", diff)
	}
}
