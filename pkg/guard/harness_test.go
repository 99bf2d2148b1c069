package guard_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/guard"
	"pats/pkg/pat"
)

// expiry is when the token of the events in testdata expires.
var expiry = time.Date(2027, 4, 19, 8, 15, 14, 0, time.UTC)

// want is the token of the events in testdata.
var want = guard.Claims{UserID: 7, Username: "vera", Scopes: []pat.Scope{"orders:read", "reports:read"}, TokenID: 3, ExpiresAt: expiry}

// at returns a clock that stands still.
func at(now time.Time) func() time.Time { return func() time.Time { return now } }

// require returns a Guard by a clock at which the token of the events is valid.
func require(scope pat.Scope) guard.Guard {
	return guard.Require(scope).WithClock(at(expiry.Add(-time.Hour)))
}

// object is JSON.
type object = map[string]any

// kind is a kind of event.
type kind struct {
	// file is an event in testdata.
	file string
	// read has the guard read the event in payload.
	read func(t testing.TB, g guard.Guard, payload []byte) (guard.Claims, *guard.Refusal)
	// lambda is set if the authorizer's context is in the member lambda.
	lambda bool
}

var kinds = map[string]kind{
	"REST, TOKEN":                          {"sam-local-rest-token", readREST, false},
	"REST, REQUEST":                        {"sam-local-rest-request", readREST, false},
	"HTTP, payload 1.0":                    {"sam-local-http-v1-payload1", readREST, false},
	"HTTP, payload 2.0, an authorizer 1.0": {"sam-local-http-v1", readHTTP, true},
	"HTTP, payload 2.0, a policy":          {"sam-local-http-v2-iam", readHTTP, true},
	"HTTP, payload 2.0, a simple response": {"sam-local-http-v2-simple", readHTTP, true},
	"WebSocket, $connect":                  {"aws-websocket-connect", readWebSocket, false},
	"WebSocket, a message":                 {"aws-websocket-message", readWebSocket, false},
}

func readREST(t testing.TB, g guard.Guard, payload []byte) (guard.Claims, *guard.Refusal) {
	t.Helper()
	return g.REST(decode[events.APIGatewayProxyRequest](t, payload))
}

func readHTTP(t testing.TB, g guard.Guard, payload []byte) (guard.Claims, *guard.Refusal) {
	t.Helper()
	return g.HTTPAPI(decode[events.APIGatewayV2HTTPRequest](t, payload))
}

func readWebSocket(t testing.TB, g guard.Guard, payload []byte) (guard.Claims, *guard.Refusal) {
	t.Helper()
	return g.WebSocket(decode[events.APIGatewayWebsocketProxyRequest](t, payload))
}

func decode[T any](t testing.TB, payload []byte) T {
	t.Helper()
	var event T
	if err := json.Unmarshal(payload, &event); err != nil {
		t.Fatal(err)
	}
	return event
}

func load(t testing.TB, file string) []byte {
	t.Helper()
	payload, err := os.ReadFile(filepath.Join("testdata", file+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// with returns the event after change was called with the authorizer's context.
func (k kind) with(t testing.TB, change func(context object)) []byte {
	t.Helper()
	event := decode[object](t, load(t, k.file))
	authorizer := member(t, member(t, event, "requestContext"), "authorizer")
	if k.lambda {
		authorizer = member(t, authorizer, "lambda")
	}
	change(authorizer)
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func member(t testing.TB, of object, name string) object {
	t.Helper()
	value, ok := of[name].(object)
	if !ok {
		t.Fatalf("got no object %s in the event", name)
	}
	return value
}

func set(name string, value any) func(object) {
	return func(context object) { context[name] = value }
}

func unset(name string) func(object) {
	return func(context object) { delete(context, name) }
}
