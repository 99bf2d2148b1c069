package api_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"pats/pkg/api"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// TestClaimsThatNameNobody checks that a function refuses events without an authorizer, or with a context of another one.
func TestClaimsThatNameNobody(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	other := f.holder(t)
	changed := func(change func(map[string]any)) map[string]any {
		claims := claimsOf(h)
		change(claims)
		return claims
	}
	set := func(name string, value any) map[string]any {
		return changed(func(claims map[string]any) { claims[name] = value })
	}
	for name, claims := range map[string]map[string]any{
		"none":                         nil,
		"empty":                        {},
		"no kind":                      changed(func(c map[string]any) { delete(c, "kind") }),
		"no selector":                  changed(func(c map[string]any) { delete(c, "selector") }),
		"no user":                      changed(func(c map[string]any) { delete(c, "userId") }),
		"another kind":                 set("kind", "root"),
		"another case of the kind":     set("kind", "User"),
		"kind a number":                set("kind", 1.0),
		"kind a list":                  set("kind", []any{"user"}),
		"user a number":                set("userId", float64(h.Account.ID)),
		"another user":                 set("userId", "2"),
		"user with a zero before":      set("userId", "01"),
		"user with a plus before":      set("userId", "+1"),
		"user with a blank":            set("userId", "1 "),
		"user empty":                   set("userId", ""),
		"another user's selector":      set("selector", string(other.Token.Selector)),
		"selector cut off":             set("selector", string(h.Token.Selector)[:21]),
		"selector with a line break":   set("selector", string(h.Token.Selector)+"\n"),
		"selector in standard base64":  set("selector", strings.Repeat("/", 22)),
		"selector of user 0":           {"kind": "user", "userId": "0", "selector": strings.Repeat("A", 22)},
		"a selector that is not there": {"kind": "user", "userId": "1", "selector": string(h.Token.Selector)[:12] + "AAAAAAAAAA"},
		"admin without a fingerprint":  {"kind": "admin"},
		"admin, empty fingerprint":     {"kind": "admin", "fingerprint": ""},
		"admin, made-up fingerprint":   {"kind": "admin", "fingerprint": "0123456789abcdef"},
		"admin of no key":              contextOf(pat.AdminKey{}.Principal()),
		"a deny's context":             {"reason": string(pat.ReasonInvalid)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, req := range []request{get(), post(good), remove("1")} {
				got := f.handle(t, req.event(claims))
				wantProblem(t, got, http.StatusUnauthorized, refused)
				wantHeader(t, got, "Www-Authenticate", "Bearer")
			}
		})
	}
}

// TestUnauthenticatedBeforeAnythingElse checks that a caller without a token learns neither which paths exist nor what is wrong with a
// body.
func TestUnauthenticatedBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, req := range map[string]request{
		"no such path":   {method: "GET", path: "/api/admin/nope"},
		"root":           {method: "GET", path: "/"},
		"no such method": {method: "PUT", path: api.ResourceTokens},
		"OPTIONS":        {method: "OPTIONS", path: api.ResourceTokens},
		"HEAD":           {method: "HEAD", path: api.ResourceTokens},
		"malformed JSON": post("{bad"),
		"too large":      post(strings.Repeat("x", 1<<20)),
		"not base64":     {method: "POST", path: api.ResourceTokens, body: "!", base64: true},
		"wrong id":       remove("abc"),
		"bad escape":     remove("%zz"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantProblem(t, f.handle(t, req.event(nil)), http.StatusUnauthorized, refused)
		})
	}
}

func adminKey(t testing.TB) pat.AdminKey {
	t.Helper()
	secret, err := pat.NewAdminSecret(pattest.NewRandom())
	if err != nil {
		t.Fatal(err)
	}
	key, err := pat.ParseAdminKey(secret.Hash())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestAdminTokenHasNoTokens checks that requests with the admin API token are validated as those of a user, and are then a 403, since it
// belongs to no user.
func TestAdminTokenHasNoTokens(t *testing.T) {
	t.Parallel()
	key := adminKey(t)
	f := newFixtureWith(t, settings{tokens: api.TokensSettings{Admin: key, Enabled: true}, log: io.Discard})
	noUser := plain("NoAccessError", "PATs require an authenticated user.")
	for name, c := range map[string]struct {
		req    request
		status int
		want   problem
	}{
		"list":                  {get(), http.StatusForbidden, noUser},
		"create":                {post(good), http.StatusForbidden, noUser},
		"create, no JSON":       {post("{bad"), http.StatusBadRequest, notJSON},
		"create, empty body":    {post("{}"), http.StatusBadRequest, missing("description")},
		"create, text":          {request{method: "POST", path: api.ResourceTokens, body: "x"}, http.StatusUnsupportedMediaType, wrongType("you didn't provide one")},
		"revoke":                {remove("1"), http.StatusForbidden, noUser},
		"revoke, no number":     {remove("abc"), http.StatusBadRequest, notWhole("abc")},
		"an unknown path":       {request{method: "GET", path: "/api/admin/nope"}, http.StatusNotFound, notThere("/api/admin/nope")},
		"an unknown method":     {request{method: "PUT", path: api.ResourceTokens}, http.StatusNotFound, notThere(api.ResourceTokens)},
		"an expiry in the past": {post(until(`"2000-01-01T00:00:00Z"`)), http.StatusForbidden, noUser},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantProblem(t, f.handle(t, c.req.event(contextOf(key.Principal()))), c.status, c.want)
		})
	}
}

func TestAdminTokenReadsNothing(t *testing.T) {
	t.Parallel()
	key := adminKey(t)
	f := newFixtureWith(t, settings{tokens: api.TokensSettings{Admin: key, Enabled: true}, log: io.Discard})
	for _, req := range []request{get(), post(good), remove("1")} {
		wantStatus(t, f.handle(t, req.event(contextOf(key.Principal()))), http.StatusForbidden)
	}
	if reads := f.store.Count(pattest.CallAccount); reads != 0 {
		t.Errorf("reads: got %d, want 0", reads)
	}
}

// TestAdminTokenReplaced checks a decision on the old token that API Gateway still has in its cache.
func TestAdminTokenReplaced(t *testing.T) {
	t.Parallel()
	old := contextOf(adminKey(t).Principal())
	other, err := pat.ParseAdminKey(strings.Repeat("ab", 32))
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]pat.AdminKey{"by another": other, "by none": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixtureWith(t, settings{tokens: api.TokensSettings{Admin: key, Enabled: true}, log: io.Discard})
			for _, req := range []request{get(), post(good), remove("1")} {
				wantProblem(t, f.handle(t, req.event(maps.Clone(old))), http.StatusUnauthorized, refused)
			}
		})
	}
}

func TestKillSwitch(t *testing.T) {
	t.Parallel()
	f := newFixtureWith(t, settings{log: io.Discard})
	h := f.holder(t)
	f.store.Forget()
	off := plain("NotFoundError", "PATs are disabled.")
	for name, c := range map[string]struct {
		req    request
		status int
		want   problem
	}{
		"list":               {get(), http.StatusNotFound, off},
		"HEAD":               {request{method: "HEAD", path: api.ResourceTokens}, http.StatusNotFound, off},
		"create":             {post(good), http.StatusNotFound, off},
		"create, empty body": {post("{}"), http.StatusNotFound, off},
		"create, no JSON":    {post("{bad"), http.StatusNotFound, off},
		"revoke":             {remove("1"), http.StatusNotFound, off},
		"another path":       {request{method: "GET", path: "/api/admin/nope"}, http.StatusNotFound, notThere("/api/admin/nope")},
		"another method":     {request{method: "PUT", path: api.ResourceTokens}, http.StatusNotFound, notThere(api.ResourceTokens)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantProblem(t, f.do(t, h, c.req), c.status, c.want)
		})
	}
	t.Run("nobody", func(t *testing.T) {
		t.Parallel()
		wantProblem(t, f.handle(t, get().event(nil)), http.StatusUnauthorized, refused)
	})
}

// TestSecretsStayOutOfTheLog checks the caller's token, in any header or body, and new tokens.
func TestSecretsStayOutOfTheLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	f := newFixtureWith(t, settings{tokens: api.TokensSettings{Enabled: true}, log: &log})
	h := f.holder(t)
	own := h.Secret.Reveal()
	header := "Authorization: " + own
	var secrets []string
	for _, req := range []request{
		get(header),
		post(good),
		post(with(`"` + own + `"`)),
		post(with(`["` + own + `"]`)),
		post(until(`"` + own + `"`)),
		post(own),
		post(`"` + own + `"`),
		{method: "POST", path: api.ResourceTokens, headers: []string{header, "Content-Type: " + own}, body: own},
		{method: "GET", path: "/" + own, headers: []string{header}},
		{method: "PUT", path: api.ResourceTokens + "/" + own},
		remove(own),
		remove("2"),
	} {
		got := f.do(t, h, req)
		if got.StatusCode == http.StatusCreated {
			secrets = append(secrets, parse[made](t, got.Body).Secret)
		}
	}
	f.store.Refuse(pattest.CallAccount, 1, pat.Unavailable(io.ErrUnexpectedEOF))
	wantStatus(t, f.do(t, h, get(header)), http.StatusServiceUnavailable)
	if len(secrets) != 2 {
		t.Fatalf("new tokens: got %d, want 2", len(secrets))
	}
	for _, secret := range append(secrets, own) {
		// A part of the secret is harmful, too.
		if strings.Contains(log.String(), secret[31:51]) {
			t.Errorf("log contains a secret:\n%s", log.String())
		}
	}
	for _, want := range []string{`"msg":"token created"`, `"msg":"token revoked"`, `"msg":"refused"`, requestID} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log: got no %s in\n%s", want, log.String())
		}
	}
}
