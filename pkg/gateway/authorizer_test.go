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
			b := newBench(t, small, nil)
			w := b.get("/items", authorization(c.values...))
			wantStatus(t, w, c.status)
			if asked := len(b.asked) > 0; asked != (c.status == 200) {
				t.Errorf("authorizer invoked: got %t", asked)
			}
			if c.status == 401 && w.Body.String() != `{"message":"Unauthorized"}` {
				t.Errorf("body: got %s", w.Body)
			}
		})
	}
}

func TestAnyHeaderValueWithoutAnExpression(t *testing.T) {
	t.Parallel()
	b := newBench(t, strings.Replace(small, "ValidationExpression: (?i:Bearer )?good-[a-z]+", "Header: X-Key", 1), nil)
	wantStatus(t, b.get("/items", header("X-Key", "anything at all")), http.StatusOK)
	wantStatus(t, b.get("/items"), http.StatusUnauthorized)
	wantStatus(t, b.get("/items", header("X-Key", "")), http.StatusUnauthorized)
	if got := b.asked[0].AuthorizationToken; got != "anything at all" {
		t.Errorf("token: got %q, want the header's value", got)
	}
}

func TestOpenRouteNeedsNoAuthorizer(t *testing.T) {
	t.Parallel()
	b := newBench(t, small, nil)
	wantStatus(t, b.get("/open", authorization()), http.StatusOK)
	if len(b.asked) != 0 {
		t.Error("the authorizer was invoked")
	}
	if got := b.lastServed().RequestContext.Authorizer; got != nil {
		t.Errorf("authorizer context: got %v, want none", got)
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	claims := func(value any) map[string]any { return verdictOf("Allow", "*", map[string]any{"x": value}) }
	without := func(name string) map[string]any {
		v := verdictOf("Allow", "*", nil)
		delete(v, name)
		return v
	}
	for _, c := range []struct {
		name    string
		verdict any
		err     error
		status  int
		kind    string
	}{
		{name: "allow", verdict: verdictOf("Allow", "*", nil), status: 200},
		{name: "deny", verdict: verdictOf("Deny", "*", nil), status: 403, kind: "ACCESS_DENIED"},
		{name: "allow of something else", verdict: verdictOf("Allow", "elsewhere", nil), status: 403, kind: "ACCESS_DENIED"},
		{name: "Unauthorized", err: errors.New("Unauthorized"), status: 401, kind: "UNAUTHORIZED"},
		{name: "nearly Unauthorized", err: errors.New("unauthorized"), status: 500, kind: "AUTHORIZER_FAILURE"},
		{name: "another error", err: errors.New("no store"), status: 500, kind: "AUTHORIZER_FAILURE"},
		{name: "no principal", verdict: without("principalId"), status: 500, kind: "AUTHORIZER_CONFIGURATION_ERROR"},
		{name: "no policy", verdict: without("policyDocument"), status: 500, kind: "AUTHORIZER_CONFIGURATION_ERROR"},
		{name: "nothing", verdict: nil, status: 500, kind: "AUTHORIZER_CONFIGURATION_ERROR"},
		{name: "text", verdict: "Allow", status: 500, kind: "AUTHORIZER_CONFIGURATION_ERROR"},
		{name: "a policy that is not understood", verdict: map[string]any{"principalId": "p", "policyDocument": map[string]any{"Statement": "Allow"}}, status: 500, kind: "AUTHORIZER_CONFIGURATION_ERROR"},
		{name: "an object in the context", verdict: claims(map[string]any{}), status: 500, kind: "AUTHORIZER_CONFIGURATION_ERROR"},
		{name: "a list in the context", verdict: claims([]any{"a"}), status: 500, kind: "AUTHORIZER_CONFIGURATION_ERROR"},
		{name: "null in the context", verdict: claims(nil), status: 500, kind: "AUTHORIZER_CONFIGURATION_ERROR"},
		{name: "7 KiB", verdict: claims(strings.Repeat("x", 7<<10)), status: 200},
		{name: "8 KiB", verdict: claims(strings.Repeat("x", 8<<10)), status: 500, kind: "AUTHORIZER_CONFIGURATION_ERROR"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, small, nil)
			b.verdict = answering(c.verdict, c.err)
			wantStatus(t, b.get("/items"), c.status)
			line := b.log.lines(t, "request")[0]
			if got, _ := line["errorType"].(string); got != c.kind {
				t.Errorf("error type: got %q, want %q", got, c.kind)
			}
			if served := len(b.served) == 1; served != (c.status == 200) {
				t.Errorf("function invoked: got %t", served)
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
			b := newBench(t, small, nil)
			b.verdict = answering(verdictOf("Allow", "*", map[string]any{"x": c.value, "principalId": "another"}), nil)
			b.get("/items")
			want := map[string]any{"x": c.want, "principalId": "somebody"}
			if diff := cmp.Diff(want, b.lastServed().RequestContext.Authorizer); diff != "" {
				t.Errorf("authorizer context (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAuthorizerThatPanics(t *testing.T) {
	t.Parallel()
	b := newBench(t, small, nil)
	b.verdict = func(context.Context, events.APIGatewayCustomAuthorizerRequest) (any, error) {
		panic("oh")
	}
	wantStatus(t, b.get("/items"), http.StatusInternalServerError)
}

// TestAuthorizerTimeout runs in a bubble whose time stands until all wait, so no one waits in truth.
func TestAuthorizerTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, small, nil)
		start := time.Now()
		b.verdict = func(ctx context.Context, _ events.APIGatewayCustomAuthorizerRequest) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		wantStatus(t, b.get("/items"), http.StatusInternalServerError)
		if waited := time.Since(start); waited != 10*time.Second {
			t.Errorf("waited: got %v, want 10s", waited)
		}
		if got := b.log.lines(t, "request")[0]["errorType"]; got != "AUTHORIZER_FAILURE" {
			t.Errorf("error type: got %v, want AUTHORIZER_FAILURE", got)
		}
	})
}

func TestAuthorizerGetsALambdaContext(t *testing.T) {
	t.Parallel()
	b := newBench(t, small, nil)
	var got *lambdacontext.LambdaContext
	b.verdict = func(ctx context.Context, event events.APIGatewayCustomAuthorizerRequest) (any, error) {
		got, _ = lambdacontext.FromContext(ctx)
		return allowStage(ctx, event)
	}
	b.get("/items")
	want := b.log.lines(t, "request")[0]["authorizerRequestId"]
	if got == nil || got.AwsRequestID != want || !strings.HasSuffix(got.InvokedFunctionArn, ":function:Authorizer") {
		t.Errorf("lambda context: got %+v, want request id %v", got, want)
	}
}

func TestCacheKeepsAnAnswerForItsTTL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		ttl   string
		waits []time.Duration
		asked int
	}{
		{"within the TTL", "60", []time.Duration{0, 30 * time.Second, 29 * time.Second}, 1},
		{"at the TTL", "60", []time.Duration{0, time.Minute}, 2},
		{"the TTL is from the first use", "60", []time.Duration{0, 40 * time.Second, 40 * time.Second}, 2},
		{"no TTL", "0", []time.Duration{0, 0, 0}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, small, map[string]string{"Ttl": c.ttl})
			for _, wait := range c.waits {
				b.clock.Advance(wait)
				wantStatus(t, b.get("/items"), http.StatusOK)
			}
			if got := len(b.asked); got != c.asked {
				t.Errorf("authorizer invoked: got %d times, want %d", got, c.asked)
			}
		})
	}
}

func TestCacheIsByTheWholeHeader(t *testing.T) {
	t.Parallel()
	b := newBench(t, small, nil)
	for _, value := range []string{"good-a", "good-b", "Bearer good-a", "bearer good-a", "good-a"} {
		b.get("/items", authorization(value))
	}
	if got := len(b.asked); got != 4 {
		t.Errorf("authorizer invoked: got %d times, want 4", got)
	}
}

func TestCachedPolicyIsEvaluatedForEachRequest(t *testing.T) {
	t.Parallel()
	b := newBench(t, small, nil)
	b.verdict = func(_ context.Context, event events.APIGatewayCustomAuthorizerRequest) (any, error) {
		return verdictOf("Allow", event.MethodArn, map[string]any{"n": 1}), nil
	}
	wantStatus(t, b.get("/items/1"), http.StatusOK)
	wantStatus(t, b.get("/items/2"), http.StatusForbidden)
	wantStatus(t, b.get("/items/1"), http.StatusOK)
	if got := len(b.asked); got != 1 {
		t.Errorf("authorizer invoked: got %d times, want 1", got)
	}
	if got := b.lastServed().RequestContext.Authorizer["n"]; got != "1" {
		t.Errorf("context from the cache: got %v, want 1", got)
	}
}

func TestDenyIsCachedAndFailuresAreNot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		verdict any
		err     error
		asked   int
	}{
		{"deny", verdictOf("Deny", "*", nil), nil, 1},
		{"Unauthorized", nil, errors.New("Unauthorized"), 3},
		{"an error", nil, errors.New("no store"), 3},
		{"no verdict", nil, nil, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, small, nil)
			b.verdict = answering(c.verdict, c.err)
			for range 3 {
				b.get("/items")
			}
			if got := len(b.asked); got != c.asked {
				t.Errorf("authorizer invoked: got %d times, want %d", got, c.asked)
			}
		})
	}
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	const kept = 1024
	b := newBench(t, small, nil)
	token := func(i int) func(*http.Request) {
		return authorization("good-" + strings.Repeat("a", i/26+1) + string(rune('a'+i%26)))
	}
	for i := range kept + 1 {
		b.get("/items", token(i))
	}
	b.get("/items", token(kept))
	if got := len(b.asked); got != kept+1 {
		t.Errorf("the last again: the authorizer was invoked %d times, want %d", got, kept+1)
	}
	b.get("/items", token(1))
	if got := len(b.asked); got != kept+1 {
		t.Errorf("the oldest that is kept again: the authorizer was invoked %d times, want %d", got, kept+1)
	}
	b.get("/items", token(0))
	if got := len(b.asked); got != kept+2 {
		t.Errorf("the first again: the authorizer was invoked %d times, want %d", got, kept+2)
	}
}

// TestTokenAskedAgainStaysCached: the end of its first answer must not take the second along.
func TestTokenAskedAgainStaysCached(t *testing.T) {
	t.Parallel()
	b := newBench(t, small, nil)
	for _, wait := range []time.Duration{0, time.Minute, 30 * time.Second} {
		b.clock.Advance(wait)
		b.get("/items", authorization("good-a"))
		b.get("/items", authorization("good-b"))
	}
	if got := len(b.asked); got != 4 {
		t.Errorf("authorizer invoked: got %d times, want 4", got)
	}
}
