package browser_test

import (
	"context"
	"os"
	"testing"

	"pats/infra/testkit/ministack"
	"pats/infra/testkit/must"
	"pats/pkg/pat"
)

// TestDeployed tries the page of a stack that is deployed to ministack, where it is under the stage.
func TestDeployed(t *testing.T) {
	t.Parallel()
	if os.Getenv("PATS_DEPLOYED") == "" {
		// Also where CI=true: `make test` runs this as well, and `make verify` again with the variable.
		t.Skip("PATS_DEPLOYED is not set: `make verify` sets it")
	}
	emulator, err := ministack.Start(context.WithoutCancel(t.Context()), ministack.Options{Root: root, Log: t.Output()})
	must.Do(t, err)
	t.Cleanup(func() { _ = emulator.Stop() })
	stack, err := emulator.DeployPats(t.Context(), map[string]string{"Scopes": scopesOfShop})
	must.Do(t, err)
	s := &site{url: stack.PageURL(), store: stack.Store, settings: pat.Settings{Retention: pat.DefaultRetention, Scopes: catalog(t)}}
	s.user(t, pat.Profile{Username: "permanent", Role: pat.Admin}) // the last Admin cannot be deleted
	//nolint:paralleltest // the cases share one table, and so its users
	for name, try := range map[string]func(*testing.T, *site){
		"every state, light and wide":  func(t *testing.T, s *site) { everyStateIsAccessible(t, s, look{"light", 1200}) },
		"every state, dark and narrow": func(t *testing.T, s *site) { everyStateIsAccessible(t, s, look{"dark", 390}) },
		"keyboard alone":               keyboardAlone,
		"the secret is shown once":     secretIsShownOnce,
	} {
		t.Run(name, func(t *testing.T) {
			try(t, s)
			s.clear(t)
		})
	}
}

// clear deletes all users but the first, so that the next case can create its own.
func (s *site) clear(t *testing.T) {
	t.Helper()
	users, err := s.service(0).Users(t.Context(), 0, 100)
	must.Do(t, err)
	for _, user := range users[1:] {
		must.Do(t, s.service(0).DeleteUser(t.Context(), user.ID))
	}
}

func catalog(t *testing.T) pat.ScopeCatalog {
	t.Helper()
	scopes, err := pat.ParseScopeCatalog(scopesOfShop)
	must.Do(t, err)
	return scopes
}
