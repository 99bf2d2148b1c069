package pat_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

var searches = map[string]struct {
	query string
	want  []pat.UserID
}{
	"exact username":                      {"ann", []pat.UserID{1}},
	"exact email":                         {"anna@example.org", []pat.UserID{2}},
	"exact email in upper case":           {"ANNA@EXAMPLE.ORG", []pat.UserID{2}},
	"an email before a username":          {"robert@example.org", []pat.UserID{3}},
	"username in another case":            {"bOB", []pat.UserID{3}},
	"beginning of usernames and a name":   {"an", []pat.UserID{1, 2, 4}},
	"beginning of an email":               {"robert@", []pat.UserID{3, 4}},
	"middle of a name":                    {"MÜLL", []pat.UserID{2}},
	"middle of a username, not of a name": {"nna", []pat.UserID{2}},
	"middle of an email":                  {"@example", nil},
	"a disabled user":                     {"hannah", []pat.UserID{5}},
	"wildcards are literal":               {"0%_s", []pat.UserID{5}},
	"wildcard that matches no user":       {"a%a", nil},
	"empty":                               {"", nil},
	"one character":                       {"a", nil},
	"one letter of two bytes":             {"ü", nil},
	"too long for any user":               {strings.Repeat("a", pat.MaxTextLen+1), nil},
	"as long as a key of DynamoDB":        {strings.Repeat("🦫", 2048), nil},
	"not UTF-8":                           {"\xff\xfe", nil},
}

// TestSearchUsers compares searches with what Unleash 8.2.0 finds among the same users, except for exact matches.
func TestSearchUsers(t *testing.T) {
	t.Parallel()
	f := newFixture(t) // with ann
	for _, profile := range []pat.Profile{
		{Username: "anna", Name: "Anna Müller", Email: "anna@example.org", Role: pat.Viewer},
		{Username: "Bob", Email: "robert@example.org", Role: pat.Viewer},
		{Username: "robert@example.org", Name: "an impostor", Role: pat.Viewer},
		{Email: "hannah@example.org", Name: "100%_sure", Role: pat.Viewer, Disabled: true},
	} {
		pattest.Account(t, f.store, profile)
	}
	for name, c := range searches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := f.service.SearchUsers(t.Context(), c.query)
			if err != nil {
				t.Fatal(err)
			}
			var got []pat.UserID
			for _, account := range found {
				got = append(got, account.ID)
				if len(account.Tokens) != 0 {
					t.Errorf("user %d comes with %d tokens, want none", account.ID, len(account.Tokens))
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got users %v, want %v", got, c.want)
			}
		})
	}
}

// TestSearchUsersReads checks that an exact match is two reads and no list, whatever the number of users.
func TestSearchUsersReads(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for query, want := range map[string]map[pattest.Call]int{
		f.holder.Account.Username: {pattest.CallFindUser: 1, pattest.CallAccount: 1, pattest.CallAccounts: 0},
		f.holder.Account.Email:    {pattest.CallFindUser: 1, pattest.CallAccount: 1, pattest.CallAccounts: 0},
		"nobody":                  {pattest.CallFindUser: 2, pattest.CallAccount: 0, pattest.CallAccounts: 1},
		"x":                       {pattest.CallFindUser: 0, pattest.CallAccount: 0, pattest.CallAccounts: 0},
	} {
		f.store.Forget()
		if _, err := f.service.SearchUsers(t.Context(), query); err != nil {
			t.Fatal(err)
		}
		for call, n := range want {
			if got := f.store.Count(call); got != n {
				t.Errorf("%q: got %d calls of %s, want %d", query, got, call, n)
			}
		}
	}
}

// TestSearchUsersIsBounded searches endlessly many users: the first 10,000 count, and an exact match beyond them is found.
func TestSearchUsersIsBounded(t *testing.T) {
	t.Parallel()
	service := pat.NewService(endless{}, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(pattest.NewClock()))
	found, err := service.SearchUsers(t.Context(), "us")
	if err != nil || len(found) != 10_000 || found[9_999].ID != 10_000 {
		t.Errorf("got %d users and %v, want the first 10,000", len(found), err)
	}
	found, err = service.SearchUsers(t.Context(), "user12345")
	if err != nil || len(found) != 1 || found[0].ID != 12_345 {
		t.Errorf("got %d users and %v, want user 12345", len(found), err)
	}
}

// TestSearchUsersFails checks that a failed read is an error, and that a user deleted meanwhile is not found.
func TestSearchUsersFails(t *testing.T) {
	t.Parallel()
	for _, call := range []pattest.Call{pattest.CallFindUser, pattest.CallAccount, pattest.CallAccounts} {
		f := newFixture(t)
		f.store.Refuse(call, 1, pat.Unavailable(nil))
		query := "ann"
		if call == pattest.CallAccounts {
			query = "nobody"
		}
		_, err := f.service.SearchUsers(t.Context(), query)
		pattest.WantKind(t, err, pat.KindUnavailable)
	}
	f := newFixture(t)
	f.store.Refuse(pattest.CallAccount, 1, pat.NoUser(nil))
	if found, err := f.service.SearchUsers(t.Context(), "ann"); err != nil || len(found) != 1 {
		t.Errorf("got %v and %v, want the search to go on", found, err)
	}
}

func TestAdminCount(t *testing.T) {
	t.Parallel()
	f := newFixture(t) // with an Admin
	pattest.Account(t, f.store, pattest.Profile("bob", pat.Viewer))
	if got, err := f.service.AdminCount(t.Context()); err != nil || got != 1 {
		t.Errorf("got %d and %v, want 1", got, err)
	}
}

// endless is a store with a user for each ID.
type endless struct{ pat.Store }

func (endless) Account(_ context.Context, id pat.UserID) (pat.Account, error) {
	return pat.Account{ID: id, Profile: pattest.Profile(fmt.Sprintf("user%d", id), pat.Viewer)}, nil
}

func (e endless) Accounts(ctx context.Context, after pat.UserID, limit int, _ ...pat.AccountType) ([]pat.Account, error) {
	accounts := make([]pat.Account, limit)
	for i := range accounts {
		accounts[i], _ = e.Account(ctx, after+pat.UserID(i)+1)
	}
	return accounts, nil
}

func (endless) FindUser(_ context.Context, key string) (pat.UserID, error) {
	var id pat.UserID
	if _, err := fmt.Sscanf(key, "username:user%d", &id); err != nil {
		return 0, pat.NoUser(err)
	}
	return id, nil
}
