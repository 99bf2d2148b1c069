package api_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"pgregory.net/rapid"

	"pats/pkg/api"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// builtInScopes are the scopes of a service whose catalog lists none.
var builtInScopes = []pat.Scope{
	pat.ScopePatsRead, pat.ScopePatsWrite, pat.ScopeUsersRead, pat.ScopeUsersWrite, pat.ScopeTokensIntrospect,
}

// scopedCaller is an Admin who presents a token with scopes, and has another, with the id 2.
type scopedCaller struct {
	*userFixture
	caller           pattest.Holder
	tokens, services *api.Handler
}

func newScopedCaller(t *testing.T, scopes ...pat.Scope) scopedCaller {
	t.Helper()
	f := newUserFixture(t)
	names := make([]string, len(scopes))
	for i, scope := range scopes {
		names[i] = string(scope)
	}
	owned, err := pat.NewScopes(names)
	if err != nil {
		t.Fatal(err)
	}
	account := pattest.Account(t, f.store, pat.Profile{Username: "scoped", Role: pat.Admin})
	draft := pattest.Draft("scoped")
	draft.Scopes = owned
	token, secret, err := f.service.CreateUserToken(t.Context(), account.ID, draft)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.service.CreateUserToken(t.Context(), account.ID, pattest.Draft("another")); err != nil {
		t.Fatal(err)
	}
	settings, log := api.TokensSettings{Enabled: true}, slog.New(slog.DiscardHandler)
	return scopedCaller{
		f, pattest.Holder{Account: account, Token: token, Secret: secret},
		api.NewTokens(f.service, settings, log), api.NewServiceAccounts(f.service, settings, log),
	}
}

// send sends a request to the handler that has the path.
func (c scopedCaller) send(t *testing.T, method, path, body string) events.APIGatewayProxyResponse {
	t.Helper()
	if path == api.ResourceAllTokens || strings.Contains(path, "/2/tokens") {
		f := adminTokens{c.userFixture}
		f.handler = api.NewAdminTokens(c.service, c.key, slog.New(slog.DiscardHandler))
		return f.send(t, c.caller, method, path)
	}
	if path == api.ResourceSelf || strings.HasPrefix(path, api.ResourceUsers) {
		return c.as(t, claimsOf(c.caller), method, path, body)
	}
	f := fixture{handler: c.tokens}
	if strings.HasPrefix(path, api.ResourceServiceAccounts) {
		f.handler = c.services
	}
	return f.do(t, c.caller, request{method: method, path: path, headers: []string{"Content-Type: application/json"}, body: body})
}

// narrowed creates a token that a caller with pats:write can rotate, and returns its id.
func (c scopedCaller) narrowed(t *testing.T) string {
	t.Helper()
	draft := pattest.Draft("narrowed")
	draft.Scopes = pattest.Scopes(t, string(pat.ScopePatsWrite))
	token, _, err := c.service.CreateUserToken(t.Context(), c.caller.Account.ID, draft)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(int(token.ID))
}

// serviceAccount creates a service account with a token, 1, that a caller with users:write can rotate, and returns its id.
func (c scopedCaller) serviceAccount(t *testing.T) string {
	t.Helper()
	account := pattest.Service(t, c.store, "service", pat.Admin)
	draft := pattest.Draft("narrowed")
	draft.Scopes = pattest.Scopes(t, string(pat.ScopeUsersWrite))
	if _, _, err := c.service.CreateUserToken(t.Context(), account.ID, draft); err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(int(account.ID))
}

// shownOperation is an operation in the OpenAPI document that needs a token.
type shownOperation struct {
	method, path, body string
	scope              pat.Scope
}

func shownOperations(t *testing.T) []shownOperation {
	t.Helper()
	raw, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]struct {
			Scope       pat.Scope `json:"x-scope"`
			Security    *[]any    `json:"security"`
			RequestBody struct {
				Content map[string]struct {
					Example json.RawMessage `json:"example"`
				} `json:"content"`
			} `json:"requestBody"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	var list []shownOperation
	for path, operations := range document.Paths {
		for method, shown := range operations {
			if shown.Security != nil {
				continue
			}
			o := shownOperation{strings.ToUpper(method), path, string(shown.RequestBody.Content["application/json"].Example), shown.Scope}
			list = append(list, o)
			if o.method == http.MethodGet {
				o.method = http.MethodHead
				list = append(list, o)
			}
		}
	}
	return list
}

// send sends the operation as the caller, to another token of the caller's or to another user.
func (o shownOperation) send(t *testing.T, c scopedCaller) events.APIGatewayProxyResponse {
	t.Helper()
	path := strings.NewReplacer("{id}", "2", "{tokenId}", "1").Replace(o.path)
	if strings.HasPrefix(o.path, api.ResourceServiceAccounts) {
		path = strings.NewReplacer("{id}", c.serviceAccount(t), "{tokenId}", "1").Replace(o.path)
	}
	if o.path == api.ResourceTokenRotate {
		path = strings.ReplaceAll(o.path, "{id}", c.narrowed(t))
	}
	switch {
	case o.path == api.ResourceTokens && o.body != "":
		o.body = scoped(`["pats:write"]`) // what a token with that scope can create
	case o.path == api.ResourceServiceTokens && o.body != "":
		o.body = scoped(`["users:write"]`)
	case o.path == api.ResourceServiceTokenRotate:
		o.body = "{}"
	}
	return c.send(t, o.method, path, strings.ReplaceAll(o.body, "vera", "nina")) // the fixture has a vera
}

// TestOperationsNeedTheirScopes sends every operation of the OpenAPI document with tokens that have every scope but the one in the
// document, and with that one alone. Without one there, any scope must do.
func TestOperationsNeedTheirScopes(t *testing.T) {
	t.Parallel()
	for _, o := range shownOperations(t) {
		t.Run(o.method+" "+o.path, func(t *testing.T) {
			t.Parallel()
			if o.scope == "" {
				wantStatus(t, o.send(t, newScopedCaller(t, pat.ScopeTokensIntrospect)), http.StatusOK)
				return
			}
			others := slices.DeleteFunc(slices.Clone(builtInScopes), func(s pat.Scope) bool { return s == o.scope })
			wantMissing(t, o.send(t, newScopedCaller(t, others...)), o.scope)
			if got := o.send(t, newScopedCaller(t, o.scope)); got.StatusCode/100 != 2 {
				t.Errorf("with %s alone: got status %d with %s, want success", o.scope, got.StatusCode, got.Body)
			}
		})
	}
}

// wantMissing checks that a response refuses a token without scope, and names it.
func wantMissing(t *testing.T, got events.APIGatewayProxyResponse, scope pat.Scope) {
	t.Helper()
	wantProblem(t, got, http.StatusForbidden, plain("NoAccessError", fmt.Sprintf("The token does not have the scope %q, which this operation requires.", scope)))
	wantHeader(t, got, "Www-Authenticate", fmt.Sprintf(`Bearer error="insufficient_scope", scope="%s"`, scope))
}

// scoped returns a valid body of a create with scopes as JSON.
func scoped(scopes string) string {
	return `{"description":"laptop","expiresAt":"` + soon + `","scopes":` + scopes + `}`
}

// soon is an expiry before that of the tokens of these tests.
const soon = "2026-02-01T00:00:00.000Z"

// TestCreateWithScopes checks the created token and the list.
func TestCreateWithScopes(t *testing.T) {
	t.Parallel()
	c := newScopedCaller(t, pat.ScopePatsWrite, pat.ScopePatsRead)
	got := c.send(t, http.MethodPost, api.ResourceTokens, scoped(`["pats:write","pats:read","pats:write"]`))
	wantStatus(t, got, http.StatusCreated)
	const members = `"id":3,"description":"laptop","expiresAt":"2026-02-01T00:00:00.000Z","userId":3,"createdAt":"2026-01-02T03:04:05.678Z",` +
		`"seenAt":null,"scopes":["pats:read","pats:write"],"createdBy":{"userId":3,"tokenId":1},"ancestors":[1]`
	if want := "{" + members + `,"secret":"`; !strings.HasPrefix(got.Body, want) {
		t.Errorf("created:\n got %s\nwant %s…", got.Body, want)
	}
	list := c.send(t, http.MethodGet, api.ResourceTokens, "")
	own := `{"id":1,"description":"scoped","expiresAt":"2026-04-02T03:04:05.678Z","userId":3,"createdAt":"2026-01-02T03:04:05.678Z","seenAt":null,"scopes":["pats:read","pats:write"]}`
	other := `{"id":2,"description":"another","expiresAt":"2026-04-02T03:04:05.678Z","userId":3,"createdAt":"2026-01-02T03:04:05.678Z","seenAt":null}`
	if want := `{"pats":[` + own + "," + other + ",{" + members + "}]}"; list.Body != want {
		t.Errorf("list:\n got %s\nwant %s", list.Body, want)
	}
}

func TestScopesRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	notArray := func(sent string) problem {
		return schema("/body/scopes", "The `/body/scopes` property must be array. You sent "+sent+".")
	}
	notText := func(sent string) problem {
		return schema("/body/scopes/0", "The `/body/scopes/0` property must be string. You sent "+sent+".")
	}
	badForm := func(index int, sent string) problem {
		path := fmt.Sprintf("/body/scopes/%d", index)
		return schema(path, fmt.Sprintf("The `%s` property must match pattern \"^[A-Za-z0-9._:/-]{1,64}$\". You sent \"%s\".", path, sent))
	}
	many := `["` + strings.Repeat(`pats:read","`, 20) + `pats:read"]`
	long := strings.Repeat("a", 65)
	for scopes, want := range map[string]problem{
		`null`:                        notArray("null"),
		`""`:                          notArray(`""`),
		`"pats:read"`:                 notArray(`"pats:read"`),
		`0`:                           notArray("0"),
		`true`:                        notArray("true"),
		`{}`:                          notArray("{}"),
		`[]`:                          schema("/body/scopes", "The `/body/scopes` property must NOT have fewer than 1 items. You sent []."),
		many:                          schema("/body/scopes", "The `/body/scopes` property must NOT have more than 20 items. You sent "+many+"."),
		`[null]`:                      notText("null"),
		`[1]`:                         notText("1"),
		`[true]`:                      notText("true"),
		`[["pats:read"]]`:             notText(`["pats:read"]`),
		`[{"a":1}]`:                   notText(`{"a":1}`),
		`[""]`:                        badForm(0, ""),
		`["pats:read",""]`:            badForm(1, ""),
		`["pats:read "]`:              badForm(0, "pats:read "),
		`["pats:read*"]`:              badForm(0, "pats:read*"),
		`["p\u00e4ts:read"]`:          badForm(0, "päts:read"),
		`["pats:read\n"]`:             badForm(0, `pats:read\n`),
		`["` + long + `"]`:            badForm(0, long),
		`["pats:read,a"]`:             badForm(0, "pats:read,a"),
		`["orders:read"]`:             rule(`The scope "orders:read" does not exist. These do: pats:read, pats:write, tokens:introspect, users:read, users:write.`),
		`["PATS:read"]`:               rule(`The scope "PATS:read" does not exist. These do: pats:read, pats:write, tokens:introspect, users:read, users:write.`),
		`["users:read"]`:              rule(`The role Editor does not carry the scope "users:read". It carries: pats:read, pats:write.`),
		`["pats:read"],"scopes":null`: notArray("null"),
	} {
		t.Run(scopes[:min(len(scopes), 40)], func(t *testing.T) {
			t.Parallel()
			wantProblem(t, f.do(t, h, post(scoped(scopes))), http.StatusBadRequest, want)
		})
	}
	if got := f.descriptions(t, h); len(got) != 1 {
		t.Errorf("stored: got %q, want the own token alone", got)
	}
}

// TestMisspelledScopes: a client that means to narrow a token must not get one that acts as its user.
func TestMisspelledScopes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	for _, name := range []string{"scope", "Scope", "SCOPES", "Scopes"} {
		body := strings.Replace(scoped(`["pats:read"]`), `"scopes"`, strconv.Quote(name), 1)
		wantProblem(t, f.do(t, h, post(body)), http.StatusBadRequest, additional(name))
	}
	for _, name := range []string{"scopes_", "xscope"} {
		body := fmt.Sprintf(`{"description":%[1]q,"expiresAt":"%[2]s",%[1]q:["pats:read"]}`, name, soon)
		wantStatus(t, f.do(t, h, post(body)), http.StatusCreated)
	}
}

// TestScopedTokensMakeNoStrongerOnes checks the doors of this package; package pat has the rule.
func TestScopedTokensMakeNoStrongerOnes(t *testing.T) {
	t.Parallel()
	c := newScopedCaller(t, pat.ScopePatsWrite)
	unscoped := c.send(t, http.MethodPost, api.ResourceTokens, `{"description":"laptop","expiresAt":"`+soon+`"}`)
	wantProblem(t, unscoped, http.StatusForbidden, plain("NoAccessError", "A token with scopes can create only tokens with scopes that it has."))
	wantHeader(t, unscoped, "Www-Authenticate", "")
	wider := c.send(t, http.MethodPost, api.ResourceTokens, scoped(`["pats:read","pats:write"]`))
	wantProblem(t, wider, http.StatusForbidden, plain("NoAccessError", `A token can create only tokens with scopes that it has, and this one does not have "pats:read".`))
	wantHeader(t, wider, "Www-Authenticate", `Bearer error="insufficient_scope", scope="pats:read"`)
	longer := c.send(t, http.MethodPost, api.ResourceTokens, strings.Replace(scoped(`["pats:write"]`), "2026-02", "2026-05", 1))
	wantProblem(t, longer, http.StatusForbidden,
		plain("NoAccessError", "A token with scopes can create only tokens that expire no later than it does: at 2026-04-02T03:04:05.678Z."))
}

func TestScopedTokenRevokesItself(t *testing.T) {
	t.Parallel()
	c := newScopedCaller(t, pat.ScopeTokensIntrospect)
	wantMissing(t, c.send(t, http.MethodDelete, api.ResourceTokens+"/2", ""), pat.ScopePatsWrite)
	wantStatus(t, c.send(t, http.MethodDelete, api.ResourceTokens+"/1", ""), http.StatusOK)
	wantStatus(t, c.send(t, http.MethodGet, api.ResourceSelf, ""), http.StatusUnauthorized)
}

// TestDocumentedFormOfScopes compares the pattern in the OpenAPI document, which error messages have too, with the domain's rule.
func TestDocumentedFormOfScopes(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	const pattern = "^[A-Za-z0-9._:/-]{1,64}$"
	if documented := strings.Count(string(raw), fmt.Sprintf(`"pattern": %q`, pattern)); documented != 5 {
		t.Errorf("openapi.json: got %d patterns of scopes, want those of a draft, a token, a created one, one with its user, and a filter", documented)
	}
	form := regexp.MustCompile(strings.Replace(pattern, "$", `\z`, 1))
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringMatching(`[A-Za-z0-9._:/-]{0,66}`)).Draw(t, "name")
		_, err := pat.NewScopes([]string{name})
		if accepted := err == nil; accepted != form.MatchString(name) {
			t.Errorf("%q: accepted %v, want %v", name, accepted, !accepted)
		}
	})
}

// TestSelfShowsThePermissionThatTheTokenHas checks that ADMIN is shown only to tokens that can use it fully.
func TestSelfShowsThePermissionThatTheTokenHas(t *testing.T) {
	t.Parallel()
	for scope, want := range map[pat.Scope]string{
		pat.ScopeUsersWrite: `"permissions":[{"permission":"ADMIN"}]`,
		pat.ScopeUsersRead:  `"permissions":[]`,
		pat.ScopePatsWrite:  `"permissions":[]`,
	} {
		t.Run(string(scope), func(t *testing.T) {
			t.Parallel()
			if got := newScopedCaller(t, scope).send(t, http.MethodGet, api.ResourceSelf, "").Body; !strings.Contains(got, want) {
				t.Errorf("got %s, want %s in it", got, want)
			}
		})
	}
}
