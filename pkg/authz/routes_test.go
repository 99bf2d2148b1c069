package authz_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/authz"
	"pats/pkg/pat"
)

// mapped are the events of APIs that can have a route map.
var mapped = []string{"aws-rest-request", "aws-http-v1", "aws-http-v2"}

func TestSharedRoutes(t *testing.T) {
	t.Parallel()
	const example = "GET/orders~=orders:read,POST/orders=orders:write"
	for name, c := range map[string]struct {
		scopes []string
		routes string
		want   []string
	}{
		"the first scope":   {[]string{"orders:read"}, example, []string{"GET/orders", "GET/orders/*"}},
		"the second scope":  {[]string{"orders:write"}, example, []string{"POST/orders"}},
		"both scopes":       {[]string{"orders:read", "orders:write"}, example, []string{"GET/orders", "GET/orders/*", "POST/orders"}},
		"one path":          {[]string{"orders:read"}, "GET/orders=orders:read", []string{"GET/orders"}},
		"only below":        {[]string{"orders:read"}, "GET/orders/~=orders:read", []string{"GET/orders/*"}},
		"the root":          {[]string{"orders:read"}, "GET/=orders:read", []string{"GET/"}},
		"every path":        {[]string{"orders:read"}, "GET/~=orders:read", []string{"GET/*"}},
		"a final slash":     {[]string{"orders:read"}, "GET/orders/=orders:read", []string{"GET/orders/"}},
		"all characters":    {[]string{"orders:read"}, "PUT/v1.0/a-b_c:D9=orders:read", []string{"PUT/v1.0/a-b_c:D9"}},
		"the same twice":    {[]string{"orders:read"}, "GET/a=orders:read,GET/a~=orders:read", []string{"GET/a", "GET/a", "GET/a/*"}},
		"beside each other": {[]string{"orders:read"}, "GET/a=orders:read,GET/a/~=orders:write,GET/ab~=orders:write", []string{"GET/a"}},
		"every method": {[]string{"orders:read"}, "ANY/a=orders:read", []string{
			"DELETE/a", "GET/a", "HEAD/a", "OPTIONS/a", "PATCH/a", "POST/a", "PUT/a",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newSharedFixture(t, enabled)
			f.setRole(t, pat.Editor)
			token := f.addToken(t, "scoped", c.scopes...)
			for _, file := range mapped {
				event := withRoutes(t, file, token, c.routes)
				got := f.invoke(t, event)
				var want []string
				for _, resource := range c.want {
					want = append(want, stageOf(event)+"/"+resource)
				}
				if diff := cmp.Diff(want, got.resources()); got.effect() != "Allow" || diff != "" {
					t.Errorf("%s: got %s on resources (-want +got):\n%s", file, got.effect(), diff)
				}
			}
		})
	}
}

// TestSharedUnscopedTokenOnRoutes: an unscoped token opens the routes whose scopes the user's role carries.
func TestSharedUnscopedTokenOnRoutes(t *testing.T) {
	t.Parallel()
	f := newSharedFixture(t, enabled) // of a Viewer
	event := withRoutes(t, "aws-rest-request", f.holder.Secret.Reveal(), "GET/orders=orders:read,POST/orders=orders:write,GET/tokens=pats:read")
	if diff := cmp.Diff([]string{stageOf(event) + "/GET/orders"}, f.invoke(t, event).resources()); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
}

// TestSharedWithoutAnyRoute: the response denies every route, and has the claims for the access log.
func TestSharedWithoutAnyRoute(t *testing.T) {
	t.Parallel()
	for _, file := range mapped {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			f := newSharedFixture(t, enabled)
			event := withRoutes(t, file, f.holder.Secret.Reveal(), "POST/orders=orders:write")
			got := f.invoke(t, event)
			wantRefusal(t, event, got, authz.ReasonScope)
			if got.Context["userId"] != "1" || got.Context["scope"] != "orders:read" {
				t.Errorf("got the context %v, want the claims of user 1", got.Context)
			}
		})
	}
}

// TestSharedInvalidRoutes: a map that breaks the form denies everything without a read, and the log says why.
func TestSharedInvalidRoutes(t *testing.T) {
	t.Parallel()
	const form, method, path, scope, overlap = "it must be METHOD/PATH=SCOPE", "the method must be", "the path can contain only", "the scope must be", "overlap, with different scopes"
	for name, c := range map[string]struct{ routes, cause string }{
		"empty":                     {"", form},
		"a comma":                   {",", form},
		"an empty entry":            {"GET/a=s,,GET/b=s", form},
		"a comma at the end":        {"GET/a=s,", form},
		"no scope":                  {"GET/a", form},
		"no path":                   {"GET=s", form},
		"an empty scope":            {"GET/a=", scope},
		"two scopes":                {"GET/a=s=t", scope},
		"two scopes with a space":   {"GET/a=s t", scope},
		"a scope with a tilde":      {"GET/a=s~", scope},
		"a scope of 65":             {"GET/a=" + strings.Repeat("s", 65), scope},
		"no method":                 {"/a=s", method},
		"a method in lower case":    {"get/a=s", method},
		"an unknown method":         {"FETCH/a=s", method},
		"a wildcard for the method": {"*/a=s", method},
		"a space before":            {" GET/a=s", method},
		"a space after a comma":     {"GET/a=s, GET/b=s", method},
		"a wildcard":                {"GET/a/*=s", path},
		"a wildcard of one":         {"GET/a?=s", path},
		"a query":                   {"GET/a?b=s", path},
		"a variable":                {"GET/${aws:userid}=s", path},
		"a path parameter":          {"GET/a/{id}=s", path},
		"a tilde in the middle":     {"GET/a~/b=s", path},
		"two tildes":                {"GET/a~~=s", path},
		"an encoded character":      {"GET/a%2Fb=s", path},
		"a fragment":                {"GET/a#b=s", path},
		"an ampersand":              {"GET/a&b=s", path},
		"not ASCII":                 {"GET/ä=s", path},
		"a line break":              {"GET/a\n=s", path},
		"the second entry":          {"GET/a=s,GET/*=t", "entry 2: " + path},
		"too long":                  {strings.Repeat("GET/a=s,", 64) + "GET/a=s", "more than 512 characters"},
		"the same path":             {"GET/a=s,GET/a=t", overlap},
		"a path below":              {"GET/a~=s,GET/a/b=t", overlap},
		"a path above":              {"GET/a/b=s,GET/a~=t", overlap},
		"a path and itself below":   {"GET/a=s,GET/a~=t", overlap},
		"below, twice":              {"GET/a~=s,GET/a/~=t", overlap},
		"below a path below":        {"GET/a~=s,GET/a/b/c~=t", overlap},
		"any method":                {"ANY/a=s,GET/a=t", overlap},
		"any method, second":        {"GET/a=s,ANY/a=t", overlap},
		"every path":                {"GET/~=s,GET/a=t", overlap},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newSharedFixture(t, enabled)
			event := withRoutes(t, "aws-http-v2", f.holder.Secret.Reveal(), c.routes)
			wantRefusal(t, event, f.invoke(t, event), authz.ReasonRoutes)
			wantReads(t, f.fixture, 0)
			if log := f.log.String(); !strings.Contains(log, "patsScopes") || !strings.Contains(log, c.cause) {
				t.Errorf("log: got %s, want the cause %q", log, c.cause)
			}
		})
	}
}

// TestSharedRoutesAreNotLogged: the map might be a token, pasted into the wrong variable.
func TestSharedRoutesAreNotLogged(t *testing.T) {
	t.Parallel()
	f := newSharedFixture(t, enabled)
	token := f.holder.Secret.Reveal()
	for _, routes := range []string{token, "GET/orders=" + token, "GET/orders=s,GET/" + token + "~~=s", "GET/a" + token + "=s,GET/a" + token + "=t"} {
		f.invoke(t, withRoutes(t, "aws-rest-request", token, routes))
	}
	if log := f.log.String(); strings.Contains(log, token[31:]) || strings.Count(log, "\n") != 4 {
		t.Errorf("log: got %s, want four lines without the token", log)
	}
}

// TestSharedRoutesTooLarge: API Gateway refuses a response beyond 8 KiB with a 500. The largest policy that fits is allowed.
func TestSharedRoutesTooLarge(t *testing.T) {
	t.Parallel()
	f := newSharedFixture(t, enabled)
	token := f.holder.Secret.Reveal()
	routes := func(n int) string { return strings.Repeat(",ANY/some/path~=orders:read", n)[1:] }
	largest := 0
	for n := 1; n <= 18; n++ { // 18 such entries are within 512 characters
		event := withRoutes(t, "aws-rest-request", token, routes(n))
		got := f.invoke(t, event)
		if got.effect() == "Allow" && largest == n-1 {
			largest = n
			continue
		}
		wantRefusal(t, event, got, authz.ReasonRoutes)
	}
	if largest < 4 || largest > 8 {
		t.Errorf("got %d entries allowed, want 4 to 8: each has 14 resources of about 83 bytes", largest)
	}
	if log := f.log.String(); !strings.Contains(log, "larger than 8192 bytes") {
		t.Errorf("log: got %s, want the limit", log)
	}
}

func TestSharedRequireRoutes(t *testing.T) {
	t.Parallel()
	f := newSharedFixture(t, authz.SharedSettings{Enabled: true, RequireRoutes: true})
	token := f.holder.Secret.Reveal()
	for _, kind := range sharedKinds {
		event := sampleObject(t, kind.file, token)
		wantRefusal(t, event, f.invoke(t, event), authz.ReasonRoutes)
	}
	wantReads(t, f.fixture, 0)
	if log := f.log.String(); strings.Count(log, "RequireRoutes is true") != len(sharedKinds) {
		t.Errorf("log: got %s, want the parameter in each line", log)
	}
	for _, file := range mapped {
		if got := f.invoke(t, withRoutes(t, file, token, "GET/orders~=orders:read")).effect(); got != "Allow" {
			t.Errorf("%s with a map: got %s, want Allow", file, got)
		}
	}
}

// TestSharedWebSocketWithRoutes: a map cannot name a WebSocket API's routes, so one there opens nothing.
func TestSharedWebSocketWithRoutes(t *testing.T) {
	t.Parallel()
	f := newSharedFixture(t, enabled)
	event := withRoutes(t, "aws-websocket", f.holder.Secret.Reveal(), "ANY/~=orders:read")
	wantRefusal(t, event, f.invoke(t, event), authz.ReasonRoutes)
}

// TestSharedPolicyIgnoresThePath: API Gateway applies a cached policy to other paths, so none may depend on the request's.
func TestSharedPolicyIgnoresThePath(t *testing.T) {
	t.Parallel()
	f := newSharedFixture(t, enabled)
	for _, arn := range []string{"methodArn", "routeArn"} {
		file := map[string]string{"methodArn": "aws-rest-request", "routeArn": "aws-http-v2"}[arn]
		event := withRoutes(t, file, f.holder.Secret.Reveal(), "GET/orders~=orders:read")
		want := f.invoke(t, event).resources()
		for _, path := range []string{"/GET/orders", "/DELETE/orders", "/GET/*", "/*", "/GET/orders/../admin", "/POST/" + strings.Repeat("a", 2000)} {
			event[arn] = stageOf(event) + path
			if diff := cmp.Diff(want, f.invoke(t, event).resources()); diff != "" {
				t.Errorf("%s: resources (-want +got):\n%s", path, diff)
			}
		}
	}
}

// variableValue matches the values that API Gateway accepts for a stage variable:
// https://docs.aws.amazon.com/apigateway/latest/api/API_CreateDeployment.html
var variableValue = regexp.MustCompile(`^[A-Za-z0-9-._~:/?#&=,]*$`)

// TestRouteMapsAreStageVariables: every character that a map can have is one that API Gateway accepts in a stage variable.
func TestRouteMapsAreStageVariables(t *testing.T) {
	t.Parallel()
	f := newSharedFixture(t, enabled)
	token := f.holder.Secret.Reveal()
	var accepted strings.Builder
	for c := rune(1); c < 0x180; c++ {
		for _, form := range []string{"GET/%=orders:read", "GET/a%=orders:read", "GET/a=orders:read%", "GET/a=orders:read%GET/b=orders:read", "GET%a=orders:read", "GET/a%orders:read"} {
			routes := strings.Replace(form, "%", string(c), 1)
			if got := f.invoke(t, withRoutes(t, "aws-rest-request", token, routes)); got.Context["reason"] == string(authz.ReasonRoutes) {
				continue
			}
			accepted.WriteRune(c)
			if !variableValue.MatchString(routes) {
				t.Errorf("%q: accepted, but API Gateway refuses it", routes)
			}
		}
	}
	for _, c := range "aZ09-._~:/=," {
		if !strings.ContainsRune(accepted.String(), c) {
			t.Errorf("%q: never accepted, want it in some map", c)
		}
	}
}

// TestSharedSimpleResponse: API Gateway applies isAuthorized to every request with the same identity sources, so it may be true only if
// the route key is one of them, and if everything that the route key stands for is open to the token.
func TestSharedSimpleResponse(t *testing.T) {
	t.Parallel()
	const sources = "identitySource"
	for name, c := range map[string]struct {
		routes, key string
		change      func(e object)
		want        bool
	}{
		"a parameter below":            {"GET/orders/~=orders:read", "GET /orders/{id}", nil, true},
		"a parameter, with itself":     {"GET/orders~=orders:read", "GET /orders/{id}", nil, true},
		"the path itself":              {"GET/orders~=orders:read", "GET /orders", nil, true},
		"the path exactly":             {"GET/orders=orders:read", "GET /orders", nil, true},
		"the root":                     {"GET/=orders:read", "GET /", nil, true},
		"deeper":                       {"GET/orders~=orders:read", "GET /orders/{id}/items/{item}", nil, true},
		"all, all declared":            {"ANY/~=orders:read", "$default", nil, true},
		"any method, any declared":     {"ANY/orders~=orders:read", "ANY /orders/{id}", nil, true},
		"one method, any declared":     {"ANY/orders~=orders:read", "GET /orders/{id}", nil, true},
		"a greedy parameter":           {"GET/orders~=orders:read", "GET /orders/{proxy+}", nil, true},
		"all, one method declared":     {"GET/~=orders:read", "$default", nil, false},
		"all, one path declared":       {"ANY/orders~=orders:read", "$default", nil, false},
		"any method, one declared":     {"GET/orders~=orders:read", "ANY /orders", nil, false},
		"a parameter, path declared":   {"GET/orders/7=orders:read", "GET /orders/{id}", nil, false},
		"a parameter, below one":       {"GET/orders/7~=orders:read", "GET /orders/{id}", nil, false},
		"a greedy one beside a path":   {"GET/orders~=orders:read", "GET /{proxy+}", nil, false},
		"another method":               {"GET/orders~=orders:read", "POST /orders", nil, false},
		"a longer path":                {"GET/orders~=orders:read", "GET /orders-old", nil, false},
		"only below, the path itself":  {"GET/orders/~=orders:read", "GET /orders", nil, false},
		"not declared":                 {"GET/orders~=orders:read", "GET /admin", nil, false},
		"no route key":                 {"ANY/~=orders:read", "", nil, false},
		"a malformed route key":        {"ANY/~=orders:read", "GET", nil, false},
		"a scope that it lacks":        {"GET/orders~=orders:read,POST/orders=orders:write", "POST /orders", nil, false},
		"the route key is no source":   {"GET/orders~=orders:read", "GET /orders", func(e object) { e[sources] = e[sources].([]any)[:1] }, false},              //nolint:errcheck // a list
		"the route key in a header":    {"GET/orders~=orders:read", "GET /orders", func(e object) { e["headers"].(object)["x-route"] = "GET /orders" }, false}, //nolint:errcheck // an object
		"the route key in the query":   {"GET/orders~=orders:read", "GET /orders", func(e object) { e["queryStringParameters"] = object{"route": "GET /orders"} }, false},
		"the route key in two queries": {"GET/orders~=orders:read", "GET /orders", func(e object) { e["queryStringParameters"] = object{"a": "b", "c": "GET /orders"} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newSharedFixture(t, enabled)
			token := f.holder.Secret.Reveal()
			event := withRoutes(t, "aws-http-v2", token, c.routes)
			event["routeKey"], event[sources] = c.key, []any{"Bearer " + token, c.key}
			if c.change != nil {
				c.change(event)
			}
			if got := f.invoke(t, event).IsAuthorized; got != c.want {
				t.Errorf("got isAuthorized %v, want %t", got, c.want)
			}
		})
	}
}

// TestSharedSimpleResponseLogsTheMissingSource, so that whoever set the API up learns why every request is refused.
func TestSharedSimpleResponseLogsTheMissingSource(t *testing.T) {
	t.Parallel()
	f := newSharedFixture(t, enabled)
	f.invoke(t, withRoutes(t, "sam-local-http-v2-simple", f.holder.Secret.Reveal(), "GET/orders~=orders:read"))
	if log := f.log.String(); !strings.Contains(log, "$context.routeKey is not among") || !strings.Contains(log, "1234567890/None") {
		t.Errorf("log: got %s, want the stage and its missing identity source", log)
	}
}

// TestPatternsMatchWhatRoutesDeclare compares the policy of a map with the meaning of its entries, on many paths.
func TestPatternsMatchWhatRoutesDeclare(t *testing.T) {
	t.Parallel()
	f := newSharedFixture(t, enabled)
	token := f.holder.Secret.Reveal()
	paths := []string{"", "orders", "orders/", "orders/7", "orders/7/items", "orders-old", "ordersx/7", "order", "admin", "admin/orders", "GET/orders", "x/GET/orders", "orders//7", "orders/../admin", "Orders"}
	for _, c := range []struct {
		routes   string
		declares func(method, path string) bool
	}{
		{"GET/orders=orders:read", func(method, path string) bool { return method == "GET" && path == "orders" }},
		{"GET/orders~=orders:read", func(method, path string) bool {
			return method == "GET" && (path == "orders" || strings.HasPrefix(path, "orders/"))
		}},
		{"GET/orders/~=orders:read", func(method, path string) bool { return method == "GET" && strings.HasPrefix(path, "orders/") }},
		{"ANY/orders=orders:read", func(_, path string) bool { return path == "orders" }},
		{"ANY/orders~=orders:read", func(_, path string) bool { return path == "orders" || strings.HasPrefix(path, "orders/") }},
		{"POST/~=orders:read", func(method, _ string) bool { return method == "POST" }},
		{"POST/=orders:read", func(method, path string) bool { return method == "POST" && path == "" }},
	} {
		event := withRoutes(t, "aws-rest-request", token, c.routes)
		patterns := f.invoke(t, event).resources()
		for _, method := range []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"} {
			for _, path := range paths {
				arn := stageOf(event) + "/" + method + "/" + path
				got := slices.ContainsFunc(patterns, func(pattern string) bool { return like(pattern, arn) })
				if want := c.declares(method, path); got != want {
					t.Errorf("%s: got %s /%s matched: %t, want %t", c.routes, method, path, got, want)
				}
			}
		}
	}
}

// like reports whether a pattern of IAM matches text: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
func like(pattern, text string) bool {
	expression := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
	return regexp.MustCompile(`(?s)\A` + expression + `\z`).MatchString(text)
}
