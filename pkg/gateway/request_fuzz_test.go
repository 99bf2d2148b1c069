package gateway_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"pats"
	"pats/pkg/gateway"
	"pats/pkg/pat/pattest"
)

// goodHeader is the header that the recording authorizer allows. It has a form that the template's expression accepts.
const goodHeader = "*:*.good"

// behind has the function of each resource in the template.
var behind = map[string]string{
	"/api/admin/user/tokens": "TokensFunction", "/api/admin/user/tokens/{id}": "TokensFunction", "/docs/openapi.json": "TokensFunction",
	"/api/admin/user/tokens/self": "TokensFunction", "/api/admin/user/tokens/self/rotate": "TokensFunction",
	"/api/admin/user/tokens/{id}/rotate": "TokensFunction",
	"/":                                  "PageFunction", "/ui/assets/{file}": "PageFunction", "/{proxy+}": "TokensFunction",
	"/ui/login": "SignInFunction", "/ui/session": "SessionFunction", "/ui/api/admin/user": "AdminSessionFunction",
	"/api/admin/user": "UsersFunction", "/api/admin/user-admin": "UsersFunction", "/api/admin/user-admin/{id}": "UsersFunction",
	"/api/admin/user-admin/search": "UsersFunction", "/api/admin/user-admin/admin-count": "UsersFunction",
	"/api/admin/service-account": "ServiceAccountsFunction", "/api/admin/service-account/{id}": "ServiceAccountsFunction",
	"/api/admin/service-account/{id}/token":                  "ServiceAccountsFunction",
	"/api/admin/service-account/{id}/token/{tokenId}":        "ServiceAccountsFunction",
	"/api/admin/service-account/{id}/token/{tokenId}/rotate": "ServiceAccountsFunction",
	"/api/admin/tokens":                                      "AdminTokensFunction", "/api/admin/user-admin/{id}/tokens": "AdminTokensFunction",
	"/api/admin/user-admin/{id}/tokens/{tokenId}": "AdminTokensFunction",
	"/oauth/introspect":                           "OAuthFunction", "/oauth/revoke": "OAuthFunction", "/oauth/token": "OAuthFunction",
	"/.well-known/openid-configuration": "OAuthFunction",
	"/leaks/github":                     "LeaksFunction", "/leaks/gitlab": "LeaksFunction", "/leaks/gitlab/revocable_token_types": "LeaksFunction",
}

// isOpen reports whether the template has no authorizer for a resource.
func isOpen(resource string) bool {
	return behind[resource] == "OAuthFunction" || behind[resource] == "LeaksFunction" || resource == "/docs/openapi.json" || resource == "/" || strings.HasPrefix(resource, "/ui/")
}

// recording is the project's API with functions that record their events.
type recording struct {
	gateway *gateway.Gateway

	mu         sync.Mutex
	authorized []events.APIGatewayCustomAuthorizerRequest
	handled    map[string][]events.APIGatewayProxyRequest
}

func newRecording(tb testing.TB) *recording {
	tb.Helper()
	w := &recording{}
	functions := gateway.Functions{
		Authorizers: map[string]gateway.AuthorizerFunction{"AuthorizerFunction": w.authorize},
		Proxies:     map[string]gateway.ProxyFunction{},
	}
	for _, id := range behind {
		functions.Proxies[id] = func(_ context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.handled[id] = append(w.handled[id], event)
			return events.APIGatewayProxyResponse{StatusCode: http.StatusOK}, nil
		}
	}
	var err error
	w.gateway, err = gateway.New(pats.Template(), functions, gateway.Options{
		Parameters: map[string]string{"AuthorizerTtlSeconds": "0"},
		Now:        pattest.NewClock().Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

func (w *recording) authorize(_ context.Context, event events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.authorized = append(w.authorized, event)
	effect := "Deny"
	if event.AuthorizationToken == goodHeader {
		effect = "Allow"
	}
	return events.APIGatewayCustomAuthorizerResponse{
		PrincipalID: "somebody",
		PolicyDocument: events.APIGatewayCustomAuthorizerPolicy{Statement: []events.IAMPolicyStatement{{
			Effect: effect, Action: []string{"execute-api:Invoke"}, Resource: []string{"arn:aws:execute-api:*:*:*/prod/*"},
		}}},
		Context: map[string]any{"kind": "somebody"},
	}, nil
}

// FuzzRequest checks that any request reaches a function only by a resource of the template that its path matches, only if the
// authorizer allows it or the resource is open, and only with the caller that the authorizer named.
func FuzzRequest(f *testing.F) {
	const host, good = " HTTP/1.1\r\nHost: a\r\n", "Authorization: " + goodHeader + "\r\n"
	for _, text := range []string{
		"GET /api/admin/user" + host + good + "\r\n",
		"GET /api/admin/user/tokens/1%2f2?a=b;c" + host + good + "\r\n",
		"DELETE /api/admin/user/tokens/../../user-admin/1" + host + good + "\r\n",
		"POST //api/admin/user-admin/" + host + good + "Content-Length: 3\r\n\r\n{}x",
		"GET /docs/openapi.json" + host + "\r\n",
		"GET /ui/login?next=//b" + host + "\r\n",
		"POST /ui/%61pi/../api/admin/user" + host + "Cookie: pats-session=x\r\nkind: admin\r\n\r\n",
		"GET /docs/openapi.json/..%2f..%5c/%00;x" + host + good + "kind: admin\r\n\r\n",
		"GET http://b/API/%2e%2e/" + host + good + good + "\r\n",
		"OPTIONS *" + host + "authorization: " + goodHeader + " \r\n\r\n",
		"PUT /{proxy+}" + host + "Authorization: Bearer " + goodHeader + "\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		"get ?x" + host + "Authorization:\r\n *:*.good\r\n\r\n",
		"POST /oauth/introspect" + host + "Authorization: Basic Og==\r\nContent-Length: 7\r\n\r\ntoken=x",
		"PUT /oauth/revoke/" + host + good + "\r\n",
		"HEAD /.well-known/openid-configuration?x" + host + "\r\n",
		"HEAD /" + strings.Repeat("a/", 200) + host + good + "\r\n",
	} {
		f.Add(text)
	}
	w := newRecording(f)
	f.Fuzz(func(t *testing.T, text string) {
		request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			t.Skip("no HTTP")
		}
		status := w.serve(t, request)
		open, invoked := w.wantRouted(t, request)
		if status >= http.StatusInternalServerError {
			t.Errorf("got status %d, want none of a server error", status)
		}
		if given := request.Header.Values("Authorization"); invoked > 0 && !open && !cmp.Equal(given, []string{goodHeader}) {
			t.Errorf("Authorization %q: a function was invoked", given)
		}
	})
}

func (w *recording) serve(t *testing.T, request *http.Request) int {
	t.Helper()
	w.authorized, w.handled = nil, map[string][]events.APIGatewayProxyRequest{}
	request.RemoteAddr = "127.0.0.1:1"
	recorder := httptest.NewRecorder()
	w.gateway.ServeHTTP(recorder, request.WithContext(t.Context()))
	_, _ = io.Copy(io.Discard, request.Body)
	return recorder.Code
}

// wantRouted checks the events of the functions. It returns their number, and whether one was on an open resource.
func (w *recording) wantRouted(t *testing.T, request *http.Request) (open bool, invoked int) {
	t.Helper()
	for function, invocations := range w.handled {
		for _, event := range invocations {
			invoked++
			open = open || isOpen(event.Resource)
			w.wantEvent(t, function, event, request)
		}
	}
	if invoked > 1 || len(w.authorized) > 1 {
		t.Errorf("got %d functions and %d authorizers invoked, want one at most", invoked, len(w.authorized))
	}
	return open, invoked
}

func (w *recording) wantEvent(t *testing.T, function string, event events.APIGatewayProxyRequest, request *http.Request) {
	t.Helper()
	if behind[event.Resource] != function {
		t.Errorf("resource %q: got %s invoked, want %q", event.Resource, function, behind[event.Resource])
	}
	rebuilt := strings.Trim(event.Resource, "/")
	for name, value := range event.PathParameters {
		rebuilt = strings.NewReplacer("{"+name+"}", value, "{"+name+"+}", value).Replace(rebuilt)
	}
	if sent := strings.TrimSuffix(strings.TrimPrefix(request.URL.EscapedPath(), "/"), "/"); strings.ToValidUTF8(sent, "\ufffd") != rebuilt {
		t.Errorf("path %q: got resource %q with %v", sent, event.Resource, event.PathParameters)
	}
	var want map[string]any
	if !isOpen(event.Resource) {
		want = map[string]any{"kind": "somebody", "principalId": "somebody"}
	}
	if diff := cmp.Diff(want, event.RequestContext.Authorizer); diff != "" {
		t.Errorf("the caller (-want +got):\n%s", diff)
	}
	if event.HTTPMethod != request.Method {
		t.Errorf("method: got %q, want %q", event.HTTPMethod, request.Method)
	}
}
