package api_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"pats/pkg/api"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// adminTokens are the routes of all users' tokens, with an Admin (user 1) and a Viewer (user 2) who have one token each.
type adminTokens struct {
	*userFixture
}

func newAdminTokens(t testing.TB) adminTokens {
	t.Helper()
	f := adminTokens{newUserFixture(t)}
	f.handler = api.NewAdminTokens(f.service, f.key, slog.New(slog.DiscardHandler))
	return f
}

// adminTokenEvent returns the event of API Gateway for a path of these routes.
func adminTokenEvent(claims map[string]any, method, path string) events.APIGatewayProxyRequest {
	event := request{method: method, path: path}.event(claims)
	event.Resource, event.PathParameters = event.Path, nil
	if below, ok := strings.CutPrefix(event.Path, api.ResourceUsers+"/"); ok {
		user, rest, _ := strings.Cut(below, "/")
		event.Resource, event.PathParameters = api.ResourceUserTokens, map[string]string{"id": user}
		if token, one := strings.CutPrefix(rest, "tokens/"); one {
			event.Resource, event.PathParameters["tokenId"] = api.ResourceUserToken, token
		}
	}
	return event
}

func (f adminTokens) send(t testing.TB, h pattest.Holder, method, path string) events.APIGatewayProxyResponse {
	t.Helper()
	return f.handle(t, adminTokenEvent(claimsOf(h), method, path))
}

func (f adminTokens) list(t testing.TB, query string) events.APIGatewayProxyResponse {
	t.Helper()
	return f.send(t, f.admin, http.MethodGet, api.ResourceAllTokens+query)
}

// add creates a token of the Viewer with the Viewer's own.
func (f adminTokens) add(t *testing.T, description string, scopes pat.Scopes) pat.Token {
	t.Helper()
	draft := pattest.Draft(description)
	draft.Scopes = scopes
	token, _, err := f.service.CreateToken(t.Context(), f.viewer.Identity(), draft)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// left returns the IDs of the Viewer's tokens.
func (f adminTokens) left(t *testing.T) []pat.TokenID {
	t.Helper()
	var ids []pat.TokenID
	for _, token := range pattest.Read(t, f.store, f.viewer.Account.ID).Tokens {
		ids = append(ids, token.ID)
	}
	return ids
}

func TestAllTokens(t *testing.T) {
	t.Parallel()
	f := newAdminTokens(t)
	f.add(t, "ci", pattest.Scopes(t, "pats:read"))
	if _, _, err := f.service.RotateToken(t.Context(), f.viewer.Identity(), 2, pat.Rotation{Overlap: time.Hour}); err != nil {
		t.Fatal(err)
	}
	got := f.list(t, "")
	wantStatus(t, got, http.StatusOK)
	wantHeader(t, got, "Link", "")
	wantHeader(t, got, "Cache-Control", "no-store")
	const times = `"createdAt":"2026-01-02T03:04:05.678Z","seenAt":null`
	own := func(user pat.UserID) string {
		return fmt.Sprintf(`{"id":1,"description":"own","expiresAt":"2026-04-02T03:04:05.678Z","userId":%d,%s`, user, times)
	}
	person := func(id pat.UserID, name string, role pat.Role) string {
		return fmt.Sprintf(`,"user":{"accountType":"User","id":%d,"name":"Name of %[2]s","username":%[2]q,"email":"%[2]s@example.org",`+
			`"createdAt":"2026-01-02T03:04:05.678Z","rootRole":%d}}`, id, name, role)
	}
	want := `{"tokens":[` + own(1) + person(1, "abby", pat.Admin) + "," + own(2) + person(2, "vera", pat.Viewer) + "," +
		`{"id":2,"description":"ci","expiresAt":"2026-04-02T03:04:05.678Z","userId":2,` + times + `,"scopes":["pats:read"],` +
		`"createdBy":{"userId":2,"tokenId":1},"ancestors":[1],"rotatedAt":"2026-01-02T03:04:05.678Z","overlapEndsAt":"2026-01-02T04:04:05.678Z"` +
		person(2, "vera", pat.Viewer) + "]}"
	if got.Body != want {
		t.Errorf("got  %s\nwant %s", got.Body, want)
	}
}

// TestAllTokensShowMakersOfUnscopedTokens, which Unleash's own responses leave no place for.
func TestAllTokensShowMakersOfUnscopedTokens(t *testing.T) {
	t.Parallel()
	f := newAdminTokens(t)
	f.add(t, "child", pat.Unscoped())
	if got := f.list(t, "?user=2").Body; strings.Count(got, `"createdBy":{"userId":2,"tokenId":1},"ancestors":[1]`) != 1 {
		t.Errorf("got %s, want the maker of token 2", got)
	}
}

// TestAllTokensOfServiceAccounts: they are among all users, and an Admin revokes their tokens as those of others.
func TestAllTokensOfServiceAccounts(t *testing.T) {
	t.Parallel()
	f := newAdminTokens(t)
	robot, err := f.service.CreateServiceAccount(t.Context(), pat.Profile{Username: "robot", Name: "Robot", Role: pat.Viewer})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.service.CreateUserToken(t.Context(), robot.ID, pattest.Draft("deploys")); err != nil {
		t.Fatal(err)
	}
	got := f.list(t, "?after=2").Body
	if !strings.Contains(got, `"description":"deploys"`) || !strings.Contains(got, `"user":{"accountType":"Service","id":3,"name":"Robot"`) {
		t.Errorf("got %s, want the token of the service account", got)
	}
	if got := f.send(t, f.admin, http.MethodDelete, api.ResourceUsers+"/3/tokens"); got.Body != `{"revoked":[1]}` {
		t.Errorf("got %d %s, want token 1 revoked", got.StatusCode, got.Body)
	}
}

// onPage is the part of a page that tests compare.
type onPage struct {
	Tokens []struct {
		ID     pat.TokenID `json:"id"`
		UserID pat.UserID  `json:"userId"`
	} `json:"tokens"`
}

// TestAllTokensInPages follows Link from page to page, some of which are empty.
func TestAllTokensInPages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		query string
		want  []string
		pages int
	}{
		"all":               {"", []string{"1/1", "2/1", "2/2", "4/1"}, 1},
		"one user at once":  {"?limit=1", []string{"1/1", "2/1", "2/2", "4/1"}, 4},
		"two users at once": {"?limit=2", []string{"1/1", "2/1", "2/2", "4/1"}, 2},
		"after a user":      {"?after=1&limit=1", []string{"2/1", "2/2", "4/1"}, 3},
		"empty pages":       {"?limit=1&scope=pats%3Aread", []string{"2/2"}, 4},
		"a user's":          {"?limit=1&user=4", []string{"4/1"}, 1},
		"after that user":   {"?after=4&user=4", nil, 1},
		"a time with an offset, and all filters": {
			"?limit=1&scope=pats:read&state=active&unusedSince=2026-01-03T03:04:05%2B02:00&expiresBefore=2027-01-01T00:00:00Z", []string{"2/2"}, 4,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newAdminTokens(t)
			f.add(t, "ci", pattest.Scopes(t, "pats:read"))
			pattest.Account(t, f.store, pattest.Profile("nina", pat.Viewer)) // without tokens
			pattest.NewHolder(t, f.store, f.service, pattest.Profile("otto", pat.Viewer))
			var seen []string
			pages := 0
			for query := c.query; ; pages++ {
				got := f.list(t, query)
				wantStatus(t, got, http.StatusOK)
				for _, token := range parseLoosely[onPage](t, got.Body).Tokens {
					seen = append(seen, fmt.Sprintf("%d/%d", token.UserID, token.ID))
				}
				link := strings.Join(got.MultiValueHeaders["Link"], ", ")
				if link == "" {
					break
				}
				var found bool
				if query, found = strings.CutSuffix(strings.TrimPrefix(link, "<"), `>; rel="next"`); !found || pages > 9 {
					t.Fatalf("page %d: got Link %q, want a reference to the next page", pages, link)
				}
			}
			if diff := cmp.Diff(c.want, seen); diff != "" || pages+1 != c.pages {
				t.Errorf("got %d pages, want %d; tokens (-want +got):\n%s", pages+1, c.pages, diff)
			}
		})
	}
}

// TestAllTokensFillNoMoreThanAResponse: a page whose tokens are too long for a response of a Lambda ends early.
func TestAllTokensFillNoMoreThanAResponse(t *testing.T) {
	t.Parallel()
	f := newAdminTokens(t)
	const users, each = 40, 50
	for id := pat.UserID(3); id < 3+users; id++ {
		account := pat.Account{ID: id, CreatedAt: pattest.Start, NextTokenID: each + 1, Profile: pat.Profile{
			Username: strconv.Itoa(int(id)), Name: strings.Repeat("😀", pat.MaxTextLen), Role: pat.Viewer,
		}}
		for i := range pat.TokenID(each) {
			secret, err := pat.NewSecret(pattest.NewRandom(), id)
			if err != nil {
				t.Fatal(err)
			}
			account.Tokens = append(account.Tokens, pat.Token{
				ID: i + 1, Description: strings.Repeat("🦫", pat.MaxTextLen-2) + fmt.Sprintf("%02d", i), Scopes: pat.Unscoped(),
				Selector: pat.Selector(fmt.Sprintf("%s%02d%02d", secret.Selector()[:18], id, i)), Verifier: secret.Verifier(),
				CreatedAt: pattest.Start, ExpiresAt: pattest.Start.Add(pattest.Lifetime),
			})
		}
		if err := f.store.ReserveUserIDs(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if err := f.store.ImportAccount(t.Context(), pat.Account{}, account); err != nil {
			t.Fatal(err)
		}
	}
	count, pages := 0, 0
	for query := ""; pages == 0 || query != ""; pages++ {
		got := f.list(t, query)
		wantStatus(t, got, http.StatusOK)
		if len(got.Body) > 5<<20 {
			t.Fatalf("page %d: got %d bytes, want at most 5 MiB", pages, len(got.Body))
		}
		count += len(parseLoosely[onPage](t, got.Body).Tokens)
		query, _ = strings.CutSuffix(strings.TrimPrefix(strings.Join(got.MultiValueHeaders["Link"], ""), "<"), `>; rel="next"`)
	}
	if count != 2+users*each || pages < 2 {
		t.Errorf("got %d tokens in %d pages, want %d in several", count, pages, 2+users*each)
	}
}

// parseLoosely unmarshals a body into a T that has some of its members.
func parseLoosely[T any](t testing.TB, body string) (value T) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Fatalf("body %q: %v", body, err)
	}
	return value
}

func TestAllTokensAreNotSentTwice(t *testing.T) {
	t.Parallel()
	f := newAdminTokens(t)
	first := f.list(t, "")
	event := adminTokenEvent(claimsOf(f.admin), http.MethodGet, api.ResourceAllTokens)
	event.MultiValueHeaders = map[string][]string{"If-None-Match": first.MultiValueHeaders["Etag"]}
	wantStatus(t, f.handle(t, event), http.StatusNotModified)
	f.add(t, "more", pat.Unscoped())
	wantStatus(t, f.handle(t, event), http.StatusOK)
}

// badFilters are queries that every route with filters refuses, with the parameter and the rule.
var badFilters = map[string]struct{ parameter, rule, sent string }{
	"unusedSince=":                            {"unusedSince", notTimeRule, ""},
	"unusedSince=null":                        {"unusedSince", notTimeRule, "null"},
	"unusedSince=0":                           {"unusedSince", notTimeRule, "0"},
	"unusedSince=90d":                         {"unusedSince", notTimeRule, "90d"},
	"unusedSince=2026-01-02":                  {"unusedSince", notTimeRule, "2026-01-02"},
	"unusedSince=0001-01-01T00:00:00Z":        {"unusedSince", notTimeRule, "0001-01-01T00:00:00Z"}, // Go's zero time, which would select everything
	"unusedSince=1969-12-31T23:59:59Z":        {"unusedSince", notTimeRule, "1969-12-31T23:59:59Z"},
	"expiresBefore=":                          {"expiresBefore", notTimeRule, ""},
	"expiresBefore=2026-13-01T00:00:00Z":      {"expiresBefore", notTimeRule, "2026-13-01T00:00:00Z"},
	"expiresBefore=2026-01-01T00:00:00+02:00": {"expiresBefore", notTimeRule, "2026-01-01T00:00:00 02:00"}, // a plus is a space
	"state=":       {"state", "must be one of active, expired, disabled", ""},
	"state=Active": {"state", "must be one of active, expired, disabled", "Active"},
	"state=valid":  {"state", "must be one of active, expired, disabled", "valid"},
}

const notTimeRule = "must be a time in RFC 3339 from 1970 on, such as 2027-01-31T12:00:00Z"

func badQuery(parameter, rule, sent string) problem {
	return schema("/query/"+parameter, fmt.Sprintf("The `/query/%s` property %s. You sent %q.", parameter, rule, sent))
}

func unknownQuery(name string) problem {
	return schema("/query/"+name, fmt.Sprintf("The query does not allow additional parameters. Your request included %q.", name))
}

func repeatedQuery(name, sent string) problem {
	return schema("/query/"+name, fmt.Sprintf("The `/query/%s` property must be string. You sent %s.", name, sent))
}

const badScopeRule = "A scope is 1 to 64 of A-Z, a-z, 0-9 and the characters . _ : / -."

// refusedQueries returns the queries that a route with filters refuses, with their errors.
func refusedQueries() map[string]problem {
	refused := map[string]problem{
		"scope=":                           rule(badScopeRule),
		"scope=a%20b":                      rule(badScopeRule),
		"scope=*":                          rule(badScopeRule),
		"scope=" + strings.Repeat("a", 65): rule(badScopeRule),
		"scope=a&scope=b":                  repeatedQuery("scope", `["a","b"]`),
		"state=active&state=active":        repeatedQuery("state", `["active","active"]`),
		"unusedsince=2026-01-02T00:00:00Z": unknownQuery("unusedsince"),
		"descendants=true":                 unknownQuery("descendants"),
	}
	for query, c := range badFilters {
		refused[query] = badQuery(c.parameter, c.rule, c.sent)
	}
	return refused
}

func TestAllTokensRefuseBadQueries(t *testing.T) {
	t.Parallel()
	f := newAdminTokens(t)
	refused := refusedQueries()
	maps.Copy(refused, map[string]problem{
		"limit=0":                   badQuery("limit", "must be a whole number from 1 to 100", "0"),
		"limit=101":                 badQuery("limit", "must be a whole number from 1 to 100", "101"),
		"limit=":                    badQuery("limit", "must be a whole number from 1 to 100", ""),
		"limit=ten":                 badQuery("limit", "must be a whole number from 1 to 100", "ten"),
		"after=-1":                  badQuery("after", "must be a whole number from 0 to 9007199254740991", "-1"),
		"after=9007199254740992":    badQuery("after", "must be a whole number from 0 to 9007199254740991", "9007199254740992"),
		"user=0":                    badQuery("user", "must be a whole number from 1 to 9007199254740991", "0"),
		"user=":                     badQuery("user", "must be a whole number from 1 to 9007199254740991", ""),
		"user=vera":                 badQuery("user", "must be a whole number from 1 to 9007199254740991", "vera"),
		"user=1&user=2":             repeatedQuery("user", `["1","2"]`),
		"users=1":                   unknownQuery("users"),
		"limit=0&state=nonexistent": badQuery("limit", "must be a whole number from 1 to 100", "0"),
	})
	for query, want := range refused {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			wantProblem(t, f.list(t, "?"+query), http.StatusBadRequest, want)
		})
	}
}

func TestAllTokensOfAMissingUser(t *testing.T) {
	t.Parallel()
	f := newAdminTokens(t)
	wantProblem(t, f.list(t, "?user=99"), http.StatusNotFound, plain("NotFoundError", "No user found"))
}

func TestRevokeUsersTokens(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, body string
		left       []pat.TokenID
	}{
		"one":                      {"/2/tokens/2", `{"revoked":[2]}`, []pat.TokenID{1, 3, 4}},
		"one, without descendants": {"/2/tokens/1?descendants=false", `{"revoked":[1]}`, []pat.TokenID{2, 3, 4}},
		"one with descendants":     {"/2/tokens/1?descendants=true", `{"revoked":[1,2,3,4]}`, nil},
		"an id of another form":    {"/0x2/tokens/2e0", `{"revoked":[2]}`, []pat.TokenID{1, 3, 4}},
		"all":                      {"/2/tokens", `{"revoked":[1,2,3,4]}`, nil},
		"those with a scope":       {"/2/tokens?scope=pats:read", `{"revoked":[2,3]}`, []pat.TokenID{1, 4}},
		"those with two filters":   {"/2/tokens?scope=pats:write&state=active", `{"revoked":[3]}`, []pat.TokenID{1, 2, 4}},
		"the unused ones":          {"/2/tokens?unusedSince=2026-01-03T00:00:00Z", `{"revoked":[1,2,3,4]}`, nil},
		"none":                     {"/2/tokens?state=expired", `{"revoked":[]}`, []pat.TokenID{1, 2, 3, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newAdminTokens(t)
			f.add(t, "read", pattest.Scopes(t, "pats:read"))
			f.add(t, "both", pattest.Scopes(t, "pats:read", "pats:write"))
			f.add(t, "unscoped", pat.Unscoped())
			got := f.send(t, f.admin, http.MethodDelete, api.ResourceUsers+c.path)
			wantStatus(t, got, http.StatusOK)
			if got.Body != c.body {
				t.Errorf("got %s, want %s", got.Body, c.body)
			}
			if left := f.left(t); !slices.Equal(left, c.left) {
				t.Errorf("got tokens %v left, want %v", left, c.left)
			}
		})
	}
}

func TestRevokeUsersTokensRefused(t *testing.T) {
	t.Parallel()
	notWholeIn := func(name, sent string) problem {
		return schema("/params/"+name, fmt.Sprintf("The `/params/%s` property must be integer. You sent %q.", name, sent))
	}
	cases := map[string]struct {
		status int
		want   problem
	}{
		"/99/tokens":                          {404, plain("NotFoundError", "No user found")},
		"/0/tokens":                           {404, plain("NotFoundError", "No user found")},
		"/99/tokens/1":                        {404, plain("NotFoundError", "No user found")},
		"/2/tokens/7":                         {404, plain("NotFoundError", "User 2 has no token 7.")},
		"/2/tokens/0":                         {404, plain("NotFoundError", "User 2 has no token 0.")},
		"/2/tokens/7?descendants=true":        {404, plain("NotFoundError", "User 2 has no token 7 and none that descends from it.")},
		"/abc/tokens":                         {400, notWholeIn("id", "abc")},
		"/2/tokens/abc":                       {400, notWholeIn("tokenId", "abc")},
		"/2/tokens/1?descendants=1":           {400, schema("/query/descendants", "The `/query/descendants` property must be boolean. You sent \"1\".")},
		"/2/tokens/1?descendants=":            {400, schema("/query/descendants", "The `/query/descendants` property must be boolean. You sent \"\".")},
		"/2/tokens/1?descendant=true":         {400, unknownQuery("descendant")},
		"/2/tokens/1?state=expired":           {400, unknownQuery("state")},
		"/2/tokens?user=1":                    {400, unknownQuery("user")},
		"/2/tokens?limit=1":                   {400, unknownQuery("limit")},
		"/2/tokens/1?descendants=true&force=": {400, unknownQuery("force")},
	}
	for query, want := range refusedQueries() {
		cases["/2/tokens?"+query] = struct {
			status int
			want   problem
		}{400, want}
	}
	f := newAdminTokens(t)
	for path, c := range cases {
		wantProblem(t, f.send(t, f.admin, http.MethodDelete, api.ResourceUsers+path), c.status, c.want)
	}
	if left := f.left(t); !slices.Equal(left, []pat.TokenID{1}) {
		t.Errorf("got tokens %v left, want all", left)
	}
}

// TestAdminTokensNeedAnAdmin: others are refused before anything in their request is read.
func TestAdminTokensNeedAnAdmin(t *testing.T) {
	t.Parallel()
	f := newAdminTokens(t)
	for _, c := range []struct{ method, path string }{
		{http.MethodGet, api.ResourceAllTokens},
		{http.MethodGet, api.ResourceAllTokens + "?user=2"},
		{http.MethodGet, api.ResourceAllTokens + "?limit=0"},
		{http.MethodDelete, api.ResourceUsers + "/2/tokens"},
		{http.MethodDelete, api.ResourceUsers + "/2/tokens/1"},
		{http.MethodDelete, api.ResourceUsers + "/99/tokens/1"},
	} {
		wantProblem(t, f.send(t, f.viewer, c.method, c.path), http.StatusForbidden, needAdmin)
	}
	if left := f.left(t); !slices.Equal(left, []pat.TokenID{1}) {
		t.Errorf("got tokens %v left, want all", left)
	}
	wantStatus(t, f.handle(t, adminTokenEvent(contextOf(f.key.Principal()), http.MethodGet, api.ResourceAllTokens)), http.StatusOK)
	if err := f.service.RevokeUserToken(t.Context(), f.admin.Account.ID, 1); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, f.list(t, ""), http.StatusUnauthorized, refused)
}

func TestAdminTokensHaveNoOtherMethods(t *testing.T) {
	t.Parallel()
	f := newAdminTokens(t)
	for path, want := range map[string]string{
		api.ResourceAllTokens:             "GET,HEAD",
		api.ResourceUsers + "/2/tokens":   "DELETE",
		api.ResourceUsers + "/2/tokens/1": "DELETE",
	} {
		got := f.send(t, f.admin, http.MethodOptions, path)
		wantHeader(t, got, "Allow", want)
		wantProblem(t, f.send(t, f.admin, http.MethodPost, path), http.StatusNotFound, notThere(path))
	}
}
