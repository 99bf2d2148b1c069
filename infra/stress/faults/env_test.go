package faults_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"pats/infra/stress/faults"
	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/must"
	"pats/infra/testkit/partners"
	"pats/pkg/dynamostore"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/gateway"
	"pats/pkg/laptop"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// env is a table that the cases of a test share, each with its own users.
type env struct {
	table  string
	client *http.Client
	// store, service and intact, the stack on store, reach the table without a proxy.
	store    *dynamostore.Store
	service  *pat.Service
	intact   *laptoptest.Server
	stack    *laptop.Stack
	gateways *gateways
	counts   *counts
}

func newEnv(t *testing.T, n *counts) *env {
	t.Helper()
	client := dynamotest.NewPatientClient(dynamotest.Settings(t)) // many concurrent cases keep DynamoDB Local busy
	table := "faults-" + rand.Text()
	must.Do(t, dynamostore.CreateTable(t.Context(), client, table))
	store := dynamostore.New(client, table)
	stack, err := laptop.Read(parameters(t))
	must.Do(t, err)
	intact := laptoptest.Serve(t, store, laptoptest.Options{Parameters: parameters(t)})
	return &env{
		table: table, client: apiclient.New(t, 64), store: store, service: intact.Service, intact: intact, stack: stack,
		gateways: &gateways{t, make(chan *caseGateway, maxIdleGateways)}, counts: n,
	}
}

// parameters turn the authorizer's cache off, since a cached response would hide its behavior under a fault, and accept imported
// tokens, the partners' reports and people who have signed in.
func parameters(t *testing.T) map[string]string {
	t.Helper()
	parameters, err := partners.Fixed(t).Parameters()
	must.Do(t, err)
	maps.Copy(parameters, map[string]string{
		"AuthorizerTtlSeconds": "0", "AcceptImportedTokens": "true",
		"OidcIssuer": provider.Issuer, "OidcClientId": provider.ID, "OidcClientSecret": clientSecret,
	})
	return parameters
}

// caseGateway is the template's API, whose functions each case replaces: reading the template takes longer than a case.
type caseGateway struct {
	url       string
	functions laptoptest.Deployment
}

// gateways keeps gateways that no case uses. They end with the test that the cases belong to.
type gateways struct {
	test *testing.T
	idle chan *caseGateway
}

const maxIdleGateways = 256

// lend returns a gateway for the use of t.
func (g *gateways) lend(t *testing.T) *caseGateway {
	t.Helper()
	var lent *caseGateway
	select {
	case lent = <-g.idle:
	default:
		lent = &caseGateway{}
		lent.url = laptoptest.Serve(g.test, nil, laptoptest.Options{Parameters: parameters(g.test), Wrap: lent.functions.Functions}).URL
	}
	t.Cleanup(func() {
		select {
		case g.idle <- lent:
		default:
		}
	})
	return lent
}

// target is the template's stack with a proxy between some of its functions and the table.
type target struct {
	*env
	url   string
	proxy *faults.Proxy
	late  *lateFunctions
}

// faulty selects the functions behind the proxy.
type faulty int

const (
	onlyAuthorizer faulty = iota
	allButAuthorizer
)

// planted replaces the store or the functions by broken ones, to show that the harness notices.
type planted struct {
	store     func(pat.Store) pat.Store
	functions func(gateway.Functions) gateway.Functions
}

func newTarget(t *testing.T, e *env, which faulty, broken planted) *target {
	t.Helper()
	proxy, settings := faults.InFrontOfDynamoDB(t)
	t.Cleanup(func() { e.counts.addInjected(proxy.Injected()) })
	target := newTargetAt(t, e, which, broken, settings)
	target.proxy = proxy
	return target
}

// newTargetAt returns a target whose faulty functions find DynamoDB by the settings.
func newTargetAt(t *testing.T, e *env, which faulty, broken planted, settings dynamostore.Settings) *target {
	t.Helper()
	var store pat.Store = dynamostore.New(dynamostore.NewClient(settings), e.table)
	if broken.store != nil {
		store = broken.store(store)
	}
	functions := e.stack.Functions(store, pat.SystemEnv(slog.New(slog.DiscardHandler)))
	switch which {
	case onlyAuthorizer:
		functions.Proxies = e.intact.Functions.Proxies
	case allButAuthorizer:
		functions.Authorizers = e.intact.Functions.Authorizers
	}
	if broken.functions != nil {
		functions = broken.functions(functions)
	}
	gateway := e.gateways.lend(t)
	target := &target{env: e, url: gateway.url, late: &lateFunctions{}}
	gateway.functions.Deploy(target.late.watch(functions))
	return target
}

// sendUnder sends a request while the proxy follows the plan. Errors: no response; the functions took longer than allowed; more
// than maxCalls requests to DynamoDB.
func (t *target) sendUnder(ctx context.Context, plan faults.Plan, r apiclient.Request, maxCalls int) (apiclient.Response, error) {
	t.proxy.Follow(plan)
	got, err := apiclient.Send(ctx, t.client, t.url, r)
	t.proxy.Settle()
	calls := sum(t.proxy.Requests())
	t.proxy.Follow(faults.Never)
	if err != nil {
		return got, err
	}
	if calls > maxCalls {
		return got, fmt.Errorf("the request caused %d requests to DynamoDB, want at most %d", calls, maxCalls)
	}
	return got, t.late.check()
}

// maxAttempts returns how often the product's client sends a request at most.
func maxAttempts() int { return clientOptions().Retryer.MaxAttempts() }

func clientOptions() dynamodb.Options {
	return dynamostore.NewClient(dynamostore.Settings{Region: "eu-central-1"}).Options()
}

// lateFunctions notes the functions that return after their deadline: Lambda would have stopped them without a response.
type lateFunctions struct {
	mu    sync.Mutex
	names []string
}

func (l *lateFunctions) watch(functions gateway.Functions) gateway.Functions {
	return laptoptest.Intercept(functions, func(ctx context.Context, name string, invoke func(context.Context) error) error {
		err := invoke(ctx)
		if ctx.Err() != nil {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.names = append(l.names, name)
		}
		return err
	})
}

// check returns an error if a function has been late since the last check.
func (l *lateFunctions) check() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	names := l.names
	l.names = nil
	if len(names) > 0 {
		return fmt.Errorf("%s returned after the deadline", strings.Join(names, ", "))
	}
	return nil
}

// checkStatus returns an error unless the response has one of the statuses or is a correct 503.
func checkStatus(got apiclient.Response, statuses ...int) error {
	switch {
	case slices.Contains(statuses, got.Status):
		return nil
	case got.Status == http.StatusServiceUnavailable:
		return got.CheckUnavailable()
	}
	return fmt.Errorf("got %v, want one of %v or a 503", got, statuses)
}

func sum[K comparable](counts map[K]int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}
