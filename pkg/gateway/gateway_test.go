package gateway_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"pats"
	"pats/pkg/gateway"
	"pats/pkg/pat/pattest"
)

// projectToken has the form of a token, and is none.
var projectToken = "user:v2_" + strings.Repeat("a", 22) + "_" + strings.Repeat("b", 43)

// projectFunctions returns the functions of the project's template: authorize as its authorizer, and handle as every other one.
func projectFunctions(t *testing.T, authorize gateway.AuthorizerFunction, handle gateway.ProxyFunction) gateway.Functions {
	t.Helper()
	environments, err := gateway.Environment(pats.Template(), gateway.Options{Resources: map[string]string{"Table": "pats"}})
	if err != nil {
		t.Fatal(err)
	}
	const authorizer = "AuthorizerFunction"
	functions := gateway.Functions{
		Authorizers: map[string]gateway.AuthorizerFunction{authorizer: authorize},
		Proxies:     map[string]gateway.ProxyFunction{},
	}
	for id := range environments {
		if id != authorizer {
			functions.Proxies[id] = handle
		}
	}
	return functions
}

// projectGateway returns the project's own API, whose functions respond with 200 and count their invocations.
func projectGateway(t *testing.T, authorize gateway.AuthorizerFunction) (*gateway.Gateway, *int) {
	t.Helper()
	invoked := new(int)
	functions := projectFunctions(t, authorize, func(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		*invoked++
		return ok(ctx, event)
	})
	gateway, err := gateway.New(pats.Template(), functions, gateway.Options{
		Now: pattest.NewClock().Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return gateway, invoked
}

var expiredDenial = authorizerResponse("Deny", "arn:aws:execute-api:us-east-1:123456789012:local/prod/*", map[string]any{"reason": "The token has expired."})

var projectRefusals = []struct {
	name     string
	header   string
	response events.APIGatewayCustomAuthorizerResponse
	err      error
	status   int
	error    string
	detail   string
	headers  http.Header
}{
	{name: "no header", status: 401, error: "AuthenticationRequired", detail: "You must log in to use Unleash. Your request had no", headers: http.Header{"Www-Authenticate": {"Bearer"}}},
	{name: "junk", header: "junk", status: 401, error: "AuthenticationRequired", detail: "You must log in to use Unleash. Your request had no", headers: http.Header{"Www-Authenticate": {"Bearer"}}},
	{name: "denied", header: projectToken, response: expiredDenial, status: 401, error: "AuthenticationRequired", detail: "The token has expired.", headers: http.Header{"Www-Authenticate": {"Bearer"}}},
	{name: "authorizer fails", header: projectToken, err: errors.New("no store"), status: 503, error: "ServiceUnavailableError", headers: http.Header{"Retry-After": {"1"}}},
	{name: "an empty response of the authorizer", header: projectToken, status: 503, error: "ServiceUnavailableError", headers: http.Header{"Retry-After": {"1"}}},
}

// TestProjectRefusals holds the project's gateway responses against the contract: status, name, and the header that a 401
// must carry (RFC 9110 §15.5.2).
func TestProjectRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range projectRefusals {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			gateway, invoked := projectGateway(t, authorizing(c.response, c.err))
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
	gateway, invoked := projectGateway(t, authorizing(authorizerResponse("Allow", "*", nil), nil))
	methods := []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
	paths := []string{"/api/admin/user", "/api/admin/user/tokens", "/api/admin/user/tokens/1", "/api/admin/user/tokens/1/2", "/elsewhere", "/%2e%2e"}
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
	e := newEnv(t, small, nil)
	e.authorize = authorizing(authorizerResponse("Allow", "*", map[string]any{"userId": "7", "age": 3, "ready": true}), nil)
	w := e.get("/items/a%2Fb?x=1&x=2&y=%20", header("X-Two", "1", "2"), header("Content-Md5", "dropped"), func(r *http.Request) {
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
			ResourcePath: "/items/{id}", Path: "/items/a%2Fb", HTTPMethod: "GET",
			Authorizer:  map[string]any{"principalId": "somebody", "userId": "7", "age": "3", "ready": "true"},
			RequestTime: "02/Jan/2026:03:04:05 +0000", RequestTimeEpoch: pattest.Start.UnixMilli(),
		},
	}
	if diff := cmp.Diff(want, e.lastEvent()); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	authorizerEvent := events.APIGatewayCustomAuthorizerRequest{
		Type: "TOKEN", AuthorizationToken: goodToken,
		MethodArn: "arn:aws:execute-api:us-east-1:123456789012:local/prod/GET/items/a%2Fb",
	}
	if diff := cmp.Diff([]events.APIGatewayCustomAuthorizerRequest{authorizerEvent}, e.authorized); diff != "" {
		t.Errorf("authorizer event (-want +got):\n%s", diff)
	}
}

func TestRequestIDIsAnotherUUIDForEachRequest(t *testing.T) {
	t.Parallel()
	e := newEnv(t, small, nil)
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for range 3 {
		id := e.get("/open").Header().Get("X-Amzn-Requestid")
		if !uuid.MatchString(id) {
			t.Errorf("request id: got %q, want a UUID of version 4", id)
		}
		seen[id] = true
	}
	if len(seen) != 3 {
		t.Errorf("request ids: got %v, want three", slices.Collect(maps.Keys(seen)))
	}
}

// TestCallerCannotSetIDs: on AWS a caller can set $context.requestId by this header, but not $context.extendedRequestId.
func TestCallerCannotSetIDs(t *testing.T) {
	t.Parallel()
	const forged = "00000000-0000-4000-8000-000000000000"
	for _, name := range []string{"x-amzn-RequestId", "X-Amzn-Requestid", "x-amz-apigw-id", "X-Amzn-Trace-Id"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, withResponses(`UNAUTHORIZED: {ResponseTemplates: {application/json: '$context.requestId$context.extendedRequestId'}}`), nil)
			set := header(name, forged)
			served, refused := e.get("/items", set), e.get("/items", set, authorization())
			wantStatus(t, served, http.StatusOK)
			wantStatus(t, refused, http.StatusUnauthorized)
			if got := e.lastEvent().RequestContext; got.RequestID == forged || got.ExtendedRequestID == forged {
				t.Errorf("event: got request id %q and extended request id %q, want neither from the caller", got.RequestID, got.ExtendedRequestID)
			}
			for where, text := range map[string]string{
				"response": served.Header().Get("X-Amzn-Requestid"), "refusal": refused.Header().Get("X-Amzn-Requestid"),
				"body": refused.Body.String(), "log": e.log.String(),
			} {
				if text == "" || strings.Contains(text, forged) {
					t.Errorf("%s: got %q, want an id that the caller did not choose", where, text)
				}
			}
		})
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
			e := newEnv(t, small, nil, func(o *gateway.Options) { o.Random = strings.NewReader(c.random) })
			if w := e.get(c.path); w.Code < http.StatusInternalServerError {
				t.Errorf("status: got %d, want 5xx", w.Code)
			}
			if len(e.authorized)+len(e.handled) != 0 {
				t.Error("a function was invoked")
			}
		})
	}
}

// TestProjectTimeouts: the project's functions must end before API Gateway's time-outs, 10 s for an authorizer and 29 s for an
// integration. It runs on synctest's fake clock, so it does not wait.
func TestProjectTimeouts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stuck := func(ctx context.Context, _ events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			<-ctx.Done()
			return events.APIGatewayProxyResponse{}, ctx.Err()
		}
		stuckAuthorizer := func(ctx context.Context, _ events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
			<-ctx.Done()
			return events.APIGatewayCustomAuthorizerResponse{}, ctx.Err()
		}
		for _, c := range []struct {
			name      string
			authorize gateway.AuthorizerFunction
			status    int
			limit     time.Duration
		}{
			{"authorizer", stuckAuthorizer, 503, 10 * time.Second},
			{"function", authorizing(authorizerResponse("Allow", "*", nil), nil), 502, 29 * time.Second},
		} {
			gateway, err := gateway.New(pats.Template(), projectFunctions(t, c.authorize, stuck),
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
			if waited := time.Since(start); waited >= c.limit {
				t.Errorf("%s: got a response after %v, want one before %v", c.name, waited, c.limit)
			}
		}
	})
}

func long(n int) string { return strings.Repeat("x", n) }

const (
	headerLimit = 10240
	// room is more than the bytes of the test's own request line and headers.
	room      = 200
	bodyLimit = 10 << 20
	openLimit = 2 << 20
)

var requestLimits = []struct {
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
	{name: "body at the limit", path: "/items", body: long(bodyLimit), status: 200},
	{name: "body over the limit", path: "/items", body: long(bodyLimit + 1), status: 413},
	{name: "chunked body at the limit", path: "/items", body: long(bodyLimit), edit: chunked, status: 200},
	{name: "chunked body over the limit", path: "/items", body: long(bodyLimit + 1), edit: chunked, status: 413},
	{name: "body of an open route at its limit", path: "/open", body: long(openLimit), status: 200},
	{name: "body of an open route over its limit", path: "/open", body: long(openLimit + 1), status: 413},
	{name: "chunked body of an open route at its limit", path: "/open", body: long(openLimit), edit: chunked, status: 200},
	{name: "chunked body of an open route over its limit", path: "/open", body: long(openLimit + 1), edit: chunked, status: 413},
}

func TestLimitsOfARequest(t *testing.T) {
	t.Parallel()
	for _, c := range requestLimits {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, small, nil)
			edits := []func(*http.Request){}
			if c.edit != nil {
				edits = append(edits, c.edit)
			}
			wantStatus(t, e.send(http.MethodGet, c.path, c.body, edits...), c.status)
			if served := len(e.handled) == 1; served != (c.status == 200) {
				t.Errorf("function invoked: got %t with status %d", served, c.status)
			}
		})
	}
}

// chunked hides the length of the body.
func chunked(r *http.Request) { r.ContentLength = -1 }

func TestRefusedBodiesAreNotRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, path string
		length     int64
		status     int
	}{
		{"without a token", "/items", -1, 401},
		{"over the limit of an open route", "/open", 10 << 20, 413},
		{"over API Gateway's limit without a token", "/open", 1 << 40, 413},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, small, nil)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, c.path, iotest.ErrReader(errors.New("read")))
			r.ContentLength = c.length
			w := httptest.NewRecorder()
			e.gateway.ServeHTTP(w, r)
			wantStatus(t, w, c.status)
		})
	}
}

// TestLargeBodiesAreBoundedTogether sends 24 bodies of 10 MiB at once. Each invocation waits until no other body can be read, so
// that the number of concurrent invocations is the number of bodies in memory.
func TestLargeBodiesAreBoundedTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEnv(t, small, nil)
		var current, most atomic.Int64
		e.handle = func(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			if n := current.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(time.Second)
			current.Add(-1)
			return ok(ctx, event)
		}
		var senders sync.WaitGroup
		for range 24 {
			senders.Go(func() {
				wantStatus(t, e.send(http.MethodPost, "/items", strings.Repeat("x", 10<<20)), http.StatusOK)
			})
		}
		senders.Wait()
		if got := most.Load(); got != 3 {
			t.Errorf("large bodies in memory: got %d, want 3 at most", got)
		}
	})
}

// TestLargeBodyThatWaitsTooLongIsA429: and a small one need not wait.
func TestLargeBodyThatWaitsTooLongIsA429(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEnv(t, small, nil)
		large := strings.Repeat("x", 10<<20)
		ctx, cancel := context.WithCancel(t.Context())
		var senders sync.WaitGroup
		for range 3 {
			senders.Go(func() {
				sent, send := io.Pipe()
				go func() { _, _ = io.WriteString(send, large[1:]) }()
				r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/items", sent)
				r.ContentLength = int64(len(large))
				r.Header.Set("Authorization", goodToken)
				go func() {
					<-ctx.Done()
					_ = send.CloseWithError(ctx.Err())
				}()
				e.gateway.ServeHTTP(httptest.NewRecorder(), r)
			})
		}
		synctest.Wait()
		start := time.Now()
		wantStatus(t, e.send(http.MethodPost, "/items", large), http.StatusTooManyRequests)
		if waited := time.Since(start); waited != 29*time.Second {
			t.Errorf("waited: got %v, want 29s", waited)
		}
		wantStatus(t, e.send(http.MethodPost, "/items", "small"), http.StatusOK)
		wantStatus(t, e.send(http.MethodPost, "/items", "small", chunked), http.StatusOK)
		cancel()
		senders.Wait()
		wantStatus(t, e.send(http.MethodPost, "/items", large), http.StatusOK)
	})
}

func TestBodyThatBreaksOffIsA400(t *testing.T) {
	t.Parallel()
	e := newEnv(t, small, nil)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/open", iotest.ErrReader(errors.New("broken off")))
	w := httptest.NewRecorder()
	e.gateway.ServeHTTP(w, r)
	wantStatus(t, w, http.StatusBadRequest)
	if len(e.handled) != 0 {
		t.Error("the function was invoked")
	}
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	e := newEnv(t, small, nil)
	e.authorize = authorizing(authorizerResponse("Allow", "*", map[string]any{"userId": "7", "kind": "user", "selector": "hidden"}), nil)
	id := e.get("/items/secret-path?secret=query", header("X-Secret", "secret-header")).Header().Get("X-Amzn-Requestid")
	lines := e.log.lines(t, "request")
	if len(lines) != 1 {
		t.Fatalf("lines: got %d, want 1", len(lines))
	}
	want := map[string]any{
		"level": "INFO", "msg": "request", "requestId": id, "sourceIp": "192.0.2.1", "method": "GET", "resource": "/items/{id}",
		"extendedRequestId": id, "status": 200.0, "duration": 0.0, "userId": "7", "kind": "user",
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
		if strings.Contains(e.log.String(), secret) {
			t.Errorf("the log holds %q: %s", secret, e.log)
		}
	}
}

// TestAccessLogHasTheTemplatesMembers: whoever reads the log of a laptop can read that of the stage.
func TestAccessLogHasTheTemplatesMembers(t *testing.T) {
	t.Parallel()
	e := newEnv(t, small, nil)
	claims := map[string]any{"userId": "7", "kind": "user", "reason": "because"}
	e.authorize = authorizing(authorizerResponse("Deny", "*", claims), nil)
	e.get("/items")
	line := e.log.lines(t, "request")[0]
	for _, own := range []string{"time", "level", "msg", "duration"} {
		delete(line, own)
	}
	stage := map[string]any{}
	for _, member := range regexp.MustCompile(`"(\w+)":"\$context\.`).FindAllSubmatch(pats.Template(), -1) {
		stage[string(member[1])] = true
	}
	for name := range line {
		if stage[name] == nil {
			t.Errorf("%s: got it in the laptop's line, and not in the template's access log format", name)
		}
	}
	if want := 11; len(line) != want {
		t.Errorf("members: got %v, want %d", slices.Sorted(maps.Keys(line)), want)
	}
}

func TestLogOfAFailureHasTheCauseUnderTheRequestID(t *testing.T) {
	t.Parallel()
	e := newEnv(t, small, nil)
	e.handle = returning(events.APIGatewayProxyResponse{}, errors.New("the disk is gone"))
	w := e.get("/open")
	wantStatus(t, w, http.StatusBadGateway)
	lines := e.log.lines(t, "refused")
	if len(lines) != 1 || lines[0]["cause"] != "the disk is gone" || lines[0]["requestId"] != w.Header().Get("X-Amzn-Requestid") {
		t.Errorf("log: got %s, want the cause with the request's id", e.log)
	}
	if strings.Contains(w.Body.String(), "disk") {
		t.Errorf("body: got %s, want nothing of the cause", w.Body)
	}
	if lines := e.log.lines(t, "request"); len(lines) != 1 || lines[0]["errorType"] != "DEFAULT_5XX" {
		t.Errorf("access line: got %v, want the error's type", lines)
	}
}
