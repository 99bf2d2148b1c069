package template_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"pats/infra/contract/e2e"
	"pats/infra/testkit/figures"
	"pats/infra/testkit/must"
	"pats/infra/testkit/partners"
	"pats/pkg/api/apitest"
	"pats/pkg/config"
	"pats/pkg/dynamostore"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/gateway"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/leaks"
	"pats/pkg/oauth"
	"pats/pkg/pat"
	wiring "pats/pkg/wiring/authorizers"
)

// TestSuitePassesUnderTheRoles runs every event and, in each round, every HTTP case over DynamoDB Local, and compares what each function
// accesses with what its role allows. By default there are no rounds: the events alone reach everything that the functions do.
func TestSuitePassesUnderTheRoles(t *testing.T) {
	t.Parallel()
	requests := newRecorder(dynamostore.NewClient(dynamotest.Settings(t)))
	server, target := serveRecorded(t, requests, nil)
	e2e.RunEvents(t, target, os.DirFS("../../../events"), func(ctx context.Context, function string, event []byte) ([]byte, error) {
		return laptoptest.Invoke(ctx, server.Functions, function, event)
	})
	for range figures.Rounds(t, 0) {
		e2e.Run(t, target)
	}
	lookUpImported(t, requests)
	authorizeOthers(t, requests)
	serveBrowsers(t, requests)

	tpl := load(t)
	var unused, missing findings
	for _, function := range tpl.of(kindFunction) {
		policy, accesses := tpl.policyOf(function.id), requests.accesses(function.id)
		unused = append(unused, policy.unused(accesses)...)
		missing = append(missing, refused(function.id, policy, accesses)...)
	}
	for _, finding := range slices.Concat(unused, missing) {
		t.Error(finding)
	}
	if others := requests.accesses(""); len(others) > 0 {
		t.Errorf("got accesses outside of a function: %v", others)
	}
	requests.wantEveryOperation(t)
	statements, actions := tpl.count()
	figures.Print(t, "privilege",
		figures.Count{Name: "roles", N: len(tpl.of(kindRole))}, figures.Count{Name: "statements", N: statements}, figures.Count{Name: "actions", N: actions},
		figures.Count{Name: "unused", N: len(unused)}, figures.Count{Name: "missing", N: len(missing)}, figures.Count{Name: "wildcards", N: len(wildcards(tpl))})
}

// lookUpImported presents a token that may have been imported, where such tokens are accepted.
func lookUpImported(t *testing.T, requests *recorder) {
	t.Helper()
	server, target := serveRecorded(t, requests, map[string]string{"AcceptImportedTokens": "true"})
	unknown, err := os.ReadFile("../../../events/authorizer-deny-unknown.json")
	must.Do(t, err)
	_, err = laptoptest.Invoke(t.Context(), server.Functions, authorizer, unknown)
	must.Do(t, err)
	_, err = server.Functions.Proxies[oauthOf](within(t.Context(), oauthOf), events.APIGatewayProxyRequest{
		HTTPMethod: http.MethodPost, Resource: oauth.ResourceRevoke,
		Headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
		Body:    "token=user:" + strings.Repeat("0f", 28),
	})
	must.Do(t, err)
	_, err = server.Functions.Proxies[leaksOf](within(t.Context(), leaksOf), events.APIGatewayProxyRequest{
		HTTPMethod: http.MethodPost, Resource: leaks.ResourceGitLab, Headers: map[string]string{"Authorization": target.Partners.Token()},
		Body: `[{"type":"gitleaks_rule_id_pats-token","token":"user:` + strings.Repeat("0f", 28) + `"}]`,
	})
	must.Do(t, err)
}

// authorizeOthers presents a valid token, and one that may have been imported, to the authorizer of other APIs.
func authorizeOthers(t *testing.T, requests *recorder) {
	t.Helper()
	client, table := newTable(t)
	env, settings := pat.SystemEnv(slog.New(slog.DiscardHandler)), config.Config{AcceptImported: true, Shared: config.Shared{Enabled: true}}
	operator := pat.NewService(dynamostore.New(client, table), settings.Domain(), env)
	user, err := operator.CreateUser(t.Context(), pat.Profile{Username: "ann", Role: pat.Viewer})
	must.Do(t, err)
	draft := pat.Draft{Description: "laptop", Scopes: pat.Unscoped(), ExpiresAt: time.Now().Add(time.Hour)}
	_, secret, err := operator.CreateUserToken(t.Context(), user.ID, draft)
	must.Do(t, err)
	authorizer := wiring.Shared(settings, dynamostore.New(requests, table), env)
	for _, token := range []string{secret.Reveal(), "user:" + strings.Repeat("0f", 28)} {
		event := events.APIGatewayCustomAuthorizerRequest{Type: "TOKEN", AuthorizationToken: token, MethodArn: "arn:aws:execute-api:eu-west-1:123456789012:a/prod/GET/"}
		payload, err := json.Marshal(event)
		must.Do(t, err)
		_, err = authorizer.Invoke(within(t.Context(), shared), payload)
		must.Do(t, err)
	}
}

// newTable creates an empty table of the store.
func newTable(t *testing.T) (*dynamodb.Client, string) {
	t.Helper()
	client, table := dynamostore.NewClient(dynamotest.Settings(t)), "test-"+rand.Text()
	must.Do(t, dynamostore.CreateTable(t.Context(), client, table))
	return client, table
}

// serveRecorded serves the template's stack on a new table, with all requests of its functions recorded.
func serveRecorded(t *testing.T, requests *recorder, parameters map[string]string) (*laptoptest.Server, e2e.Target) {
	t.Helper()
	client, table := newTable(t)
	operator, store := dynamostore.New(client, table), dynamostore.New(requests, table)
	permanent := pat.Account{Profile: pat.Profile{Username: "permanent", Role: pat.Admin}, CreatedAt: time.Now(), NextTokenID: 1}
	_, err := operator.CreateAccount(t.Context(), permanent)
	must.Do(t, err)
	for _, function := range load(t).of(kindFunction) {
		if at(function.property("Environment", "Variables"), "TABLE_NAME") != nil {
			must.Do(t, store.Warm(within(t.Context(), function.id))) // as dynamostore.Connect does
		}
	}
	reporters, err := partners.New(rand.Text())
	must.Do(t, err)
	accepting, err := reporters.Parameters()
	must.Do(t, err)
	maps.Copy(accepting, parameters)
	server := laptoptest.Serve(t, store, laptoptest.Options{Parameters: accepting, Wrap: requests.watch})
	return server, e2e.Target{Front: e2e.Laptop, URL: server.URL, Store: operator, AdminToken: server.AdminToken, Partners: reporters}
}

// watch returns the functions so that each marks its requests, and records the operations for which it is invoked.
func (r *recorder) watch(functions gateway.Functions) gateway.Functions {
	watched := gateway.Functions{Authorizers: map[string]gateway.AuthorizerFunction{}, Proxies: map[string]gateway.ProxyFunction{}}
	for id, authorize := range functions.Authorizers {
		watched.Authorizers[id] = func(ctx context.Context, event events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
			return authorize(within(ctx, id), event)
		}
	}
	for id, handle := range functions.Proxies {
		watched.Proxies[id] = func(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			r.record("operation", access{action: event.HTTPMethod + " " + event.Resource})
			return handle(within(ctx, id), event)
		}
	}
	return watched
}

// wantEveryOperation requires that each operation of the OpenAPI document was done.
func (r *recorder) wantEveryOperation(t *testing.T) {
	t.Helper()
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	text, err := apitest.Document(t.Context())
	must.Do(t, err)
	must.Do(t, json.Unmarshal(text, &document))
	for path, operations := range document.Paths {
		for method := range operations {
			operation := strings.ToUpper(method) + " " + path
			done := func(a access) bool { return a.action == operation }
			if method != "parameters" && !slices.ContainsFunc(r.accesses("operation"), done) {
				t.Errorf("%s was not done, want every operation", operation)
			}
		}
	}
}
