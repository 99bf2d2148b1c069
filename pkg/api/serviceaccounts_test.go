package api_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/api"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// serviceFixture is the handler of service accounts, with an Admin and a service account that has a token.
type serviceFixture struct {
	*fixture
	admin   pattest.Holder
	account pat.Account
}

func newServiceFixture(t *testing.T, enabled bool) *serviceFixture {
	t.Helper()
	f := &serviceFixture{fixture: newFixture(t)}
	f.handler = api.NewServiceAccounts(f.service, api.TokensSettings{Enabled: enabled}, slog.New(slog.DiscardHandler))
	f.admin = pattest.NewHolder(t, f.store, f.service, pattest.Profile("abby", pat.Admin))
	f.account = pattest.Service(t, f.store, "robot", pat.Viewer)
	if _, _, err := f.service.CreateUserToken(t.Context(), f.account.ID, pattest.Draft("own")); err != nil {
		t.Fatal(err)
	}
	return f
}

// send sends a request as the Admin, with {id} in the path for the service account.
func (f *serviceFixture) send(t *testing.T, method, path, body string, headers ...string) events.APIGatewayProxyResponse {
	t.Helper()
	path = api.ResourceServiceAccounts + strings.ReplaceAll(path, "{id}", fmt.Sprint(f.account.ID))
	headers = append(headers, "Content-Type: application/json", "Authorization: "+f.admin.Secret.Reveal())
	return f.do(t, f.admin, request{method: method, path: path, body: body, headers: headers})
}

// TestServiceAccountInput sends every member with values that are not what it takes, and checks that nothing is created or changed.
func TestServiceAccountInput(t *testing.T) {
	t.Parallel()
	const create, update = "POST", "PUT /{id}"
	long := strings.Repeat("x", pat.MaxTextLen+1)
	for _, c := range []struct {
		route, body string
		status      int
	}{
		{create, `{"name":"x","rootRole":3}`, 400},
		{create, `{"username":"x","rootRole":3}`, 400},
		{create, `{"username":"x","name":"x"}`, 400},
		{create, `{"username":null,"name":"x","rootRole":3}`, 400},
		{create, `{"username":"","name":"x","rootRole":3}`, 400},
		{create, `{"username":[],"name":"x","rootRole":3}`, 400},
		{create, `{"username":{},"name":"x","rootRole":3}`, 400},
		{create, `{"username":"` + long + `","name":"x","rootRole":3}`, 400},
		{create, `{"username":"a\u0000b","name":"x","rootRole":3}`, 400},
		{create, `{"username":"x","name":null,"rootRole":3}`, 400},
		{create, `{"username":"x","name":"","rootRole":3}`, 400},
		{create, `{"username":"x","name":["x"],"rootRole":3}`, 400},
		{create, `{"username":"x","name":"` + long + `","rootRole":3}`, 400},
		{create, `{"username":"x","name":"x","rootRole":null}`, 400},
		{create, `{"username":"x","name":"x","rootRole":0}`, 400},
		{create, `{"username":"x","name":"x","rootRole":4}`, 400},
		{create, `{"username":"x","name":"x","rootRole":-1}`, 400},
		{create, `{"username":"x","name":"x","rootRole":1.5}`, 400},
		{create, `{"username":"x","name":"x","rootRole":""}`, 400},
		{create, `{"username":"x","name":"x","rootRole":"Owner"}`, 400},
		{create, `{"username":"x","name":"x","rootRole":[1]}`, 400},
		{create, `{"username":"abby","name":"x","rootRole":3}`, 409},
		{create, `{"username":"robot","name":"x","rootRole":3}`, 409},
		{create, `[]`, 400},
		{create, `null`, 400},
		{create, `{`, 400},
		{create, ``, 400},
		{create, `{"username":"x","name":"x","rootRole":3,"padding":"` + strings.Repeat("x", 64<<10) + `"}`, 400},
		{update, `{"name":[]}`, 400},
		{update, `{"name":"` + long + `"}`, 400},
		{update, `{"rootRole":4}`, 400},
		{update, `{"rootRole":{}}`, 400},
		{update, `{"disabled":1}`, 400},
		{update, `{"disabled":"true"}`, 400},
		{update, `{"disabled":[]}`, 400},
		{update, `"x"`, 400},
		{update, `{"name":"","rootRole":0,"disabled":null,"username":"other","email":"x@example.org"}`, 200},
		{update, `{}`, 200},
	} {
		method, path, _ := strings.Cut(c.route, " ")
		t.Run(c.route+" "+c.body[:min(len(c.body), 60)], func(t *testing.T) {
			t.Parallel()
			f := newServiceFixture(t, true)
			before := pattest.Read(t, f.store, f.account.ID)
			wantStatus(t, f.send(t, method, path, c.body), c.status)
			if after := pattest.Read(t, f.store, f.account.ID); after.Profile != before.Profile {
				t.Errorf("got profile %+v, want it unchanged", after.Profile)
			}
			if accounts, err := f.store.Accounts(t.Context(), 0, 10); err != nil || len(accounts) != 2 {
				t.Errorf("got %d users and error %v, want 2", len(accounts), err)
			}
		})
	}
}

// TestServiceTokenInput sends bad bodies, ids and headers to the routes of tokens, and checks that the token stays as it is.
func TestServiceTokenInput(t *testing.T) {
	t.Parallel()
	const create, rotate = "POST /{id}/token", "POST /{id}/token/1/rotate"
	for _, c := range []struct {
		route, body string
		headers     []string
		status      int
	}{
		{create, `{"expiresAt":"` + far + `"}`, nil, 400},
		{create, `{"description":"ci"}`, nil, 400},
		{create, `{"description":null,"expiresAt":"` + far + `"}`, nil, 400},
		{create, `{"description":"","expiresAt":"` + far + `"}`, nil, 400},
		{create, `{"description":"ci","expiresAt":null}`, nil, 400},
		{create, `{"description":"ci","expiresAt":0}`, nil, 400},
		{create, `{"description":"ci","expiresAt":"2020-01-01T00:00:00Z"}`, nil, 400},
		{create, `{"description":"ci","expiresAt":"` + far + `","scopes":[]}`, nil, 400},
		{create, `{"description":"ci","expiresAt":"` + far + `","scopes":null}`, nil, 400},
		{create, `{"description":"ci","expiresAt":"` + far + `","scope":["pats:read"]}`, nil, 400},
		{create, `{"description":"ci","expiresAt":"` + far + `","scopes":["users:write"]}`, nil, 400},
		{create, `{"description":"own","expiresAt":"` + far + `"}`, nil, 409},
		{create, good, []string{"Idempotency-Key: two words"}, 400},
		{create, good, []string{"Idempotency-Key: a", "Idempotency-Key: b"}, 400},
		{rotate, `{"overlapSeconds":-1}`, nil, 400},
		{rotate, `{"overlapSeconds":604801}`, nil, 400},
		{rotate, `{"overlapSeconds":null}`, nil, 400},
		{rotate, `{"overlapSeconds":"60"}`, nil, 400},
		{rotate, `{"expiresAt":null}`, nil, 400},
		{rotate, `{"expiresAt":"2020-01-01T00:00:00Z"}`, nil, 400},
		{rotate, `{"overlap":0}`, nil, 400},
		{rotate, `[]`, nil, 400},
		{"POST /x/token", good, nil, 400},
		{"POST /99/token", good, nil, 404},
		{"POST /1/token", good, nil, 404},
		{"POST /{id}/token/x/rotate", `{}`, nil, 400},
		{"POST /{id}/token/9/rotate", `{}`, nil, 404},
		{"POST /1/token/1/rotate", `{}`, nil, 404},
		{"DELETE /{id}/token/x", ``, nil, 400},
		{"DELETE /{id}/token/1?descendants=1", ``, nil, 400},
		{"DELETE /1/token/1", ``, nil, 404},
		{"DELETE /99/token/1", ``, nil, 404},
		{"GET /1/token", ``, nil, 404},
		{"GET /x/token", ``, nil, 400},
	} {
		method, path, _ := strings.Cut(c.route, " ")
		t.Run(c.route+" "+c.body, func(t *testing.T) {
			t.Parallel()
			f := newServiceFixture(t, true)
			before := pattest.Read(t, f.store, f.account.ID)
			wantStatus(t, f.send(t, method, path, c.body, c.headers...), c.status)
			after := pattest.Read(t, f.store, f.account.ID)
			if len(after.Tokens) != 1 || after.Tokens[0].Selector != before.Tokens[0].Selector {
				t.Errorf("got tokens %+v, want them unchanged", after.Tokens)
			}
			if got := f.descriptions(t, f.admin); len(got) != 1 {
				t.Errorf("the Admin: got tokens %q, want one", got)
			}
		})
	}
}

// TestServicePageInput: only whole numbers in range select a page.
func TestServicePageInput(t *testing.T) {
	t.Parallel()
	f := newServiceFixture(t, true)
	for query, status := range map[string]int{
		"": 200, "?limit=1": 200, "?limit=250&after=0": 200, "?limit=0": 400, "?limit=251": 400, "?limit=x": 400, "?after=-1": 400, "?after=x": 400,
	} {
		wantStatus(t, f.send(t, http.MethodGet, query, ""), status)
	}
}

// TestServiceAccountsInPages follows Link through the list.
func TestServiceAccountsInPages(t *testing.T) {
	t.Parallel()
	f := newServiceFixture(t, true)
	second := pattest.Service(t, f.store, "second", pat.Admin)
	first := f.send(t, http.MethodGet, "?limit=1", "")
	wantHeader(t, first, "Link", fmt.Sprintf(`<?after=%d&limit=1>; rel="next"`, f.account.ID))
	last := f.send(t, http.MethodGet, fmt.Sprintf("?limit=1&after=%d", f.account.ID), "")
	var body struct {
		ServiceAccounts []struct {
			ID     pat.UserID        `json:"id"`
			Tokens []json.RawMessage `json:"tokens"`
		} `json:"serviceAccounts"`
	}
	if err := json.Unmarshal([]byte(last.Body), &body); err != nil {
		t.Fatal(err)
	}
	if len(body.ServiceAccounts) != 1 || body.ServiceAccounts[0].ID != second.ID || body.ServiceAccounts[0].Tokens == nil {
		t.Errorf("got %s, want user %d with an empty list of tokens", last.Body, second.ID)
	}
	if len(last.MultiValueHeaders["Link"]) != 0 {
		t.Errorf("the last page has Link %q, want none", last.MultiValueHeaders["Link"])
	}
}

// TestKillSwitchOfServiceTokens: it turns off the routes of tokens, not those of service accounts.
func TestKillSwitchOfServiceTokens(t *testing.T) {
	t.Parallel()
	f := newServiceFixture(t, false)
	for route, status := range map[string]int{
		"GET ": 200, "GET /{id}/token": 404, "POST /{id}/token": 404, "DELETE /{id}/token/1": 404, "POST /{id}/token/1/rotate": 404, "PUT /{id}": 200,
	} {
		method, path, _ := strings.Cut(route, " ")
		wantStatus(t, f.send(t, method, path, `{}`), status)
	}
}
