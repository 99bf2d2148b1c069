package api_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"pats/pkg/api"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// tokenRequests returns valid and malformed requests for the token routes, and requests for unknown paths and methods.
func tokenRequests(h pattest.Holder) map[string]request {
	authorization := "Authorization: " + h.Secret.Reveal()
	requests := map[string]request{
		"list":                    get(),
		"list, not modified":      get("If-None-Match: *"),
		"HEAD":                    {method: http.MethodHead, path: api.ResourceTokens},
		"OPTIONS":                 {method: http.MethodOptions, path: api.ResourceTokens},
		"create":                  post(good),
		"create, keyed":           keyed(h, good, "Idempotency-Key: k"),
		"create, empty key":       keyed(h, good, "Idempotency-Key: "),
		"create, two keys":        keyed(h, good, "Idempotency-Key: a", "Idempotency-Key: b"),
		"create, malformed JSON":  post("{bad"),
		"create, no members":      post("{}"),
		"create, wrong type":      post(with("[]")),
		"create, no date":         post(until(`"soon"`)),
		"create, past":            post(until(`"2000-01-01T00:00:00Z"`)),
		"create, no description":  post(with(`""`)),
		"create, too large":       post(strings.Repeat("x", 1<<20)),
		"create, text":            {http.MethodPost, api.ResourceTokens, []string{authorization, "Content-Type: text/plain"}, good, false},
		"create, gzip":            {http.MethodPost, api.ResourceTokens, []string{"Content-Type: application/json", "Content-Encoding: gzip"}, good, false},
		"create, not base64":      {http.MethodPost, api.ResourceTokens, []string{"Content-Type: application/json"}, "!", true},
		"revoke":                  remove("1"),
		"revoke, not a number":    remove("abc"),
		"revoke, bad escape":      remove("%zz"),
		"revoke, OPTIONS":         {method: http.MethodOptions, path: token1},
		"rotate":                  rotation("1", ""),
		"rotate, keyed":           rotation("1", "", authorization, "Idempotency-Key: k"),
		"rotate, bad body":        rotation("1", "{bad"),
		"rotate, not a number":    rotation("abc", ""),
		"rotate, unknown id":      rotation("99", ""),
		"rotate itself":           rotation("self", `{"overlapSeconds":0}`),
		"rotate itself, negative": rotation("self", `{"overlapSeconds":-1}`),
		"show itself":             {method: http.MethodGet, path: api.ResourceTokenSelf},
		"revoke itself":           {method: http.MethodDelete, path: api.ResourceTokenSelf},
		"revoke itself, bad":      {method: http.MethodDelete, path: api.ResourceTokenSelf + "?descendants=x"},
		"itself, OPTIONS":         {method: http.MethodOptions, path: api.ResourceTokenSelf},
		"a path that is unknown":  {method: http.MethodGet, path: "/api/admin/nope"},
		"OPTIONS of unknown path": {method: http.MethodOptions, path: "/api/admin/nope"},
		"a method that is not":    {method: http.MethodPut, path: api.ResourceTokens},
	}
	return requests
}

// lostAccess are the ways in which a caller whom the authorizer let through loses access.
var lostAccess = map[string]struct {
	end    func(t *testing.T, f *fixture, h pattest.Holder) error
	reason pat.Reason
}{
	"revoked": {func(t *testing.T, f *fixture, h pattest.Holder) error {
		return f.service.RevokeUserToken(t.Context(), h.Account.ID, h.Token.ID)
	}, pat.ReasonInvalid},
	"user deleted": {func(t *testing.T, f *fixture, h pattest.Holder) error {
		return f.service.DeleteUser(t.Context(), h.Account.ID)
	}, pat.ReasonInvalid},
	"user disabled": {func(t *testing.T, f *fixture, h pattest.Holder) error {
		return pattest.SetDisabled(t.Context(), f.service, h.Account.ID, true)
	}, pat.ReasonDisabled},
	"expired": {func(_ *testing.T, f *fixture, _ pattest.Holder) error {
		f.clock.Advance(pattest.Lifetime)
		return nil
	}, pat.ReasonExpired},
}

// TestLosingAccessIsImmediate: the claims come from a decision that API Gateway may have cached, so the token's state is read
// again, and a caller who lost access gets a 401 whatever they send.
func TestLosingAccessIsImmediate(t *testing.T) {
	t.Parallel()
	for name, c := range lostAccess {
		for _, enabled := range []bool{true, false} {
			f := newFixtureWith(t, settings{tokens: api.TokensSettings{Enabled: enabled}, log: io.Discard})
			h := f.holder(t)
			if err := c.end(t, f, h); err != nil {
				t.Fatal(err)
			}
			for req, sent := range tokenRequests(h) {
				t.Run(name+", "+req, func(t *testing.T) {
					t.Parallel()
					got := f.do(t, h, sent)
					wantProblem(t, got, http.StatusUnauthorized, refusedFor(c.reason))
					wantHeader(t, got, "Www-Authenticate", "Bearer")
				})
			}
		}
	}
}

func refusedFor(reason pat.Reason) problem {
	p := refused
	p.Details = []detail{{Message: string(reason)}}
	return p
}

// userRequests are valid and malformed requests for the user routes that need the permission ADMIN, and for unknown methods.
var userRequests = map[string]struct{ method, path, body string }{
	"list":                   {http.MethodGet, api.ResourceUsers, ""},
	"HEAD":                   {http.MethodHead, api.ResourceUsers, ""},
	"OPTIONS":                {http.MethodOptions, api.ResourceUsers, ""},
	"list, limit 0":          {http.MethodGet, api.ResourceUsers + "?limit=0", ""},
	"create":                 {http.MethodPost, api.ResourceUsers, `{"username":"new","rootRole":3}`},
	"create, no role":        {http.MethodPost, api.ResourceUsers, `{}`},
	"create, malformed JSON": {http.MethodPost, api.ResourceUsers, `{bad`},
	"create, no type":        {http.MethodPost, api.ResourceUsers, ``},
	"read":                   {http.MethodGet, api.ResourceUsers + "/1", ""},
	"read, not a number":     {http.MethodGet, api.ResourceUsers + "/abc", ""},
	"read, bad escape":       {http.MethodGet, api.ResourceUsers + "/%zz", ""},
	"read, nobody":           {http.MethodGet, api.ResourceUsers + "/99", ""},
	"update":                 {http.MethodPut, api.ResourceUsers + "/1", `{"rootRole":1}`},
	"update, malformed JSON": {http.MethodPut, api.ResourceUsers + "/1", `{bad`},
	"delete":                 {http.MethodDelete, api.ResourceUsers + "/1", ""},
	"search":                 {http.MethodGet, api.ResourceUserSearch + "?q=abby", ""},
	"search, q twice":        {http.MethodGet, api.ResourceUserSearch + "?q=abby&q=b", ""},
	"admin count":            {http.MethodGet, api.ResourceAdminCount, ""},
	"a method that is not":   {http.MethodPatch, api.ResourceUsers + "/1", ""},
}

func TestOnlyAdminsUseTheAdminRoutes(t *testing.T) {
	t.Parallel()
	f := newUserFixture(t)
	for name, c := range userRequests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantProblem(t, f.as(t, claimsOf(f.viewer), c.method, c.path, c.body), http.StatusForbidden, needAdmin)
		})
	}
}

func TestAdminsWhoLostAccess(t *testing.T) {
	t.Parallel()
	demote := func(t *testing.T, f *fixture, h pattest.Holder) error {
		_, err := f.service.UpdateUser(t.Context(), h.Account.ID, func(p *pat.Profile) { p.Role = pat.Editor })
		return err
	}
	for name, end := range map[string]func(*testing.T, *fixture, pattest.Holder) error{
		"demoted": demote, "revoked": lostAccess["revoked"].end, "disabled": lostAccess["user disabled"].end,
	} {
		f := newUserFixture(t)
		second := pattest.NewHolder(t, f.store, f.service, pattest.Profile("anna", pat.Admin))
		if err := end(t, f.fixture, second); err != nil {
			t.Fatal(err)
		}
		want := http.StatusUnauthorized
		if name == "demoted" {
			want = http.StatusForbidden
		}
		for req, c := range userRequests {
			t.Run(name+", "+req, func(t *testing.T) {
				t.Parallel()
				wantStatus(t, f.as(t, claimsOf(second), c.method, c.path, c.body), want)
			})
		}
	}
}

// TestStoreCalls counts the reads and writes of each route, which are what a request costs. A request that is refused may read
// once, to check its caller.
func TestStoreCalls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		req           request
		reads, writes int
	}{
		"list":                    {get(), 1, 0},
		"create":                  {post(good), 1, 1},
		"create, refused":         {post("{}"), 1, 0},
		"create, a duplicate":     {post(with(`"own"`)), 1, 0},
		"revoke":                  {remove("1"), 1, 1},
		"revoke, an unknown id":   {remove("999"), 1, 0},
		"revoke, refused":         {remove("abc"), 1, 0},
		"an unknown path":         {request{method: http.MethodGet, path: "/api/admin/nope"}, 1, 0},
		"an unknown method":       {request{method: http.MethodPut, path: api.ResourceTokens}, 1, 0},
		"OPTIONS":                 {request{method: http.MethodOptions, path: api.ResourceTokens}, 1, 0},
		"OPTIONS, an unknown one": {request{method: http.MethodOptions, path: "/nope"}, 1, 0},
		"malformed JSON":          {post("{bad"), 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			h := f.holder(t)
			f.store.Forget()
			f.do(t, h, c.req)
			wantCalls(t, f.store, pattest.CallAccount, c.reads)
			wantCalls(t, f.store, pattest.CallReplaceAccount, c.writes)
		})
	}
}

// TestStoreCallsOfAdmins counts the same for the user routes: each request reads its caller once, and then its subject.
func TestStoreCallsOfAdmins(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, path, body string
		reads              int
	}{
		"self":            {http.MethodGet, api.ResourceSelf, "", 1},
		"list":            {http.MethodGet, api.ResourceUsers, "", 1},
		"read":            {http.MethodGet, api.ResourceUsers + "/2", "", 2},
		"read, nobody":    {http.MethodGet, api.ResourceUsers + "/99", "", 2},
		"read, refused":   {http.MethodGet, api.ResourceUsers + "/abc", "", 1},
		"create":          {http.MethodPost, api.ResourceUsers, `{"username":"new","rootRole":3}`, 1},
		"create, refused": {http.MethodPost, api.ResourceUsers, `{}`, 1},
		"update":          {http.MethodPut, api.ResourceUsers + "/2", `{"name":"New"}`, 2},
		"delete":          {http.MethodDelete, api.ResourceUsers + "/2", "", 2},
		"OPTIONS":         {http.MethodOptions, api.ResourceUsers, "", 1},
		"admin count":     {http.MethodGet, api.ResourceAdminCount, "", 1},
		"search, exact":   {http.MethodGet, api.ResourceUserSearch + "?q=vera", "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newUserFixture(t)
			f.store.Forget()
			f.asAdmin(t, c.method, c.path, c.body)
			wantCalls(t, f.store, pattest.CallAccount, c.reads)
		})
	}
}

func wantCalls(t *testing.T, store *pattest.Faulty, request pattest.Call, want int) {
	t.Helper()
	if got := store.Count(request); got != want {
		t.Errorf("%s: got %d calls, want %d", request, got, want)
	}
}
