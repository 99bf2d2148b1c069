package browser_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path"
	"testing"
	"time"

	"pats/infra/testkit/ministack"
	"pats/infra/testkit/must"
	"pats/pkg/pat"
	"pats/pkg/signin/signintest"
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
	template, err := emulator.Build(t.Context(), "template.yaml", t.TempDir())
	must.Do(t, err)
	stack, err := emulator.DeployBuilt(t.Context(), template, map[string]string{"Scopes": scopesOfShop})
	must.Do(t, err)
	s := &site{url: stack.PageURL(), store: stack.Store, settings: pat.Settings{Retention: pat.DefaultRetention, Scopes: catalog(t)}}
	s.user(t, pat.Profile{Username: "permanent", Role: pat.Admin}) // the last Admin cannot be deleted
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
	provider, address := signintest.Start(t, time.Now), stageAddress(t, stack)
	_, err = emulator.DeployBuilt(t.Context(), template, map[string]string{
		"PublicUrl": address, "OidcIssuer": provider.URL, "OidcClientId": signintest.ClientID, "OidcClientSecret": signintest.ClientSecret,
		"AllowedDomains": "example.org",
	})
	must.Do(t, err)
	//nolint:paralleltest // the cases share one table and its users, and the provider has one user at a time
	for _, as := range looks {
		t.Run("a session, "+as.String(), func(t *testing.T) {
			provider.Change(func(p *signintest.Provider) { p.User["sub"], p.User["email"] = as.String(), as.String()+"@example.org" })
			session(t, as, address+"/", signInAtOnce)
		})
	}
}

// stageAddress serves the stack's API where browsers take cookies over HTTP, and under the stage alone, as on AWS.
func stageAddress(t *testing.T, stack ministack.Pats) string {
	t.Helper()
	target, err := url.Parse(stack.URL)
	must.Do(t, err)
	stage := "/" + path.Base(target.Path)
	server := httptest.NewServer(http.StripPrefix(stage, httputil.NewSingleHostReverseProxy(target)))
	t.Cleanup(server.Close)
	return server.URL + stage
}

// signInAtOnce signs in at a provider that asks for nothing.
func signInAtOnce(p *tab) {
	p.t.Helper()
	p.click("button", "Sign in")
	p.find("button", "Sign out")
	p.settled()
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
