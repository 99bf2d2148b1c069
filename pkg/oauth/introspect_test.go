package oauth_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/oauth"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

const inactive = `{"active":false}`

func TestIntrospectionOfAValidToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	scoped := f.create(t, f.vera, "orders:read", "pats:read")
	expiry := float64(pattest.Start.Add(pattest.Lifetime).Unix())
	issued := float64(pattest.Start.Unix())
	for name, c := range map[string]struct {
		token string
		want  object
	}{
		"unscoped": {f.vera.Secret.Reveal(), object{
			"active": true, "scope": "orders:read", "username": "vera", "sub": "2", "token_type": "Bearer", "exp": expiry, "iat": issued,
			"token_id": 1.0, "role": "Viewer",
		}},
		"scoped, in the other spelling": {pattest.InPats(scoped.Secret.Reveal()), object{
			"active": true, "scope": "orders:read pats:read", "username": "vera", "sub": "2", "token_type": "Bearer", "exp": expiry,
			"iat": issued, "token_id": 2.0,
		}},
		"the caller's own": {f.admin.Secret.Reveal(), object{
			"active": true, "scope": "orders:read orders:write", "username": "ann", "sub": "1", "token_type": "Bearer", "exp": expiry,
			"iat": issued, "token_id": 1.0, "role": "Admin",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := f.do(t, introspect(f.admin.Secret.Reveal(), c.token))
			if got.status != http.StatusOK || got.headers.Get("Content-Type") != "application/json" {
				t.Errorf("got status %d of type %q, want 200 of JSON", got.status, got.headers.Get("Content-Type"))
			}
			if diff := cmp.Diff(c.want, got.object(t)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

// TestScopeIsAbsentWithoutScopes: clients split an empty text into one scope without a name.
func TestScopeIsAbsentWithoutScopes(t *testing.T) {
	t.Parallel()
	f := newFixtureWith(t, pat.Settings{})
	if scope, found := f.do(t, introspect(f.admin.Secret.Reveal(), f.vera.Secret.Reveal())).object(t)["scope"]; found {
		t.Errorf("got the scope %q, want none", scope)
	}
}

// TestIntrospectionOfRotatedToken: each secret has its own times.
func TestIntrospectionOfRotatedToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.clock.Advance(time.Hour)
	_, fresh, err := f.service.RotateSelf(t.Context(), f.vera.Identity(), pat.Rotation{Overlap: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		token    string
		iat, exp time.Time
	}{
		"replaced": {f.vera.Secret.Reveal(), pattest.Start, pattest.Start.Add(time.Hour + time.Minute)},
		"present":  {fresh.Reveal(), pattest.Start.Add(time.Hour), pattest.Start.Add(pattest.Lifetime)},
	} {
		got := f.do(t, introspect(f.admin.Secret.Reveal(), c.token)).object(t)
		if got["iat"] != float64(c.iat.Unix()) || got["exp"] != float64(c.exp.Unix()) {
			t.Errorf("%s: got iat %v and exp %v, want %d and %d", name, got["iat"], got["exp"], c.iat.Unix(), c.exp.Unix())
		}
	}
}

func TestIntrospectionOfAnInvalidToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	revoked := f.create(t, f.vera, "orders:read")
	if err := f.service.RevokeUserToken(t.Context(), revoked.Account.ID, revoked.Token.ID); err != nil {
		t.Fatal(err)
	}
	disabled := pattest.NewHolder(t, f.store, f.service, pattest.Profile("dis", pat.Viewer))
	if err := pattest.SetDisabled(t.Context(), f.service, disabled.Account.ID, true); err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"junk":                       "x",
		"not a token, but unescaped": `"><script>&token=`,
		"mistyped":                   pattest.Mistyped(f.vera.Secret.Reveal()),
		"forged":                     pattest.Forge(t, f.vera.Token.Selector),
		"revoked":                    revoked.Secret.Reveal(),
		"of a disabled user":         disabled.Secret.Reveal(),
		"after Bearer":               "Bearer " + f.vera.Secret.Reveal(),
		"an admin API token":         "*:*.ttttttttttttttttttttttttttttttttttttttttttt",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := f.do(t, introspect(f.admin.Secret.Reveal(), token)); got.status != http.StatusOK || got.body != inactive {
				t.Errorf("got status %d with %s, want 200 with exactly %s", got.status, got.body, inactive)
			}
		})
	}
}

func TestExpiredTokenIsInactive(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	draft := pattest.Draft("short")
	draft.ExpiresAt = pattest.Start.Add(time.Hour)
	_, secret, err := f.service.CreateUserToken(t.Context(), f.vera.Account.ID, draft)
	if err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(time.Hour)
	if got := f.do(t, introspect(f.admin.Secret.Reveal(), secret.Reveal())); got.body != inactive {
		t.Errorf("got %s, want %s", got.body, inactive)
	}
}

func TestWhoMayIntrospect(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	narrowed := f.create(t, f.admin, "tokens:introspect")
	other := f.create(t, f.admin, "pats:read", "users:read", "users:write", "orders:read")
	for name, c := range map[string]struct {
		caller pattest.Holder
		want   int
	}{
		"an Admin's unscoped token":           {f.admin, http.StatusOK},
		"an Admin's token with the scope":     {narrowed, http.StatusOK},
		"an Admin's token with other scopes":  {other, http.StatusForbidden},
		"the unscoped token of somebody else": {f.vera, http.StatusForbidden},
	} {
		got := f.do(t, introspect(c.caller.Secret.Reveal(), f.vera.Secret.Reveal()))
		if got.status != c.want {
			t.Errorf("%s: got status %d with %s, want %d", name, got.status, got.body, c.want)
		}
		if c.want != http.StatusForbidden {
			continue
		}
		got.wantError(t, http.StatusForbidden, "insufficient_scope")
		const challenge = `Bearer error="insufficient_scope", scope="tokens:introspect"`
		if header := got.headers.Get("Www-Authenticate"); header != challenge {
			t.Errorf("%s: got the challenge %s, want %s", name, header, challenge)
		}
	}
}

// TestFormerAdminCannotIntrospect: the role counts at the moment of the request.
func TestFormerAdminCannotIntrospect(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	former := pattest.NewHolder(t, f.store, f.service, pattest.Profile("former", pat.Admin))
	narrowed := f.create(t, former, "tokens:introspect")
	if _, err := f.service.UpdateUser(t.Context(), former.Account.ID, func(p *pat.Profile) { p.Role = pat.Editor }); err != nil {
		t.Fatal(err)
	}
	for _, caller := range []pattest.Holder{former, narrowed} {
		f.do(t, introspect(caller.Secret.Reveal(), f.vera.Secret.Reveal())).wantError(t, http.StatusForbidden, "insufficient_scope")
	}
}

// TestReads: a flood of junk must cost nothing.
func TestReads(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	admin, vera := f.admin.Secret.Reveal(), f.vera.Secret.Reveal()
	for name, c := range map[string]struct {
		request request
		want    int
	}{
		"a valid token":              {introspect(admin, vera), 2},
		"a forged token":             {introspect(admin, pattest.Forge(t, f.vera.Token.Selector)), 2},
		"a junk token":               {introspect(admin, "junk"), 1},
		"a mistyped token":           {introspect(admin, pattest.Mistyped(vera)), 1},
		"a junk caller":              {introspect("junk", vera), 0},
		"a mistyped caller":          {introspect(pattest.Mistyped(admin), vera), 0},
		"a caller without the scope": {introspect(vera, admin), 1},
		"no caller":                  {request{resource: oauth.ResourceIntrospect, body: form("token", vera)}, 0},
		"no token":                   {request{resource: oauth.ResourceIntrospect, authorization: []string{"Bearer " + admin}}, 0},
		"a revocation of junk":       {revoke("junk"), 0},
	} {
		f.store.Forget()
		f.do(t, c.request)
		reads := 0
		for _, call := range []pattest.Call{pattest.CallAccount, pattest.CallLookUp, pattest.CallFindUser, pattest.CallAccounts} {
			reads += f.store.Count(call)
		}
		if reads != c.want {
			t.Errorf("%s: got %d reads, want %d", name, reads, c.want)
		}
		if writes := f.store.Count(pattest.CallReplaceAccount); writes != 0 {
			t.Errorf("%s: got %d writes, want none", name, writes)
		}
	}
}

// TestUseIsRecorded: a token that another service accepted is in use.
func TestUseIsRecorded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.do(t, introspect(f.admin.Secret.Reveal(), f.vera.Secret.Reveal()))
	for _, h := range []pattest.Holder{f.admin, f.vera} {
		token, _ := pattest.Read(t, f.store, h.Account.ID).Token(h.Token.ID)
		if !token.SeenAt.Equal(pattest.Start) {
			t.Errorf("%s: got the last use %s, want %s", h.Account.Username, token.SeenAt, pattest.Start)
		}
	}
}

// TestStoreFailures: a token that cannot be checked is neither active nor inactive.
func TestStoreFailures(t *testing.T) {
	t.Parallel()
	const inside = "dial tcp 10.0.0.7:8000: connection refused"
	for name, c := range map[string]struct {
		fail   func(f *fixture)
		status int
		code   string
	}{
		"unreachable": {func(f *fixture) {
			f.store.Refuse(pattest.CallAccount, 99, pat.Unavailable(errors.New(inside)))
		}, http.StatusServiceUnavailable, "temporarily_unavailable"},
		"an unknown error": {func(f *fixture) {
			f.store.Refuse(pattest.CallAccount, 99, errors.New(inside))
		}, http.StatusInternalServerError, "server_error"},
		"a panic": {func(f *fixture) {
			f.store.Before(pattest.CallAccount, func() { panic(inside) })
		}, http.StatusInternalServerError, "server_error"},
	} {
		for _, endpoint := range []string{oauth.ResourceIntrospect, oauth.ResourceRevoke} {
			t.Run(name+", "+endpoint, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				c.fail(f)
				r := introspect(f.admin.Secret.Reveal(), f.vera.Secret.Reveal())
				r.resource = endpoint
				got := f.do(t, r)
				got.wantError(t, c.status, c.code)
				if retry := got.headers.Get("Retry-After"); (retry == "1") != (c.status == http.StatusServiceUnavailable) {
					t.Errorf("got Retry-After %q with status %d", retry, c.status)
				}
			})
		}
	}
}

// TestSecondReadFails: the caller is known and the token is not.
func TestSecondReadFails(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store.Before(pattest.CallAccount, func() {})
	f.store.Refuse(pattest.CallAccount, 1, pat.Unavailable(nil))
	f.do(t, introspect(f.admin.Secret.Reveal(), f.vera.Secret.Reveal())).wantError(t, http.StatusServiceUnavailable, "temporarily_unavailable")
}
