package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"
)

func TestIdentity(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		values []string
		status int
	}{
		{"a token", []string{"good-a"}, 200},
		{"a Bearer token", []string{"Bearer good-a"}, 200},
		{"the scheme in another case", []string{"bEARER good-a"}, 200},
		{"no header", nil, 401},
		{"an empty header", []string{""}, 401},
		{"another form", []string{"bad"}, 401},
		{"more behind the token", []string{"good-a-b"}, 401},
		{"more before the token", []string{"x good-a"}, 401},
		{"a line feed behind the token", []string{"good-a\n"}, 401},
		{"the token in another line", []string{"x\ngood-a"}, 401},
		{"the same header twice", []string{"good-a", "good-a"}, 401},
		{"two headers, the first good", []string{"good-a", "bad"}, 401},
		{"two headers, the last good", []string{"bad", "good-a"}, 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, small, nil)
			w := e.get("/items", authorization(c.values...))
			wantStatus(t, w, c.status)
			if invoked := len(e.authorized) > 0; invoked != (c.status == 200) {
				t.Errorf("authorizer invoked: got %t", invoked)
			}
			if c.status == 401 && w.Body.String() != `{"message":"Unauthorized"}` {
				t.Errorf("body: got %s", w.Body)
			}
		})
	}
}

func TestAnyHeaderValueWithoutAnExpression(t *testing.T) {
	t.Parallel()
	e := newEnv(t, strings.Replace(small, "ValidationExpression: (?i:Bearer )?good-[a-z]+", "Header: X-Key", 1), nil)
	wantStatus(t, e.get("/items", header("X-Key", "anything at all")), http.StatusOK)
	wantStatus(t, e.get("/items"), http.StatusUnauthorized)
	wantStatus(t, e.get("/items", header("X-Key", "")), http.StatusUnauthorized)
	if got := e.authorized[0].AuthorizationToken; got != "anything at all" {
		t.Errorf("token: got %q, want the header's value", got)
	}
}

func TestOpenRouteNeedsNoAuthorizer(t *testing.T) {
	t.Parallel()
	e := newEnv(t, small, nil)
	wantStatus(t, e.get("/open", authorization()), http.StatusOK)
	if len(e.authorized) != 0 {
		t.Error("the authorizer was invoked")
	}
	if got := e.lastEvent().RequestContext.Authorizer; got != nil {
		t.Errorf("authorizer context: got %v, want none", got)
	}
}

func TestAuthorizerResponses(t *testing.T) {
	t.Parallel()
	context := func(value any) events.APIGatewayCustomAuthorizerResponse {
		return authorizerResponse("Allow", "*", map[string]any{"x": value})
	}
	noPrincipal := authorizerResponse("Allow", "*", nil)
	noPrincipal.PrincipalID = ""
	for _, c := range []struct {
		name      string
		response  events.APIGatewayCustomAuthorizerResponse
		err       error
		status    int
		errorType string
	}{
		{name: "allow", response: authorizerResponse("Allow", "*", nil), status: 200},
		{name: "deny", response: authorizerResponse("Deny", "*", nil), status: 403, errorType: "ACCESS_DENIED"},
		{name: "allow of something else", response: authorizerResponse("Allow", "elsewhere", nil), status: 403, errorType: "ACCESS_DENIED"},
		{name: "Unauthorized", err: errors.New("Unauthorized"), status: 401, errorType: "UNAUTHORIZED"},
		{name: "nearly Unauthorized", err: errors.New("unauthorized"), status: 500, errorType: "AUTHORIZER_FAILURE"},
		{name: "another error", err: errors.New("no store"), status: 500, errorType: "AUTHORIZER_FAILURE"},
		{name: "no principal", response: noPrincipal, status: 500, errorType: "AUTHORIZER_CONFIGURATION_ERROR"},
		{name: "no policy", response: withStatements(nil), status: 500, errorType: "AUTHORIZER_CONFIGURATION_ERROR"},
		{name: "nothing", status: 500, errorType: "AUTHORIZER_CONFIGURATION_ERROR"},
		{name: "an object in the context", response: context(map[string]any{}), status: 500, errorType: "AUTHORIZER_CONFIGURATION_ERROR"},
		{name: "a list in the context", response: context([]any{"a"}), status: 500, errorType: "AUTHORIZER_CONFIGURATION_ERROR"},
		{name: "null in the context", response: context(nil), status: 500, errorType: "AUTHORIZER_CONFIGURATION_ERROR"},
		{name: "a value that has no JSON form", response: context(func() {}), status: 500, errorType: "AUTHORIZER_CONFIGURATION_ERROR"},
		{name: "7 KiB", response: context(strings.Repeat("x", 7<<10)), status: 200},
		{name: "8 KiB", response: context(strings.Repeat("x", 8<<10)), status: 500, errorType: "AUTHORIZER_CONFIGURATION_ERROR"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, small, nil)
			e.authorize = authorizing(c.response, c.err)
			wantStatus(t, e.get("/items"), c.status)
			line := e.log.lines(t, "request")[0]
			if got, _ := line["errorType"].(string); got != c.errorType {
				t.Errorf("error type: got %q, want %q", got, c.errorType)
			}
			if invoked := len(e.handled) == 1; invoked != (c.status == 200) {
				t.Errorf("function invoked: got %t", invoked)
			}
		})
	}
}

func TestContextReachesTheFunctionAsText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		value any
		want  string
	}{
		{"text", `a "quoted" text`, `a "quoted" text`},
		{"empty text", "", ""},
		{"whole number", 7, "7"},
		{"fraction", 1.5, "1.5"},
		{"large number", 9007199254740993, "9007199254740993"},
		{"true", true, "true"},
		{"false", false, "false"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, small, nil)
			e.authorize = authorizing(authorizerResponse("Allow", "*", map[string]any{"x": c.value, "principalId": "another"}), nil)
			e.get("/items")
			want := map[string]any{"x": c.want, "principalId": "somebody"}
			if diff := cmp.Diff(want, e.lastEvent().RequestContext.Authorizer); diff != "" {
				t.Errorf("authorizer context (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAuthorizerThatPanics(t *testing.T) {
	t.Parallel()
	e := newEnv(t, small, nil)
	e.authorize = func(context.Context, events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
		panic("oh")
	}
	wantStatus(t, e.get("/items"), http.StatusInternalServerError)
}

// TestAuthorizerTimeout runs on synctest's fake clock, so it does not wait.
func TestAuthorizerTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEnv(t, small, nil)
		start := time.Now()
		e.authorize = func(ctx context.Context, _ events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
			<-ctx.Done()
			return events.APIGatewayCustomAuthorizerResponse{}, ctx.Err()
		}
		wantStatus(t, e.get("/items"), http.StatusInternalServerError)
		if waited := time.Since(start); waited != 10*time.Second {
			t.Errorf("waited: got %v, want 10s", waited)
		}
		if got := e.log.lines(t, "request")[0]["errorType"]; got != "AUTHORIZER_FAILURE" {
			t.Errorf("error type: got %v, want AUTHORIZER_FAILURE", got)
		}
	})
}

func TestAuthorizerGetsALambdaContext(t *testing.T) {
	t.Parallel()
	e := newEnv(t, small, nil)
	var got *lambdacontext.LambdaContext
	e.authorize = func(ctx context.Context, event events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
		got, _ = lambdacontext.FromContext(ctx)
		return allowStage(ctx, event)
	}
	e.get("/items")
	want := e.log.lines(t, "request")[0]["authorizerRequestId"]
	if got == nil || got.AwsRequestID != want || !strings.HasSuffix(got.InvokedFunctionArn, ":function:Authorizer") {
		t.Errorf("lambda context: got %+v, want request id %v", got, want)
	}
}

func TestCacheKeepsResponsesForTheTTL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		ttl     string
		waits   []time.Duration
		invoked int
	}{
		{"within the TTL", "60", []time.Duration{0, 30 * time.Second, 29 * time.Second}, 1},
		{"at the TTL", "60", []time.Duration{0, time.Minute}, 2},
		{"the TTL is from the first use", "60", []time.Duration{0, 40 * time.Second, 40 * time.Second}, 2},
		{"no TTL", "0", []time.Duration{0, 0, 0}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, small, map[string]string{"Ttl": c.ttl})
			for _, wait := range c.waits {
				e.clock.Advance(wait)
				wantStatus(t, e.get("/items"), http.StatusOK)
			}
			if got := len(e.authorized); got != c.invoked {
				t.Errorf("authorizer invoked: got %d times, want %d", got, c.invoked)
			}
		})
	}
}

func TestCacheIsByTheWholeHeader(t *testing.T) {
	t.Parallel()
	e := newEnv(t, small, nil)
	for _, value := range []string{"good-a", "good-b", "Bearer good-a", "bearer good-a", "good-a"} {
		e.get("/items", authorization(value))
	}
	if got := len(e.authorized); got != 4 {
		t.Errorf("authorizer invoked: got %d times, want 4", got)
	}
}

func TestCachedPolicyIsEvaluatedForEachRequest(t *testing.T) {
	t.Parallel()
	e := newEnv(t, small, nil)
	e.authorize = func(_ context.Context, event events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
		return authorizerResponse("Allow", event.MethodArn, map[string]any{"n": 1}), nil
	}
	wantStatus(t, e.get("/items/1"), http.StatusOK)
	wantStatus(t, e.get("/items/2"), http.StatusForbidden)
	wantStatus(t, e.get("/items/1"), http.StatusOK)
	if got := len(e.authorized); got != 1 {
		t.Errorf("authorizer invoked: got %d times, want 1", got)
	}
	if got := e.lastEvent().RequestContext.Authorizer["n"]; got != "1" {
		t.Errorf("context from the cache: got %v, want 1", got)
	}
}

func TestDenyIsCachedAndFailuresAreNot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		response events.APIGatewayCustomAuthorizerResponse
		err      error
		invoked  int
	}{
		{"deny", authorizerResponse("Deny", "*", nil), nil, 1},
		{"Unauthorized", events.APIGatewayCustomAuthorizerResponse{}, errors.New("Unauthorized"), 3},
		{"an error", events.APIGatewayCustomAuthorizerResponse{}, errors.New("no store"), 3},
		{"an empty response", events.APIGatewayCustomAuthorizerResponse{}, nil, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, small, nil)
			e.authorize = authorizing(c.response, c.err)
			for range 3 {
				e.get("/items")
			}
			if got := len(e.authorized); got != c.invoked {
				t.Errorf("authorizer invoked: got %d times, want %d", got, c.invoked)
			}
		})
	}
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	const kept = 1024
	e := newEnv(t, small, nil)
	token := func(i int) func(*http.Request) {
		return authorization("good-" + strings.Repeat("a", i/26+1) + string(rune('a'+i%26)))
	}
	for i := range kept + 1 {
		e.get("/items", token(i))
	}
	e.get("/items", token(kept))
	if got := len(e.authorized); got != kept+1 {
		t.Errorf("the last token again: the authorizer was invoked %d times, want %d", got, kept+1)
	}
	e.get("/items", token(1))
	if got := len(e.authorized); got != kept+1 {
		t.Errorf("the oldest cached token again: the authorizer was invoked %d times, want %d", got, kept+1)
	}
	e.get("/items", token(0))
	if got := len(e.authorized); got != kept+2 {
		t.Errorf("the first token again: the authorizer was invoked %d times, want %d", got, kept+2)
	}
}

// TestReauthorizedTokenStaysCached: the expiry of a token's first entry must not remove the second.
func TestReauthorizedTokenStaysCached(t *testing.T) {
	t.Parallel()
	e := newEnv(t, small, nil)
	for _, wait := range []time.Duration{0, time.Minute, 30 * time.Second} {
		e.clock.Advance(wait)
		e.get("/items", authorization("good-a"))
		e.get("/items", authorization("good-b"))
	}
	if got := len(e.authorized); got != 4 {
		t.Errorf("authorizer invoked: got %d times, want 4", got)
	}
}
