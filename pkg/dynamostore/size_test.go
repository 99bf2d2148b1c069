package dynamostore_test

import (
	"fmt"
	"sort"
	"strings"
	"testing"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// crowded returns an account with n tokens from elsewhere, each with a description of 20 characters.
func crowded(id pat.UserID, n int) pat.Account {
	account := pat.Account{ID: id, Profile: pattest.Profile(fmt.Sprintf("user%d", id), pat.Viewer), CreatedAt: pattest.Start, NextTokenID: pat.TokenID(n + 1), Version: 1}
	for i := range n {
		account.Tokens = append(account.Tokens, pat.Token{
			ID: pat.TokenID(i + 1), Description: fmt.Sprintf("%20d", i), Scopes: pat.Unscoped(), Selector: pat.Selector(fmt.Sprintf("%06d%s", i, strings.Repeat("A", 16))),
			Verifier: pat.Verifier(strings.Repeat("A", 43)), CreatedAt: pattest.Start, ExpiresAt: pattest.Start.Add(pattest.Lifetime),
		})
	}
	return account
}

// most returns the largest number of crowded's tokens that fit.
func most(t *testing.T, f *fixture) int {
	t.Helper()
	return sort.Search(10_000, func(n int) bool { return f.store.CheckSize(crowded(1, n+1)) != nil })
}

// TestCheckSize compares CheckSize with the limit of DynamoDB Local, just below and 5 % above it, in a single write and in a
// transaction. An account that is too large is KindInvalid, before a write and by it, and is not stored.
func TestCheckSize(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	fits := most(t, f)
	if fits < 2400 {
		t.Errorf("%d tokens fit, want at least 2400", fits)
	}
	for name, write := range map[string]func(before, after pat.Account) error{
		"PutItem": func(before, after pat.Account) error {
			after.Profile = before.Profile
			return f.store.ReplaceAccount(t.Context(), before, after)
		},
		"transaction": func(before, after pat.Account) error {
			after.Profile = before.Profile
			after.Name = "another name"
			return f.store.ReplaceAccount(t.Context(), before, after)
		},
	} {
		before := f.editor(t, name)
		large := crowded(before.ID, fits+fits/20)
		pattest.WantKind(t, f.store.CheckSize(large), pat.KindInvalid)
		pattest.WantKind(t, write(before, large), pat.KindInvalid)
		equal(t, name+": account", pattest.Read(t, f.store, before.ID), before)
		if err := write(before, crowded(before.ID, fits)); err != nil {
			t.Errorf("%s of %d tokens: %v", name, fits, err)
		}
		if got := len(pattest.Read(t, f.store, before.ID).Tokens); got != fits {
			t.Errorf("%s: got %d tokens, want %d", name, got, fits)
		}
	}
}

// TestImportOfTooManyTokens imports a user who does not fit, for whom there must be a refusal and no write, and previews it.
func TestImportOfTooManyTokens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if err := f.service.ReserveUserIDs(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	f.probe.forget()
	large := crowded(1, 3000)
	preview, err := pat.NewPreview(t.Context(), f.store)
	if err != nil {
		t.Fatal(err)
	}
	for name, service := range map[string]*pat.Service{
		"import":  f.service,
		"preview": pat.NewService(preview, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(f.clock)),
	} {
		got, err := service.ImportUser(t.Context(), large)
		if err != nil || got.Made || got.Refusal != pat.TooLarge(nil).Message {
			t.Errorf("%s: got %+v and %v, want a refusal for the size", name, got, err)
		}
	}
	equal(t, "writes", f.probe.made()[transact], 0)
}

// TestImportThatGrowsTooLarge adds tokens to a user who has many here already: each token of the step that does not fit is refused.
func TestImportThatGrowsTooLarge(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	fits := most(t, f)
	before := f.editor(t, "user1")
	if err := f.store.ReplaceAccount(t.Context(), before, crowded(before.ID, fits)); err != nil {
		t.Fatal(err)
	}
	stored := pattest.Read(t, f.store, before.ID)
	user := stored
	user.Tokens = crowded(before.ID, fits+pat.ImportStep).Tokens[fits:]
	for i := range user.Tokens {
		user.Tokens[i].Description = strings.Repeat("🦫", pat.MaxTextLen)
	}
	got, err := f.service.ImportUser(t.Context(), user)
	if err != nil || got.Refusal != "" || len(got.Tokens) != pat.ImportStep {
		t.Fatalf("got user refusal %q, %d tokens and %v, want only the %d tokens refused", got.Refusal, len(got.Tokens), err, pat.ImportStep)
	}
	for _, token := range got.Tokens {
		if token.Added || token.Refusal != pat.TooLarge(nil).Message {
			t.Errorf("token %d: got %+v, want a refusal for the size", token.ID, token)
		}
	}
	equal(t, "account", pattest.Read(t, f.store, before.ID).Version, stored.Version)
}
