package protect_test

import "net/http"

// kind is a way to attach the shared authorizer to an API.
type kind struct {
	name string
	// folder is in examples/protect.
	folder string
	// parameters are the template's, besides those that each template has.
	parameters map[string]string
	routes     []route
	// accepted is the status of a request that reaches the API's function and has its scope.
	accepted int
	// refused is the status for a token that is not valid. Only a REST API can choose it.
	refused int
	// lacking is the status for a valid token without the route's scope.
	lacking int
	// mapped is set if the authorizer checks scopes by a route map, so that a request without the scope does not reach the function.
	mapped bool
	// cors is set if the API responds to preflights.
	cors bool
	// ttls are how long the API caches a response of the authorizer, in seconds; nil if the kind has no cache.
	ttls []int
}

// route is a method and a path of an API, and the scope that it needs.
type route struct{ method, path, scope string }

var (
	orders = []route{
		{http.MethodGet, "/orders", read},
		{http.MethodGet, "/orders/7", read},
		{http.MethodPost, "/orders", write},
	}
	connect = []route{{http.MethodGet, "", read}}
)

const routeMap = "GET/orders~=orders:read,POST/orders=orders:write"

// The times for which an API caches: not at all, so short that a test can wait for the end, and longer than a test runs.
const (
	briefly = 2
	long    = 3600
)

var (
	ttls    = []int{0, long}
	allTTLs = []int{0, briefly, long}
)

var kinds = []kind{
	{name: "REST TOKEN", folder: "rest", routes: orders, accepted: 200, refused: 401, lacking: 403, cors: true, ttls: allTTLs},
	{name: "REST REQUEST", folder: "rest-request", routes: orders, accepted: 200, refused: 401, lacking: 403, cors: true, ttls: ttls},
	{
		// API Gateway has one response for both, which the template makes a 401.
		name: "REST REQUEST with routes", folder: "rest-request", parameters: map[string]string{"Routes": routeMap},
		routes: orders, accepted: 200, refused: 401, lacking: 401, mapped: true, cors: true, ttls: ttls,
	},
	{name: "HTTP 1.0", folder: "http-1.0", routes: orders, accepted: 200, refused: 403, lacking: 403, cors: true, ttls: ttls},
	{name: "HTTP 2.0 policy", folder: "http-2.0-policy", routes: orders, accepted: 200, refused: 403, lacking: 403, mapped: true, cors: true, ttls: ttls},
	{name: "HTTP 2.0 simple", folder: "http-2.0-simple", routes: orders, accepted: 200, refused: 403, lacking: 403, mapped: true, cors: true, ttls: allTTLs},
	{name: "HTTP 2.0 by CDK", folder: "cdk", routes: orders, accepted: 200, refused: 403, lacking: 403, cors: true, ttls: ttls},
	{name: "WebSocket", folder: "websocket", routes: connect, accepted: 101, refused: 403, lacking: 403},
}

// want returns the status of a request to r with b.
func (k kind) want(b bearer, r route) int {
	switch {
	case b.header == "":
		return http.StatusUnauthorized
	case !b.valid:
		return k.refused
	case !b.opens(r.scope):
		return k.lacking
	}
	return k.accepted
}
