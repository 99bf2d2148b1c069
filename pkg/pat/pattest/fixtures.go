package pattest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pats/pkg/pat"
)

// Lifetime is the lifetime of the tokens of Draft.
const Lifetime = 90 * 24 * time.Hour

// Profile returns a valid profile with role. Its username and email address derive from name.
func Profile(name string, role pat.Role) pat.Profile {
	return pat.Profile{Username: name, Name: "Name of " + name, Email: name + "@example.org", Role: role}
}

// Draft returns a draft with description that is valid at Start.
func Draft(description string) pat.Draft {
	return pat.Draft{Description: description, Scopes: pat.Unscoped(), ExpiresAt: Start.Add(Lifetime)}
}

// Scopes returns the Scopes with names, which must be valid.
func Scopes(t testing.TB, names ...string) pat.Scopes {
	t.Helper()
	scopes, err := pat.NewScopes(names)
	if err != nil {
		t.Fatalf("NewScopes(%q): %v", names, err)
	}
	return scopes
}

// Catalog returns the catalog of setting, which must be valid.
func Catalog(t testing.TB, setting string) pat.ScopeCatalog {
	t.Helper()
	catalog, err := pat.ParseScopeCatalog(setting)
	if err != nil {
		t.Fatalf("ParseScopeCatalog(%q): %v", setting, err)
	}
	return catalog
}

// Drafts returns n valid drafts with distinct descriptions.
func Drafts(n int) []pat.Draft {
	drafts := make([]pat.Draft, n)
	for i := range drafts {
		drafts[i] = Draft(fmt.Sprintf("token %d", i+1))
	}
	return drafts
}

// Account creates a user in store, at Start and without tokens.
func Account(t testing.TB, store pat.Store, profile pat.Profile) pat.Account {
	t.Helper()
	account, err := store.CreateAccount(t.Context(), pat.Account{Profile: profile, CreatedAt: Start, NextTokenID: 1})
	if err != nil {
		t.Fatalf("CreateAccount(%q): %v", profile.Username, err)
	}
	return account
}

// Holder is a user with one token.
type Holder struct {
	Account pat.Account
	Token   pat.Token
	Secret  pat.Secret
}

// Identity returns what Service.Authenticate returns for the holder's token.
func (h Holder) Identity() pat.Identity {
	return pat.Identity{User: h.Account.ID, Selector: h.Token.Selector}
}

// NewHolder creates a user in store, with a token that has the description "own".
func NewHolder(t testing.TB, store pat.Store, service *pat.Service, profile pat.Profile) Holder {
	t.Helper()
	account := Account(t, store, profile)
	token, secret, err := service.CreateUserToken(t.Context(), account.ID, Draft("own"))
	if err != nil {
		t.Fatalf("CreateUserToken(%d): %v", account.ID, err)
	}
	return Holder{Account: Read(t, store, account.ID), Token: token, Secret: secret}
}

// Read returns an account that must exist.
func Read(t testing.TB, store pat.Store, id pat.UserID) pat.Account {
	t.Helper()
	account, err := store.Account(t.Context(), id)
	if err != nil {
		t.Fatalf("Account(%d): %v", id, err)
	}
	return account
}

// WantKind fails the test unless err is an error of kind want.
func WantKind(t testing.TB, err error, want pat.Kind) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want kind %d", want)
	}
	if got := pat.KindOf(err); got != want {
		t.Fatalf("got kind %d (%v), want %d", got, err, want)
	}
}

// SetDisabled disables a user, or enables the user again.
func SetDisabled(ctx context.Context, service *pat.Service, user pat.UserID, disabled bool) error {
	_, err := service.UpdateUser(ctx, user, func(profile *pat.Profile) { profile.Disabled = disabled })
	return err
}
