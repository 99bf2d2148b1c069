package cost_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"pats/pkg/api"
	"pats/pkg/authz"
	"pats/pkg/cost"
	"pats/pkg/dynamostore"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// TestOperations counts what each operation takes, on the real functions with DynamoDB Local: units exactly, bytes to a tenth.
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
			compare(t, newWorld(t).count(t, test), want)
		})
	}
	for operation := range assumed {
		t.Errorf("nothing counts %q", operation)
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
	wantNear(t, "bytes of the answer", got.Answers, want.Answers)
}

// wantNear allows a tenth.
func wantNear(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > got/10 {
		t.Errorf("%s: counted %v, the package says %v", what, got, want)
	}
}

// trial is a request and who makes it.
type trial struct {
	operation string
	method    string
	resource  string
	// id is the path's, of the token or of the user that the world has.
	id   func(*world) int64
	body string
	// token is what stands in the header: the caller's own if it is nil.
	token func(*testing.T, *world) string
	// refused names the gateway response that answers instead of a function; open says that there is no authorizer.
	refused string
	open    bool
	users   int
}

var trials = []trial{
	{operation: "list tokens", method: http.MethodGet, resource: api.ResourceTokens},
	{operation: "create a token", method: http.MethodPost, resource: api.ResourceTokens, body: draft()},
	{operation: "revoke a token", method: http.MethodDelete, resource: api.ResourceToken, id: lastToken},
	{operation: "an unknown path", method: http.MethodGet, resource: "/{proxy+}"},
	{operation: "the OpenAPI document", method: http.MethodGet, resource: api.ResourceOpenAPI, open: true},
	{operation: "no token, or not one by its form", refused: "UNAUTHORIZED", open: true},
	{operation: "a made-up token", token: madeUp, refused: "ACCESS_DENIED"},
	{operation: "a revoked token", token: revoked, refused: "ACCESS_DENIED"},
	{operation: "read oneself", method: http.MethodGet, resource: api.ResourceSelf},
	{operation: "create a user", method: http.MethodPost, resource: api.ResourceUsers, body: `{"username":"carl","email":"carl@example.org","name":"Name of carl","rootRole":2}`},
	{operation: "read a user", method: http.MethodGet, resource: api.ResourceUser, id: other},
	{operation: "list 100 users", method: http.MethodGet, resource: api.ResourceUsers, users: 100},
	{operation: "update a user's name", method: http.MethodPut, resource: api.ResourceUser, id: other, body: `{"name":"Another name"}`},
	{operation: "delete a user", method: http.MethodDelete, resource: api.ResourceUser, id: other},
}

func draft() string {
	return fmt.Sprintf(`{"description":%q,"expiresAt":%q}`, describe(99), pattest.Start.Add(pattest.Lifetime).Format("2006-01-02T15:04:05.000Z"))
}

// describe has 30 characters.
func describe(i int) string { return fmt.Sprintf("a token of a typical name, %03d", i) }

func lastToken(w *world) int64 { return int64(w.tokens[len(w.tokens)-1].ID) }

func other(w *world) int64 { return int64(w.other) }

func madeUp(_ *testing.T, w *world) string {
	secret := []byte(w.secret.Reveal())
	secret[len(secret)-10] ^= 1
	return string(secret)
}

func revoked(t *testing.T, w *world) string {
	t.Helper()
	must(t, w.service.RevokeUserToken(t.Context(), w.caller, w.tokens[0].ID))
	return w.secret.Reveal()
}

// world is the service with an Admin, who calls, and an Editor, each with the usual tokens, all of them in use.
type world struct {
	client        *dynamodb.Client
	table         string
	meter         *dynamotest.Meter
	log           *bytes.Buffer
	service       *pat.Service
	authorizer    *authz.Authorizer
	functions     map[string]*api.Handler
	caller, other pat.UserID
	tokens        []pat.Token
	secret        pat.Secret
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{client: dynamostore.NewClient(dynamotest.Settings(t)), table: "test-" + rand.Text(), log: &bytes.Buffer{}}
	must(t, dynamostore.CreateTable(t.Context(), w.client, w.table))
	meter, err := dynamotest.NewMeter(t.Context(), w.client, w.table)
	must(t, err)
	w.meter = meter
	log := slog.New(slog.NewJSONHandler(w.log, nil))
	w.service = pat.NewService(dynamostore.New(w.meter, w.table), pat.DefaultRetention, pattest.Env(pattest.NewClock()))
	w.authorizer = authz.New(w.service, pat.AdminKey{}, log)
	tokens := api.NewTokens(w.service, api.TokensSettings{Enabled: true}, log)
	users := api.NewUsers(w.service, pat.AdminKey{}, log)
	w.functions = map[string]*api.Handler{
		api.ResourceTokens: tokens, api.ResourceToken: tokens, api.ResourceOpenAPI: tokens, "/{proxy+}": tokens,
		api.ResourceSelf: users, api.ResourceUsers: users, api.ResourceUser: users,
	}
	w.caller, w.tokens, w.secret = w.user(t, pattest.Profile("ann", pat.Admin))
	w.other, _, _ = w.user(t, pattest.Profile("ben", pat.Editor))
	return w
}

// user makes a user, and gives the tokens with the secret of the first.
func (w *world) user(t *testing.T, profile pat.Profile) (pat.UserID, []pat.Token, pat.Secret) {
	t.Helper()
	account, err := w.service.CreateUser(t.Context(), profile)
	must(t, err)
	tokens, secrets := make([]pat.Token, cost.TokensAUser), make([]pat.Secret, cost.TokensAUser)
	for i := range tokens {
		tokens[i], secrets[i], err = w.service.CreateUserToken(t.Context(), account.ID, pattest.Draft(describe(i)))
		must(t, err)
		_, err = w.service.Authenticate(t.Context(), secrets[i])
		must(t, err)
	}
	return account.ID, tokens, secrets[0]
}

// count makes the request as API Gateway does.
func (w *world) count(t *testing.T, c trial) cost.Counted {
	t.Helper()
	for i := range c.users - 2 {
		_, err := w.service.CreateUser(t.Context(), pattest.Profile(fmt.Sprintf("user%d", i), pat.Viewer))
		must(t, err)
	}
	token := w.secret.Reveal()
	if c.token != nil {
		token = c.token(t, w)
	}
	var counted cost.Counted
	var claims map[string]any
	w.begin()
	if !c.open {
		claims = w.check(t, token)
		used := w.meter.Take()
		if used.Writes != 0 {
			t.Errorf("the use was recorded, with %v units: it is on record", used.Writes)
		}
		counted.CheckRuns, counted.CheckReads, counted.CheckLogged = 1, used.Reads, float64(w.log.Len())
	}
	if c.refused != "" {
		counted.Answers = gatewayResponse(t, c.refused)
		return counted
	}
	w.begin()
	counted.Answers = w.act(t, c, token, claims)
	used := w.meter.Take()
	counted.Runs, counted.Reads, counted.Writes, counted.ActLogged = 1, used.Reads, used.Writes, float64(w.log.Len())
	return counted
}

func (w *world) begin() {
	w.meter.Take()
	w.log.Reset()
}

// check is a run of the authorizer, which gives the context of its answer.
func (w *world) check(t *testing.T, token string) map[string]any {
	t.Helper()
	answer, err := w.authorizer.Handle(t.Context(), events.APIGatewayCustomAuthorizerRequest{
		Type: "TOKEN", AuthorizationToken: token,
		MethodArn: "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/GET/api/admin/user/tokens",
	})
	must(t, err)
	return answer.Context
}

// act is a run of the function, which gives the bytes of the answer.
func (w *world) act(t *testing.T, c trial, token string, claims map[string]any) float64 {
	t.Helper()
	event := events.APIGatewayProxyRequest{
		Resource: c.resource, Path: c.resource, HTTPMethod: c.method, Body: c.body,
		Headers:               map[string]string{"Authorization": token, "Content-Type": "application/json"},
		QueryStringParameters: map[string]string{},
		RequestContext:        events.APIGatewayProxyRequestContext{RequestID: "9c40958a-daac-400e-98fb-3bb438567008", Authorizer: claims},
	}
	if c.id != nil {
		event.PathParameters = map[string]string{"id": strconv.FormatInt(c.id(w), 10)}
	}
	if c.users > 0 {
		event.QueryStringParameters["limit"] = strconv.Itoa(c.users)
	}
	answer, err := w.functions[c.resource].Handle(t.Context(), event)
	must(t, err)
	if answer.StatusCode >= 400 && c.resource != "/{proxy+}" {
		t.Fatalf("got status %d: %s", answer.StatusCode, answer.Body)
	}
	size := len(answer.Body)
	for name, values := range answer.MultiValueHeaders {
		size += len(name) + len(": \r\n") + len(strings.Join(values, ""))
	}
	return float64(size)
}

// TestRecordedUse counts what the authorizer writes for a first use.
func TestRecordedUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, secret, err := w.service.CreateUserToken(t.Context(), w.caller, pattest.Draft("not used"))
	must(t, err)
	w.begin()
	_, err = w.service.Authenticate(t.Context(), secret)
	must(t, err)
	if used := w.meter.Take(); used.Writes != cost.RecordedUse {
		t.Errorf("counted %v units, the package says %v", used.Writes, cost.RecordedUse)
	}
}

// TestAccountBytes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html has the 100
// bytes on top of each item. The two counters of the table are taken for nothing.
func TestAccountBytes(t *testing.T) {
	t.Parallel()
	const each, users = 100, 2
	w := newWorld(t)
	table, err := w.client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &w.table})
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
