package authz_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pats/pkg/pat"
)

// cachingAPI is an API of a consumer with an authorizer whose responses it caches by the identity sources, as API Gateway does.
type cachingAPI struct {
	file string
	// simple says that an HTTP API takes isAuthorized in place of the policy.
	simple  bool
	sources []string
	routes  string
	cache   map[string]sharedResponse
}

// The identity sources of the APIs.
const (
	sourceToken  = "Authorization"
	sourceHeader = "X-Tenant"
	sourceRoute  = "$context.routeKey"
)

// apiRequest is a request to one of the routes, with two headers that the caller chooses.
type apiRequest struct{ method, path, routeKey, authorization, tenant string }

func (r apiRequest) value(source string) string {
	switch source {
	case sourceToken:
		return r.authorization
	case sourceHeader:
		return r.tenant
	}
	return r.routeKey
}

// accepts reports whether the API lets the request through. A request without a value for an identity source is refused.
func (a *cachingAPI) accepts(t testing.TB, f *sharedFixture, request apiRequest) bool {
	t.Helper()
	var values []string
	for _, source := range a.sources {
		values = append(values, request.value(source))
	}
	if slices.Contains(values, "") {
		return false
	}
	key := strings.Join(values, "\x00")
	response, cached := a.cache[key]
	event := a.event(t, request, values)
	if !cached {
		response = f.invoke(t, event)
		a.cache[key] = response
	}
	if a.simple {
		return response.IsAuthorized == true
	}
	arn := stageOf(event) + "/" + request.method + request.path
	return response.effect() == "Allow" && slices.ContainsFunc(response.resources(), func(pattern string) bool { return like(pattern, arn) })
}

func (a *cachingAPI) event(t testing.TB, request apiRequest, values []string) object {
	t.Helper()
	event := sampleObject(t, a.file, "")
	arn := "methodArn"
	if event["routeArn"] != nil {
		arn = "routeArn"
	}
	event[arn] = stageOf(event) + "/" + request.method + request.path
	event["authorizationToken"] = request.authorization
	if event["type"] == "TOKEN" {
		return event
	}
	delete(event, "authorizationToken")
	delete(event, "multiValueHeaders")
	event["routeKey"], event["headers"] = request.routeKey, object{"Authorization": request.authorization, "X-Tenant": request.tenant}
	if a.routes != "" {
		event["stageVariables"] = object{"patsScopes": a.routes}
	}
	switch a.file {
	case "aws-http-v1":
		event["identitySource"] = strings.Join(values, ",")
	case "aws-http-v2":
		event["identitySource"] = values
	}
	return event
}

// routeMap is the map of the APIs that have one, and routeScopes is what it means. No token may call /admin.
const routeMap = "GET/orders~=orders:read,POST/orders=orders:write"

var routeScopes = map[string]string{"GET /orders": "orders:read", "GET /orders/{id}": "orders:read", "POST /orders": "orders:write", "GET /{proxy+}": "none"}

var routes = []apiRequest{
	{method: "GET", path: "/orders", routeKey: "GET /orders"},
	{method: "GET", path: "/orders/7", routeKey: "GET /orders/{id}"},
	{method: "POST", path: "/orders", routeKey: "POST /orders"},
	{method: "GET", path: "/admin", routeKey: "GET /{proxy+}"},
}

func drawAPI(r *rapid.T) *cachingAPI {
	a := &cachingAPI{file: rapid.SampledFrom([]string{"aws-rest-token", "aws-rest-request", "aws-http-v1", "aws-http-v2", "aws-http-v2"}).Draw(r, "kind"), cache: map[string]sharedResponse{}}
	sources := [][]string{{sourceToken}}
	if a.file != "aws-rest-token" {
		sources = append(sources, []string{sourceToken, sourceRoute}, []string{sourceToken, sourceHeader}, []string{sourceHeader, sourceToken, sourceRoute})
		a.routes = rapid.SampledFrom([]string{"", routeMap}).Draw(r, "routes")
	}
	if strings.HasPrefix(a.file, "aws-http") {
		sources = append(sources, []string{sourceHeader}, []string{sourceHeader, sourceRoute})
	}
	a.sources = rapid.SampledFrom(sources).Draw(r, "sources")
	a.simple = a.file == "aws-http-v2" && rapid.Bool().Draw(r, "simple")
	return a
}

// TestSharedCachedResponsesOpenNothingElse sends random requests to APIs that cache every response for ever. Each request that they
// accept must contain a valid token and, with a route map, one with the scope of the route, whatever was cached before for whom. A REST
// API does not tell the authorizer its identity sources, so these include the header Authorization.
func TestSharedCachedResponsesOpenNothingElse(t *testing.T) {
	t.Parallel()
	f := newSharedFixture(t, enabled)
	f.setRole(t, pat.Editor)
	scopes := map[string][]string{
		f.addToken(t, "reader", "orders:read"):  {"orders:read"},
		f.addToken(t, "writer", "orders:write"): {"orders:write"},
		f.addToken(t, "neither", "pats:read"):   nil,
		f.holder.Secret.Reveal():                {"orders:read", "orders:write"},
	}
	texts := []string{"", f.admin.Reveal(), routes[0].routeKey}
	for token := range scopes {
		texts = append(texts, token, "Bearer "+token)
	}
	slices.Sort(texts)
	accepted := 0
	rapid.Check(t, func(r *rapid.T) {
		a := drawAPI(r)
		few := rapid.SliceOfN(rapid.SampledFrom(texts), 2, 2).Draw(r, "texts") // so that the cache is used
		for range 12 {
			request := rapid.SampledFrom(routes).Draw(r, "route")
			request.authorization, request.tenant = rapid.SampledFrom(few).Draw(r, "authorization"), rapid.SampledFrom(append(few, routes[0].routeKey)).Draw(r, "tenant")
			if !a.accepts(t, f, request) {
				continue
			}
			accepted++
			if !a.mayAccept(request, scopes) {
				r.Errorf("%+v with the sources %q and the map %q: accepted", request, a.sources, a.routes)
			}
		}
	})
	if accepted == 0 {
		t.Error("got no request accepted, want some")
	}
}

// mayAccept reports whether a value by which the API caches is a valid token that opens the request's route.
func (a *cachingAPI) mayAccept(request apiRequest, scopes map[string][]string) bool {
	return slices.ContainsFunc(a.sources, func(source string) bool {
		carried, valid := scopes[strings.TrimPrefix(request.value(source), "Bearer ")]
		return valid && (a.routes == "" || slices.Contains(carried, routeScopes[request.routeKey]))
	})
}
