package gateway_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"pats"
	"pats/pkg/gateway"
	"pats/pkg/pat/pattest"
)

// projectToken has the form of a token, and is none.
var projectToken = "user:v2_" + strings.Repeat("a", 22) + "_" + strings.Repeat("b", 43)

// projectFunctions are the functions of the project's template: authorizer, and behind for every other one.
func projectFunctions(t *testing.T, authorizer, behind lambda.Handler) map[string]lambda.Handler {
	t.Helper()
	environments, err := gateway.Environment(pats.Template(), gateway.Options{Resources: map[string]string{"Table": "pats"}})
	if err != nil {
		t.Fatal(err)
	}
	functions := map[string]lambda.Handler{}
	for id := range environments {
		functions[id] = behind
	}
	functions["AuthorizerFunction"] = authorizer
	return functions
}

// projectGateway is the project's own API with verdict as its authorizer and functions that answer 200 and count.
func projectGateway(t *testing.T, verdict any, err error) (*gateway.Gateway, *int) {
	t.Helper()
	invoked := new(int)
	functions := projectFunctions(t,
		lambda.NewHandler(func() (any, error) { return verdict, err }),
		lambda.NewHandler(func() (events.APIGatewayProxyResponse, error) {
			*invoked++
			return events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Body: "{}"}, nil
		}))
	gateway, fault := gateway.New(pats.Template(), functions, gateway.Options{
		Now: pattest.NewClock().Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	if fault != nil {
		t.Fatal(fault)
	}
	return gateway, invoked
}

// TestProjectRefusals holds the project's gateway responses against the contract: status, name, and the header that a 401
// must carry (RFC 9110 §15.5.2).
func TestProjectRefusals(t *testing.T) {
	t.Parallel()
	stage := "arn:aws:execute-api:us-east-1:123456789012:local/prod/*"
	deny := verdictOf("Deny", stage, map[string]any{"reason": "The token has expired."})
	for _, c := range []struct {
		name    string
		header  string
		verdict any
		err     error
		status  int
		error   string
		detail  string
		headers http.Header
	}{
		{name: "no header", status: 401, error: "AuthenticationRequired", detail: "You must log in to use Unleash. Your request had no", headers: http.Header{"Www-Authenticate": {"Bearer"}}},
		{name: "junk", header: "junk", status: 401, error: "AuthenticationRequired", detail: "You must log in to use Unleash. Your request had no", headers: http.Header{"Www-Authenticate": {"Bearer"}}},
		{name: "denied", header: projectToken, verdict: deny, status: 401, error: "AuthenticationRequired", detail: "The token has expired.", headers: http.Header{"Www-Authenticate": {"Bearer"}}},
		{name: "undecided", header: projectToken, err: errors.New("no store"), status: 503, error: "ServiceUnavailableError", headers: http.Header{"Retry-After": {"1"}}},
		{name: "no verdict", header: projectToken, verdict: map[string]any{}, status: 503, error: "ServiceUnavailableError", headers: http.Header{"Retry-After": {"1"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			gateway, invoked := projectGateway(t, c.verdict, c.err)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/admin/user/tokens", nil)
			if c.header != "" {
				r.Header.Set("Authorization", c.header)
			}
			w := httptest.NewRecorder()
			gateway.ServeHTTP(w, r)
			wantStatus(t, w, c.status)
			if *invoked != 0 {
				t.Error("the function was invoked")
			}
			var body struct {
				ID, Name, Message string
				Details           []struct{ Message string }
			}
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
				t.Fatalf("body %q: %v", w.Body, err)
			}
			if body.ID == "" || body.ID != w.Header().Get("X-Amzn-Requestid") {
				t.Errorf("id: got %q, want the request's, %q", body.ID, w.Header().Get("X-Amzn-Requestid"))
			}
			if body.Name != c.error {
				t.Errorf("name: got %q, want %q", body.Name, c.error)
			}
			if len(body.Details) != 1 || !strings.HasPrefix(body.Details[0].Message, c.detail) {
				t.Errorf("details: got %v, want %q", body.Details, c.detail)
			}
			for name := range c.headers {
				if diff := cmp.Diff(c.headers[name], w.Header().Values(name)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

// TestProjectRoutes checks that no path of the project's API is outside of its authorizer's reach, and that all reach it.
func TestProjectRoutes(t *testing.T) {
	t.Parallel()
	gateway, invoked := projectGateway(t, verdictOf("Allow", "*", nil), nil)
	methods := []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
	paths := []string{"/", "/api/admin/user/tokens", "/api/admin/user/tokens/1", "/api/admin/user/tokens/1/2", "/elsewhere", "/%2e%2e"}
	for _, path := range paths {
		for _, method := range methods {
			r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
			w := httptest.NewRecorder()
			gateway.ServeHTTP(w, r)
			if w.Code != http.StatusUnauthorized {
				t.Errorf("%s %s without a token: got %d, want 401", method, path, w.Code)
			}
			r.Header.Set("Authorization", projectToken)
			w = httptest.NewRecorder()
			gateway.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				t.Errorf("%s %s with a token: got %d, want 200", method, path, w.Code)
			}
		}
	}
	if want := len(paths) * len(methods); *invoked != want {
		t.Errorf("invocations: got %d, want %d", *invoked, want)
	}
}

func TestEvent(t *testing.T) {
	t.Parallel()
	b := newBench(t, small, nil)
	b.verdict = answering(verdictOf("Allow", "*", map[string]any{"userId": "7", "age": 3, "ready": true}), nil)
	w := b.get("/items/a%2Fb?x=1&x=2&y=%20", header("X-Two", "1", "2"), header("Content-Md5", "dropped"), func(r *http.Request) {
		r.RemoteAddr = "192.0.2.7:1234"
		r.Header.Set("User-Agent", "tester")
	})
	wantStatus(t, w, http.StatusOK)
	id := w.Header().Get("X-Amzn-Requestid")
	want := events.APIGatewayProxyRequest{
		Resource:   "/items/{id}",
		Path:       "/items/a%2Fb",
		HTTPMethod: "GET",
		Headers: map[string]string{
			"Authorization": goodToken, "Host": "example.com", "User-Agent": "tester", "X-Two": "2",
			"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "http",
		},
		MultiValueHeaders: map[string][]string{
			"Authorization": {goodToken}, "Host": {"example.com"}, "User-Agent": {"tester"}, "X-Two": {"1", "2"},
			"X-Forwarded-For": {"192.0.2.7"}, "X-Forwarded-Proto": {"http"},
		},
		QueryStringParameters:           map[string]string{"x": "2", "y": " "},
		MultiValueQueryStringParameters: map[string][]string{"x": {"1", "2"}, "y": {" "}},
		PathParameters:                  map[string]string{"id": "a%2Fb"},
		RequestContext: events.APIGatewayProxyRequestContext{
			AccountID: "123456789012", APIID: "local", Stage: "prod", DomainName: "example.com", RequestID: id, ExtendedRequestID: id,
			Protocol: "HTTP/1.1", Identity: events.APIGatewayRequestIdentity{SourceIP: "192.0.2.7", UserAgent: "tester"},
			ResourcePath: "/items/{id}", Path: "/prod/items/a%2Fb", HTTPMethod: "GET",
			Authorizer:  map[string]any{"principalId": "somebody", "userId": "7", "age": "3", "ready": "true"},
			RequestTime: "02/Jan/2026:03:04:05 +0000", RequestTimeEpoch: pattest.Start.UnixMilli(),
		},
	}
	if diff := cmp.Diff(want, b.lastServed()); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	asked := events.APIGatewayCustomAuthorizerRequest{
		Type: "TOKEN", AuthorizationToken: goodToken,
		MethodArn: "arn:aws:execute-api:us-east-1:123456789012:local/prod/GET/items/a%2Fb",
	}
	if diff := cmp.Diff([]events.APIGatewayCustomAuthorizerRequest{asked}, b.asked); diff != "" {
		t.Errorf("authorizer event (-want +got):\n%s", diff)
	}
}

func TestRequestIDIsAnotherUUIDForEachRequest(t *testing.T) {
	t.Parallel()
	b := newBench(t, small, nil)
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for range 3 {
		id := b.get("/open").Header().Get("X-Amzn-Requestid")
		if !uuid.MatchString(id) {
			t.Errorf("request id: got %q, want a UUID of version 4", id)
		}
		seen[id] = true
	}
	if len(seen) != 3 {
		t.Errorf("request ids: got %v, want three", slices.Collect(maps.Keys(seen)))
	}
}

func TestNoRandomnessIsA500(t *testing.T) {
	t.Parallel()
	uuid := strings.Repeat("r", 16)
	for _, c := range []struct{ name, random, path string }{
		{"for the request", "", "/open"},
		{"for the function", uuid, "/open"},
		{"for the authorizer", uuid, "/items"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, small, nil, func(o *gateway.Options) { o.Random = strings.NewReader(c.random) })
			if w := b.get(c.path); w.Code < http.StatusInternalServerError {
				t.Errorf("status: got %d, want 5xx", w.Code)
			}
			if len(b.asked)+len(b.served) != 0 {
				t.Error("a function was invoked")
			}
		})
	}
}

// TestProjectTimeouts: the project's functions have to end before API Gateway's patience does, 10 s for an authorizer and
// 29 s for an integration. It runs in a bubble whose time stands until all wait, so no one waits in truth.
func TestProjectTimeouts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stuck := lambda.NewHandler(func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		allow := lambda.NewHandler(func() (any, error) { return verdictOf("Allow", "*", nil), nil })
		for _, c := range []struct {
			name               string
			authorizer, behind lambda.Handler
			status             int
			patience           time.Duration
		}{
			{"authorizer", stuck, stuck, 503, 10 * time.Second},
			{"function", allow, stuck, 502, 29 * time.Second},
		} {
			gateway, err := gateway.New(pats.Template(), projectFunctions(t, c.authorizer, c.behind),
				gateway.Options{Now: time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/admin/user/tokens", nil)
			r.Header.Set("Authorization", projectToken)
			w := httptest.NewRecorder()
			start := time.Now()
			gateway.ServeHTTP(w, r)
			wantStatus(t, w, c.status)
			if waited := time.Since(start); waited >= c.patience {
				t.Errorf("%s: got an answer after %v, want one before %v", c.name, waited, c.patience)
			}
		}
	})
}

func TestLimitsOfARequest(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("x", n) }
	// The test's own request line and headers have fewer bytes than this.
	const room = 200
	const (
		headerLimit = 10240
		bodyLimit   = 10 << 20
	)
	for _, c := range []struct {
		name   string
		path   string
		body   string
		edit   func(*http.Request)
		status int
	}{
		{name: "headers within the limit", path: "/open", edit: header("X-Long", long(headerLimit-room)), status: 200},
		{name: "one header over the limit", path: "/open", edit: header("X-Long", long(headerLimit)), status: 431},
		{name: "many headers over the limit", path: "/open", edit: header("X-Long", slices.Repeat([]string{long(100)}, 103)...), status: 431},
		{name: "a long query counts", path: "/open?" + long(headerLimit), status: 431},
		{name: "headers come before the authorizer", path: "/items", edit: authorization(long(headerLimit)), status: 431},
		{name: "ARN within the limit", path: "/items/" + long(1500), status: 200},
		{name: "ARN over the limit", path: "/items/" + long(1600), status: 414},
		{name: "body at the limit", path: "/open", body: long(bodyLimit), status: 200},
		{name: "body over the limit", path: "/open", body: long(bodyLimit + 1), status: 413},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, small, nil)
			edits := []func(*http.Request){}
			if c.edit != nil {
				edits = append(edits, c.edit)
			}
			wantStatus(t, b.send(http.MethodGet, c.path, c.body, edits...), c.status)
			if served := len(b.served) == 1; served != (c.status == 200) {
				t.Errorf("function invoked: got %t with status %d", served, c.status)
			}
		})
	}
}

func TestUnauthenticatedBodyIsNotRead(t *testing.T) {
	t.Parallel()
	b := newBench(t, small, nil)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/items", iotest.ErrReader(errors.New("read")))
	w := httptest.NewRecorder()
	b.gateway.ServeHTTP(w, r)
	wantStatus(t, w, http.StatusUnauthorized)
}

func TestBodyThatBreaksOffIsA400(t *testing.T) {
	t.Parallel()
	b := newBench(t, small, nil)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/open", iotest.ErrReader(errors.New("broken off")))
	w := httptest.NewRecorder()
	b.gateway.ServeHTTP(w, r)
	wantStatus(t, w, http.StatusBadRequest)
	if len(b.served) != 0 {
		t.Error("the function was invoked")
	}
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	b := newBench(t, small, nil)
	b.verdict = answering(verdictOf("Allow", "*", map[string]any{"userId": "7", "kind": "user", "selector": "hidden"}), nil)
	id := b.get("/items/secret-path?secret=query", header("X-Secret", "secret-header")).Header().Get("X-Amzn-Requestid")
	lines := b.log.lines(t, "request")
	if len(lines) != 1 {
		t.Fatalf("lines: got %d, want 1", len(lines))
	}
	want := map[string]any{
		"level": "INFO", "msg": "request", "requestId": id, "sourceIp": "192.0.2.1", "method": "GET", "resource": "/items/{id}",
		"status": 200.0, "duration": 0.0, "userId": "7", "kind": "user",
	}
	line := lines[0]
	delete(line, "time")
	if authorizer, _ := line["authorizerRequestId"].(string); authorizer == "" || authorizer == id {
		t.Errorf("authorizerRequestId: got %q, want the id of the invocation", authorizer)
	}
	delete(line, "authorizerRequestId")
	if diff := cmp.Diff(want, line); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
	for _, secret := range []string{"secret", goodToken, "hidden"} {
		if strings.Contains(b.log.String(), secret) {
			t.Errorf("the log holds %q: %s", secret, b.log)
		}
	}
}

func TestLogOfAFailureHasTheCauseUnderTheRequestID(t *testing.T) {
	t.Parallel()
	b := newBench(t, small, nil)
	b.answer = returning(nil, errors.New("the disk is gone"))
	w := b.get("/open")
	wantStatus(t, w, http.StatusBadGateway)
	lines := b.log.lines(t, "refused")
	if len(lines) != 1 || lines[0]["cause"] != "the disk is gone" || lines[0]["requestId"] != w.Header().Get("X-Amzn-Requestid") {
		t.Errorf("log: got %s, want the cause with the request's id", b.log)
	}
	if strings.Contains(w.Body.String(), "disk") {
		t.Errorf("body: got %s, want nothing of the cause", w.Body)
	}
	if lines := b.log.lines(t, "request"); len(lines) != 1 || lines[0]["errorType"] != "DEFAULT_5XX" {
		t.Errorf("access line: got %v, want the error's type", lines)
	}
}
