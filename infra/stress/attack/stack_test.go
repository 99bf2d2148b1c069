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

	"pats/pkg/gateway"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// The template's functions.
const (
	authorizerFunction = "AuthorizerFunction"
	tokensFunction     = "TokensFunction"
	usersFunction      = "UsersFunction"
)

// stack is the template's API over HTTP, with functions that are counted and can be deployed again.
type stack struct {
	*laptoptest.Server
	clock  *pattest.Clock
	client *http.Client
	// seen is the store as the functions have it, and env what they have of the world.
	seen pat.Store
	env  pat.Env
	// operator works on the store itself.
	operator *pat.Service
	// boss is the token of an Admin who stays one.
	boss      string
	functions *counted
}

// options are how a stack is to be.
type options struct {
	// front is what the functions have in front of the store, if anything.
	front      func(pat.Store) pat.Store
	parameters map[string]string
}

func newStack(t *testing.T, store pat.Store, o options) *stack {
	t.Helper()
	s := &stack{clock: pattest.NewClock(), client: newClient(t), functions: &counted{invocations: map[string]int{}, tokens: map[string]int{}}, seen: store}
	if o.front != nil {
		s.seen = o.front(store)
	}
	s.Server = laptoptest.Serve(t, s.seen, laptoptest.Options{Parameters: o.parameters, Now: s.clock.Now, Wrap: s.functions.wrap})
	s.env = pat.SystemEnv(slog.New(slog.DiscardHandler))
	s.env.Now = s.clock.Now
	s.operator = pat.NewService(store, pat.DefaultRetention, s.env)
	_, s.boss = s.newToken(t, s.newUser(t, pat.Profile{Username: "boss", Role: pat.Admin}), "own", time.Hour*24*365)
	return s
}

// newClient keeps its connections, so that a request costs little.
func newClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

func (s *stack) newUser(t *testing.T, profile pat.Profile) pat.UserID {
	t.Helper()
	account, err := s.operator.CreateUser(t.Context(), profile)
	if err != nil {
		t.Fatal(err)
	}
	return account.ID
}

func (s *stack) newToken(t *testing.T, user pat.UserID, description string, lasts time.Duration) (pat.TokenID, string) {
	t.Helper()
	draft := pat.Draft{Description: description, ExpiresAt: s.clock.Now().Add(lasts)}
	token, secret, err := s.operator.CreateUserToken(t.Context(), user, draft)
	if err != nil {
		t.Fatal(err)
	}
	return token.ID, secret.Reveal()
}

// reply is what came back, as far as it says who was let in.
type reply struct {
	status int
	name   string
}

// send makes a request. Errors: those of the network.
func (s *stack) send(ctx context.Context, method, path, token, body string) (reply, error) {
	status, text, err := s.exchange(ctx, method, path, token, body)
	if err != nil {
		return reply{}, err
	}
	var refusal struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(text, &refusal) // what is no refusal has another form
	return reply{status, refusal.Name}, nil
}

func (s *stack) exchange(ctx context.Context, method, path, token, body string) (status int, text []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, method, s.URL+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", token)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := s.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err = io.ReadAll(response.Body)
	return response.StatusCode, text, err
}

// sees is the body of the answer to a request.
func (s *stack) sees(t *testing.T, r route, token string) string {
	t.Helper()
	_, text, err := s.exchange(t.Context(), r.method, r.path, token, r.body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// must makes a request that has to get a 200.
func (s *stack) must(t *testing.T, method, path, token, body string) {
	t.Helper()
	got, err := s.send(t.Context(), method, path, token, body)
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
