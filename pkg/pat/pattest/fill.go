package pattest

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pats/pkg/pat"
)

// Place is where a store is, or is to be.
type Place struct {
	// Fill is the bulk loader, into this place.
	Fill func(ctx context.Context, accounts iter.Seq[pat.Account]) error
	// Open opens the store here, and makes it if there is none.
	Open func(t *testing.T) pat.Store
	// Content closes the store and tells all that is kept here, by place in it.
	Content func(t *testing.T) map[string]string
}

// RunFill checks that a bulk loader leaves what the operations of a pat.Store leave. place gives an empty Place to each test.
func RunFill(t *testing.T, place func(t *testing.T) Place) {
	for _, p := range []struct {
		name string
		test func(t *testing.T, place func(t *testing.T) Place)
	}{
		{"Fill leaves what the operations leave", fillIsOperations},
		{"Fill takes many users", fillTakesMany},
		{"Fill of a store with users is refused and changes nothing", fillKeepsWhoIsThere},
		{"Fill after a Fill is refused and changes nothing", fillOnce},
		{"Fill of nobody leaves an empty store", fillOfNobody},
		{"Fill refuses what breaks a rule, and leaves no whole store", fillRefuses},
		{"Fill that is stopped leaves no whole store", fillStopped},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			p.test(t, place)
		})
	}
}

// society makes users of every sort by a store's operations. The last one who was made is still there.
func society(t *testing.T, store pat.Store) []Holder {
	t.Helper()
	clock := NewClock()
	service := pat.NewService(store, pat.DefaultRetention, Env(clock))
	profiles := []pat.Profile{
		Profile("ann", pat.Admin),
		{Username: "bob", Role: pat.Admin, Disabled: true},
		{Email: "cid@example.org", Role: pat.Editor},
		{Username: unicodeText, Name: unicodeText, Role: pat.Viewer},
		Profile("eve", pat.Viewer),
	}
	var holders []Holder
	for _, profile := range profiles {
		holders = append(holders, NewHolder(t, store, service, profile))
	}
	for _, draft := range Drafts(pat.MaxTokens - 1) {
		_, _, err := service.CreateToken(t.Context(), holders[0].Identity(), draft)
		succeed(t, err)
	}
	spend(t, service, holders[2])
	succeed(t, service.DeleteUser(t.Context(), holders[3].Account.ID))
	clock.Advance(time.Hour)
	for _, i := range []int{0, 4} {
		_, err := service.Authenticate(t.Context(), holders[i].Secret)
		succeed(t, err)
	}
	return holders
}

// spend revokes a token that was made with an idempotency key.
func spend(t *testing.T, service *pat.Service, holder Holder) {
	t.Helper()
	for _, text := range []string{"kept", "spent"} {
		key, err := pat.NewIdempotencyKey(holder.Secret, text)
		succeed(t, err)
		made, _, err := service.CreateTokenOnce(t.Context(), holder.Identity(), Draft(text), key)
		succeed(t, err)
		if text == "spent" {
			succeed(t, service.RevokeToken(t.Context(), holder.Identity(), made.ID))
		}
	}
}

// everybody reads all users whole.
func everybody(t *testing.T, store pat.Store) []pat.Account {
	t.Helper()
	listed, err := store.Accounts(t.Context(), 0, 1<<20)
	succeed(t, err)
	accounts := make([]pat.Account, len(listed))
	for i := range listed {
		accounts[i] = Read(t, store, listed[i].ID)
	}
	return accounts
}

func fillIsOperations(t *testing.T, place func(t *testing.T) Place) {
	made, filled := place(t), place(t)
	store := made.Open(t)
	holders := society(t, store)
	want := everybody(t, store)
	succeed(t, filled.Fill(t.Context(), slices.Values(want)))
	store = filled.Open(t)
	if diff := cmp.Diff(want, everybody(t, store), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("users, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(made.Content(t), filled.Content(t)); diff != "" {
		t.Errorf("content, -want +got:\n%s", diff)
	}
	fillIsUsed(t, filled.Open(t), holders)
}

// fillIsUsed goes on where society ended.
func fillIsUsed(t *testing.T, store pat.Store, holders []Holder) {
	t.Helper()
	service := newService(store)
	for _, i := range []int{0, 2, 4} {
		who, err := service.Authenticate(t.Context(), holders[i].Secret)
		succeed(t, err)
		if who != holders[i].Identity() {
			t.Errorf("got %+v, want %+v", who, holders[i].Identity())
		}
	}
	_, err := service.CreateUser(t.Context(), pat.Profile{Email: "cid@example.org", Role: pat.Viewer})
	WantKind(t, err, pat.KindUserExists)
	WantKind(t, service.DeleteUser(t.Context(), holders[0].Account.ID), pat.KindLastAdmin)
	if made := Account(t, store, Profile("fay", pat.Admin)); made.ID <= holders[4].Account.ID {
		t.Errorf("got ID %d after %d", made.ID, holders[4].Account.ID)
	}
	succeed(t, service.DeleteUser(t.Context(), holders[0].Account.ID))
}

// manyUsers are n users with a token each. Their IDs lie apart, and user 1 is not among them.
func manyUsers(t *testing.T, n int) []pat.Account {
	t.Helper()
	accounts := make([]pat.Account, n)
	for i := range accounts {
		account := pat.Account{
			ID: pat.UserID(2*i + 2), Profile: Profile(fmt.Sprintf("user%d", i), pat.Viewer), CreatedAt: Start, NextTokenID: 1, Version: 2,
		}
		accounts[i] = withTokens(t, account, 1)
	}
	return accounts
}

func fillTakesMany(t *testing.T, place func(t *testing.T) Place) {
	want, p := manyUsers(t, 300), place(t)
	succeed(t, p.Fill(t.Context(), slices.Values(want)))
	store := p.Open(t)
	if diff := cmp.Diff(want, everybody(t, store), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := list(t, store, 298, 3); len(got) != 3 || got[0].ID != 300 || got[2].ID != 304 {
		t.Errorf("after user 298: got %v, want users 300, 302 and 304", got)
	}
	if made := Account(t, store, Profile("ann", pat.Viewer)); made.ID != 601 {
		t.Errorf("got ID %d, want 601", made.ID)
	}
}

func fillKeepsWhoIsThere(t *testing.T, place func(t *testing.T) Place) {
	p := place(t)
	society(t, p.Open(t))
	wantRefused(t, p)
}

func fillOnce(t *testing.T, place func(t *testing.T) Place) {
	p := place(t)
	succeed(t, p.Fill(t.Context(), slices.Values(manyUsers(t, 3))))
	wantRefused(t, p)
}

func wantRefused(t *testing.T, p Place) {
	t.Helper()
	before := p.Content(t)
	WantKind(t, p.Fill(t.Context(), slices.Values(manyUsers(t, 3))), pat.KindInvalid)
	if diff := cmp.Diff(before, p.Content(t)); diff != "" {
		t.Errorf("content, -want +got:\n%s", diff)
	}
}

func fillOfNobody(t *testing.T, place func(t *testing.T) Place) {
	p := place(t)
	succeed(t, p.Fill(t.Context(), slices.Values([]pat.Account(nil))))
	createdIsRead(t, p.Open(t))
}

func fillRefuses(t *testing.T, place func(t *testing.T) Place) {
	for name, c := range map[string]struct {
		change func(second *pat.Account)
		want   pat.Kind
	}{
		"the same id":          {func(a *pat.Account) { a.ID = 2 }, pat.KindInvalid},
		"a falling id":         {func(a *pat.Account) { a.ID = 0 }, pat.KindInvalid},
		"an id too large":      {func(a *pat.Account) { a.ID = pat.MaxID + 1 }, pat.KindInvalid},
		"the same username":    {func(a *pat.Account) { a.Username = "user0" }, pat.KindUserExists},
		"the same email":       {func(a *pat.Account) { a.Email = "USER0@example.org" }, pat.KindUserExists},
		"no role":              {func(a *pat.Account) { a.Role = 0 }, pat.KindInvalid},
		"no version":           {func(a *pat.Account) { a.Version = 0 }, pat.KindInvalid},
		"no next token":        {func(a *pat.Account) { a.Tokens, a.NextTokenID = nil, 0 }, pat.KindInvalid},
		"a token from nowhere": {func(a *pat.Account) { a.NextTokenID = 1 }, pat.KindInvalid},
		"a token twice":        {func(a *pat.Account) { a.Tokens = append(a.Tokens, a.Tokens[0]) }, pat.KindInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			accounts, p := manyUsers(t, 3), place(t)
			c.change(&accounts[1])
			WantKind(t, p.Fill(t.Context(), slices.Values(accounts)), c.want)
			wantNotWhole(t, p)
		})
	}
}

func fillStopped(t *testing.T, place func(t *testing.T) Place) {
	p := place(t)
	ctx, cancel := context.WithCancel(t.Context())
	accounts := manyUsers(t, 300)
	WantKind(t, p.Fill(ctx, func(yield func(pat.Account) bool) {
		for i, account := range accounts {
			if i == 200 {
				cancel()
			}
			if !yield(account) {
				return
			}
		}
	}), pat.KindUnavailable)
	wantNotWhole(t, p)
}

// wantNotWhole fails the test if there are users at p, and more can be made.
func wantNotWhole(t *testing.T, p Place) {
	t.Helper()
	store := p.Open(t)
	if _, err := store.CreateAccount(t.Context(), pat.Account{Profile: Profile("zoe", pat.Viewer), NextTokenID: 1}); err != nil {
		WantKind(t, err, pat.KindInternal)
		return
	}
	if got := everybody(t, store); len(got) != 1 {
		t.Errorf("%d users are there, and more can be made", len(got)-1)
	}
}
