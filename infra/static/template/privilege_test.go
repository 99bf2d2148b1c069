package template_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"pats/infra/contract/e2e"
	"pats/infra/testkit/figures"
	"pats/pkg/api"
	"pats/pkg/dynamostore"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/gateway"
	"pats/pkg/laptop"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// TestSuitePassesUnderTheRoles runs every event and, in each round, every HTTP case over DynamoDB Local, with each function allowed
// what its role allows and nothing else, and then compares what the functions asked for with what their roles allow. Among the other
// tests there are no rounds: the events lead through all that the functions do.
func TestSuitePassesUnderTheRoles(t *testing.T) {
	t.Parallel()
	s := newPolicedStack(t)
	e2e.RunEvents(t, s.target, os.DirFS("../../../events"), s.invoke)
	for range figures.Rounds(t, 0) {
		e2e.Run(t, s.target)
	}

	asked := map[string][]string{}
	for id, function := range s.functions {
		asked[id] = function.api.actions()
	}
	tpl := load(t)
	unused, missing := compare(tpl, asked)
	for _, finding := range slices.Concat(unused, missing) {
		t.Error(finding)
	}
	s.wantEveryOperation(t)
	statements, actions := tpl.count()
	figures.Print(t, "privilege",
		figures.Count{Name: "roles", N: len(tpl.of(kindRole))}, figures.Count{Name: "statements", N: statements}, figures.Count{Name: "actions", N: actions},
		figures.Count{Name: "unused", N: len(unused)}, figures.Count{Name: "missing", N: len(missing)}, figures.Count{Name: "wildcards", N: len(wildcards(tpl))})
}

// compare gives what roles allow of the table and their functions never asked for, and what they asked for beside that.
func compare(t template, asked map[string][]string) (unused, missing findings) {
	for _, function := range t.of(kindFunction) {
		allowed := t.onTable(function)
		for _, action := range allowed {
			if !slices.Contains(asked[function.id], action) {
				unused.add("%s may %s, which it never does", function.id, action)
			}
		}
		for _, action := range asked[function.id] {
			if !slices.Contains(allowed, action) {
				missing.add("%s does %s, which it may not", function.id, action)
			}
		}
	}
	return unused, missing
}

// onTable are the actions on the table that the function's role allows.
func (t template) onTable(function resource) (allowed []string) {
	for _, s := range t.statementsOf(function) {
		for _, action := range s.actions() {
			if strings.HasPrefix(action, "dynamodb:") {
				allowed = append(allowed, action)
			}
		}
	}
	return allowed
}

// count gives how many statements and actions the roles of all functions have.
func (t template) count() (statements, actions int) {
	for _, function := range t.of(kindFunction) {
		for _, s := range t.statementsOf(function) {
			statements++
			actions += len(s.actions())
		}
	}
	return statements, actions
}

// policedStack is the template's stack with a role for each function.
type policedStack struct {
	target    e2e.Target
	functions map[string]*policedFunction
}

func newPolicedStack(t *testing.T) policedStack {
	t.Helper()
	client, table := dynamostore.NewClient(dynamotest.Settings(t)), "test-"+rand.Text()
	if err := dynamostore.CreateTable(t.Context(), client, table); err != nil {
		t.Fatal(err)
	}
	admin, err := pat.NewAdminSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	options := gateway.Options{
		Parameters: map[string]string{"AdminTokenHash": admin.Hash()}, Resources: map[string]string{"Table": table},
		Now: time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
	}
	stack, err := laptop.Read(options)
	if err != nil {
		t.Fatal(err)
	}
	operator := dynamostore.New(client, table)
	standing := pat.Account{Profile: pat.Profile{Username: "standing", Role: pat.Admin}, CreatedAt: time.Now(), NextTokenID: 1}
	if _, err := operator.CreateAccount(t.Context(), standing); err != nil {
		t.Fatal(err)
	}
	s := policedStack{functions: map[string]*policedFunction{}}
	handlers := map[string]lambda.Handler{}
	tpl := load(t)
	for _, function := range tpl.of(kindFunction) {
		api := newPoliced(client, tpl.onTable(function))
		store := dynamostore.New(api, table)
		if err := store.Warm(t.Context()); err != nil { // as dynamostore.Connect does
			t.Errorf("%s: Warm: %v", function.id, err)
		}
		handler := stack.Functions(store, pat.SystemEnv(options.Log))[function.id]
		s.functions[function.id] = &policedFunction{handler: handler, api: api, done: map[string]bool{}}
		handlers[function.id] = s.functions[function.id]
	}
	server := laptoptest.Serve(t, operator, laptoptest.Options{
		Wrap: func(map[string]lambda.Handler) map[string]lambda.Handler { return handlers },
	})
	s.target = e2e.Target{Front: e2e.Laptop, URL: server.URL, Store: operator, AdminToken: admin.Reveal()}
	return s
}

// invoke is an e2e.Invoke.
func (s policedStack) invoke(ctx context.Context, function string, event []byte) ([]byte, error) {
	return s.functions[function].Invoke(ctx, event)
}

// wantEveryOperation demands that the OpenAPI document has no operation that was not done.
func (s policedStack) wantEveryOperation(t *testing.T) {
	t.Helper()
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(api.OpenAPI(), &document); err != nil {
		t.Fatal(err)
	}
	for path, operations := range document.Paths {
		for method := range operations {
			operation := strings.ToUpper(method) + " " + path
			if !s.did(operation) && method != "parameters" {
				t.Errorf("%s: got it never, want it done by some function", operation)
			}
		}
	}
}

func (s policedStack) did(operation string) bool {
	for _, function := range s.functions {
		if function.did(operation) {
			return true
		}
	}
	return false
}

// policedFunction is a function on a policed table, which keeps the operations that it was invoked for, such as GET /.
type policedFunction struct {
	handler lambda.Handler
	api     *policed
	mu      sync.Mutex
	done    map[string]bool
}

// Invoke is the lambda.Handler's.
func (f *policedFunction) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var event struct {
		HTTPMethod string `json:"httpMethod"`
		Resource   string `json:"resource"`
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.done[event.HTTPMethod+" "+event.Resource] = true
	f.mu.Unlock()
	return f.handler.Invoke(ctx, payload)
}

func (f *policedFunction) did(operation string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.done[operation]
}

// TestCompareFindsFaults: with a role that allows what its function does, too much and too little are found.
func TestCompareFindsFaults(t *testing.T) {
	t.Parallel()
	asked := map[string][]string{}
	tpl := load(t)
	for _, function := range tpl.of(kindFunction) {
		asked[function.id] = tpl.onTable(function)
	}
	const oldRole = "[dynamodb:PutItem, dynamodb:UpdateItem, dynamodb:DeleteItem]"
	tests := []struct {
		name, planted   string
		unused, missing findings
	}{
		{"as it is", oldRole, nil, nil},
		{"too much", "[dynamodb:PutItem, dynamodb:UpdateItem, dynamodb:DeleteItem, dynamodb:Scan]",
			findings{"UsersFunction may dynamodb:Scan, which it never does"}, nil},
		{"too little", "[dynamodb:PutItem, dynamodb:UpdateItem]",
			nil, findings{"UsersFunction does dynamodb:DeleteItem, which it may not"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			unused, missing := compare(plant(t, oldRole, test.planted), asked)
			if diff := cmp.Diff([]findings{test.unused, test.missing}, []findings{unused, missing}); diff != "" {
				t.Errorf("unused and missing (-want +got):\n%s", diff)
			}
		})
	}
}
