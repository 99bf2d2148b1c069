package gateway_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"pats/pkg/gateway"
	"pats/pkg/pat/pattest"
)

// routing is an open API with one function for each of its routes, such as "GET /path".
type routing struct {
	gateway *gateway.Gateway
	// route and params are those of the last invocation.
	route  string
	params map[string]string
}

func newRouting(routes ...string) (*routing, error) {
	r := &routing{}
	var template strings.Builder
	template.WriteString("Resources:\n  Api: {Type: AWS::Serverless::Api, Properties: {StageName: prod}}\n")
	functions := gateway.Functions{Proxies: map[string]gateway.ProxyFunction{}}
	for i, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		id := fmt.Sprintf("F%d", i)
		fmt.Fprintf(&template, "  %s: {Type: AWS::Serverless::Function, Properties: {Events: {E: {Type: Api, Properties: "+
			"{RestApiId: !Ref Api, Method: %s, Path: '%s'}}}}}\n", id, method, path)
		functions.Proxies[id] = func(_ context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			r.route, r.params = route, event.PathParameters
			return events.APIGatewayProxyResponse{StatusCode: http.StatusOK}, nil
		}
	}
	var err error
	r.gateway, err = gateway.New([]byte(template.String()), functions, gateway.Options{
		Now: pattest.NewClock().Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	return r, err
}

// find sends a request, and leaves r.route empty if no function is invoked. It returns the path as the gateway receives it.
func (r *routing) find(method string, target *url.URL) string {
	r.route, r.params = "", nil
	request := &http.Request{Method: method, URL: target, Header: http.Header{}, Body: http.NoBody}
	r.gateway.ServeHTTP(httptest.NewRecorder(), request)
	return target.EscapedPath()
}

var routingCases = []struct {
	name, method, path string
	want               string
	params             map[string]string
}{
	{name: "root", method: "GET", path: "/", want: "ANY /"},
	{name: "a literal beats a parameter", method: "GET", path: "/a/b", want: "ANY /a/b"},
	{name: "a parameter beats a greedy one", method: "GET", path: "/a/x", want: "ANY /a/{Id}", params: map[string]string{"Id": "x"}},
	{name: "a method beats ANY", method: "GET", path: "/a/x/c", want: "GET /a/{Id}/c", params: map[string]string{"Id": "x"}},
	{name: "ANY matches other methods", method: "PUT", path: "/a/x/c", want: "ANY /a/{Id}/c", params: map[string]string{"Id": "x"}},
	{name: "the branch of the literal can end", method: "GET", path: "/a/b/c", want: "GET /a/{Id}/c", params: map[string]string{"Id": "b"}},
	{name: "a greedy parameter below a parameter", method: "GET", path: "/a/x/y/z", want: "ANY /a/{Id}/{Proxy+}", params: map[string]string{"Id": "x", "Proxy": "y/z"}},
	{name: "a greedy parameter matches the rest", method: "GET", path: "/q/r", want: "ANY /{Proxy+}", params: map[string]string{"Proxy": "q/r"}},
	{name: "a greedy parameter matches at least one segment", method: "GET", path: "/a", want: "ANY /{Proxy+}", params: map[string]string{"Proxy": "a"}},
	{name: "a trailing slash", method: "GET", path: "/a/b/", want: "ANY /a/b"},
	{name: "a trailing slash is not part of a parameter", method: "GET", path: "/a/x/", want: "ANY /a/{Id}", params: map[string]string{"Id": "x"}},
	{name: "a trailing slash is not part of a greedy parameter", method: "GET", path: "/q/r/", want: "ANY /{Proxy+}", params: map[string]string{"Proxy": "q/r"}},
	{name: "a doubled slash first is an empty segment", method: "GET", path: "//a/b", want: "ANY /{Proxy+}", params: map[string]string{"Proxy": "/a/b"}},
	{name: "a doubled slash last is an empty segment", method: "GET", path: "/q//", want: "ANY /{Proxy+}", params: map[string]string{"Proxy": "q/"}},
	{name: "a doubled slash in place of a parameter", method: "GET", path: "/a//c", want: "ANY /{Proxy+}", params: map[string]string{"Proxy": "a//c"}},
	{name: "only slashes", method: "GET", path: "///", want: "ANY /{Proxy+}", params: map[string]string{"Proxy": "/"}},
	{name: "a double slash inside is an empty segment", method: "GET", path: "/a//b", want: "ANY /{Proxy+}", params: map[string]string{"Proxy": "a//b"}},
	{name: "an encoded slash does not separate segments", method: "GET", path: "/a/x%2Fc", want: "ANY /a/{Id}", params: map[string]string{"Id": "x%2Fc"}},
	{name: "an encoded letter is not its literal", method: "GET", path: "/%61/b", want: "ANY /{Proxy+}", params: map[string]string{"Proxy": "%61/b"}},
	{name: "case counts", method: "GET", path: "/A/b", want: "ANY /{Proxy+}", params: map[string]string{"Proxy": "A/b"}},
	{name: "ANY includes HEAD", method: "HEAD", path: "/a/b", want: "ANY /a/b"},
	{name: "ANY includes OPTIONS", method: "OPTIONS", path: "/a/b", want: "ANY /a/b"},
	{name: "ANY does not include TRACE", method: "TRACE", path: "/a/b", want: ""},
	{name: "ANY does not include unknown methods", method: "FETCH", path: "/a/b", want: ""},
	{name: "a resource without the method ends the search", method: "GET", path: "/only", want: ""},
	{name: "methods are case-sensitive", method: "get", path: "/a/b", want: ""},
}

// TestRouting has parameters whose names sort before every literal, so that alphabetical order would fail.
func TestRouting(t *testing.T) {
	t.Parallel()
	for _, c := range routingCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := newRouting("ANY /{Proxy+}", "any /", "ANY /a/{Id}", "ANY /a/b", "get /a/{Id}/c", "ANY /a/{Id}/c",
				"ANY /a/{Id}/{Proxy+}", "POST /only")
			if err != nil {
				t.Fatal(err)
			}
			target, err := url.ParseRequestURI(c.path)
			if err != nil {
				t.Fatal(err)
			}
			r.find(c.method, target)
			if !strings.EqualFold(r.route, c.want) {
				t.Errorf("%s %s: got %q, want %q", c.method, c.path, r.route, c.want)
			}
			if diff := cmp.Diff(c.params, r.params); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRoutingDoesNotDependOnTheOrder declares the same routes backwards.
func TestRoutingDoesNotDependOnTheOrder(t *testing.T) {
	t.Parallel()
	forth, err := newRouting("ANY /{Proxy+}", "ANY /a/{Id}", "ANY /a/b", "ANY /a/{Id}/c")
	if err != nil {
		t.Fatal(err)
	}
	back, err := newRouting("ANY /a/{Id}/c", "ANY /a/b", "ANY /a/{Id}", "ANY /{Proxy+}")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/a", "/a/b", "/a/c", "/a/b/c", "/a/b/d"} {
		forth.find(http.MethodGet, &url.URL{Path: path})
		back.find(http.MethodGet, &url.URL{Path: path})
		if forth.route != back.route {
			t.Errorf("%s: got %q and %q, want the same", path, forth.route, back.route)
		}
	}
}

func TestWrongRoutes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, route string }{
		{"no slash in front", "GET a"},
		{"an empty segment", "GET /a//b"},
		{"half a parameter", "GET /{id"},
		{"the other half", "GET /id}"},
		{"a parameter within a segment", "GET /x{id}"},
		{"a parameter without a name", "GET /{}"},
		{"a greedy one without a name", "GET /{+}"},
		{"a greedy one that is not last", "GET /{proxy+}/a"},
		{"an unknown method", "TRACE /a"},
		{"a second function at one place", "POST /taken"},
		{"a second function at one place, written in another way", "post /taken/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := newRouting("POST /taken", c.route); err == nil || !strings.Contains(err.Error(), "Resources.F1.Properties.Events.E") {
				t.Errorf("%s: got %v, want an error that names the event", c.route, err)
			}
		})
	}
}

func TestNoRoute(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, method, path string
		edit               func(*http.Request)
		message            string
	}{
		{"path", "GET", "/nowhere", authorization(), "Missing Authentication Token"},
		{"method", "DELETE", "/items/1", authorization(), "Missing Authentication Token"},
		{"method that ANY does not include", "TRACE", "/items", authorization(), "Missing Authentication Token"},
		{"a header that is not a signature", "GET", "/nowhere", authorization(goodToken), "The Authorization header is not an AWS signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, small, nil)
			w := e.send(c.method, c.path, "", c.edit)
			wantStatus(t, w, http.StatusForbidden)
			if want := `{"message":"` + c.message + `"}`; w.Body.String() != want {
				t.Errorf("body: got %s, want %s", w.Body, want)
			}
			if len(e.authorized)+len(e.handled) != 0 {
				t.Error("a function was invoked")
			}
		})
	}
}

// FuzzRouting looks for a path that no route matches, and for parameters from which the path cannot be rebuilt.
func FuzzRouting(f *testing.F) {
	for _, path := range []string{"/", "//", "/a/b", "/a/x", "/a//", "/a/%2f/c", "/a/b/c/d/", "a", "/{id}", "/a/{proxy+}"} {
		f.Add(path)
	}
	r, err := newRouting("ANY /", "ANY /{proxy+}", "ANY /a/b", "ANY /a/{id}", "ANY /a/{id}/{rest+}")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if len(path) > 400 {
			t.Skip("longer than an ARN can be") // escaped, each byte has three
		}
		sent := r.find(http.MethodGet, &url.URL{Path: path, RawPath: path})
		if r.route == "" {
			t.Fatalf("%q: no route", sent)
		}
		rebuilt := strings.TrimPrefix(r.route, "ANY /")
		for name, value := range r.params {
			rebuilt = strings.NewReplacer("{"+name+"}", value, "{"+name+"+}", value).Replace(rebuilt)
		}
		if want := strings.TrimSuffix(strings.TrimPrefix(sent, "/"), "/"); len(r.params) < 2 && rebuilt != want {
			t.Errorf("%q: route %q with %v rebuilds %q, want %q", sent, r.route, r.params, rebuilt, want)
		}
	})
}
