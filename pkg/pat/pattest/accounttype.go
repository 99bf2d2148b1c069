package pattest

import (
	compare "cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
)

var accountTypePromises = []promise{
	{"A service account stays one through every change", typeIsKept},
	{"Accounts lists accounts of any types", typesAreListedApart},
	{"Accounts pages through service accounts in rising order", servicesArePaged},
	{"A service account shares no username with a person", typesShareUniqueKeys},
	{"A service account does not count as an enabled Admin", servicesDoNotCount},
	{"ImportAccount creates a service account", importMakesService},
}

// Service creates a service account in store, at Start and without tokens.
func Service(t testing.TB, store pat.Store, name string, role pat.Role) pat.Account {
	t.Helper()
	profile := pat.Profile{Username: name, Name: "Name of " + name, Role: role}
	account, err := store.CreateAccount(t.Context(), pat.Account{Type: pat.ServiceAccount, Profile: profile, CreatedAt: Start, NextTokenID: 1})
	if err != nil {
		t.Fatalf("CreateAccount(%q): %v", name, err)
	}
	return account
}

func typeIsKept(t *testing.T, store pat.Store) {
	made := Service(t, store, "ci", pat.Editor)
	want := pat.Account{
		ID: made.ID, Type: pat.ServiceAccount, Profile: pat.Profile{Username: "ci", Name: "Name of ci", Role: pat.Editor},
		CreatedAt: Start, NextTokenID: 1, Version: made.Version,
	}
	wantSame(t, made, want)
	wantAccount(t, store, want)
	for _, tokens := range []int{1, 3} { // the first is unscoped, as in the first format of stores
		want = replaced(t, store, withTokens(t, want, tokens))
		wantAccount(t, store, want)
		want.Tokens = nil
	}
	want.Profile = pat.Profile{Username: "cd", Role: pat.Viewer, Disabled: true}
	wantAccount(t, store, replaced(t, store, want))
}

func typesAreListedApart(t *testing.T, store pat.Store) {
	ann, ci := Account(t, store, Profile("ann", pat.Admin)), Service(t, store, "ci", pat.Viewer)
	bob, cd := Account(t, store, Profile("bob", pat.Viewer)), Service(t, store, "cd", pat.Editor)
	wantListed(t, store, "creating them", []pat.Account{ann, bob}, []pat.Account{ci, cd})
	cd.Name = "Deployer"
	cd = replaced(t, store, cd)
	wantListed(t, store, "a change", []pat.Account{ann, bob}, []pat.Account{ci, cd})
	succeed(t, store.DeleteAccount(t.Context(), ci))
	succeed(t, store.DeleteAccount(t.Context(), bob))
	wantListed(t, store, "deletions", []pat.Account{ann}, []pat.Account{cd})
}

func wantListed(t *testing.T, store pat.Store, after string, users, services []pat.Account) {
	t.Helper()
	all := slices.Concat(users, services)
	slices.SortFunc(all, func(a, b pat.Account) int { return compare.Compare(a.ID, b.ID) })
	for _, c := range []struct {
		of   []pat.AccountType
		want []pat.Account
	}{
		{[]pat.AccountType{pat.UserAccount}, users},
		{[]pat.AccountType{pat.ServiceAccount}, services},
		{[]pat.AccountType{pat.ServiceAccount, pat.UserAccount}, all},
		{nil, all},
	} {
		if diff := cmp.Diff(summary(c.want), listOf(t, store, 0, 10, c.of...)); diff != "" {
			t.Errorf("after %s, accounts of types %v, -want +got:\n%s", after, c.of, diff)
		}
		accounts, next, err := store.AccountsWithTokens(t.Context(), 0, 10, c.of...)
		succeed(t, err)
		if diff := cmp.Diff(summary(c.want), summary(accounts)); diff != "" || next != 0 {
			t.Errorf("after %s, accounts of types %v with tokens: next %d, -want +got:\n%s", after, c.of, next, diff)
		}
	}
}

func servicesArePaged(t *testing.T, store pat.Store) {
	var made []pat.Account
	for i := range 7 {
		Account(t, store, Profile(fmt.Sprintf("user%d", i), pat.Viewer))
		made = append(made, Service(t, store, fmt.Sprintf("service%d", i), pat.Viewer))
	}
	var got []listed
	for page := listOf(t, store, 0, 3, pat.ServiceAccount); len(page) > 0; page = listOf(t, store, page[len(page)-1].ID, 3, pat.ServiceAccount) {
		if len(page) > 3 || len(got) > len(made) {
			t.Fatalf("got %d service accounts in a page and %d before, want at most 3", len(page), len(got))
		}
		got = append(got, page...)
	}
	if diff := cmp.Diff(summary(made), got); diff != "" {
		t.Errorf("in pages of 3, -want +got:\n%s", diff)
	}
}

func typesShareUniqueKeys(t *testing.T, store pat.Store) {
	ann := Account(t, store, Profile("ann", pat.Admin))
	ci := Service(t, store, "ci", pat.Viewer)
	_, err := store.CreateAccount(t.Context(), pat.Account{Type: pat.ServiceAccount, Profile: pat.Profile{Username: "ann", Role: pat.Viewer}, NextTokenID: 1})
	WantKind(t, err, pat.KindUserExists)
	_, err = store.CreateAccount(t.Context(), pat.Account{Profile: pat.Profile{Username: "ci", Role: pat.Viewer}, NextTokenID: 1})
	WantKind(t, err, pat.KindUserExists)
	for _, account := range []pat.Account{ann, ci} {
		found, err := store.FindUser(t.Context(), "username:"+account.Username)
		if err != nil || found != account.ID {
			t.Errorf("FindUser(%s): got %d and %v, want %d", account.Username, found, err, account.ID)
		}
	}
}

func servicesDoNotCount(t *testing.T, store pat.Store) {
	admin := Account(t, store, Profile("ann", pat.Admin))
	ci := Service(t, store, "ci", pat.Admin)
	wantAdmins(t, store, "creating an Admin and a service account", 1)
	for _, d := range departures {
		if err := d.leave(t, store, admin); pat.KindOf(err) != pat.KindLastAdmin {
			t.Errorf("%s the last person who is an Admin: got %v, want kind %d", d.name, err, pat.KindLastAdmin)
		}
	}
	for i, d := range departures {
		succeed(t, d.leave(t, store, Service(t, store, fmt.Sprintf("service%d", i), pat.Admin)))
		wantAdmins(t, store, d.name+" a service account", 1)
	}
	ci.Role = pat.Viewer
	ci = replaced(t, store, ci)
	ci.Role = pat.Admin
	replaced(t, store, ci)
	wantAdmins(t, store, "promoting a service account", 1)
}

func importMakesService(t *testing.T, store pat.Store) {
	succeed(t, store.ReserveUserIDs(t.Context(), 9))
	service := foreigner(t, "ci", 7, 2)
	service.Type, service.Role = pat.ServiceAccount, pat.Admin
	wantSame(t, imported(t, store, service), Read(t, store, 7))
	if got := Read(t, store, 7).Type; got != pat.ServiceAccount {
		t.Errorf("got type %v, want %v", got, pat.ServiceAccount)
	}
	wantAdmins(t, store, "importing a service account", 0)
	if got := listOf(t, store, 0, 10, pat.ServiceAccount); len(got) != 1 || got[0].ID != 7 {
		t.Errorf("got service accounts %v, want user 7", got)
	}
}
