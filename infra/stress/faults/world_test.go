package faults_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"pats/infra/stress/faults"
	"pats/pkg/dynamostore"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/gateway"
	"pats/pkg/laptop"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// The logical ids of the template's functions.
const (
	authorizer     = "AuthorizerFunction"
	tokensFunction = "TokensFunction"
	usersFunction  = "UsersFunction"
)

// table is one that the cases of a test share, each with users of its own.
type table struct {
	name string
	// store, service and sound, which is the stack on it, go past every proxy.
	store   *dynamostore.Store
	service *pat.Service
	sound   *laptoptest.Server
	stack   *laptop.Stack
	fronts  *fronts
	tally   *tally
}

func newTable(t *testing.T, counts *tally) *table {
	t.Helper()
	// This client waits as long as it takes: many cases at once keep DynamoDB Local busy.
	options := dynamostore.NewClient(dynamotest.Settings(t)).Options()
	options.HTTPClient = awshttp.NewBuildableClient()
	client := dynamodb.New(options)
	name := "faults-" + rand.Text()
	must(t, dynamostore.CreateTable(t.Context(), client, name))
	store := dynamostore.New(client, name)
	stack, err := laptop.Read(parameters())
	must(t, err)
	sound := laptoptest.Serve(t, store, laptoptest.Options{Parameters: parameters()})
	return &table{
		name: name, store: store, service: sound.Service, sound: sound, stack: stack, fronts: &fronts{test: t}, tally: counts,
	}
}

// parameters let no answer of the authorizer be kept, since a kept one would hide what it does under a fault, and let imported
// tokens in.
func parameters() map[string]string {
	return map[string]string{"AuthorizerTtlSeconds": "0", "AcceptImportedTokens": "true"}
}

// caseGateway is the template's API with other functions behind it for each case: reading the template takes longer than a case.
type caseGateway struct {
	url       string
	functions laptoptest.Deployment
}

func newGateway(t *testing.T) *caseGateway {
	t.Helper()
	g := &caseGateway{}
	g.url = laptoptest.Serve(t, nil, laptoptest.Options{Parameters: parameters(), Wrap: g.functions.Functions}).URL
	return g
}

// fronts are the gateways that no case uses at the moment. They end with the test that the cases are parts of.
type fronts struct {
	test *testing.T
	mu   sync.Mutex
	free []*caseGateway
}

// lend gives a gateway to the test t until its end.
func (f *fronts) lend(t *testing.T) *caseGateway {
	t.Helper()
	g := f.take()
	if g == nil {
		g = newGateway(f.test)
	}
	t.Cleanup(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.free = append(f.free, g)
	})
	return g
}

func (f *fronts) take() *caseGateway {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.free) == 0 {
		return nil
	}
	g := f.free[len(f.free)-1]
	f.free = f.free[:len(f.free)-1]
	return g
}

// front is the template's stack with a proxy before the table, for some of its functions or for all.
type front struct {
	*table
	proxy *faults.Proxy
	// faulty is the store behind the proxy.
	faulty pat.Store
	url    string
	// overdue are the functions that were not done when their time was over.
	overdue *overdue
}

// part says which functions have the faults between them and the table.
type part int

const (
	everything part = iota
	onlyAuthorizer
	allButAuthorizer
)

// plant changes a store or the functions so that a harness which does not notice is worth nothing. Its zero value plants nothing.
type plant struct {
	store     func(pat.Store) pat.Store
	functions func(gateway.Functions) gateway.Functions
}

func newFront(t *testing.T, on *table, which part, planted plant) *front {
	t.Helper()
	proxy := faults.Start(t, dynamotest.Start(t), patience(t))
	t.Cleanup(func() { on.tally.add(proxy.Injected()) })
	f := newFrontAt(t, on, which, planted, proxy.URL)
	f.proxy = proxy
	return f
}

// newFrontAt has DynamoDB at the endpoint.
func newFrontAt(t *testing.T, on *table, which part, planted plant, endpoint string) *front {
	t.Helper()
	settings := dynamotest.Settings(t)
	settings.Endpoint = endpoint
	g := on.fronts.lend(t)
	f := &front{table: on, overdue: &overdue{}, url: g.url}
	f.faulty = dynamostore.New(dynamostore.NewClient(settings), on.name)
	if planted.store != nil {
		f.faulty = planted.store(f.faulty)
	}
	functions := on.mixed(on.stack.Functions(f.faulty, pat.SystemEnv(quiet())), which)
	if planted.functions != nil {
		functions = planted.functions(functions)
	}
	functions = f.overdue.watch(functions)
	g.functions.Deploy(functions)
	return f
}

// mixed takes the functions that shall meet no faults from the sound stack.
func (on *table) mixed(functions gateway.Functions, which part) gateway.Functions {
	switch which {
	case onlyAuthorizer:
		functions.Proxies = on.sound.Functions.Proxies
	case allButAuthorizer:
		functions.Authorizers = on.sound.Functions.Authorizers
	case everything:
	}
	return functions
}

// patience is how long the service's client waits for an answer of DynamoDB's.
func patience(tb testing.TB) time.Duration {
	tb.Helper()
	client, ok := clientOptions().HTTPClient.(*awshttp.BuildableClient)
	if !ok || client.GetTimeout() <= 0 {
		tb.Fatal("the client waits for ever")
	}
	return client.GetTimeout()
}

// attempts is how often the service's client sends a request at most.
func attempts() int { return clientOptions().Retryer.MaxAttempts() }

func clientOptions() dynamodb.Options {
	return dynamostore.NewClient(dynamostore.Settings{Region: "eu-central-1"}).Options()
}

// overdue notes the functions that end after their context: in Lambda they would have been stopped without an answer.
type overdue struct {
	mu    sync.Mutex
	names []string
}

func (o *overdue) watch(functions gateway.Functions) gateway.Functions {
	return laptoptest.Intercept(functions, func(ctx context.Context, name string, invoke func(context.Context) error) error {
		err := invoke(ctx)
		if ctx.Err() != nil {
			o.add(name)
		}
		return err
	})
}

func (o *overdue) add(name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.names = append(o.names, name)
}

// take gives the names since the last call.
func (o *overdue) take() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	names := o.names
	o.names = nil
	return names
}

// call is a request of a client's.
type call struct {
	method, path string
	body         any
	token        string
	// key is the Idempotency-Key, if there is one.
	key string
}

// answer is what a client gets.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// String is for messages, so it leaves out a token's secret.
func (a answer) String() string {
	return fmt.Sprintf("%d %s", a.status, secretMember.ReplaceAll(a.body, []byte(`"secret":…`)))
}

var secretMember = regexp.MustCompile(`"secret":"[^"]*"`)

// clientWaits is longer than API Gateway lets anybody wait.
const clientWaits = 40 * time.Second

var errNoAnswer = fmt.Errorf("there is no answer within %v", clientWaits)

// send makes a call to the stack at url.
func send(ctx context.Context, url string, c call) (answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, clientWaits, errNoAnswer)
	defer cancel()
	var body io.Reader
	if c.body != nil {
		raw, err := json.Marshal(c.body)
		if err != nil {
			return answer{}, err
		}
		body = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, c.method, url+c.path, body)
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Authorization", c.token)
	if c.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.key != "" {
		request.Header.Set("Idempotency-Key", c.key)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, raw}, err
}

// into reads the body of an answer that has the status.
func (a answer) into(status int, value any) error {
	if a.status != status {
		return fmt.Errorf("got %v, want %d", a, status)
	}
	return json.Unmarshal(a.body, value)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// quiet is no log.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
