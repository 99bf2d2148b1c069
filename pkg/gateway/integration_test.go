package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"
)

func TestStatusCodes(t *testing.T) {
	t.Parallel()
	for given, want := range map[int]int{0: 502, -1: 502, 101: 502, 199: 502, 200: 200, 404: 404, 599: 599, 600: 502} {
		t.Run(strconv.Itoa(given), func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, small, nil)
			e.handle = returning(events.APIGatewayProxyResponse{StatusCode: given}, nil)
			w := e.get("/open")
			wantStatus(t, w, want)
			if want == 502 && w.Body.String() != `{"message":"Internal server error"}` {
				t.Errorf("body: got %s", w.Body)
			}
		})
	}
}

func TestResponseHeaders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		given events.APIGatewayProxyResponse
		want  http.Header
	}{
		{"a default content type", events.APIGatewayProxyResponse{}, http.Header{"Content-Type": {"application/json"}}},
		{"the function's content type", events.APIGatewayProxyResponse{Headers: map[string]string{"content-type": "text/html"}}, http.Header{"Content-Type": {"text/html"}}},
		{"both forms are joined", events.APIGatewayProxyResponse{
			Headers:           map[string]string{"X-A": "1", "x-b": "3"},
			MultiValueHeaders: map[string][]string{"x-a": {"1", "2"}, "X-B": {"4"}},
		}, http.Header{"X-A": {"1", "2"}, "X-B": {"4", "3"}}},
		{"some are renamed", events.APIGatewayProxyResponse{Headers: map[string]string{
			"WWW-Authenticate": "Bearer", "date": "today", "Server": "me", "Connection": "close", "Content-Length": "9",
		}}, http.Header{
			"X-Amzn-Remapped-Www-Authenticate": {"Bearer"}, "X-Amzn-Remapped-Date": {"today"}, "X-Amzn-Remapped-Server": {"me"},
			"X-Amzn-Remapped-Connection": {"close"}, "X-Amzn-Remapped-Content-Length": {"9"},
			"Www-Authenticate": nil, "Date": nil, "Server": nil, "Connection": nil, "Content-Length": {"4"},
		}},
		{"some are dropped", events.APIGatewayProxyResponse{Headers: map[string]string{"Transfer-Encoding": "chunked", "TE": "x"}},
			http.Header{"Transfer-Encoding": nil, "X-Amzn-Remapped-Transfer-Encoding": nil, "Te": nil}},
		{"the request id is the gateway's", events.APIGatewayProxyResponse{Headers: map[string]string{"x-amzn-RequestId": "mine"}}, nil},
		{"ETag is kept", events.APIGatewayProxyResponse{Headers: map[string]string{"ETag": `W/"x"`}}, http.Header{"Etag": {`W/"x"`}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, small, nil)
			c.given.StatusCode, c.given.Body = http.StatusOK, "body"
			e.handle = returning(c.given, nil)
			w := e.get("/open")
			wantStatus(t, w, http.StatusOK)
			for name, want := range c.want {
				if diff := cmp.Diff(want, w.Header()[name]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
			if got := w.Header().Values("X-Amzn-Requestid"); len(got) != 1 || got[0] != e.lastEvent().RequestContext.RequestID {
				t.Errorf("request id: got %v, want the event's", got)
			}
		})
	}
}

func TestBase64IsNotDecodedWithoutBinaryTypes(t *testing.T) {
	t.Parallel()
	e := newEnv(t, small, nil)
	e.handle = returning(events.APIGatewayProxyResponse{StatusCode: 200, Body: "aGVsbG8=", IsBase64Encoded: true}, nil)
	if got := e.get("/open").Body.String(); got != "aGVsbG8=" {
		t.Errorf("body: got %q, want the function's, unchanged", got)
	}
}

// TestResponsesWithoutABody uses a real connection, where a wrong length would break the next response.
func TestResponsesWithoutABody(t *testing.T) {
	t.Parallel()
	e := newEnv(t, small, nil)
	server := httptest.NewServer(e.gateway)
	t.Cleanup(server.Close)
	for _, c := range []struct {
		name, method string
		status       int
		length       int64
	}{
		{"HEAD has the length of GET", http.MethodHead, 200, 4},
		{"204", http.MethodGet, 204, 0},
		{"304", http.MethodGet, 304, 0},
		{"HEAD of a 404", http.MethodHead, 404, 4},
		{"GET", http.MethodGet, 200, 4},
	} {
		e.handle = returning(events.APIGatewayProxyResponse{StatusCode: c.status, Body: "body"}, nil)
		r, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+"/open", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if err := response.Body.Close(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if response.StatusCode != c.status || response.ContentLength != c.length {
			t.Errorf("%s: got status %d, length %d, want %d, %d", c.name, response.StatusCode, response.ContentLength, c.status, c.length)
		}
	}
}

func TestStatusesWithoutABodyHaveNoLength(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusNoContent, http.StatusNotModified} {
		e := newEnv(t, small, nil)
		e.handle = returning(events.APIGatewayProxyResponse{StatusCode: status, Body: "body"}, nil)
		w := e.get("/open")
		wantStatus(t, w, status)
		if length, given := w.Header()["Content-Length"]; given || w.Body.Len() != 0 {
			t.Errorf("%d: got length %v and body %q, want neither", status, length, w.Body)
		}
	}
}

func TestQueryStrings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		query  string
		single map[string]string
		multi  map[string][]string
	}{
		{"", nil, nil},
		{"&", nil, nil},
		{"a=1&b=2", map[string]string{"a": "1", "b": "2"}, map[string][]string{"a": {"1"}, "b": {"2"}}},
		{"a=1&a=2", map[string]string{"a": "2"}, map[string][]string{"a": {"1", "2"}}},
		{"a=1;b=2", map[string]string{"a": "1", "b": "2"}, map[string][]string{"a": {"1"}, "b": {"2"}}},
		{"a%20b=c+d%2B", map[string]string{"a b": "c d+"}, map[string][]string{"a b": {"c d+"}}},
		{"a=%zz", map[string]string{"a": "%zz"}, map[string][]string{"a": {"%zz"}}},
		{"a&b=", map[string]string{"a": "", "b": ""}, map[string][]string{"a": {""}, "b": {""}}},
		{"a=b=c", map[string]string{"a": "b=c"}, map[string][]string{"a": {"b=c"}}},
	} {
		t.Run(c.query, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, small, nil)
			e.get("/open?" + c.query)
			if diff := cmp.Diff(c.single, e.lastEvent().QueryStringParameters); diff != "" {
				t.Errorf("queryStringParameters (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.multi, e.lastEvent().MultiValueQueryStringParameters); diff != "" {
				t.Errorf("multiValueQueryStringParameters (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBodyReachesTheFunction(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, want string }{
		{"JSON", `{"a":"ü\n"}`, `{"a":"ü\n"}`},
		{"control characters", "a\x00\r\nb", "a\x00\r\nb"},
		{"not UTF-8", "a\xffb", "a\ufffdb"},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, small, nil)
			wantStatus(t, e.send(http.MethodPost, "/open", c.body), http.StatusOK)
			if got := e.lastEvent(); got.Body != c.want || got.IsBase64Encoded {
				t.Errorf("body: got %q (base64 %t), want %q", got.Body, got.IsBase64Encoded, c.want)
			}
		})
	}
}

// TestDuplicateHeadersReachTheFunction: the function decides what to make of them.
func TestDuplicateHeadersReachTheFunction(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Content-Encoding", "Content-Type", "Idempotency-Key", "X-Other"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, small, nil)
			e.send(http.MethodPost, "/open", "{}", header(name, "identity", "gzip"))
			event := e.lastEvent()
			if diff := cmp.Diff([]string{"identity", "gzip"}, event.MultiValueHeaders[name]); diff != "" {
				t.Errorf("multiValueHeaders (-want +got):\n%s", diff)
			}
			if got := event.Headers[name]; got != "gzip" {
				t.Errorf("headers: got %q, want the last value", got)
			}
		})
	}
}

// TestEventIsUTF8: whatever bytes a request has, an event is JSON, which is UTF-8.
func TestEventIsUTF8(t *testing.T) {
	t.Parallel()
	e := newEnv(t, small, nil)
	e.send(http.MethodPost, "/below/a?a=%ff%fe&%80=x\xff", "b\xffc", func(r *http.Request) {
		r.URL.Path = "/below/a\xff"
		r.Host = "h\xff"
		r.Header["X-Odd"] = []string{"a\xff\xffb", "c\x80"}
		r.Header.Set("User-Agent", "curl\xff")
	})
	event := e.lastEvent()
	encoded, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	var decoded events.APIGatewayProxyRequest
	if err := json.Unmarshal(encoded, &decoded); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decoded, event); diff != "" {
		t.Errorf("event (-by JSON +got):\n%s", diff)
	}
	if got := event.Headers["X-Odd"]; got != "c\ufffd" {
		t.Errorf("a header: got %q, want U+FFFD in place of the byte", got)
	}
}

func TestPathKeepsItsSlashes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ target, path, resource string }{
		{"/items/", "/items/", "/items"},
		{"/below/a//b//", "/below/a//b//", "/below/{proxy+}"},
		{"/below/a//b/", "/below/a//b/", "/below/{proxy+}"},
	} {
		t.Run(c.target, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, small, nil)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.URL.Path = c.target
			r.Header.Set("Authorization", goodToken)
			e.gateway.ServeHTTP(httptest.NewRecorder(), r)
			if got := e.lastEvent(); got.Path != c.path || got.Resource != c.resource {
				t.Errorf("got path %q of %q, want %q of %q", got.Path, got.Resource, c.path, c.resource)
			}
		})
	}
}

func TestFunctionThatPanics(t *testing.T) {
	t.Parallel()
	e := newEnv(t, small, nil)
	e.handle = func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		panic("oh")
	}
	w := e.get("/open")
	wantStatus(t, w, http.StatusBadGateway)
	cause, _ := e.log.lines(t, "refused")[0]["cause"].(string)
	if !strings.Contains(cause, "panic: oh") || !strings.Contains(cause, "integration_test.go") {
		t.Errorf("cause: got %q, want the panic and its stack", cause)
	}
}

// TestFunctionTimeouts runs on synctest's fake clock, so it does not wait.
func TestFunctionTimeouts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		timeout string
		watches bool
		status  int
		waited  time.Duration
	}{
		{"API Gateway's time-out", "60", true, 504, 29 * time.Second},
		{"API Gateway's time-out, with a function that ignores its context", "60", false, 504, 29 * time.Second},
		{"Lambda's time-out", "9", true, 502, 9 * time.Second},
		{"Lambda's time-out, with a function that ignores its context", "9", false, 502, 9 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := newEnv(t, strings.Replace(small, "Timeout: 60", "Timeout: "+c.timeout, 1), nil)
				released := make(chan struct{})
				defer close(released)
				e.handle = func(ctx context.Context, _ events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
					if c.watches {
						<-ctx.Done()
						return events.APIGatewayProxyResponse{}, ctx.Err()
					}
					<-released
					return events.APIGatewayProxyResponse{}, nil
				}
				start := time.Now()
				wantStatus(t, e.get("/open"), c.status)
				if waited := time.Since(start); waited != c.waited {
					t.Errorf("waited: got %v, want %v", waited, c.waited)
				}
			})
		})
	}
}

func TestClientThatGoesAwayEndsTheFunction(t *testing.T) {
	t.Parallel()
	e := newEnv(t, small, nil)
	ctx, leave := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	e.handle = func(ctx context.Context, _ events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		leave()
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return events.APIGatewayProxyResponse{}, ctx.Err()
	}
	w := httptest.NewRecorder()
	e.gateway.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/open", nil))
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("function's context: got %v, want %v", err, context.Canceled)
	}
	if w.Body.Len() != 0 {
		t.Errorf("body: got %s, want none", w.Body)
	}
	if got := e.log.lines(t, "request")[0]["status"]; got != 499.0 {
		t.Errorf("status in the log: got %v, want 499", got)
	}
	if lines := e.log.lines(t, "refused"); len(lines) != 0 {
		t.Errorf("failures in the log: got %v, want none", lines)
	}
}

func TestFunctionGetsALambdaContext(t *testing.T) {
	t.Parallel()
	e := newEnv(t, small, nil)
	var got *lambdacontext.LambdaContext
	e.handle = func(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		got, _ = lambdacontext.FromContext(ctx)
		return ok(ctx, event)
	}
	e.get("/open")
	if got == nil || got.AwsRequestID == "" || got.AwsRequestID == e.lastEvent().RequestContext.RequestID {
		t.Errorf("lambda context: got %+v, want another request id", got)
	}
}
