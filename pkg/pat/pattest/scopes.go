package pattest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pats/pkg/pat"
)

var scopePromises = []promise{
	{"ReplaceAccount keeps scopes, makers and ancestors", scopesAreKept},
	{"A token without scopes stays without, and an unscoped one unscoped", noScopesStayNone},
	{"Tokens with and without scopes can follow each other", scopesComeAndGo},
	{"Service: a scoped token is checked with its scopes", scopedIsChecked},
	{"Service: creates during a revoke of descendants leave no descendant", createsAgainstRevokeOfDescendants},
	{"Service: creates during a report of a leaked token leave no descendant", createsAgainstReport},
}

// lineage returns the scopes, maker and ancestors of the nth token of a test: of every kind, from the usual to the longest.
func lineage(t *testing.T, n int) pat.Token {
	t.Helper()
	var names []string
	for i := range pat.MaxScopes {
		names = append(names, fmt.Sprintf("%02d%s", i, strings.Repeat("x", 62)))
	}
	kinds := []pat.Token{
		{Scopes: pat.Unscoped()},
		{Scopes: Scopes(t, "orders:read", "pats:write"), Maker: pat.Maker{User: 1, Token: 1}, Ancestors: []pat.TokenID{1}},
		{Scopes: pat.Scopes{}},
		{Scopes: pat.Unscoped(), Maker: pat.Maker{User: 2}},
		{Scopes: Scopes(t, "AZaz09._:/-"), Ancestors: []pat.TokenID{3, 2, 1}},
		{Scopes: Scopes(t, names...), Maker: pat.Maker{User: pat.MaxID, Token: pat.MaxID}, Ancestors: slices.Repeat([]pat.TokenID{pat.MaxID}, 10)},
	}
	return kinds[n%len(kinds)]
}

func scopesAreKept(t *testing.T, store pat.Store) {
	account := withTokens(t, Account(t, store, Profile("ann", pat.Viewer)), pat.MaxTokens)
	wantAccount(t, store, replaced(t, store, account))
}

func noScopesStayNone(t *testing.T, store pat.Store) {
	for i, scopes := range []pat.Scopes{{}, pat.Unscoped()} {
		account := withTokens(t, Account(t, store, Profile(fmt.Sprintf("user%d", i), pat.Admin)), 1)
		account.Tokens[0].Scopes = scopes
		replaced(t, store, account)
		if got := Read(t, store, account.ID).Tokens[0].Scopes; !got.Equal(scopes) || got.Allow("orders:read") != scopes.Unscoped() {
			t.Errorf("got %q, want %q", got.Stored(), scopes.Stored())
		}
	}
}

// scopesComeAndGo stores an account with members of the first format alone, then with all, then with the first again.
func scopesComeAndGo(t *testing.T, store pat.Store) {
	account := Account(t, store, Profile("ann", pat.Viewer))
	for _, n := range []int{1, 6, 1, 2} {
		account.Tokens, account.NextTokenID = nil, 1
		account = replaced(t, store, withTokens(t, account, n))
		wantAccount(t, store, account)
	}
}

func scopedIsChecked(t *testing.T, store pat.Store) {
	service := pat.NewService(store, pat.Settings{Scopes: Catalog(t, "orders:read,orders:write")}, Env(NewClock()))
	account := Account(t, store, Profile("ann", pat.Viewer))
	draft := Draft("scoped")
	draft.Scopes = Scopes(t, "orders:read")
	made, secret, err := service.CreateUserToken(t.Context(), account.ID, draft)
	succeed(t, err)
	wantTokens(t, store, account.ID, []pat.Token{made})
	holder, err := service.Check(t.Context(), secret)
	succeed(t, err)
	if got := service.Granted(holder); !slices.Equal(got, draft.Scopes.List()) {
		t.Errorf("got scopes %q, want orders:read", got)
	}
	WantKind(t, holder.Require(pat.ScopePatsRead), pat.KindForbidden)
}

func createsAgainstRevokeOfDescendants(t *testing.T, store pat.Store) {
	createsAgainst(t, store, func(service *pat.Service, owner, leaked Holder) error {
		_, err := service.RevokeDescendants(t.Context(), owner.Identity(), leaked.Token.ID)
		return err
	})
}

func createsAgainstReport(t *testing.T, store pat.Store) {
	createsAgainst(t, store, func(service *pat.Service, owner, leaked Holder) error {
		_, err := service.RevokeLeaked(t.Context(), owner.Account.ID, []pat.Secret{leaked.Secret})
		return err
	})
}

// createsAgainst creates tokens with one that is revoked, with its descendants, meanwhile.
func createsAgainst(t *testing.T, store pat.Store, revoke func(service *pat.Service, owner, leaked Holder) error) {
	t.Helper()
	service := newService(store)
	owner := NewHolder(t, store, service, Profile("ann", pat.Viewer))
	token, secret, err := service.CreateToken(t.Context(), owner.Identity(), Draft("leaked"))
	succeed(t, err)
	leaked := Holder{Account: owner.Account, Token: token, Secret: secret}
	errs := together(pat.MaxTokens-1, func(i int) error { // as many as fit beside the two tokens
		if i == pat.MaxTokens/2 {
			return revoke(service, owner, leaked)
		}
		_, _, err := service.CreateToken(t.Context(), leaked.Identity(), Draft(fmt.Sprintf("made by the thief %d", i)))
		return err
	})
	counts := countKinds(errs)
	if counts[succeeded] < 1 || counts[succeeded]+counts[pat.KindUnauthenticated] != len(errs) {
		t.Errorf("got kinds %v (-1 is success), want success and %d only: %v", counts, pat.KindUnauthenticated, first(errs))
	}
	wantTokens(t, store, owner.Account.ID, []pat.Token{owner.Token})
}
