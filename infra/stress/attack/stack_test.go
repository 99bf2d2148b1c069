package attack_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

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
	functions map[string]*counted
}

// options are how a stack is to be.
type options struct {
	// front is what the functions have in front of the store, if anything.
	front      func(pat.Store) pat.Store
	parameters map[string]string
}

func newStack(t *testing.T, store pat.Store, o options) *stack {
	t.Helper()
	s := &stack{clock: pattest.NewClock(), client: newClient(t), functions: map[string]*counted{}, seen: store}
	if o.front != nil {
		s.seen = o.front(store)
	}
	s.Server = laptoptest.Serve(t, s.seen, laptoptest.Options{Parameters: o.parameters, Now: s.clock.Now, Wrap: s.count})
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

// count puts a counter before each function.
func (s *stack) count(functions map[string]lambda.Handler) map[string]lambda.Handler {
	wrapped := map[string]lambda.Handler{}
	for id, handler := range functions {
		s.functions[id] = &counted{handler: handler, tokens: map[string]int{}}
		wrapped[id] = s.functions[id]
	}
	return wrapped
}

// invoked is how often each function ran.
func (s *stack) invoked() map[string]int {
	times := map[string]int{}
	for id, function := range s.functions {
		times[id] = function.times()
	}
	return times
}

// counted is a function that counts its invocations, an authorizer those for each token as well.
type counted struct {
	mu      sync.Mutex
	handler lambda.Handler
	n       int
	tokens  map[string]int
}

// Invoke counts, and invokes what is deployed.
func (c *counted) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return c.noted(payload).Invoke(ctx, payload)
}

func (c *counted) noted(payload []byte) lambda.Handler {
	var event events.APIGatewayCustomAuthorizerRequest
	_ = json.Unmarshal(payload, &event) // other functions' events have no token
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	if event.AuthorizationToken != "" {
		c.tokens[event.AuthorizationToken]++
	}
	return c.handler
}

func (c *counted) deploy(handler lambda.Handler) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.handler = handler
}

func (c *counted) times() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

func (c *counted) timesFor(token string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tokens[token]
}
