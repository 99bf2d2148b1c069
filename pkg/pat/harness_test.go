package pat_test

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// fixture is a service on a store that fails on demand, with one user, an Admin who holds a token.
type fixture struct {
	clock   *pattest.Clock
	store   *pattest.Faulty
	service *pat.Service
	env     pat.Env
	log     *bytes.Buffer
	holder  pattest.Holder
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{clock: pattest.NewClock(), store: pattest.NewFaulty(openStore(t)), log: &bytes.Buffer{}}
	f.env = pattest.Env(f.clock)
	f.env.Log = slog.New(slog.NewTextHandler(f.log, nil))
	f.service = pat.NewService(f.store, pat.Settings{Retention: pat.DefaultRetention, Scopes: pattest.Catalog(t, shop)}, f.env)
	f.holder = pattest.NewHolder(t, f.store, f.service, pattest.Profile("ann", pat.Admin))
	f.store.Forget()
	return f
}

func openStore(t *testing.T) *boltstore.Store {
	t.Helper()
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "pats.db"))
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return store
}

// create creates a token of the holder's.
func (f *fixture) create(t *testing.T, description string) (pat.Token, pat.Secret) {
	t.Helper()
	token, secret, err := f.service.CreateToken(t.Context(), f.holder.Identity(), f.draft(description))
	if err != nil {
		t.Fatalf("CreateToken(%q): %v", description, err)
	}
	return token, secret
}

// draft returns a valid draft by the fixture's clock.
func (f *fixture) draft(description string) pat.Draft {
	return pat.Draft{Description: description, Scopes: pat.Unscoped(), ExpiresAt: f.clock.Now().Add(pattest.Lifetime)}
}

// descriptions returns the descriptions of the holder's tokens, in order.
func (f *fixture) descriptions(t *testing.T) []string {
	t.Helper()
	tokens, err := f.service.UserTokens(t.Context(), f.holder.Account.ID)
	if err != nil {
		t.Fatalf("UserTokens: %v", err)
	}
	var result []string
	for _, token := range tokens {
		result = append(result, token.Description)
	}
	return result
}

// wantRefused fails the test unless err is a refusal with reason.
func wantRefused(t *testing.T, err error, reason pat.Reason) {
	t.Helper()
	pattest.WantKind(t, err, pat.KindUnauthenticated)
	wantMessage(t, err, string(reason))
}

// calls returns how often each method of the store was called since the last Forget.
func (f *fixture) calls() map[pattest.Call]int {
	result := map[pattest.Call]int{}
	for _, call := range []pattest.Call{
		pattest.CallAccount, pattest.CallAccounts, pattest.CallCreateAccount, pattest.CallReplaceAccount,
		pattest.CallDeleteAccount, pattest.CallReserveUserIDs, pattest.CallImportAccount, pattest.CallLookUp, pattest.CallMarkSeen,
	} {
		if n := f.store.Count(call); n > 0 {
			result[call] = n
		}
	}
	return result
}

// wantCalls fails the test unless the store got exactly these calls since the last Forget, and forgets them.
func (f *fixture) wantCalls(t *testing.T, want map[pattest.Call]int) {
	t.Helper()
	if diff := cmp.Diff(want, f.calls()); diff != "" {
		t.Errorf("calls of the store, -want +got:\n%s", diff)
	}
	f.store.Forget()
}

func parse(t *testing.T, text string) pat.Secret {
	t.Helper()
	secret, err := pat.ParseSecret(text)
	if err != nil {
		t.Fatalf("ParseSecret: %v", err)
	}
	return secret
}

// forged returns a token with the holder's selector and another secret part.
func forged(t *testing.T, f *fixture) pat.Secret {
	t.Helper()
	return parse(t, withSelector(string(f.holder.Token.Selector)))
}

// disable disables the holder, after creating another enabled Admin.
func disable(t *testing.T, f *fixture) {
	t.Helper()
	pattest.Account(t, f.store, pattest.Profile("other admin", pat.Admin))
	if err := pattest.SetDisabled(t.Context(), f.service, f.holder.Account.ID, true); err != nil {
		t.Fatal(err)
	}
}
