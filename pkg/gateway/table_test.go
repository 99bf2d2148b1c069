package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-lambda-go/events"
)

// guide is where AWS documents API Gateway.
const guide = "https://docs.aws.amazon.com/apigateway/latest/developerguide/"

// Pages of the guide, and reports on what it does not document.
const (
	docKnownIssues = guide + "api-gateway-known-issues.html"
	docLimits      = guide + "api-gateway-execution-service-limits-table.html"
	docMethod      = guide + "api-gateway-method-settings-method-request.html"
	docOutput      = guide + "api-gateway-lambda-authorizer-output.html"
	docAuthorizer  = guide + "apigateway-use-lambda-authorizer.html"
	docConfigure   = guide + "configure-api-gateway-lambda-authorization-with-console.html"
	docSettings    = "https://docs.aws.amazon.com/apigateway/latest/api/API_Authorizer.html"
	docProxy       = guide + "set-up-lambda-proxy-integrations.html"
	docResponse    = guide + "api-gateway-gatewayResponse-definition.html"
	docTypes       = guide + "supported-gateway-response-types.html"
	docThrottling  = guide + "api-gateway-request-throttling.html"
	docPolicy      = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"
	docContext     = guide + "api-gateway-mapping-template-reference.html"

	reportContext  = "https://github.com/dherault/serverless-offline/pull/1376"
	reportRenaming = "https://github.com/dherault/serverless-offline/issues/236"
	reportSlash    = "https://github.com/floci-io/floci/issues/1557"
	reportEncoding = "https://github.com/middleapi/standard-server/pull/93"
	reportHeaders  = "https://backbencher.dev/solved-431-status-code-with-request-header-fields-too-large"
	reportStatus   = "https://github.com/localstack/localstack/blob/main/localstack-core/localstack/services/apigateway/next_gen/execute_api/integrations/aws.py"
	reportMatching = "https://github.com/localstack/localstack/blob/main/localstack-core/localstack/services/apigateway/next_gen/execute_api/handlers/resource_router.py"
)

// three is one row of the table: what a case does on this gateway, on `sam local start-api` (SAM CLI 1.170.0) and on AWS.
type three struct {
	name string
	// run returns what happens here in a few words, which must be laptop.
	run    func(e *env) string
	laptop string
	// sam is measured, or, in brackets, as SAM CLI's source has it.
	sam string
	// aws is what source documents or, where it is marked so, what users report.
	aws    string
	source string
	// why this gateway differs from AWS, if it does.
	why string
}

var table = []three{
	// Who comes in.
	{
		name:   "no Authorization header",
		run:    func(e *env) string { return e.outcome(e.get("/items", authorization())) },
		laptop: "401 Unauthorized, no invocation", sam: "401 Unauthorized, no invocation", aws: "401 Unauthorized, no invocation",
		source: docAuthorizer,
	},
	{
		name:   "a header that the validation expression does not match",
		run:    func(e *env) string { return e.outcome(e.get("/items", authorization("junk"))) },
		laptop: "401 Unauthorized, no invocation", sam: "401 Unauthorized, no invocation", aws: "401 Unauthorized, no invocation",
		source: docSettings,
	},
	{
		name:   "a header of which the validation expression matches a part",
		run:    func(e *env) string { return e.outcome(e.get("/items", authorization("good-a!"))) },
		laptop: "401 Unauthorized, no invocation", sam: "200, authorizer and function invoked", aws: "not documented",
		source: docSettings, why: "the strict reading; an expression with ^ and $ means the same everywhere",
	},
	{
		name:   "several Authorization headers",
		run:    func(e *env) string { return e.outcome(e.get("/items", authorization(goodToken, goodToken))) },
		laptop: "401 Unauthorized, no invocation", sam: "(joined with a comma, so as the expression has it)", aws: "not documented",
		source: docKnownIssues, why: "it would be open which of them counts",
	},
	{
		name:   "the same token three times",
		run:    func(e *env) string { return e.countAuthorized("/items", "/items", "/items") },
		laptop: "authorizer invoked 1 time", sam: "authorizer invoked 3 times", aws: "authorizer invoked 1 time",
		source: docSettings,
	},
	{
		name: "a token that is denied, three times",
		run: func(e *env) string {
			e.authorize = authorizing(authorizerResponse("Deny", "*", nil), nil)
			return e.countAuthorized("/items", "/items", "/items")
		},
		laptop: "authorizer invoked 1 time", sam: "authorizer invoked 3 times", aws: "authorizer invoked 1 time",
		source: docSettings,
	},
	{
		name: "a policy for one method, and then another method",
		run: func(e *env) string {
			e.authorize = func(_ context.Context, event events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
				return authorizerResponse("Allow", event.MethodArn, nil), nil
			}
			e.get("/items/1")
			return status(e.get("/items/2"))
		},
		laptop: "403", sam: "200", aws: "403",
		source: docConfigure,
	},
	{
		name: "a policy with an Allow and an explicit Deny",
		run: func(e *env) string {
			e.authorize = authorizing(withStatements(nil, statement("Allow", "*", "*"), statement("Deny", "*", "*")), nil)
			return status(e.get("/items"))
		},
		laptop: "403", sam: "200", aws: "403",
		source: docPolicy,
	},
	{
		name: "the authorizer fails with Unauthorized",
		run: func(e *env) string {
			e.authorize = authorizing(events.APIGatewayCustomAuthorizerResponse{}, errors.New("Unauthorized"))
			return status(e.get("/items"))
		},
		laptop: "401", sam: "502", aws: "401",
		source: docAuthorizer,
	},
	{
		name: "the authorizer fails with another error",
		run: func(e *env) string {
			e.authorize = authorizing(events.APIGatewayCustomAuthorizerResponse{}, errors.New("no store"))
			return status(e.get("/items"))
		},
		laptop: "500", sam: "502", aws: "500",
		source: docTypes,
	},
	{
		name: "the authorizer names no principal",
		run: func(e *env) string {
			response := authorizerResponse("Allow", "*", nil)
			response.PrincipalID = ""
			e.authorize = authorizing(response, nil)
			return status(e.get("/items"))
		},
		laptop: "500", sam: "502", aws: "500",
		source: docOutput,
	},
	{
		name:   "a nested context",
		run:    func(e *env) string { return e.claims(map[string]any{"x": []any{"a"}}) },
		laptop: "500", sam: "passed on", aws: "500",
		source: reportContext,
	},
	{
		name:   "a context of 20 KB",
		run:    func(e *env) string { return e.claims(map[string]any{"x": strings.Repeat("a", 20000)}) },
		laptop: "500", sam: "passed on", aws: "rejected, the limit is 8 KB; the status is not documented",
		source: guide + "limits.html", why: "a status has to be chosen",
	},
	{
		name:   "a number and a boolean in the context",
		run:    func(e *env) string { return e.claims(map[string]any{"x": 7, "y": true}) },
		laptop: `x is "7", y is "true"`, sam: "x is 7, y is true", aws: `x is "7", y is "true"`,
		source: docOutput,
	},

	// Where a request goes.
	{
		name:   "a path that has no resource, without a header",
		run:    func(e *env) string { return e.outcome(e.get("/nowhere", authorization())) },
		laptop: "403 Missing Authentication Token, no invocation", sam: "403 Missing Authentication Token, no invocation",
		aws: "403 Missing Authentication Token, no invocation", source: docResponse,
	},
	{
		name: "a path that has no resource, with a header",
		run: func(e *env) string {
			w := e.get("/nowhere")
			return fmt.Sprintf("%d, header in the body: %t", w.Code, strings.Contains(w.Body.String(), goodToken))
		},
		laptop: "403, header in the body: false", sam: "403, header in the body: false", aws: "403, header in the body: true",
		source: docTypes, why: "a response should not repeat a token",
	},
	{
		name:   "a method that the resource does not have",
		run:    func(e *env) string { return e.outcome(e.send(http.MethodPut, "/items/1", "", authorization())) },
		laptop: "403 Missing Authentication Token, no invocation", sam: "403 Missing Authentication Token, no invocation",
		aws: "403 Missing Authentication Token, no invocation", source: docTypes,
	},
	{
		name: "methods of ANY",
		run: func(e *env) string {
			var served []string
			for _, method := range []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"} {
				if e.send(method, "/items", "").Code == http.StatusOK {
					served = append(served, method)
				}
			}
			return strings.Join(served, " ")
		},
		laptop: "DELETE GET HEAD OPTIONS PATCH POST PUT", sam: "(DELETE GET HEAD OPTIONS PATCH POST PUT)",
		aws: "DELETE GET HEAD OPTIONS PATCH POST PUT", source: docMethod,
	},
	{
		name:   "the stage in the path",
		run:    func(e *env) string { return e.event("/items").RequestContext.Path },
		laptop: "/prod/items, called as /items", sam: "/items, called as /items", aws: "/prod/items, called as /prod/items",
		source: docContext, why: "one address for one API",
	},
	{
		name:   "an encoded slash in a path parameter",
		run:    func(e *env) string { return e.event("/items/a%2Fb").PathParameters["id"] },
		laptop: "a%2Fb", sam: "a/b", aws: "a%2Fb, as users report",
		source: reportEncoding,
	},
	{
		name: "a slash behind the path",
		run: func(e *env) string {
			event := e.event("/items/")
			return event.Resource + " with the path " + event.Path
		},
		laptop: "/items with the path /items/", sam: "(/items with the path /items/)", aws: "/items with the path /items/, as users report",
		source: reportSlash,
	},
	{
		name: "two slashes before the path",
		run: func(e *env) string {
			w := e.get("/", func(r *http.Request) { r.URL.Path = "//items" })
			return status(w)
		},
		laptop: "403", sam: "(redirected to one slash)", aws: "not documented; an emulator that is checked against AWS does so",
		source: reportMatching,
	},
	{
		name: "two slashes inside the path",
		run: func(e *env) string {
			return e.event("/below/a//b").PathParameters["proxy"] + ", and /items//1 is " + status(e.get("/items//1"))
		},
		laptop: "a//b, and /items//1 is 403", sam: "(redirected to one slash)", aws: "not documented; an emulator that is checked against AWS does so",
		source: reportMatching,
	},

	// What the function gets.
	{
		name: "the request's id",
		run: func(e *env) string {
			one, other := e.event("/open").RequestContext.RequestID, e.event("/open").RequestContext.RequestID
			uuid := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
			return fmt.Sprintf("a UUID: %t, one for each request: %t", uuid.MatchString(one), one != other)
		},
		laptop: "a UUID: true, one for each request: true", sam: "a UUID: true, one for each request: false",
		aws: "a UUID: true, one for each request: true", source: docContext,
	},
	{
		name: "a query parameter twice",
		run: func(e *env) string {
			event := e.event("/open?a=1&a=2")
			return event.QueryStringParameters["a"] + " of " + strings.Join(event.MultiValueQueryStringParameters["a"], ",")
		},
		laptop: "2 of 1,2", sam: "(2 of 1,2)", aws: "2 of 1,2",
		source: docProxy,
	},
	{
		name:   "a semicolon in the query",
		run:    func(e *env) string { return e.event("/open?a=1;b=2").QueryStringParameters["b"] },
		laptop: "2", sam: "(not parted)", aws: "2, since the data is parted there",
		source: docKnownIssues,
	},
	{
		name: "a body that is not UTF-8, without binary media types",
		run: func(e *env) string {
			e.send(http.MethodPost, "/open", "a\xff")
			return fmt.Sprintf("%+q", e.lastEvent().Body)
		},
		laptop: `"a\ufffd"`, sam: "(502)", aws: "not documented", source: docProxy,
		why: "an event is JSON, which is UTF-8",
	},

	// Limits.
	{
		name:   "headers over 10,240 bytes",
		run:    func(e *env) string { return status(e.get("/open", header("X", strings.Repeat("x", 10240)))) },
		laptop: "431", sam: "(served)", aws: "over the limit; the status is not documented, users report 431",
		source: reportHeaders,
	},
	{
		name:   "a method ARN over 1,600 bytes",
		run:    func(e *env) string { return status(e.get("/items/" + strings.Repeat("x", 1600))) },
		laptop: "414", sam: "(served)", aws: "414",
		source: docLimits,
	},
	{
		name: "a body over 10 MB",
		run: func(e *env) string {
			return status(e.send(http.MethodPost, "/open", strings.Repeat("x", 10<<20+1)))
		},
		laptop: "413", sam: "(served)", aws: "413",
		source: docLimits,
	},
	{
		name: "a body over 64 KB to a route without an authorizer",
		run: func(e *env) string {
			return status(e.send(http.MethodPost, "/open", strings.Repeat("x", 64<<10+1)))
		},
		laptop: "413", sam: "(served)", aws: "served",
		source: docLimits, why: "callers without a token must not fill a laptop's memory",
	},
	{
		name: "more requests than the stage allows",
		run: func(e *env) string {
			e = newEnv(e.t, strings.Replace(small, "StageName: prod", "StageName: prod\n      MethodSettings: "+
				"[{ResourcePath: /*, HttpMethod: '*', ThrottlingRateLimit: 1, ThrottlingBurstLimit: 1}]", 1), nil)
			for range 3 {
				if w := e.get("/open"); w.Code != http.StatusOK {
					return status(w)
				}
			}
			return "served"
		},
		laptop: "served", sam: "served", aws: "429, on a best-effort basis",
		source: docThrottling, why: "the limit protects a bill",
	},

	// What the function answers.
	{
		name: "the function takes longer than API Gateway's time-out",
		run: func(e *env) string {
			e.handle = func(ctx context.Context, _ events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
				<-ctx.Done()
				return events.APIGatewayProxyResponse{}, ctx.Err()
			}
			return status(e.get("/open"))
		},
		laptop: "504", sam: "(as long as the function may take)", aws: "504",
		source: docTypes,
	},
	{
		name: "the function fails",
		run: func(e *env) string {
			e.handle = returning(events.APIGatewayProxyResponse{}, errors.New("oh"))
			return e.outcome(e.get("/open"))
		},
		laptop: "502 Internal server error, function invoked", sam: "(500 Internal server error, function invoked)",
		aws: "502 Internal server error, function invoked", source: docProxy,
	},
	{
		name: "the function answers without a status",
		run: func(e *env) string {
			e.handle = returning(events.APIGatewayProxyResponse{Body: "x"}, nil)
			return status(e.get("/open"))
		},
		laptop: "502", sam: "(200)", aws: "not documented; an emulator that is checked against AWS has 200",
		source: reportStatus, why: "a function that forgets the status should fail here",
	},
	{
		name: "WWW-Authenticate, Date and Server from the function",
		run: func(e *env) string {
			e.handle = returning(events.APIGatewayProxyResponse{StatusCode: 401, Headers: map[string]string{
				"WWW-Authenticate": "Bearer", "Date": "today", "Server": "me",
			}}, nil)
			return e.renamed("WWW-Authenticate", "Date", "Server")
		},
		laptop: "renamed", sam: "(kept)", aws: "renamed, as users report too",
		source: reportRenaming,
	},
	{
		name: "WWW-Authenticate from a gateway response",
		run: func(e *env) string {
			e = newEnv(e.t, withResponses(`UNAUTHORIZED: {ResponseParameters: {Headers: {WWW-Authenticate: "'Bearer'"}}}`), nil)
			return e.get("/items", authorization()).Header().Get("WWW-Authenticate")
		},
		laptop: "Bearer", sam: "no header", aws: "Bearer",
		source: docResponse,
	},
	{
		name: "a gateway response with its own status and body",
		run: func(e *env) string {
			e = newEnv(e.t, withResponses(`UNAUTHORIZED: {StatusCode: 418, ResponseTemplates: {application/json: '<$context.nothing>'}}`), nil)
			w := e.get("/items", authorization())
			return fmt.Sprint(w.Code, " ", w.Body)
		},
		laptop: "418 <>", sam: "401 {\"message\":\"Unauthorized\"}", aws: "418 <>",
		source: docResponse,
	},
	{
		name: "a base64 answer without binary media types",
		run: func(e *env) string {
			e.handle = returning(events.APIGatewayProxyResponse{StatusCode: 200, Body: "aGk=", IsBase64Encoded: true}, nil)
			return e.get("/open").Body.String()
		},
		laptop: "aGk=", sam: "(aGk=)", aws: "aGk=",
		source: docProxy,
	},
	{
		name: "HEAD",
		run: func(e *env) string {
			w := e.send(http.MethodHead, "/open", "")
			return fmt.Sprintf("%d with %d bytes of %s", w.Code, w.Body.Len(), w.Header().Get("Content-Length"))
		},
		laptop: "200 with 0 bytes of 2", sam: "(200 with 0 bytes of 2)", aws: "200 with 0 bytes of 2",
		source: docMethod,
	},
}

// TestTable checks the laptop's column, and that a difference from AWS has a reason.
func TestTable(t *testing.T) {
	t.Parallel()
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				got := row.run(newEnv(t, small, nil))
				want, _, _ := strings.Cut(row.laptop, ", called as")
				if got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			})
			if row.sam == "" || row.aws == "" || row.source == "" {
				t.Errorf("got an empty column: sam %q, aws %q, source %q", row.sam, row.aws, row.source)
			}
			reported := strings.HasPrefix(row.aws, row.laptop) || strings.HasPrefix(row.source, "https://github.com/") || row.source == reportHeaders
			if !reported && row.why == "" {
				t.Errorf("got %q here and %q on AWS, want a reason", row.laptop, row.aws)
			}
		})
	}
}

func status(w *httptest.ResponseRecorder) string { return strconv.Itoa(w.Code) }

// outcome returns the status, API Gateway's message if there is one, and which functions were invoked.
func (e *env) outcome(w *httptest.ResponseRecorder) string {
	e.t.Helper()
	var body struct{ Message string }
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		e.t.Fatal(err)
	}
	invoked := "no invocation"
	switch authorized, handled := len(e.authorized) > 0, len(e.handled) > 0; {
	case authorized && handled:
		invoked = "authorizer and function invoked"
	case authorized:
		invoked = "authorizer invoked"
	case handled:
		invoked = "function invoked"
	}
	return strings.TrimSuffix(fmt.Sprintf("%d %s", w.Code, body.Message), " ") + ", " + invoked
}

// countAuthorized returns how often the authorizer is invoked for requests.
func (e *env) countAuthorized(paths ...string) string {
	e.t.Helper()
	for _, path := range paths {
		e.get(path)
	}
	if len(e.authorized) == 1 {
		return "authorizer invoked 1 time"
	}
	return fmt.Sprintf("authorizer invoked %d times", len(e.authorized))
}

// claims returns x and y of an authorizer's context as the function gets them, or the status if it does not.
func (e *env) claims(claims map[string]any) string {
	e.t.Helper()
	e.authorize = authorizing(authorizerResponse("Allow", "*", claims), nil)
	if w := e.get("/items"); w.Code != http.StatusOK {
		return status(w)
	}
	got := e.lastEvent().RequestContext.Authorizer
	return fmt.Sprintf("x is %#v, y is %#v", got["x"], got["y"])
}

// event returns the event that the function gets for a request.
func (e *env) event(path string) events.APIGatewayProxyRequest {
	e.t.Helper()
	e.get(path)
	return e.lastEvent()
}

// renamed reports which of the function's headers the client gets under another name.
func (e *env) renamed(names ...string) string {
	e.t.Helper()
	header := e.get("/open").Header()
	renamed := 0
	for _, name := range names {
		if header.Get(name) == "" && header.Get("x-amzn-Remapped-"+name) != "" {
			renamed++
		}
	}
	switch renamed {
	case len(names):
		return "renamed"
	case 0:
		return "kept"
	}
	return "renamed in part"
}
