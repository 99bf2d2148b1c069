package attack_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/infra/testkit/must"
	"pats/pkg/gateway"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// The functions' logical ids in the template.
const (
	authorizerFunction = "AuthorizerFunction"
	tokensFunction     = "TokensFunction"
	usersFunction      = "UsersFunction"
)

// env is the template's API over HTTP. Its functions count their invocations and can be deployed again.
type env struct {
	*laptoptest.Server
	clock  *pattest.Clock
	client *http.Client
	// store and system are those of the functions.
	store  pat.Store
	system pat.Env
	// operator works on the store without wrap.
	operator *pat.Service
	// admin is the token of an Admin who stays one.
	admin     string
	functions *counted
}

// options are the settings of an env.
type options struct {
	// wrap wraps the store of the functions.
	wrap       func(pat.Store) pat.Store
	parameters map[string]string
}

func newEnv(t *testing.T, store pat.Store, o options) *env {
	t.Helper()
	e := &env{clock: pattest.NewClock(), client: newClient(t), functions: &counted{invocations: map[string]int{}, tokens: map[string]int{}}, store: store}
	if o.wrap != nil {
		e.store = o.wrap(store)
	}
	e.Server = laptoptest.Serve(t, e.store, laptoptest.Options{Parameters: o.parameters, Now: e.clock.Now, Wrap: e.functions.wrap})
	e.system = pat.SystemEnv(slog.New(slog.DiscardHandler))
	e.system.Now = e.clock.Now
	e.operator = pat.NewService(store, pat.DefaultRetention, e.system)
	_, e.admin = e.newToken(t, e.newUser(t, pat.Profile{Username: "admin", Role: pat.Admin}), "own", time.Hour*24*365)
	return e
}

// newClient returns a client that reuses its connections.
func newClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

func (e *env) newUser(t *testing.T, profile pat.Profile) pat.UserID {
	t.Helper()
	account, err := e.operator.CreateUser(t.Context(), profile)
	must.Do(t, err)
	return account.ID
}

func (e *env) newToken(t *testing.T, user pat.UserID, description string, lasts time.Duration) (pat.TokenID, string) {
	t.Helper()
	draft := pat.Draft{Description: description, ExpiresAt: e.clock.Now().Add(lasts)}
	token, secret, err := e.operator.CreateUserToken(t.Context(), user, draft)
	must.Do(t, err)
	return token.ID, secret.Reveal()
}

// response is an HTTP response, as far as it shows who was let in. name is that of an error.
type response struct {
	status int
	name   string
}

// send sends a request. Errors: those of the network.
func (e *env) send(ctx context.Context, method, path, token, body string) (response, error) {
	status, text, err := e.exchange(ctx, method, path, token, body)
	if err != nil {
		return response{}, err
	}
	var refusal struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(text, &refusal) // a success has another form
	return response{status, refusal.Name}, nil
}

func (e *env) exchange(ctx context.Context, method, path, token, body string) (status int, text []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, method, e.URL+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", token)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	got, err := e.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = got.Body.Close() }()
	text, err = io.ReadAll(got.Body)
	return got.StatusCode, text, err
}

// sees returns the body of the response to a request.
func (e *env) sees(t *testing.T, r route, token string) string {
	t.Helper()
	_, text, err := e.exchange(t.Context(), r.method, r.path, token, r.body)
	must.Do(t, err)
	return string(text)
}

// must sends a request, and ends the test unless the response is a 200.
func (e *env) must(t *testing.T, method, path, token, body string) {
	t.Helper()
	got, err := e.send(t.Context(), method, path, token, body)
	if err != nil || got.status != http.StatusOK {
		t.Fatalf("%s %s: got %v and error %v, want a 200", method, path, got, err)
	}
}

// counted are functions that count their invocations, and can be deployed again.
type counted struct {
	deployment laptoptest.Deployment

	mu          sync.Mutex
	invocations map[string]int
	// tokens are the invocations of the authorizer by token.
	tokens map[string]int
}

func (c *counted) wrap(functions gateway.Functions) gateway.Functions {
	c.deployment.Deploy(functions)
	wrapped := laptoptest.Intercept(c.deployment.Functions(functions), func(ctx context.Context, id string, invoke func(context.Context) error) error {
		c.count(c.invocations, id)
		return invoke(ctx)
	})
	inner := wrapped.Authorizers[authorizerFunction]
	wrapped.Authorizers[authorizerFunction] = func(ctx context.Context, event events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
		c.count(c.tokens, event.AuthorizationToken)
		return inner(ctx, event)
	}
	return wrapped
}

func (c *counted) count(counts map[string]int, key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts[key]++
}

// invoked returns the number of invocations of each function.
func (c *counted) invoked() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.invocations)
}

// timesFor returns the number of invocations of the authorizer for a token.
func (c *counted) timesFor(token string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tokens[token]
}
