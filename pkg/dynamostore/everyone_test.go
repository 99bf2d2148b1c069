package dynamostore_test

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// pageUsers is the number of users in a page, whose tokens docs/cost.md says take at most 110 read units.
const pageUsers = 100

// TestCapacityOfEverybodysTokens checks the read units of a page of 100 users with ten used tokens each, whose descriptions have 60
// characters, wherever it begins and however many users there are. DynamoDB Local reports nothing for the empty directory of service
// accounts, which takes one unit more on AWS.
func TestCapacityOfEverybodysTokens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, users := range []pat.UserID{pageUsers, 3 * pageUsers} {
		f.populate(t, users, pat.UserAccount)
		for after := pat.UserID(0); after < users; after += pageUsers {
			f.probe.forget()
			page, next, err := f.service.AllTokens(t.Context(), after, pageUsers, pat.TokenFilter{})
			if err != nil {
				t.Fatal(err)
			}
			if last := after+pageUsers == users; len(page) != pageUsers || (next == 0) != last {
				t.Fatalf("after user %d: got %d users and next %d", after, len(page), next)
			}
			for _, of := range page {
				if len(of.Tokens) != pat.MaxTokens || of.Tokens[0].SeenAt.IsZero() {
					t.Fatalf("user %d: got %d tokens, the first used at %v", of.User.ID, len(of.Tokens), of.Tokens[0].SeenAt)
				}
			}
			equal(t, fmt.Sprintf("read units after user %d of %d", after, users), f.probe.used(query), pageUsers+4)
		}
	}
}

// TestCapacityAmongServiceAccounts: the page reads as many profiles of both types as it may need.
func TestCapacityAmongServiceAccounts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.populate(t, 2*pageUsers, pat.UserAccount, pat.ServiceAccount)
	for after := pat.UserID(0); after < 2*pageUsers; after += pageUsers {
		f.probe.forget()
		page, _, err := f.service.AllTokens(t.Context(), after, pageUsers, pat.TokenFilter{})
		if err != nil || len(page) != pageUsers {
			t.Fatalf("after user %d: got %d users and error %v", after, len(page), err)
		}
		if units := f.probe.used(query); units > pageUsers+8 {
			t.Errorf("after user %d: got %v read units, want at most %d", after, units, pageUsers+8)
		}
	}
}

// TestCapacityOfAFilteredPage: a page without a selected token costs the same as one full of them.
func TestCapacityOfAFilteredPage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.populate(t, 20, pat.UserAccount)
	f.probe.forget()
	page, next, err := f.service.AllTokens(t.Context(), 0, 10, pat.TokenFilter{State: pat.TokenExpired})
	if err != nil || len(page) != 0 || next != 10 {
		t.Fatalf("got %d users, next %d and error %v, want an empty page and next 10", len(page), next, err)
	}
	equal(t, "read units", f.probe.used(query), 11)
	f.probe.forget()
	if _, _, err := f.service.AllTokens(t.Context(), 0, 10, pat.TokenFilter{User: 7}); err != nil {
		t.Fatal(err)
	}
	equal(t, "read units for one user", f.probe.used(query), 1)
}

// TestEverybodysTokensFail: a read that fails fails the page, rather than leaving out a user.
func TestEverybodysTokensFail(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.populate(t, 10, pat.UserAccount)
	for failed := range 12 { // the directory of each type, then each user
		plans := make([]plan, failed+1)
		plans[failed].refuse = networkError(query)
		f.probe.plan(query, plans...)
		accounts, _, err := f.store.AccountsWithTokens(t.Context(), 0, 10)
		if err == nil || pat.KindOf(err) != pat.KindUnavailable || accounts != nil {
			t.Errorf("Query %d fails: got %d accounts and error %v, want KindUnavailable alone", failed+1, len(accounts), err)
		}
		f.probe.plans[query] = nil
	}
}

// TestEverybodysTokensWithoutDeletedUsers: a user who is deleted between the read of the directory and that of the account is left out.
func TestEverybodysTokensWithoutDeletedUsers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann, ben := f.editor(t, "ann"), f.editor(t, "ben")
	f.probe.plan(query, plan{}, plan{}, plan{before: func() {
		if err := f.store.DeleteAccount(t.Context(), ann); err != nil {
			t.Error(err)
		}
	}})
	accounts, next, err := f.store.AccountsWithTokens(t.Context(), 0, 1)
	if err != nil || len(accounts) != 0 || next != ann.ID {
		t.Errorf("got %d accounts, next %d and error %v, want no accounts and next %d", len(accounts), next, err, ann.ID)
	}
	accounts, next, err = f.store.AccountsWithTokens(t.Context(), next, 1)
	if err != nil || len(accounts) != 1 || accounts[0].ID != ben.ID || next != 0 {
		t.Errorf("got %d accounts, next %d and error %v, want that of user %d alone", len(accounts), next, err, ben.ID)
	}
}

// populate imports the users with IDs up to last who do not exist, of the types in turn.
func (f *fixture) populate(t *testing.T, last pat.UserID, types ...pat.AccountType) {
	t.Helper()
	if err := f.store.ReserveUserIDs(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(8)
	for id := pat.UserID(1); id <= last; id++ {
		group.Go(func() error {
			account := pat.Account{ID: id, Type: types[int(id)%len(types)], Profile: pattest.Profile(fmt.Sprintf("user%03d", id), pat.Viewer), CreatedAt: pattest.Start, NextTokenID: 1}
			for range pat.MaxTokens {
				f.add(t, &account, false)
			}
			for i := range account.Tokens {
				account.Tokens[i].SeenAt = pattest.Start
			}
			err := f.store.ImportAccount(ctx, pat.Account{}, account)
			if e, ok := errors.AsType[*pat.Error](err); ok && e.Kind == pat.KindConflict {
				return nil // the user exists
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}
