package pat_test

import (
	"testing"
	"time"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// program is a service account of a Viewer's role with two tokens that an operator gave it: an unscoped one, and one that introspects.
type program struct {
	service               *pat.Service
	unscoped, introspects pat.Identity
	introspector          pat.Token
}

func newProgram(t *testing.T) program {
	t.Helper()
	service, store := newService(t)
	profile := pattest.Profile("orders", pat.Viewer)
	account, err := store.CreateAccount(t.Context(), pat.Account{Type: pat.ServiceAccount, Profile: profile, CreatedAt: pattest.Start, NextTokenID: 1})
	if err != nil {
		t.Fatal(err)
	}
	create := func(draft pat.Draft) (pat.Token, pat.Identity) {
		token, _, err := service.CreateUserToken(t.Context(), account.ID, draft)
		if err != nil {
			t.Fatal(err)
		}
		return token, pat.Identity{User: account.ID, Selector: token.Selector}
	}
	p := program{service: service}
	_, p.unscoped = create(pattest.Draft("unscoped"))
	p.introspector, p.introspects = create(introspecting(t))
	return p
}

func introspecting(t *testing.T) pat.Draft {
	t.Helper()
	draft := pattest.Draft("introspects")
	draft.Scopes = pattest.Scopes(t, "tokens:introspect", "pats:write")
	return draft
}

// TestServiceAccountIntrospects: whatever its role, with a token that has the scope, and not with an unscoped one.
func TestServiceAccountIntrospects(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	for name, c := range map[string]struct {
		caller pat.Identity
		want   bool
	}{"the scope": {p.introspects, true}, "unscoped": {p.unscoped, false}} {
		holder, err := p.service.Admit(t.Context(), c.caller)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.service.RequireIntrospection(holder); (err == nil) != c.want {
			t.Errorf("%s: got error %v, want introspection permitted: %t", name, err, c.want)
		}
	}
}

// TestServiceAccountGivesItselfNoIntrospection: neither by a create nor by a rotation, which would reveal another token's secret.
func TestServiceAccountGivesItselfNoIntrospection(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	draft := introspecting(t)
	draft.Description = "another"
	_, _, err := p.service.CreateToken(t.Context(), p.unscoped, draft)
	pattest.WantKind(t, err, pat.KindForbidden)
	_, _, err = p.service.RotateToken(t.Context(), p.unscoped, p.introspector.ID, pat.Rotation{Overlap: time.Minute})
	pattest.WantKind(t, err, pat.KindForbidden)
}

// TestIntrospectorHandsItsScopeOn: to a token that is no stronger, as any scope.
func TestIntrospectorHandsItsScopeOn(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	draft := introspecting(t)
	draft.Description = "child"
	if _, _, err := p.service.CreateToken(t.Context(), p.introspects, draft); err != nil {
		t.Errorf("create: got error %v, want none", err)
	}
	if _, _, err := p.service.RotateSelf(t.Context(), p.introspects, pat.Rotation{Overlap: time.Minute}); err != nil {
		t.Errorf("rotation: got error %v, want none", err)
	}
}

// TestOnlyAdminsHaveIntrospection: a person of another role has no token with the scope, even from an operator.
func TestOnlyAdminsHaveIntrospection(t *testing.T) {
	t.Parallel()
	service, store := newService(t)
	for role, want := range map[pat.Role]pat.Kind{pat.Editor: pat.KindInvalid, pat.Viewer: pat.KindInvalid} {
		account := pattest.Account(t, store, pattest.Profile(role.String(), role))
		_, _, err := service.CreateUserToken(t.Context(), account.ID, introspecting(t))
		pattest.WantKind(t, err, want)
	}
	admin := pattest.NewHolder(t, store, service, pattest.Profile("admin", pat.Admin))
	if _, _, err := service.CreateToken(t.Context(), admin.Identity(), introspecting(t)); err != nil {
		t.Errorf("an Admin: got error %v, want none", err)
	}
}

func newService(t *testing.T) (*pat.Service, pat.Store) {
	t.Helper()
	store := openStore(t)
	return pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(pattest.NewClock())), store
}
