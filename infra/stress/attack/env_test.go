package attack_test

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/infra/testkit/must"
	"pats/pkg/gateway"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// env is the template's API over HTTP. Its functions can be deployed again.
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
	e := &env{clock: pattest.NewClock(), client: apiclient.New(t, 64), functions: &counted{tokens: map[string]int{}}, store: store}
	if o.wrap != nil {
		e.store = o.wrap(store)
	}
	e.Server = laptoptest.Serve(t, e.store, laptoptest.Options{Parameters: o.parameters, Now: e.clock.Now, Wrap: e.functions.wrap})
	e.system = pat.SystemEnv(slog.New(slog.DiscardHandler))
	e.system.Now = e.clock.Now
	e.operator = pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, e.system)
	_, e.admin = e.newToken(t, e.newUser(t, pat.Profile{Username: "admin", Role: pat.Admin}), "own", time.Hour*24*365)
	return e
}

func (e *env) newUser(t *testing.T, profile pat.Profile) pat.UserID {
	t.Helper()
	account, err := e.operator.CreateUser(t.Context(), profile)
	must.Do(t, err)
	return account.ID
}

func (e *env) newToken(t *testing.T, user pat.UserID, description string, lasts time.Duration) (pat.TokenID, string) {
	t.Helper()
	draft := pat.Draft{Description: description, Scopes: pat.Unscoped(), ExpiresAt: e.clock.Now().Add(lasts)}
	token, secret, err := e.operator.CreateUserToken(t.Context(), user, draft)
	must.Do(t, err)
	return token.ID, secret.Reveal()
}

// send sends a request with a token.
func (e *env) send(t *testing.T, r apiclient.Request, token string) apiclient.Response {
	t.Helper()
	r.Token = token
	got, err := apiclient.Send(t.Context(), e.client, e.URL, r)
	if err != nil {
		t.Errorf("%v: %v", r, err)
	}
	return got
}

// must sends a request, and ends the test unless the response is a 200.
func (e *env) must(t *testing.T, r apiclient.Request, token string) {
	t.Helper()
	if got := e.send(t, r, token); got.Status != http.StatusOK {
		t.Fatalf("%v: got %v, want a 200", r, got)
	}
}

// refusal is the status and the error's name of a response.
type refusal struct {
	status int
	name   string
}

func refusalOf(r apiclient.Response) refusal { return refusal{r.Status, r.ErrorName()} }

var (
	unauthenticated = refusal{http.StatusUnauthorized, "AuthenticationRequired"}
	forbidden       = refusal{http.StatusForbidden, "NoAccessError"}
)

// counted are functions that count the invocations of the authorizer, and can be deployed again.
type counted struct {
	deployment laptoptest.Deployment

	mu sync.Mutex
	// tokens are the invocations by token.
	tokens map[string]int
}

func (c *counted) wrap(functions gateway.Functions) gateway.Functions {
	c.deployment.Deploy(functions)
	wrapped := c.deployment.Functions(functions)
	inner := wrapped.Authorizers[deployed.AuthorizerFunction]
	wrapped.Authorizers[deployed.AuthorizerFunction] = func(ctx context.Context, event events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
		c.mu.Lock()
		c.tokens[event.AuthorizationToken]++
		c.mu.Unlock()
		return inner(ctx, event)
	}
	return wrapped
}

// timesFor returns the number of invocations of the authorizer for a token.
func (c *counted) timesFor(token string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tokens[token]
}
