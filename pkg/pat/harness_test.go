package pat_test

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"testing"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// fixture is a service on a store that fails on demand, with one holder of a token.
type fixture struct {
	clock   *pattest.Clock
	store   *pattest.Faulty
	service *pat.Service
	log     *bytes.Buffer
	holder  pattest.Holder
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{clock: pattest.NewClock(), store: pattest.NewFaulty(openStore(t)), log: &bytes.Buffer{}}
	env := pattest.Env(f.clock)
	env.Log = slog.New(slog.NewTextHandler(f.log, nil))
	f.service = pat.NewService(f.store, pat.DefaultRetention, env)
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

// create makes a token of the holder's.
func (f *fixture) create(t *testing.T, description string) (pat.Token, pat.Secret) {
	t.Helper()
	token, secret, err := f.service.CreateToken(t.Context(), f.holder.Identity(), f.draft(description))
	if err != nil {
		t.Fatalf("CreateToken(%q): %v", description, err)
	}
	return token, secret
}

// draft is a valid draft by the fixture's clock.
func (f *fixture) draft(description string) pat.Draft {
	return pat.Draft{Description: description, ExpiresAt: f.clock.Now().Add(pattest.Lifetime)}
}

// descriptions are those of the holder's tokens, as listed.
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
