package gateway_test

import (
	"bytes"
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
	"github.com/aws/aws-lambda-go/lambda"

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

// bench is a gateway between a client and two functions that a test decides on.
type bench struct {
	t       *testing.T
	gateway *gateway.Gateway
	clock   *pattest.Clock
	log     *logBuffer

	mu sync.Mutex
	// asked are the events that the authorizer got, served those of the other function.
	asked  []events.APIGatewayCustomAuthorizerRequest
	served []events.APIGatewayProxyRequest
	// verdict and answer are what they return.
	verdict func(ctx context.Context, event events.APIGatewayCustomAuthorizerRequest) (any, error)
	answer  func(ctx context.Context, event events.APIGatewayProxyRequest) (any, error)
}

// newBench takes template with parameters; edits change the other options.
func newBench(t *testing.T, template string, parameters map[string]string, edits ...func(*gateway.Options)) *bench {
	t.Helper()
	b := &bench{t: t, clock: pattest.NewClock(), log: &logBuffer{}, verdict: allowStage, answer: ok}
	options := gateway.Options{
		Parameters: parameters,
		Now:        b.clock.Now,
		Random:     rand.Reader,
		Log:        slog.New(slog.NewJSONHandler(b.log, nil)),
	}
	for _, edit := range edits {
		edit(&options)
	}
	gateway, err := gateway.New([]byte(template), b.functions(), options)
	if err != nil {
		t.Fatal(err)
	}
	b.gateway = gateway
	return b
}

func (b *bench) functions() map[string]lambda.Handler {
	return map[string]lambda.Handler{
		"Authorizer": lambda.NewHandler(func(ctx context.Context, event events.APIGatewayCustomAuthorizerRequest) (any, error) {
			b.mu.Lock()
			b.asked = append(b.asked, event)
			b.mu.Unlock()
			return b.verdict(ctx, event)
		}),
		"Echo": lambda.NewHandler(func(ctx context.Context, event events.APIGatewayProxyRequest) (any, error) {
			b.mu.Lock()
			b.served = append(b.served, event)
			b.mu.Unlock()
			return b.answer(ctx, event)
		}),
	}
}

// get sends a request with the good token; edits change it first.
func (b *bench) get(path string, edits ...func(*http.Request)) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.send(http.MethodGet, path, "", edits...)
}

func (b *bench) send(method, path, body string, edits ...func(*http.Request)) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", goodToken)
	for _, edit := range edits {
		edit(r)
	}
	w := httptest.NewRecorder()
	b.gateway.ServeHTTP(w, r)
	return w
}

// lastServed is the event that the function got last.
func (b *bench) lastServed() events.APIGatewayProxyRequest {
	b.t.Helper()
	if len(b.served) == 0 {
		b.t.Fatal("the function was not invoked")
	}
	return b.served[len(b.served)-1]
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

// allowStage is an authorizer's answer that allows everything.
func allowStage(context.Context, events.APIGatewayCustomAuthorizerRequest) (any, error) {
	return verdictOf("Allow", "arn:aws:execute-api:us-east-1:123456789012:local/prod/*", nil), nil
}

func verdictOf(effect, resource string, claims map[string]any) map[string]any {
	return map[string]any{
		"principalId": "somebody",
		"policyDocument": map[string]any{
			"Version":   "2012-10-17",
			"Statement": []any{map[string]any{"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}},
		},
		"context": claims,
	}
}

func answering(value any, err error) func(context.Context, events.APIGatewayCustomAuthorizerRequest) (any, error) {
	return func(context.Context, events.APIGatewayCustomAuthorizerRequest) (any, error) { return value, err }
}

func ok(context.Context, events.APIGatewayProxyRequest) (any, error) {
	return events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Body: "{}"}, nil
}

func returning(value any, err error) func(context.Context, events.APIGatewayProxyRequest) (any, error) {
	return func(context.Context, events.APIGatewayProxyRequest) (any, error) { return value, err }
}

func wantStatus(t *testing.T, w *httptest.ResponseRecorder, want int) {
	t.Helper()
	if w.Code != want {
		t.Errorf("status: got %d, want %d; body %s", w.Code, want, w.Body)
	}
}

// logBuffer keeps the lines of a log. It is safe for concurrent use.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(line)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

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
