package template_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/infra/contract/e2e"
	"pats/infra/testkit/figures"
	"pats/infra/testkit/must"
	"pats/pkg/api"
	"pats/pkg/dynamostore"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/gateway"
	"pats/pkg/laptop"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// TestSuitePassesUnderTheRoles runs every event and, in each round, every HTTP case over DynamoDB Local, with each function allowed only
// what its role allows, and then compares what the functions needed with what their roles allow. By default there are no rounds: the
// events alone reach everything that the functions do.
func TestSuitePassesUnderTheRoles(t *testing.T) {
	t.Parallel()
	s := newPolicedStack(t)
	e2e.RunEvents(t, s.target, os.DirFS("../../../events"), s.invoke)
	for range figures.Rounds(t, 0) {
		e2e.Run(t, s.target)
	}

	tpl := load(t)
	var unused, missing findings
	for id, function := range s.policed {
		policy, accesses := tpl.policyOf(id), function.api.accesses()
		unused = append(unused, policy.unused(accesses)...)
		missing = append(missing, refused(id, policy, accesses)...)
	}
	for _, finding := range slices.Concat(unused, missing) {
		t.Error(finding)
	}
	s.wantEveryOperation(t)
	statements, actions := tpl.count()
	figures.Print(t, "privilege",
		figures.Count{Name: "roles", N: len(tpl.of(kindRole))}, figures.Count{Name: "statements", N: statements}, figures.Count{Name: "actions", N: actions},
		figures.Count{Name: "unused", N: len(unused)}, figures.Count{Name: "missing", N: len(missing)}, figures.Count{Name: "wildcards", N: len(wildcards(tpl))})
}

// policedStack is the template's stack on one table, to which each function has the access of its role.
type policedStack struct {
	target    e2e.Target
	policed   map[string]*policedFunction
	functions gateway.Functions
}

func newPolicedStack(t *testing.T) policedStack {
	t.Helper()
	client, table := dynamostore.NewClient(dynamotest.Settings(t)), "test-"+rand.Text()
	must.Do(t, dynamostore.CreateTable(t.Context(), client, table))
	admin, err := pat.NewAdminSecret(rand.Reader)
	must.Do(t, err)
	options := gateway.Options{
		Parameters: map[string]string{"AdminTokenHash": admin.Hash(), "AcceptImportedTokens": "true"}, Resources: map[string]string{"Table": table},
		Now: time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
	}
	stack, err := laptop.Read(options)
	must.Do(t, err)
	operator := dynamostore.New(client, table)
	permanent := pat.Account{Profile: pat.Profile{Username: "permanent", Role: pat.Admin}, CreatedAt: time.Now(), NextTokenID: 1}
	_, err = operator.CreateAccount(t.Context(), permanent)
	must.Do(t, err)

	s := policedStack{
		policed:   map[string]*policedFunction{},
		functions: gateway.Functions{Authorizers: map[string]gateway.AuthorizerFunction{}, Proxies: map[string]gateway.ProxyFunction{}},
	}
	tpl := load(t)
	for _, function := range tpl.of(kindFunction) {
		api := newPoliced(client, tpl.policyOf(function.id))
		store := dynamostore.New(api, table)
		must.Do(t, store.Warm(t.Context())) // as dynamostore.Connect does
		policed := &policedFunction{api: api, done: map[string]bool{}}
		s.policed[function.id] = policed
		functions := stack.Functions(store, pat.SystemEnv(options.Log))
		if handler, ok := functions.Authorizers[function.id]; ok {
			s.functions.Authorizers[function.id] = handler
		} else {
			s.functions.Proxies[function.id] = policed.watch(functions.Proxies[function.id])
		}
	}
	server := laptoptest.Serve(t, operator, laptoptest.Options{
		Wrap: func(gateway.Functions) gateway.Functions { return s.functions },
	})
	s.target = e2e.Target{Front: e2e.Laptop, URL: server.URL, Store: operator, AdminToken: admin.Reveal()}
	return s
}

// invoke is an [e2e.Invoke].
func (s policedStack) invoke(ctx context.Context, function string, event []byte) ([]byte, error) {
	return laptoptest.Invoke(ctx, s.functions, function, event)
}

// wantEveryOperation requires that each operation of the OpenAPI document was done.
func (s policedStack) wantEveryOperation(t *testing.T) {
	t.Helper()
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	must.Do(t, json.Unmarshal(api.OpenAPI(), &document))
	for path, operations := range document.Paths {
		for method := range operations {
			operation := strings.ToUpper(method) + " " + path
			done := slices.ContainsFunc(slices.Collect(maps.Values(s.policed)), func(f *policedFunction) bool { return f.did(operation) })
			if !done && method != "parameters" {
				t.Errorf("%s was not done, want every operation", operation)
			}
		}
	}
}

// policedFunction is a function on a policed table. It records the operations for which it was invoked, such as GET /.
type policedFunction struct {
	api  *policed
	mu   sync.Mutex
	done map[string]bool
}

// watch returns handler, and records the operations for which it is invoked.
func (f *policedFunction) watch(handler gateway.ProxyFunction) gateway.ProxyFunction {
	return func(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		f.mu.Lock()
		f.done[event.HTTPMethod+" "+event.Resource] = true
		f.mu.Unlock()
		return handler(ctx, event)
	}
}

func (f *policedFunction) did(operation string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.done[operation]
}
