package oauth_test

import (
	"net/http"
	"testing"

	"pats/pkg/oauth"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// wantRevoked fails the test unless the response is the one to every well-formed revocation.
func wantRevoked(t *testing.T, got response) {
	t.Helper()
	if got.status != http.StatusOK || got.body != "" {
		t.Errorf("got status %d with %q, want 200 without a body", got.status, got.body)
	}
}

// works reports whether a token is valid.
func (f *fixture) works(t *testing.T, secret pat.Secret) bool {
	t.Helper()
	_, err := f.service.Check(t.Context(), secret)
	if err != nil {
		pattest.WantKind(t, err, pat.KindUnauthenticated)
	}
	return err == nil
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	for name, spell := range map[string]func(string) string{
		"Unleash's spelling": func(token string) string { return token },
		"the other spelling": pattest.InPats,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			scoped := f.create(t, f.vera, "orders:read")
			wantRevoked(t, f.do(t, revoke(spell(scoped.Secret.Reveal()))))
			if f.works(t, scoped.Secret) || !f.works(t, f.vera.Secret) {
				t.Errorf("got %t and %t for the token and another, want only the other to work", f.works(t, scoped.Secret), f.works(t, f.vera.Secret))
			}
			wantRevoked(t, f.do(t, revoke(spell(scoped.Secret.Reveal()))))
		})
	}
}

// TestRevocationOfNothing: the response is the same, and nothing ends.
func TestRevocationOfNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, token := range map[string]string{
		"junk":      "x",
		"forged":    pattest.Forge(t, f.vera.Token.Selector),
		"mistyped":  pattest.Mistyped(f.vera.Secret.Reveal()),
		"with more": f.vera.Secret.Reveal() + " ",
	} {
		wantRevoked(t, f.do(t, revoke(token)))
		if !f.works(t, f.vera.Secret) {
			t.Errorf("%s: the token that exists was revoked", name)
		}
	}
}

func TestRevocationTakesNoDescendants(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, child, err := f.service.CreateToken(t.Context(), f.vera.Identity(), pattest.Draft("child"))
	if err != nil {
		t.Fatal(err)
	}
	wantRevoked(t, f.do(t, revoke(f.vera.Secret.Reveal())))
	if f.works(t, f.vera.Secret) || !f.works(t, child) {
		t.Error("want the child alone to work")
	}
}

func TestRevocationWithDescendants(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{"true": false, "false": true, "": true, "1": true} {
		f := newFixture(t)
		_, child, err := f.service.CreateToken(t.Context(), f.vera.Identity(), pattest.Draft("child"))
		if err != nil {
			t.Fatal(err)
		}
		of := request{resource: oauth.ResourceRevoke, body: form("token", f.vera.Secret.Reveal(), "descendants", value)}
		for range 2 {
			wantRevoked(t, f.do(t, of))
		}
		if f.works(t, f.vera.Secret) || f.works(t, child) != want {
			t.Errorf("descendants=%s: got %t and %t for the token and its child, want false and %t", value, f.works(t, f.vera.Secret), f.works(t, child), want)
		}
	}
}

// TestRevocationOfReplacedSecret: the holder of the present secret has not leaked anything.
func TestRevocationOfReplacedSecret(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, fresh, err := f.service.RotateSelf(t.Context(), f.vera.Identity(), pat.Rotation{Overlap: pat.DefaultOverlap})
	if err != nil {
		t.Fatal(err)
	}
	wantRevoked(t, f.do(t, revoke(f.vera.Secret.Reveal())))
	if f.works(t, f.vera.Secret) || !f.works(t, fresh) {
		t.Error("want the present secret alone to work")
	}
}

// TestCredentialOfRevocationIsNotChecked: clients send what they have.
func TestCredentialOfRevocationIsNotChecked(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, r := range map[string]request{
		"Basic":         {authorization: []string{basic("app", "secret")}},
		"Bearer":        {authorization: []string{"Bearer x"}},
		"a public one":  {body: "client_id=app&"},
		"with a secret": {body: "client_id=app&client_secret=x&"},
	} {
		token := f.create(t, f.vera, "orders:read")
		r.resource, r.body = oauth.ResourceRevoke, r.body+form("token", token.Secret.Reveal(), "token_type_hint", "access_token")
		wantRevoked(t, f.do(t, r))
		if f.works(t, token.Secret) {
			t.Errorf("%s: the token works", name)
		}
	}
}

// TestIntrospectionAfterRevocation: a revocation takes effect at once, also of the caller's token.
func TestIntrospectionAfterRevocation(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	wantRevoked(t, f.do(t, revoke(f.vera.Secret.Reveal())))
	if got := f.do(t, introspect(f.admin.Secret.Reveal(), f.vera.Secret.Reveal())); got.body != inactive {
		t.Errorf("got %s, want %s", got.body, inactive)
	}
	wantRevoked(t, f.do(t, revoke(f.admin.Secret.Reveal())))
	f.do(t, introspect(f.admin.Secret.Reveal(), "x")).wantError(t, http.StatusUnauthorized, "invalid_token")
}
