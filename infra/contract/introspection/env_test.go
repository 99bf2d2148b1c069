package introspection_test

import (
	"context"
	"testing"
	"time"

	"pats/infra/testkit/must"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// env is a stack with an introspector's token, and tokens of a Viewer with what every client must find out about them.
type env struct {
	issuer  string
	service *pat.Service
	callers []caller
	viewer  pat.Account
	checks  []check
}

// caller is how a client presents the introspector's token.
type caller struct{ name, id, secret string }

// check is a token, and the line that a client prints about it.
type check struct{ name, token, want string }

const (
	inactive = "inactive"
	unscoped = "active 2 vera orders:read"
)

func newEnv(t *testing.T) *env {
	t.Helper()
	store := laptoptest.NewStore(t)
	server := laptoptest.Serve(t, store, laptoptest.Options{Parameters: map[string]string{"Scopes": "orders:read,orders:write@Editor"}})
	e := &env{issuer: server.URL, service: server.Service}
	admin := pattest.Account(t, store, pattest.Profile("ann", pat.Admin))
	own := e.create(t, admin, "introspector", "tokens:introspect").Secret.Reveal()
	e.callers = []caller{
		{"by the user ID", "1", own},
		{"by the username, in the other spelling", "ann", pattest.InPats(own)},
	}
	e.viewer = pattest.Account(t, store, pattest.Profile("vera", pat.Viewer))
	e.addValid(t)
	e.addInvalid(t, pattest.Account(t, store, pattest.Profile("dis", pat.Viewer)))
	return e
}

// create creates a token of the user with scopes, or an unscoped one.
func (e *env) create(t *testing.T, user pat.Account, description string, scopes ...string) pattest.Holder {
	t.Helper()
	draft := pat.Draft{Description: description, Scopes: pat.Unscoped(), ExpiresAt: time.Now().Add(time.Hour)}
	if len(scopes) > 0 {
		draft.Scopes = pattest.Scopes(t, scopes...)
	}
	token, secret, err := e.service.CreateUserToken(t.Context(), user.ID, draft)
	must.Do(t, err)
	return pattest.Holder{Account: user, Token: token, Secret: secret}
}

func (e *env) add(name, token, want string) { e.checks = append(e.checks, check{name, token, want}) }

func (e *env) addValid(t *testing.T) {
	t.Helper()
	whole := e.create(t, e.viewer, "unscoped")
	e.add("unscoped", whole.Secret.Reveal(), unscoped)
	e.add("unscoped, in the other spelling", pattest.InPats(whole.Secret.Reveal()), unscoped)
	e.add("scoped", pattest.InPats(e.create(t, e.viewer, "scoped", "orders:read", "pats:read").Secret.Reveal()), unscoped+" pats:read")
	rotated := e.create(t, e.viewer, "rotated")
	_, fresh, err := e.service.RotateSelf(t.Context(), rotated.Identity(), pat.Rotation{Overlap: time.Hour})
	must.Do(t, err)
	e.add("replaced, during the overlap", rotated.Secret.Reveal(), unscoped)
	e.add("rotated", fresh.Reveal(), unscoped)
}

func (e *env) addInvalid(t *testing.T, user pat.Account) {
	t.Helper()
	revoked := e.create(t, e.viewer, "revoked")
	must.Do(t, e.service.RevokeUserToken(t.Context(), e.viewer.ID, revoked.Token.ID))
	ended := e.create(t, e.viewer, "without an overlap")
	_, _, err := e.service.RotateSelf(t.Context(), ended.Identity(), pat.Rotation{})
	must.Do(t, err)
	disabled := e.create(t, user, "disabled")
	must.Do(t, pattest.SetDisabled(t.Context(), e.service, user.ID, true))
	e.add("revoked", revoked.Secret.Reveal(), inactive)
	e.add("replaced without an overlap", pattest.InPats(ended.Secret.Reveal()), inactive)
	e.add("of a disabled user", disabled.Secret.Reveal(), inactive)
	e.add("forged", pattest.Forge(t, ended.Token.Selector), inactive)
	e.add("mistyped", pattest.Mistyped(pattest.InPats(ended.Secret.Reveal())), inactive)
	e.add("junk", "junk", inactive)
}

// works reports whether a token is valid.
func (e *env) works(ctx context.Context, secret pat.Secret) bool {
	_, err := e.service.Check(ctx, secret)
	return err == nil
}
