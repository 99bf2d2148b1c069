package pat_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// everybody is a fixture with seven users more, whose tokens differ in what a filter looks at. The clock is at a time at which some
// have expired.
type everybody struct {
	*fixture
	users []pat.UserID
}

func newEverybody(t *testing.T) everybody {
	t.Helper()
	f := everybody{newFixture(t), nil}
	f.users = append(f.users, f.holder.Account.ID)
	for i := range 7 {
		user := pattest.Account(t, f.store, pattest.Profile(fmt.Sprintf("user%d", i), pat.Admin))
		f.users = append(f.users, user.ID)
		for n := range i {
			draft := pat.Draft{Description: strconv.Itoa(n), Scopes: pat.Unscoped(), ExpiresAt: pattest.Start.Add(time.Duration(n+1) * 24 * time.Hour)}
			if (i+n)%2 == 0 {
				draft.Scopes = pattest.Scopes(t, []string{"pats:read", "users:read"}[:n%2+1]...)
			}
			_, secret, err := f.service.CreateUserToken(t.Context(), user.ID, draft)
			if err != nil {
				t.Fatal(err)
			}
			f.clock.Advance(time.Hour)
			if n%3 == 1 {
				if _, err := f.service.Authenticate(t.Context(), secret); err != nil {
					t.Fatal(err)
				}
			}
		}
		if i%3 == 2 {
			if err := pattest.SetDisabled(t.Context(), f.service, user.ID, true); err != nil {
				t.Fatal(err)
			}
		}
	}
	f.clock.Advance(48 * time.Hour)
	return f
}

// token is a token with its user.
type token struct {
	User  pat.UserID
	Token pat.Token
}

// all returns what AllTokens returns in pages of limit.
func (f everybody) all(t require, limit int, filter pat.TokenFilter) []token {
	var all []token
	for after, pages := pat.UserID(0), 0; ; pages++ {
		page, next, err := f.service.AllTokens(t.Context(), after, limit, filter)
		if err != nil || pages > len(f.users) {
			t.Fatalf("page %d: %v", pages, err)
		}
		for _, of := range page {
			for _, each := range of.Tokens {
				all = append(all, token{of.User.ID, each})
			}
		}
		if next == 0 {
			return all
		}
		after = next
	}
}

// require is what a test and a property test have in common.
type require interface {
	Context() context.Context
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// selects restates the rules of a TokenFilter.
func (f everybody) selects(t require, filter pat.TokenFilter, user pat.UserID, of pat.Token) bool {
	account, err := f.store.Account(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	used, state := of.CreatedAt, "active"
	if !of.SeenAt.IsZero() {
		used = of.SeenAt
	}
	if account.Disabled {
		state = "disabled"
	}
	if !f.clock.Now().Before(of.ExpiresAt) {
		state = "expired"
	}
	switch {
	case filter.User != 0 && filter.User != user,
		!filter.ExpiresBefore.IsZero() && !of.ExpiresAt.Before(filter.ExpiresBefore),
		!filter.UnusedSince.IsZero() && !used.Before(filter.UnusedSince),
		filter.Scope != "" && !slices.Contains(of.Scopes.List(), filter.Scope),
		filter.State != "" && string(filter.State) != state:
		return false
	}
	return true
}

// want returns the tokens that filter selects, from the lists of all users.
func (f everybody) want(t require, filter pat.TokenFilter) []token {
	var want []token
	for _, user := range f.users {
		tokens, err := f.service.UserTokens(t.Context(), user)
		if err != nil {
			t.Fatal(err)
		}
		for _, each := range tokens {
			if f.selects(t, filter, user, each) {
				want = append(want, token{user, each})
			}
		}
	}
	return want
}

func drawFilter(t *rapid.T, users []pat.UserID) pat.TokenFilter {
	at := rapid.Custom(func(t *rapid.T) time.Time {
		return pattest.Start.Add(time.Duration(rapid.IntRange(-1, 24*8).Draw(t, "hours")) * time.Hour)
	})
	maybe := func(name string) time.Time {
		if rapid.Bool().Draw(t, "with "+name) {
			return at.Draw(t, name)
		}
		return time.Time{}
	}
	return pat.TokenFilter{
		User:          rapid.SampledFrom(append([]pat.UserID{0, 0, 0, 0}, users...)).Draw(t, "user"),
		ExpiresBefore: maybe("expiresBefore"), UnusedSince: maybe("unusedSince"),
		Scope: rapid.SampledFrom([]pat.Scope{"", "", "pats:read", "users:read", "orders:read"}).Draw(t, "scope"),
		State: rapid.SampledFrom(append(pat.TokenStates(), "", "")).Draw(t, "state"),
	}
}

// TestAllTokensInPagesOfAnySize: whatever the filter and the size of the pages, they have the tokens that the rules select, once and in
// order.
func TestAllTokensInPagesOfAnySize(t *testing.T) {
	t.Parallel()
	f := newEverybody(t)
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		filter := drawFilter(t, f.users)
		want := f.want(t, filter)
		found += len(want)
		if diff := cmp.Diff(want, f.all(t, rapid.IntRange(1, 9).Draw(t, "limit"), filter), cmp.Comparer(pat.Scopes.Equal)); diff != "" {
			t.Fatalf("filter %+v, -want +got:\n%s", filter, diff)
		}
	})
	if found == 0 {
		t.Error("no filter selected a token")
	}
}

// TestRevokeUserTokens: exactly the selected tokens go, in one write.
func TestRevokeUserTokens(t *testing.T) {
	t.Parallel()
	for name, filter := range map[string]pat.TokenFilter{
		"all":            {},
		"with a scope":   {Scope: "pats:read"},
		"unused":         {UnusedSince: pattest.Start.Add(20 * time.Hour)},
		"expired":        {State: pat.TokenExpired},
		"of another":     {User: 1},
		"none":           {ExpiresBefore: pattest.Start},
		"that end early": {ExpiresBefore: pattest.Start.Add(60 * time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newEverybody(t)
			user := f.users[7]
			var want []pat.TokenID
			for _, each := range f.want(t, filter) {
				if each.User == user {
					want = append(want, each.Token.ID)
				}
			}
			before := pattest.Read(t, f.store, user)
			f.store.Forget()
			got, err := f.service.RevokeUserTokens(t.Context(), user, filter)
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("got %v and error %v, want %v", got, err, want)
			}
			writes := min(1, len(want))
			if n := f.store.Count(pattest.CallReplaceAccount); n != writes {
				t.Errorf("got %d writes, want %d", n, writes)
			}
			after := pattest.Read(t, f.store, user)
			for _, each := range before.Tokens {
				if _, kept := after.Token(each.ID); kept == slices.Contains(want, each.ID) {
					t.Errorf("token %d is kept: %t, want %t", each.ID, kept, !kept)
				}
			}
		})
	}
}

// TestRevokeUserTokensLooksAgain: a token that is used before the write does not count as unused.
func TestRevokeUserTokensLooksAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.clock.Advance(90 * 24 * time.Hour / 2)
	_, used := f.create(t, "used")
	f.create(t, "unused")
	f.clock.Advance(time.Hour)
	filter := pat.TokenFilter{UnusedSince: f.clock.Now()}
	f.store.Before(pattest.CallReplaceAccount, func() {
		for _, secret := range []pat.Secret{used, f.holder.Secret} {
			if _, err := f.service.Authenticate(t.Context(), secret); err != nil {
				t.Error(err)
			}
		}
		_, _, err := f.service.RotateUserToken(t.Context(), f.holder.Account.ID, 1, pat.Rotation{}) // so that the write conflicts
		if err != nil {
			t.Error(err)
		}
	})
	got, err := f.service.RevokeUserTokens(t.Context(), f.holder.Account.ID, filter)
	if err != nil || !slices.Equal(got, []pat.TokenID{3}) {
		t.Errorf("got %v and error %v, want token 3 alone", got, err)
	}
}

func TestEverybodysTokensOfAMissingUser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, _, err := f.service.AllTokens(t.Context(), 0, 10, pat.TokenFilter{User: 99})
	pattest.WantKind(t, err, pat.KindNotFound)
	_, err = f.service.RevokeUserTokens(t.Context(), 99, pat.TokenFilter{})
	pattest.WantKind(t, err, pat.KindNotFound)
	page, next, err := f.service.AllTokens(t.Context(), f.holder.Account.ID, 10, pat.TokenFilter{User: f.holder.Account.ID})
	if err != nil || len(page) != 0 || next != 0 {
		t.Errorf("after the user: got %d users, next %d and error %v, want none", len(page), next, err)
	}
}

// TestEverybodysTokensShowWhatCounts: the list has the ends that the settings allow, of the token and of the secret that a rotation
// replaced.
func TestEverybodysTokensShowWhatCounts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if _, _, err := f.service.RotateUserToken(t.Context(), 1, 1, pat.Rotation{Overlap: time.Hour}); err != nil {
		t.Fatal(err)
	}
	service := f.limiting(pat.Settings{MaxLifetime: 30 * time.Minute, EnforceMaxLifetime: true})
	page, _, err := service.AllTokens(t.Context(), 0, 1, pat.TokenFilter{})
	if err != nil || len(page) != 1 {
		t.Fatalf("got %v and error %v, want one user", page, err)
	}
	got, end := page[0].Tokens[0], pattest.Start.Add(30*time.Minute)
	if !got.ExceedsMaxLifetime || !got.ExpiresAt.Equal(end) || !got.Replaced.Until.Equal(end) {
		t.Errorf("got %+v, want both ends at %s, and a mark", got, end)
	}
	if len(page[0].User.Tokens) != 0 || len(page[0].User.Spent) != 0 {
		t.Errorf("the user has %d tokens, want none", len(page[0].User.Tokens))
	}
}

func TestCheckScope(t *testing.T) {
	t.Parallel()
	for scope, want := range map[pat.Scope]bool{"orders:read": true, "gone": true, "": false, "a b": false, "*": false, pat.Scope(make([]byte, 65)): false} {
		if err := pat.CheckScope(scope); (err == nil) != want || (err != nil && pat.KindOf(err) != pat.KindInvalid) {
			t.Errorf("%q: got %v, want valid: %t", scope, err, want)
		}
	}
}
