package pat_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// scoped returns a fixture, and a caller with a token of the holder's that has scopes.
func scoped(t *testing.T, scopes ...string) (*fixture, pattest.Holder) {
	t.Helper()
	f := newFixture(t)
	return f, f.with(t, f.holder, "caller", pattest.Scopes(t, scopes...))
}

// with returns the holder of a token that by creates, with scopes.
func (f *fixture) with(t *testing.T, by pattest.Holder, description string, scopes pat.Scopes) pattest.Holder {
	t.Helper()
	draft := f.draft(description)
	draft.Scopes, draft.ExpiresAt = scopes, by.Token.ExpiresAt
	token, secret, err := f.service.CreateToken(t.Context(), by.Identity(), draft)
	if err != nil {
		t.Fatalf("CreateToken(%q): %v", description, err)
	}
	return pattest.Holder{Account: by.Account, Token: token, Secret: secret}
}

// wantMissing fails the test unless err is a KindForbidden for a token without scope.
func wantMissing(t *testing.T, what string, err error, scope pat.Scope) {
	t.Helper()
	missing, ok := errors.AsType[*pat.MissingScopeError](err)
	if !ok || missing.Scope != scope || pat.KindOf(err) != pat.KindForbidden {
		t.Errorf("%s: got %v, want kind %d for the scope %q", what, err, pat.KindForbidden, scope)
	}
}

var operationScopes = map[string]struct {
	requires pat.Scope // or "" for none
	do       func(t *testing.T, f *fixture, caller pattest.Holder) error
}{
	"list": {pat.ScopePatsRead, func(t *testing.T, f *fixture, caller pattest.Holder) error {
		t.Helper()
		_, err := f.service.Tokens(t.Context(), caller.Identity())
		return err
	}},
	"create": {pat.ScopePatsWrite, func(t *testing.T, f *fixture, caller pattest.Holder) error {
		t.Helper()
		draft := pat.Draft{Description: "new", Scopes: caller.Token.Scopes, ExpiresAt: caller.Token.ExpiresAt}
		_, _, err := f.service.CreateToken(t.Context(), caller.Identity(), draft)
		return err
	}},
	"create with a key": {pat.ScopePatsWrite, func(t *testing.T, f *fixture, caller pattest.Holder) error {
		t.Helper()
		draft := pat.Draft{Description: "new", Scopes: caller.Token.Scopes, ExpiresAt: caller.Token.ExpiresAt}
		_, _, err := f.service.CreateTokenOnce(t.Context(), caller.Identity(), draft, keyOf(t, caller.Secret, "k"))
		return err
	}},
	"revoke another": {pat.ScopePatsWrite, func(t *testing.T, f *fixture, caller pattest.Holder) error {
		t.Helper()
		return f.service.RevokeToken(t.Context(), caller.Identity(), f.holder.Token.ID)
	}},
	"revoke one that is gone": {pat.ScopePatsWrite, func(t *testing.T, f *fixture, caller pattest.Holder) error {
		t.Helper()
		return f.service.RevokeToken(t.Context(), caller.Identity(), 999)
	}},
	"revoke another and its descendants": {pat.ScopePatsWrite, func(t *testing.T, f *fixture, caller pattest.Holder) error {
		t.Helper()
		_, err := f.service.RevokeDescendants(t.Context(), caller.Identity(), f.holder.Token.ID)
		return err
	}},
	"revoke itself": {"", func(t *testing.T, f *fixture, caller pattest.Holder) error {
		t.Helper()
		return f.service.RevokeToken(t.Context(), caller.Identity(), caller.Token.ID)
	}},
	"revoke itself and its descendants": {"", func(t *testing.T, f *fixture, caller pattest.Holder) error {
		t.Helper()
		_, err := f.service.RevokeDescendants(t.Context(), caller.Identity(), caller.Token.ID)
		return err
	}},
	"revoke the one presented": {"", func(t *testing.T, f *fixture, caller pattest.Holder) error {
		t.Helper()
		return f.service.RevokeSelf(t.Context(), caller.Identity())
	}},
	"rotate another": {pat.ScopePatsWrite, func(t *testing.T, f *fixture, caller pattest.Holder) error {
		t.Helper()
		_, _, err := f.service.RotateToken(t.Context(), caller.Identity(), f.holder.Token.ID, overlap)
		if caller.Token.Scopes.Allow(pat.ScopePatsWrite) && pat.KindOf(err) == pat.KindForbidden {
			return nil // the token is unscoped; TestScopedTokenRotates has those that can be rotated
		}
		return err
	}},
	"rotate itself": {"", func(t *testing.T, f *fixture, caller pattest.Holder) error {
		t.Helper()
		_, _, err := f.service.RotateToken(t.Context(), caller.Identity(), caller.Token.ID, overlap)
		return err
	}},
	"rotate the one presented": {"", func(t *testing.T, f *fixture, caller pattest.Holder) error {
		t.Helper()
		_, _, err := f.service.RotateSelf(t.Context(), caller.Identity(), overlap)
		return err
	}},
	"check": {"", func(t *testing.T, f *fixture, caller pattest.Holder) error {
		t.Helper()
		_, err := f.service.Check(t.Context(), caller.Secret)
		return err
	}},
	"admit": {"", func(t *testing.T, f *fixture, caller pattest.Holder) error {
		t.Helper()
		_, err := f.service.Admit(t.Context(), caller.Identity())
		return err
	}},
}

func TestScopesOfOperations(t *testing.T) {
	t.Parallel()
	for name, c := range operationScopes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everyOther := slices.DeleteFunc([]string{"orders:read", "pats:read", "pats:write", "users:read", "users:write", "tokens:introspect"},
				func(scope string) bool { return scope == string(c.requires) })
			f, caller := scoped(t, everyOther...)
			before := pattest.Read(t, f.store, caller.Account.ID)
			err := c.do(t, f, caller)
			if c.requires == "" {
				if err != nil {
					t.Errorf("with other scopes: %v", err)
				}
				return
			}
			wantMissing(t, "with every other scope", err, c.requires)
			if diff := cmp.Diff(before, pattest.Read(t, f.store, caller.Account.ID)); diff != "" {
				t.Errorf("the account, -before +after:\n%s", diff)
			}
			f, caller = scoped(t, string(c.requires))
			f.store.Forget()
			if err := c.do(t, f, caller); err != nil {
				t.Errorf("with the scope alone: %v", err)
			}
			if reads := f.store.Count(pattest.CallAccount); reads != 1 {
				t.Errorf("got %d reads, want 1", reads)
			}
		})
	}
}

// TestInvalidCallersAreRefusedBeforeTheirScopes: whoever lost access learns nothing about scopes.
func TestInvalidCallersAreRefusedBeforeTheirScopes(t *testing.T) {
	t.Parallel()
	f, caller := scoped(t, "orders:read")
	f.clock.Advance(pattest.Lifetime)
	_, listErr := f.service.Tokens(t.Context(), caller.Identity())
	_, _, createErr := f.service.CreateToken(t.Context(), caller.Identity(), pat.Draft{})
	_, _, onceErr := f.service.CreateTokenOnce(t.Context(), caller.Identity(), pat.Draft{}, keyOf(t, caller.Secret, "k"))
	_, descendantsErr := f.service.RevokeDescendants(t.Context(), caller.Identity(), 1)
	for _, err := range []error{listErr, createErr, onceErr, descendantsErr, f.service.RevokeToken(t.Context(), caller.Identity(), 1)} {
		wantRefused(t, err, pat.ReasonExpired)
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scopes pat.Scopes
		allows bool
	}{
		"unscoped":      {pat.Unscoped(), true},
		"the scope":     {pattest.Scopes(t, "a", "orders:read"), true},
		"another scope": {pattest.Scopes(t, "orders"), false},
		"none":          {pat.Scopes{}, false},
	} {
		err := pat.Holder{Token: pat.Token{Scopes: c.scopes}}.Require("orders:read")
		if c.allows && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !c.allows {
			wantMissing(t, name, err, "orders:read")
			wantMessage(t, err, `The token does not have the scope "orders:read", which this operation requires.`)
		}
	}
}

// doors are the ways to create a token with a token.
var doors = map[string]func(*testing.T, *fixture, pattest.Holder, pat.Draft) (pat.Token, error){
	"CreateToken": func(t *testing.T, f *fixture, by pattest.Holder, draft pat.Draft) (pat.Token, error) {
		t.Helper()
		token, _, err := f.service.CreateToken(t.Context(), by.Identity(), draft)
		return token, err
	},
	"CreateTokenOnce": func(t *testing.T, f *fixture, by pattest.Holder, draft pat.Draft) (pat.Token, error) {
		t.Helper()
		token, _, err := f.service.CreateTokenOnce(t.Context(), by.Identity(), draft, keyOf(t, by.Secret, draft.Description))
		return token, err
	},
}

// TestScopedTokensCreateNoStrongerOnes tries every door with drafts within and beyond the caller's scopes and end.
func TestScopedTokensCreateNoStrongerOnes(t *testing.T) {
	t.Parallel()
	const subset = "A token can create only tokens with scopes that it has, and this one does not have "
	for door, create := range doors {
		for name, c := range map[string]struct {
			scopes  pat.Scopes
			later   time.Duration // the draft's end after the caller's
			kind    pat.Kind
			message string // "" if the draft is accepted
		}{
			"the same":                 {pattest.Scopes(t, "orders:read", "pats:write"), 0, 0, ""},
			"a subset":                 {pattest.Scopes(t, "orders:read"), -time.Hour, 0, ""},
			"one more":                 {pattest.Scopes(t, "orders:read", "orders:write"), 0, pat.KindForbidden, subset + `"orders:write".`},
			"another one":              {pattest.Scopes(t, "pats:read"), 0, pat.KindForbidden, subset + `"pats:read".`},
			"unscoped":                 {pat.Unscoped(), 0, pat.KindForbidden, "A token with scopes can create only tokens with scopes that it has."},
			"a millisecond longer":     {pattest.Scopes(t, "orders:read"), time.Millisecond, pat.KindForbidden, "A token with scopes can create only tokens that expire no later than it does: at 2026-04-02T03:04:05.678Z."},
			"a microsecond longer":     {pattest.Scopes(t, "orders:read"), time.Microsecond, 0, ""}, // it is stored in milliseconds
			"none":                     {pat.Scopes{}, 0, pat.KindInvalid, "A token must have 1 to 20 scopes."},
			"one that does not exist":  {pattest.Scopes(t, "unlisted"), 0, pat.KindInvalid, `The scope "unlisted" does not exist. These do: orders:purge, orders:read, orders:write, pats:read, pats:write, reports, tokens:introspect, users:read, users:write.`},
			"the form before the door": {pattest.Scopes(t, "orders:write"), -2 * pattest.Lifetime, pat.KindInvalid, "The expiry date should be in future."},
		} {
			t.Run(door+", "+name, func(t *testing.T) {
				t.Parallel()
				f, caller := scoped(t, "orders:read", "pats:write")
				draft := pat.Draft{Description: "new", Scopes: c.scopes, ExpiresAt: caller.Token.ExpiresAt.Add(c.later)}
				token, err := create(t, f, caller, draft)
				if c.message != "" {
					pattest.WantKind(t, err, c.kind)
					wantMessage(t, err, c.message)
					f.wantDescriptions(t, "own", "caller")
					return
				}
				if err != nil || !token.Scopes.Equal(c.scopes) || token.ExpiresAt.After(caller.Token.ExpiresAt) {
					t.Errorf("got scopes %q until %s and %v", token.Scopes.Stored(), token.ExpiresAt, err)
				}
			})
		}
	}
}

// TestUnscopedTokensAndOperatorsAreBoundByTheRole: they can create unscoped and longer-lived tokens, but none with a scope
// that the user's role does not carry.
func TestUnscopedTokensAndOperatorsAreBoundByTheRole(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	viewer := pattest.NewHolder(t, f.store, f.service, pattest.Profile("vera", pat.Viewer))
	const refusal = `The role Viewer does not carry the scope "orders:write". It carries: orders:read, pats:read, pats:write, reports.`
	for name, create := range map[string]func(pat.Draft) error{
		"an operator": func(draft pat.Draft) error {
			_, _, err := f.service.CreateUserToken(t.Context(), viewer.Account.ID, draft)
			return err
		},
		"an unscoped token": func(draft pat.Draft) error {
			_, _, err := f.service.CreateToken(t.Context(), viewer.Identity(), draft)
			return err
		},
	} {
		longer := pat.Draft{Description: name, Scopes: pat.Unscoped(), ExpiresAt: viewer.Token.ExpiresAt.Add(time.Hour)}
		if err := create(longer); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		longer.Description, longer.Scopes = name+" again", pattest.Scopes(t, "orders:read", "orders:write")
		err := create(longer)
		pattest.WantKind(t, err, pat.KindInvalid)
		wantMessage(t, err, refusal)
	}
}

// TestRoleIsReadAtEachCheck: a demoted user's tokens, scoped and unscoped, carry only what the new role carries.
func TestRoleIsReadAtEachCheck(t *testing.T) {
	t.Parallel()
	f, caller := scoped(t, "orders:purge", "orders:read", "users:write")
	pattest.Account(t, f.store, pattest.Profile("other admin", pat.Admin))
	granted := func(secret pat.Secret) []pat.Scope {
		holder, err := f.service.Check(t.Context(), secret)
		if err != nil {
			t.Fatal(err)
		}
		return f.service.Granted(holder)
	}
	for _, c := range []struct {
		role pat.Role
		want map[*pattest.Holder][]pat.Scope
	}{
		{pat.Viewer, map[*pattest.Holder][]pat.Scope{&caller: {"orders:read"}, &f.holder: {"orders:read", "reports"}}},
		{pat.Admin, map[*pattest.Holder][]pat.Scope{
			&caller: {"orders:purge", "orders:read", "users:write"}, &f.holder: {"orders:purge", "orders:read", "orders:write", "reports"},
		}},
	} {
		if _, err := f.service.UpdateUser(t.Context(), caller.Account.ID, func(p *pat.Profile) { p.Role = c.role }); err != nil {
			t.Fatal(err)
		}
		for holder, scopes := range c.want {
			if got := granted(holder.Secret); !slices.Equal(got, scopes) {
				t.Errorf("%s as %s: got %q, want %q", holder.Token.Description, c.role, got, scopes)
			}
		}
	}
	f.service = pat.NewService(f.store, pat.Settings{Scopes: pattest.Catalog(t, "orders:other")}, pattest.Env(f.clock))
	if got := granted(caller.Secret); !slices.Equal(got, []pat.Scope{"users:write"}) {
		t.Errorf("with scopes that are no longer listed: got %q, want users:write alone", got)
	}
}

func TestKeyWithOtherScopesIsSpent(t *testing.T) {
	t.Parallel()
	f, caller := scoped(t, "orders:read", "orders:write", "pats:write")
	for name, c := range map[string]struct {
		by            pattest.Holder
		first, second pat.Scopes
	}{
		"other scopes":     {caller, pattest.Scopes(t, "orders:read"), pattest.Scopes(t, "orders:write")},
		"fewer scopes":     {caller, pattest.Scopes(t, "orders:read", "pats:write"), pattest.Scopes(t, "orders:read")},
		"scopes, unscoped": {f.holder, pattest.Scopes(t, "orders:read"), pat.Unscoped()},
		"unscoped, scopes": {f.holder, pat.Unscoped(), pattest.Scopes(t, "orders:read")},
	} {
		key := keyOf(t, c.by.Secret, strings.ReplaceAll(name, " ", "-"))
		draft := pat.Draft{Description: name, Scopes: c.first, ExpiresAt: c.by.Token.ExpiresAt}
		made, _, err := f.service.CreateTokenOnce(t.Context(), c.by.Identity(), draft, key)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, _, err := f.service.CreateTokenOnce(t.Context(), c.by.Identity(), draft, key)
		if diff := cmp.Diff(made, again); diff != "" || err != nil {
			t.Errorf("%s: repeated: %v, -first +repeated:\n%s", name, err, diff)
		}
		draft.Scopes = c.second
		if _, secret, err := f.service.CreateTokenOnce(t.Context(), c.by.Identity(), draft, key); pat.KindOf(err) != pat.KindKeySpent || secret.Reveal() != "" {
			t.Errorf("%s: got %v, want kind %d and no secret", name, err, pat.KindKeySpent)
		}
	}
}

func TestMakerAndAncestors(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	holder := f.holder
	if holder.Token.Maker != (pat.Maker{}) || holder.Token.Ancestors != nil {
		t.Errorf("an operator's token has maker %+v and ancestors %v, want none", holder.Token.Maker, holder.Token.Ancestors)
	}
	var line []pat.TokenID // from the nearest
	for i := range 13 {
		line = append([]pat.TokenID{holder.Token.ID}, line...)
		maker := pat.Maker{User: holder.Account.ID, Token: holder.Token.ID}
		next := f.with(t, holder, strconv.Itoa(i), pat.Unscoped())
		if i > 0 {
			if err := f.service.RevokeToken(t.Context(), holder.Identity(), holder.Token.ID); err != nil {
				t.Fatal(err)
			}
		}
		holder = next
		tokens := pattest.Read(t, f.store, holder.Account.ID).Tokens
		got := tokens[len(tokens)-1]
		if diff := cmp.Diff(line[:min(len(line), 10)], got.Ancestors); diff != "" || got.Maker != maker {
			t.Errorf("token %d has maker %+v, want %+v; ancestors, -want +got:\n%s", got.ID, got.Maker, maker, diff)
		}
	}
}
