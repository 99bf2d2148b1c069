package pat_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// family is a fixture with tokens 1 (the holder's) to 6: 1 created 2 and 6, 2 created 3 and 4, and 4 created 5.
type family struct {
	*fixture
	of map[pat.TokenID]pattest.Holder
}

func newFamily(t *testing.T) family {
	t.Helper()
	f := family{newFixture(t), map[pat.TokenID]pattest.Holder{}}
	f.of[1] = f.holder
	for _, pair := range [][2]pat.TokenID{{1, 2}, {2, 3}, {2, 4}, {4, 5}, {1, 6}} {
		f.of[pair[1]] = f.with(t, f.of[pair[0]], fmt.Sprint(pair[1]), pat.Unscoped())
	}
	f.store.Forget()
	return f
}

// wantLeft fails the test unless the holder's tokens are those with ids.
func (f family) wantLeft(t *testing.T, ids ...pat.TokenID) {
	t.Helper()
	var got []pat.TokenID
	for _, token := range pattest.Read(t, f.store, f.holder.Account.ID).Tokens {
		got = append(got, token.ID)
	}
	if !slices.Equal(got, ids) {
		t.Errorf("tokens %v are left, want %v", got, ids)
	}
}

func (f family) revoke(t *testing.T, by, id pat.TokenID) []pat.TokenID {
	t.Helper()
	removed, err := f.service.RevokeDescendants(t.Context(), f.of[by].Identity(), id)
	if err != nil {
		t.Fatalf("RevokeDescendants(%d): %v", id, err)
	}
	return removed
}

func TestRevokeDescendants(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		by, id        pat.TokenID
		removed, left []pat.TokenID
	}{
		"a token with descendants": {6, 2, []pat.TokenID{2, 3, 4, 5}, []pat.TokenID{1, 6}},
		"a token without":          {1, 5, []pat.TokenID{5}, []pat.TokenID{1, 2, 3, 4, 6}},
		"its own ancestor":         {5, 2, []pat.TokenID{2, 3, 4, 5}, []pat.TokenID{1, 6}},
		"itself":                   {1, 1, []pat.TokenID{1, 2, 3, 4, 5, 6}, nil},
		"a token of the future":    {1, 7, nil, []pat.TokenID{1, 2, 3, 4, 5, 6}},
		"no token":                 {1, 0, nil, []pat.TokenID{1, 2, 3, 4, 5, 6}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFamily(t)
			if got := f.revoke(t, c.by, c.id); !slices.Equal(got, c.removed) {
				t.Errorf("got %v, want %v", got, c.removed)
			}
			want := map[pattest.Call]int{pattest.CallAccount: 1, pattest.CallReplaceAccount: 1}
			if len(c.removed) == 0 {
				delete(want, pattest.CallReplaceAccount)
			}
			f.wantCalls(t, want)
			f.wantLeft(t, c.left...)
		})
	}
}

// TestRevokeDescendantsOfARevokedToken: a revoked token's remaining descendants are revoked, and a repetition finds none.
func TestRevokeDescendantsOfARevokedToken(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	for _, id := range []pat.TokenID{2, 4} {
		if err := f.service.RevokeToken(t.Context(), f.holder.Identity(), id); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range [][]pat.TokenID{{3, 5}, nil} {
		if got := f.revoke(t, 1, 2); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		f.wantLeft(t, 1, 6)
	}
}

// TestRevokeDescendantsBeyondTenGenerations: a token that does not have the first one among its ancestors is found by a generation between.
func TestRevokeDescendantsBeyondTenGenerations(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	last := f.of[5]
	for i := range 12 {
		next := f.with(t, last, fmt.Sprintf("generation %d", i), pat.Unscoped())
		if i != 4 { // one generation between stays
			if err := f.service.RevokeToken(t.Context(), last.Identity(), last.Token.ID); err != nil {
				t.Fatal(err)
			}
		}
		last = next
	}
	if slices.Contains(last.Token.Ancestors, 2) {
		t.Fatalf("token %d has the ancestors %v, want 2 too far away", last.Token.ID, last.Token.Ancestors)
	}
	if got := f.revoke(t, 1, 2); !slices.Contains(got, last.Token.ID) {
		t.Errorf("got %v, want %d among them", got, last.Token.ID)
	}
	f.wantLeft(t, 1, 6)
}

// TestRevokeDescendantsRepeatsItself: a write whose response is lost, or that another change overtakes, takes effect once, also if it
// removes the caller's own token.
func TestRevokeDescendantsRepeatsItself(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		disturb func(*testing.T, family)
		removed []pat.TokenID
	}{
		"lost response":   {func(_ *testing.T, f family) { f.store.LoseResponse(pattest.CallReplaceAccount) }, []pat.TokenID{2, 3, 4, 5}},
		"not written":     {func(_ *testing.T, f family) { f.store.Refuse(pattest.CallReplaceAccount, 1, pat.Unavailable(nil)) }, []pat.TokenID{2, 3, 4, 5}},
		"another revoked": {func(t *testing.T, f family) { t.Helper(); f.overtake(t, 3) }, []pat.TokenID{2, 4, 5}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFamily(t)
			c.disturb(t, f)
			if got := f.revoke(t, 2, 2); !slices.Equal(got, c.removed) {
				t.Errorf("got %v, want %v", got, c.removed)
			}
			f.wantLeft(t, 1, 6)
		})
	}
}

// overtake revokes a token ahead of the next write.
func (f family) overtake(t *testing.T, id pat.TokenID) {
	t.Helper()
	f.store.Before(pattest.CallReplaceAccount, func() {
		if err := f.service.RevokeUserToken(context.WithoutCancel(t.Context()), f.holder.Account.ID, id); err != nil {
			t.Error(err)
		}
	})
}

// TestRevokeDescendantsByARevokedCaller: whoever is revoked before the write changes nothing.
func TestRevokeDescendantsByARevokedCaller(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	f.overtake(t, 6)
	_, err := f.service.RevokeDescendants(t.Context(), f.of[6].Identity(), 2)
	wantRefused(t, err, pat.ReasonInvalid)
	f.wantLeft(t, 1, 2, 3, 4, 5)
}

// TestRevokedDescendantsAreNotCreatedAgain: the key of each token that was taken is spent.
func TestRevokedDescendantsAreNotCreatedAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var made []pat.TokenID
	for _, key := range []string{"a", "b", "c"} {
		made = append(made, f.once(t, f.key(t, key), key).token.ID)
	}
	if removed, err := f.service.RevokeUserDescendants(t.Context(), f.holder.Account.ID, f.holder.Token.ID); err != nil || len(removed) != 4 {
		t.Fatalf("got %v and %v, want 4 tokens", removed, err)
	}
	account := pattest.Read(t, f.store, f.holder.Account.ID)
	if len(account.Spent) != len(made) {
		t.Errorf("%d keys are spent, want %d", len(account.Spent), len(made))
	}
	revived := account
	revived.Tokens = []pat.Token{f.holder.Token}
	if err := f.store.ReplaceAccount(t.Context(), account, revived); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b", "c"} {
		if _, _, err := f.service.CreateTokenOnce(t.Context(), f.holder.Identity(), f.until(key), f.key(t, key)); pat.KindOf(err) != pat.KindKeySpent {
			t.Errorf("key %s: got %v, want kind %d", key, err, pat.KindKeySpent)
		}
	}
}

func TestRevokeUserDescendants(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	user := f.holder.Account.ID
	for _, c := range []struct {
		user    pat.UserID
		id      pat.TokenID
		removed []pat.TokenID
		message string
	}{
		{user, 4, []pat.TokenID{4, 5}, ""},
		{user, 4, nil, "User 1 has no token 4 and none that descends from it."},
		{user, 2, []pat.TokenID{2, 3}, ""},
		{user, 99, nil, "User 1 has no token 99 and none that descends from it."},
		{99, 1, nil, "No user found"},
	} {
		removed, err := f.service.RevokeUserDescendants(t.Context(), c.user, c.id)
		if diff := cmp.Diff(c.removed, removed); diff != "" {
			t.Errorf("user %d, token %d: removed, -want +got:\n%s", c.user, c.id, diff)
		}
		if c.message != "" {
			pattest.WantKind(t, err, pat.KindNotFound)
			wantMessage(t, err, c.message)
		} else if err != nil {
			t.Errorf("user %d, token %d: %v", c.user, c.id, err)
		}
	}
	f.wantLeft(t, 1, 6)
}
