package gateway_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// withResponses is small with gateway responses.
func withResponses(responses string) string {
	return strings.Replace(small, "GatewayResponses: {}", "GatewayResponses: {"+responses+"}", 1)
}

var gatewayResponses = []struct {
	name      string
	responses string
	response  events.APIGatewayCustomAuthorizerResponse
	err       error
	status    int
	body      string
	retry     string
}{
	{name: "API Gateway's own 4XX", response: authorizerResponse("Deny", "*", nil), status: 403, body: `{"message":"User is not authorized to access this resource"}`},
	{name: "API Gateway's own 5XX", err: errors.New("x"), status: 500, body: `{"message":null}`},
	{name: "a status alone", responses: `ACCESS_DENIED: {StatusCode: 401}`, response: authorizerResponse("Deny", "*", nil), status: 401, body: `{"message":"User is not authorized to access this resource"}`},
	{name: "a status as text", responses: `ACCESS_DENIED: {StatusCode: "401"}`, response: authorizerResponse("Deny", "*", nil), status: 401, body: `{"message":"User is not authorized to access this resource"}`},
	{name: "a header alone", responses: `ACCESS_DENIED: {ResponseParameters: {Headers: {Retry-After: "'7'"}}}`, response: authorizerResponse("Deny", "*", nil), status: 403, body: `{"message":"User is not authorized to access this resource"}`, retry: "7"},
	{name: "a body alone", responses: `ACCESS_DENIED: {ResponseTemplates: {application/json: '{"no":1}'}}`, response: authorizerResponse("Deny", "*", nil), status: 403, body: `{"no":1}`},
	{name: "4XX falls back", responses: `DEFAULT_4XX: {ResponseTemplates: {application/json: 'four'}}, DEFAULT_5XX: {ResponseTemplates: {application/json: 'five'}}`, response: authorizerResponse("Deny", "*", nil), status: 403, body: `four`},
	{name: "5XX falls back", responses: `DEFAULT_4XX: {ResponseTemplates: {application/json: 'four'}}, DEFAULT_5XX: {ResponseTemplates: {application/json: 'five'}}`, err: errors.New("x"), status: 500, body: `five`},
	{name: "a default's status is for all", responses: `DEFAULT_4XX: {StatusCode: 418}`, response: authorizerResponse("Deny", "*", nil), status: 418, body: `{"message":"User is not authorized to access this resource"}`},
	{name: "the kind comes before its default", responses: `DEFAULT_4XX: {StatusCode: 418}, ACCESS_DENIED: {}`, response: authorizerResponse("Deny", "*", nil), status: 403, body: `{"message":"User is not authorized to access this resource"}`},
	{
		name:      "variables",
		responses: `ACCESS_DENIED: {ResponseTemplates: {application/json: '$context.authorizer.reason|$context.authorizer.principalId|$context.error.responseType|$context.resourcePath|$context.stage|$context.httpMethod.|$context.path|$context.identity.sourceIp'}}`,
		response:  authorizerResponse("Deny", "*", map[string]any{"reason": "because"}),
		status:    403,
		body:      `because|somebody|ACCESS_DENIED|/items|prod|GET.|/items|192.0.2.1`,
	},
	{name: "a variable without a value is empty", responses: `ACCESS_DENIED: {ResponseTemplates: {application/json: '<$context.authorizer.nothing$context.nothing>'}}`, response: authorizerResponse("Deny", "*", nil), status: 403, body: `<>`},
	{name: "nothing is escaped", responses: `ACCESS_DENIED: {ResponseTemplates: {application/json: '"$context.authorizer.reason"'}}`, response: authorizerResponse("Deny", "*", map[string]any{"reason": `a"b$context.stage`}), status: 403, body: `"a"b$context.stage"`},
}

func TestGatewayResponses(t *testing.T) {
	t.Parallel()
	for _, c := range gatewayResponses {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, withResponses(c.responses), nil)
			e.authorize = authorizing(c.response, c.err)
			w := e.get("/items")
			wantStatus(t, w, c.status)
			if w.Body.String() != c.body {
				t.Errorf("body: got %s, want %s", w.Body, c.body)
			}
			if got := w.Header().Get("Retry-After"); got != c.retry {
				t.Errorf("Retry-After: got %q, want %q", got, c.retry)
			}
			if got := w.Header().Get("Content-Type"); got != "application/json" {
				t.Errorf("Content-Type: got %q", got)
			}
		})
	}
}

func TestResponseShowsTheRequestID(t *testing.T) {
	t.Parallel()
	e := newEnv(t, withResponses(`UNAUTHORIZED: {ResponseTemplates: {application/json: '$context.requestId'}}`), nil)
	w := e.get("/items", authorization())
	if got, want := w.Body.String(), w.Header().Get("X-Amzn-Requestid"); got != want || got == "" {
		t.Errorf("body: got %q, want %q", got, want)
	}
}

// TestWWWAuthenticateOfAGatewayResponseKeepsItsName: only a function's is renamed.
func TestWWWAuthenticateOfAGatewayResponseKeepsItsName(t *testing.T) {
	t.Parallel()
	e := newEnv(t, withResponses(`UNAUTHORIZED: {ResponseParameters: {Headers: {WWW-Authenticate: "'Bearer'"}}}`), nil)
	if got := e.get("/items", authorization()).Header().Get("WWW-Authenticate"); got != "Bearer" {
		t.Errorf("WWW-Authenticate: got %q, want Bearer", got)
	}
}

func TestHeadOfARefusal(t *testing.T) {
	t.Parallel()
	e := newEnv(t, small, nil)
	w := e.send(http.MethodHead, "/items", "", authorization())
	wantStatus(t, w, http.StatusUnauthorized)
	if w.Body.Len() != 0 || w.Header().Get("Content-Length") != "26" {
		t.Errorf("got body %q and length %s, want no body and the length of GET's", w.Body, w.Header().Get("Content-Length"))
	}
}
