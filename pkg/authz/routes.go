package authz

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"pats/pkg/pat"
)

// maxRoutesLen is API Gateway's limit for a stage variable's value, in characters:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
const maxRoutesLen = 512

// anyMethod stands for all of methods in a route map, and for all methods in an HTTP API's route keys.
const anyMethod = "ANY"

var methods = []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

// pathChars are the characters of a route's path. None of them has a meaning in an IAM pattern, as "*", "?" and "$" do, so a route
// matches only what it declares. An HTTP API's route key marks a path parameter with "{", which is not among them.
const pathChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:/"

// route is an entry of a route map: tokens with scope can call method on path and, if below is set, on every path below it.
type route struct {
	method string
	// path has no leading slash.
	path  string
	below bool
	scope pat.Scope
}

var (
	errRoutesLen = fmt.Errorf("it has more than %d characters", maxRoutesLen)
	errEntry     = errors.New("it must be METHOD/PATH=SCOPE or METHOD/PATH~=SCOPE")
	errMethod    = errors.New("the method must be DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT or ANY")
	errPath      = errors.New("the path can contain only letters, digits, hyphens, periods, underscores, colons and slashes")
	errScope     = errors.New("the scope must be 1 to 64 letters, digits, periods, underscores, colons, slashes and hyphens")
)

// parseRoutes returns the routes of a route map, which separates entries by commas:
//
//	GET/orders~=orders:read,POST/orders=orders:write
//
// A final "~" means the path and all paths below it. If the path ends in a slash, it means only those below: "GET/orders/~". One
// invalid entry makes the whole map invalid. An error names the entry by its number, since its text might be a token in the wrong place.
func parseRoutes(text string) ([]route, error) {
	if len(text) > maxRoutesLen {
		return nil, errRoutesLen
	}
	var routes []route
	for i, entry := range strings.Split(text, ",") {
		parsed, err := parseRoute(entry)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", i+1, err)
		}
		routes = append(routes, parsed)
	}
	return routes, checkOverlaps(routes)
}

func parseRoute(entry string) (route, error) {
	target, name, hasScope := strings.Cut(entry, "=")
	method, path, hasPath := strings.Cut(target, "/")
	path, below := strings.CutSuffix(path, "~")
	_, err := pat.NewScopes([]string{name})
	switch {
	case !hasScope || !hasPath:
		return route{}, errEntry
	case method != anyMethod && !slices.Contains(methods, method):
		return route{}, errMethod
	case strings.Trim(path, pathChars) != "":
		return route{}, errPath
	case err != nil:
		return route{}, errScope
	}
	return route{method: method, path: path, below: below, scope: pat.Scope(name)}, nil
}

// checkOverlaps returns an error if a request could match two routes with different scopes. A policy that only allows cannot require
// the scope of the narrower route, which a reader of the map would expect.
func checkOverlaps(routes []route) error {
	for i, a := range routes {
		for j, b := range routes[:i] {
			if a.scope != b.scope && a.overlaps(b) {
				return fmt.Errorf("entries %d and %d overlap, with different scopes", j+1, i+1)
			}
		}
	}
	return nil
}

func (r route) overlaps(other route) bool {
	sameMethod := r.method == other.method || r.method == anyMethod || other.method == anyMethod
	return sameMethod && (r.matches(other.path) || other.matches(r.path))
}

// matches reports whether the route declares path, which has no leading slash and can contain path parameters.
func (r route) matches(path string) bool {
	return path == r.path || r.below && strings.HasPrefix(path, r.prefix())
}

// prefix returns what every path below the route's begins with.
func (r route) prefix() string {
	if r.path == "" || strings.HasSuffix(r.path, "/") {
		return r.path
	}
	return r.path + "/"
}

// covers reports whether every request that an HTTP API sends to routeKey matches the route. A route key is "$default", or a method or
// ANY and a path with parameters, such as "GET /orders/{id}".
func (r route) covers(routeKey string) bool {
	method, path, found := strings.Cut(routeKey, " /")
	if routeKey == "$default" {
		method, path, found = anyMethod, "{default+}", true
	}
	return found && (r.method == method || r.method == anyMethod) && r.matches(path)
}

// resources returns the route as resources of a policy for a stage. A method has to be named: "*" in its place would also match a
// method, a slash and the beginning of a longer path.
func (r route) resources(stage string) []string {
	named := []string{r.method}
	if r.method == anyMethod {
		named = methods
	}
	var resources []string
	for _, method := range named {
		base := stage + "/" + method + "/"
		if !r.below || r.prefix() != r.path {
			resources = append(resources, base+r.path)
		}
		if r.below {
			resources = append(resources, base+r.prefix()+"*")
		}
	}
	return resources
}
