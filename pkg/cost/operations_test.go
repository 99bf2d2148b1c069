package cost_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"pats/pkg/api"
	"pats/pkg/authz"
	"pats/pkg/cost"
	"pats/pkg/dynamostore"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/gateway"
	"pats/pkg/leaks"
	"pats/pkg/oauth"
	"pats/pkg/page"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
	"pats/pkg/session"
	"pats/pkg/session/sessiontest"
	"pats/pkg/sessionapi"
)

// TestOperations counts what each operation uses, on the real functions with DynamoDB Local: units exactly, bytes within a tenth.
func TestOperations(t *testing.T) {
	t.Parallel()
	assumed := cost.Assumed()
	for _, test := range trials {
		want, there := assumed[test.operation]
		if !there {
			t.Errorf("the package has no operation %q", test.operation)
		}
		delete(assumed, test.operation)
		t.Run(test.operation, func(t *testing.T) {
			t.Parallel()
			compare(t, newEnv(t).count(t, test), want)
		})
	}
	for operation := range assumed {
		t.Errorf("no case counts %q", operation)
	}
}

func compare(t *testing.T, got, want cost.Counted) {
	t.Helper()
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"runs of the authorizer", got.CheckRuns, want.CheckRuns},
		{"read units of the authorizer", got.CheckReads, want.CheckReads},
		{"runs of the function", got.Runs, want.Runs},
		{"read units of the function", got.Reads, want.Reads},
		{"write units of the function", got.Writes, want.Writes},
	} {
		if c.got != c.want {
			t.Errorf("%s: counted %v, the package says %v", c.what, c.got, c.want)
		}
	}
	wantNear(t, "bytes that the authorizer logs", got.CheckLogged, want.CheckLogged)
	wantNear(t, "bytes that the function logs", got.ActLogged, want.ActLogged)
	wantNear(t, "bytes of the response", got.Responses, want.Responses)
}

// wantNear allows a difference of a tenth.
func wantNear(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > got/10 {
		t.Errorf("%s: counted %v, the package says %v", what, got, want)
	}
}

// trial is a request with its caller.
type trial struct {
	operation string
	method    string
	resource  string
	// id returns the token or user id in the path.
	id   func(*env) int64
	body string
	// form returns a form to send instead of body.
	form func(*env) string
	// token returns the token in the header; nil means the caller's.
	token func(*testing.T, *env) string
	// cookie returns the cookie that a page of the stack sends along; nil means none.
	cookie func(*testing.T, *env) string
	// refused names the gateway response sent instead of running a function; open means that the route has no authorizer.
	refused string
	open    bool
	// users is the number of users, and the limit of the page. They have the usual tokens if filled is set, or none.
	users  int
	filled bool
	// services is the number of service accounts, with the usual tokens.
	services int
}

var trials = []trial{
	{operation: "list tokens", method: http.MethodGet, resource: api.ResourceTokens},
	{operation: "create a token", method: http.MethodPost, resource: api.ResourceTokens, body: draft()},
	{operation: "revoke a token", method: http.MethodDelete, resource: api.ResourceToken, id: lastToken},
	{operation: "an unknown path", method: http.MethodGet, resource: "/{proxy+}"},
	{operation: "the OpenAPI document", method: http.MethodGet, resource: api.ResourceOpenAPI, open: true},
	{operation: "the page's document", method: http.MethodGet, resource: page.ResourcePage, open: true},
	{operation: "the page's script", method: http.MethodGet, resource: page.ResourceAsset, open: true},
	{operation: "begin a session", method: http.MethodGet, resource: session.EnterPath, open: true, cookie: ticket},
	{operation: "show a session", method: http.MethodGet, resource: session.SessionPath, open: true, cookie: signedIn},
	{operation: "list tokens in a session", method: http.MethodGet, resource: sessionTokens, open: true, cookie: signedIn},
	{operation: "create a token in a session", method: http.MethodPost, resource: sessionTokens, open: true, cookie: signedIn, body: draft()},
	{operation: "no token, or malformed", refused: "UNAUTHORIZED", open: true},
	{operation: "a made-up token", token: madeUp, refused: "ACCESS_DENIED"},
	{operation: "a revoked token", token: revoked, refused: "ACCESS_DENIED"},
	{operation: "show the caller", method: http.MethodGet, resource: api.ResourceSelf},
	{operation: "create a user", method: http.MethodPost, resource: api.ResourceUsers, body: `{"username":"carl","email":"carl@example.org","name":"Name of carl","rootRole":2}`},
	{operation: "read a user", method: http.MethodGet, resource: api.ResourceUser, id: other},
	{operation: "list 100 users", method: http.MethodGet, resource: api.ResourceUsers, users: 100},
	{operation: "update a user's name", method: http.MethodPut, resource: api.ResourceUser, id: other, body: `{"name":"Another name"}`},
	{operation: "introspect a token", method: http.MethodPost, resource: oauth.ResourceIntrospect, open: true, form: presented},
	{operation: "introspect a made-up token", method: http.MethodPost, resource: oauth.ResourceIntrospect, open: true, form: func(*env) string { return "token=x" }},
	{operation: "introspect as a made-up caller", method: http.MethodPost, resource: oauth.ResourceIntrospect, open: true, form: presented, token: madeUp},
	{operation: "revoke a token that you hold", method: http.MethodPost, resource: oauth.ResourceRevoke, open: true, form: presented},
	{operation: "a report of a leaked token", method: http.MethodPost, resource: leaks.ResourceGitLab, open: true, form: report, token: sharedWithGitLab},
	{operation: "a report of an unknown token", method: http.MethodPost, resource: leaks.ResourceGitLab, open: true, form: unknownReport, token: sharedWithGitLab},
	{operation: "delete a user", method: http.MethodDelete, resource: api.ResourceUser, id: other},
	{operation: "list 100 users' tokens", method: http.MethodGet, resource: api.ResourceAllTokens, users: 100, filled: true},
	{operation: "list 10 service accounts with their tokens", method: http.MethodGet, resource: api.ResourceServiceAccounts, services: 10},
	{operation: "create a token of a service account", method: http.MethodPost, resource: api.ResourceServiceTokens, id: service, services: 1, body: draft()},
	{operation: "revoke a user's token", method: http.MethodDelete, resource: api.ResourceUserToken, id: other},
}

func presented(e *env) string { return "token=" + e.secret.Reveal() }

const reportOf = `[{"type":"gitleaks_rule_id_pats-token","location":"https://gitlab.example.com/some/repo/-/raw/main/file","token":"%s"}]`

func report(e *env) string { return fmt.Sprintf(reportOf, e.secret.Reveal()) }

func unknownReport(e *env) string {
	return fmt.Sprintf(reportOf, pattest.Forge(e.t, e.secret.Selector()))
}

func sharedWithGitLab(*testing.T, *env) string { return "a shared token that is long enough" }

func draft() string {
	return fmt.Sprintf(`{"description":%q,"expiresAt":%q}`, describe(99), pattest.Start.Add(pattest.Lifetime).Format("2006-01-02T15:04:05.000Z"))
}

// describe returns a description of 30 characters.
func describe(i int) string { return fmt.Sprintf("a token of a typical name, %03d", i) }

func lastToken(e *env) int64 { return int64(e.tokens[len(e.tokens)-1].ID) }

func service(e *env) int64 { return int64(e.serviceAccount) }

func other(e *env) int64 { return int64(e.other) }

func madeUp(_ *testing.T, e *env) string {
	secret := []byte(e.secret.Reveal())
	secret[len(secret)-10] ^= 1
	return string(secret)
}

func revoked(t *testing.T, e *env) string {
	t.Helper()
	must(t, e.service.RevokeUserToken(t.Context(), e.caller, e.tokens[0].ID))
	return e.secret.Reveal()
}

const (
	sessionTokens = session.APIPrefix + api.ResourceTokens
	host          = "pats.example.com"
)

var client = session.Client{Issuer: "https://id.example.com", ID: "pats", Secret: pat.NewClientSecret("a client secret of the provider")}

var site = session.Site{Origin: "https://" + host}

// signedIn returns the cookie of a session of the caller.
func signedIn(t *testing.T, e *env) string {
	t.Helper()
	return sessiontest.Cookie(t, client, site, e.caller, e.clock.Now())
}

// ticket returns the cookie with which the caller comes from the identity provider, not for the first time.
func ticket(t *testing.T, e *env) string {
	t.Helper()
	_, err := e.service.LinkLogin(t.Context(), e.caller, client.Issuer, "ann")
	must(t, err)
	e.clock.Advance(time.Second) // linking ended the sessions before it
	now, profile := e.clock.Now(), pattest.Profile("ann", pat.Admin)
	who := pat.ProvenUser{Issuer: client.Issuer, Subject: "ann", Email: profile.Email, Name: profile.Name}
	return sessiontest.Ticket(t, client, site, session.Ticket{User: who, Started: session.FactsOf(sessiontest.New(t, now)), Next: "/"}, now)
}

// env is the service with an Admin, who is the caller, and an Editor, each with the usual tokens, all in use.
type env struct {
	t             *testing.T
	clock         *pattest.Clock
	client        *dynamodb.Client
	table         string
	meter         *dynamotest.Meter
	log           *bytes.Buffer
	service       *pat.Service
	authorizer    *authz.Authorizer
	functions     map[string]gateway.ProxyFunction
	caller, other pat.UserID
	// serviceAccount is the service account created last.
	serviceAccount pat.UserID
	tokens         []pat.Token
	secret         pat.Secret
}

func newEnv(t *testing.T) *env {
	t.Helper()
	e := &env{t: t, clock: pattest.NewClock(), client: dynamostore.NewClient(dynamotest.Settings(t)), table: "test-" + rand.Text(), log: &bytes.Buffer{}}
	must(t, dynamostore.CreateTable(t.Context(), e.client, e.table))
	meter, err := dynamotest.NewMeter(t.Context(), e.client, e.table)
	must(t, err)
	e.meter = meter
	log := slog.New(slog.NewJSONHandler(e.log, nil))
	e.service = pat.NewService(dynamostore.New(e.meter, e.table), pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(e.clock))
	e.authorizer = authz.New(e.service, pat.AdminKey{}, log)
	tokens := api.NewTokens(e.service, api.TokensSettings{Enabled: true}, log)
	users, adminTokens := api.NewUsers(e.service, pat.AdminKey{}, log), api.NewAdminTokens(e.service, pat.AdminKey{}, log)
	services := api.NewServiceAccounts(e.service, api.TokensSettings{Enabled: true}, log)
	hash := sha256.Sum256([]byte(sharedWithGitLab(t, e)))
	introspection, files := oauth.New(e.service, log), page.New(page.Settings{MaxTokens: pat.MaxTokens, Scopes: page.Scopes(pat.ScopeCatalog{})})
	inSessions := pattest.Env(e.clock)
	inSessions.Random, inSessions.Log = rand.Reader, log
	tokenRoutes := api.NewTokenRoutes(e.service, api.TokensSettings{Enabled: true}, log)
	sessions := sessionapi.New(e.service, sessionapi.Settings{Client: client, TokensEnabled: true}, inSessions, tokenRoutes)
	e.functions = map[string]gateway.ProxyFunction{
		api.ResourceTokens: tokens.Handle, api.ResourceToken: tokens.Handle, api.ResourceOpenAPI: tokens.Handle, "/{proxy+}": tokens.Handle,
		api.ResourceSelf: users.Handle, api.ResourceUsers: users.Handle, api.ResourceUser: users.Handle,
		api.ResourceAllTokens: adminTokens.Handle, api.ResourceUserToken: adminTokens.Handle,
		page.ResourcePage: files.Handle, page.ResourceAsset: files.Handle,
		oauth.ResourceIntrospect: introspection.Handle, oauth.ResourceRevoke: introspection.Handle,
		api.ResourceServiceAccounts: services.Handle, api.ResourceServiceTokens: services.Handle,
		session.EnterPath: sessions.Handle, session.SessionPath: sessions.Handle, sessionTokens: sessions.Handle,
		leaks.ResourceGitLab: leaks.New(e.service, leaks.Settings{GitLabTokenHash: hash[:]}, pat.SystemEnv(log), nil).Handle,
	}
	e.caller, e.tokens, e.secret = e.user(t, pattest.Profile("ann", pat.Admin))
	e.other, _, _ = e.user(t, pattest.Profile("ben", pat.Editor))
	return e
}

// user creates a user, and returns the tokens and the secret of the first.
func (e *env) user(t *testing.T, profile pat.Profile) (pat.UserID, []pat.Token, pat.Secret) {
	t.Helper()
	account, err := e.service.CreateUser(t.Context(), profile)
	must(t, err)
	tokens, secret := e.fill(t, account)
	return account.ID, tokens, secret
}

// fill creates the usual tokens of a user, and returns them and the secret of the first.
func (e *env) fill(t *testing.T, account pat.Account) ([]pat.Token, pat.Secret) {
	t.Helper()
	var err error
	tokens, secrets := make([]pat.Token, cost.TokensAUser), make([]pat.Secret, cost.TokensAUser)
	for i := range tokens {
		tokens[i], secrets[i], err = e.service.CreateUserToken(t.Context(), account.ID, pattest.Draft(describe(i)))
		must(t, err)
		_, err = e.service.Authenticate(t.Context(), secrets[i])
		must(t, err)
	}
	return tokens, secrets[0]
}

// count sends the request as API Gateway does.
func (e *env) count(t *testing.T, c trial) cost.Counted {
	t.Helper()
	for i := range c.users - 2 {
		profile := pattest.Profile(fmt.Sprintf("user%d", i), pat.Viewer)
		if c.filled {
			e.user(t, profile)
			continue
		}
		_, err := e.service.CreateUser(t.Context(), profile)
		must(t, err)
	}
	for i := range c.services {
		account, err := e.service.CreateServiceAccount(t.Context(), pat.Profile{Username: fmt.Sprintf("service%d", i), Name: "Deployments", Role: pat.Viewer})
		must(t, err)
		e.serviceAccount = account.ID
		e.fill(t, account)
	}
	token := e.secret.Reveal()
	if c.token != nil {
		token = c.token(t, e)
	}
	cookie := ""
	if c.cookie != nil {
		cookie = c.cookie(t, e)
	}
	var counted cost.Counted
	var claims map[string]any
	e.begin()
	if !c.open {
		claims = e.check(t, token)
		used := e.meter.Take()
		if used.Writes != 0 {
			t.Errorf("the use was recorded again, with %v units", used.Writes)
		}
		counted.CheckRuns, counted.CheckReads, counted.CheckLogged = 1, used.Reads, float64(e.log.Len())
	}
	if c.refused != "" {
		counted.Responses = gatewayResponse(t, c.refused)
		return counted
	}
	e.begin()
	counted.Responses = e.act(t, c, token, cookie, claims)
	used := e.meter.Take()
	counted.Runs, counted.Reads, counted.Writes, counted.ActLogged = 1, used.Reads, used.Writes, float64(e.log.Len())
	return counted
}

func (e *env) begin() {
	e.meter.Take()
	e.log.Reset()
}

// check runs the authorizer and returns the context of its response.
func (e *env) check(t *testing.T, token string) map[string]any {
	t.Helper()
	response, err := e.authorizer.Handle(t.Context(), events.APIGatewayCustomAuthorizerRequest{
		Type: "TOKEN", AuthorizationToken: token,
		MethodArn: "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/GET/api/admin/user/tokens",
	})
	must(t, err)
	return response.Context
}

// act runs the function and returns the size of its response in bytes.
func (e *env) act(t *testing.T, c trial, token, cookie string, claims map[string]any) float64 {
	t.Helper()
	event := events.APIGatewayProxyRequest{
		Resource: c.resource, Path: c.resource, HTTPMethod: c.method, Body: c.body,
		Headers:               map[string]string{"Authorization": token, "Content-Type": "application/json"},
		QueryStringParameters: map[string]string{},
		RequestContext:        events.APIGatewayProxyRequestContext{RequestID: "9c40958a-daac-400e-98fb-3bb438567008", Authorizer: claims},
	}
	if c.form != nil {
		event.Body, event.Headers["Content-Type"] = c.form(e), "application/x-www-form-urlencoded"
	}
	if cookie != "" {
		event.MultiValueHeaders = http.Header{"Cookie": {cookie}, "Content-Type": {"application/json"}, "Sec-Fetch-Site": {"same-origin"}}
		event.RequestContext.DomainName, event.RequestContext.Path = host, c.resource
	}
	if c.id != nil {
		event.PathParameters = map[string]string{"id": strconv.FormatInt(c.id(e), 10), "tokenId": "1"}
	}
	if c.resource == page.ResourceAsset {
		event.PathParameters = map[string]string{"file": "page.000000000000.js"}
	}
	if c.users > 0 {
		event.QueryStringParameters["limit"] = strconv.Itoa(c.users)
	}
	response, err := e.functions[c.resource](t.Context(), event)
	must(t, err)
	if response.StatusCode >= 400 && c.resource != "/{proxy+}" && c.token == nil {
		t.Fatalf("got status %d: %s", response.StatusCode, response.Body)
	}
	size := len(response.Body)
	for name, values := range response.MultiValueHeaders {
		size += len(name) + len(": \r\n") + len(strings.Join(values, ""))
	}
	return float64(size)
}

// TestFirstView: the page's static files are no reason to keep people off it.
func TestFirstView(t *testing.T) {
	t.Parallel()
	const most = 13 // dollars a million
	total, requests := 0.0, 0
	for _, bill := range cost.Operations() {
		if bill.Cached && strings.HasPrefix(bill.Operation, "the page's ") {
			total += bill.Total()
			requests++
		}
	}
	if requests != 2 || total > most {
		t.Errorf("a million first views of %d requests cost %.2f dollars, want at most %d for 2", requests, total, most)
	}
}

// TestRecordedUse counts what the authorizer writes for a first use.
func TestRecordedUse(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	_, secret, err := e.service.CreateUserToken(t.Context(), e.caller, pattest.Draft("unused"))
	must(t, err)
	e.begin()
	_, err = e.service.Authenticate(t.Context(), secret)
	must(t, err)
	if used := e.meter.Take(); used.Writes != cost.RecordedUse {
		t.Errorf("counted %v units, the package says %v", used.Writes, cost.RecordedUse)
	}
}

// TestAccountBytes adds the 100 bytes per item of
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html and ignores the table's two counters.
func TestAccountBytes(t *testing.T) {
	t.Parallel()
	const each, users = 100, 2
	e := newEnv(t)
	table, err := e.client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &e.table})
	must(t, err)
	counted := float64(*table.Table.TableSizeBytes + each**table.Table.ItemCount)
	wantNear(t, "bytes of an account", counted/users, cost.AccountBytes)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
