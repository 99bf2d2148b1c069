package gateway_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/gateway"
	"pats/pkg/pat/pattest"
)

// small is a template with everything that the gateway honours, but gateway responses.
const small = `
Parameters:
  Ttl: {Type: Number, Default: 60, MinValue: 0, MaxValue: 3600}
Globals:
  Function:
    Timeout: 60
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth:
        DefaultAuthorizer: Token
        Authorizers:
          Token:
            FunctionArn: !GetAtt Authorizer.Arn
            Identity:
              ValidationExpression: (?i:Bearer )?good-[a-z]+
              ReauthorizeEvery: !Ref Ttl
      GatewayResponses: {}
  Authorizer:
    Type: AWS::Serverless::Function
    Properties: {}
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Items: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /items, Method: any}}
        Item: {Type: Api, Properties: {RestApiId: !Ref Api, Path: "/items/{id}", Method: GET}}
        Open: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /open, Method: ANY, Auth: {Authorizer: NONE}}}
        Below: {Type: Api, Properties: {RestApiId: !Ref Api, Path: "/below/{proxy+}", Method: ANY}}
`

const goodToken = "good-token"

// env is a gateway between a client and two functions that the test sets.
type env struct {
	t       *testing.T
	gateway *gateway.Gateway
	clock   *pattest.Clock
	log     *logBuffer

	mu sync.Mutex
	// authorized are the events of the authorizer, handled those of the other function.
	authorized []events.APIGatewayCustomAuthorizerRequest
	handled    []events.APIGatewayProxyRequest
	// authorize and handle are the functions' bodies.
	authorize gateway.AuthorizerFunction
	handle    gateway.ProxyFunction
}

// newEnv takes template with parameters; edits change the other options.
func newEnv(t *testing.T, template string, parameters map[string]string, edits ...func(*gateway.Options)) *env {
	t.Helper()
	e := &env{t: t, clock: pattest.NewClock(), log: &logBuffer{}, authorize: allowStage, handle: ok}
	options := gateway.Options{
		Parameters: parameters,
		Now:        e.clock.Now,
		Random:     rand.Reader,
		Log:        slog.New(slog.NewJSONHandler(e.log, nil)),
	}
	for _, edit := range edits {
		edit(&options)
	}
	gateway, err := gateway.New([]byte(template), e.functions(), options)
	if err != nil {
		t.Fatal(err)
	}
	e.gateway = gateway
	return e
}

func (e *env) functions() gateway.Functions {
	return gateway.Functions{
		Authorizers: map[string]gateway.AuthorizerFunction{
			"Authorizer": func(ctx context.Context, event events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
				e.mu.Lock()
				e.authorized = append(e.authorized, event)
				e.mu.Unlock()
				return e.authorize(ctx, event)
			},
		},
		Proxies: map[string]gateway.ProxyFunction{
			"Echo": func(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
				e.mu.Lock()
				e.handled = append(e.handled, event)
				e.mu.Unlock()
				return e.handle(ctx, event)
			},
		},
	}
}

// get sends a request with the good token; edits change it first.
func (e *env) get(path string, edits ...func(*http.Request)) *httptest.ResponseRecorder {
	e.t.Helper()
	return e.send(http.MethodGet, path, "", edits...)
}

func (e *env) send(method, path, body string, edits ...func(*http.Request)) *httptest.ResponseRecorder {
	e.t.Helper()
	r := httptest.NewRequestWithContext(e.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", goodToken)
	for _, edit := range edits {
		edit(r)
	}
	w := httptest.NewRecorder()
	e.gateway.ServeHTTP(w, r)
	return w
}

// lastEvent is the event that the function got last.
func (e *env) lastEvent() events.APIGatewayProxyRequest {
	e.t.Helper()
	if len(e.handled) == 0 {
		e.t.Fatal("the function was not invoked")
	}
	return e.handled[len(e.handled)-1]
}

func header(name string, values ...string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Del(name)
		for _, value := range values {
			r.Header.Add(name, value)
		}
	}
}

func authorization(values ...string) func(*http.Request) { return header("Authorization", values...) }

// allowStage allows every request.
func allowStage(context.Context, events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
	return authorizerResponse("Allow", "arn:aws:execute-api:us-east-1:123456789012:local/prod/*", nil), nil
}

func authorizerResponse(effect, resource string, claims map[string]any) events.APIGatewayCustomAuthorizerResponse {
	return withStatements(claims, events.IAMPolicyStatement{Effect: effect, Action: []string{"execute-api:Invoke"}, Resource: []string{resource}})
}

func withStatements(claims map[string]any, statements ...events.IAMPolicyStatement) events.APIGatewayCustomAuthorizerResponse {
	return events.APIGatewayCustomAuthorizerResponse{
		PrincipalID:    "somebody",
		PolicyDocument: events.APIGatewayCustomAuthorizerPolicy{Version: "2012-10-17", Statement: statements},
		Context:        claims,
	}
}

// authorizing returns an authorizer that always returns the response and the error.
func authorizing(response events.APIGatewayCustomAuthorizerResponse, err error) gateway.AuthorizerFunction {
	return func(context.Context, events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
		return response, err
	}
}

func ok(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	return events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Body: "{}"}, nil
}

// returning returns a function that always returns the response and the error.
func returning(response events.APIGatewayProxyResponse, err error) gateway.ProxyFunction {
	return func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		return response, err
	}
}

func wantStatus(t *testing.T, w *httptest.ResponseRecorder, want int) {
	t.Helper()
	if w.Code != want {
		t.Errorf("status: got %d, want %d; body %s", w.Code, want, w.Body)
	}
}

// logBuffer keeps the lines of a log.
type logBuffer struct{ pattest.Log }

// lines are those with a message.
func (b *logBuffer) lines(t *testing.T, message string) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for line := range strings.Lines(b.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		if fields["msg"] == message {
			lines = append(lines, fields)
		}
	}
	return lines
}
