// Package gateway is API Gateway on a laptop. It reads a REST API with its routes, TOKEN authorizers and gateway responses from
// a SAM template, and invokes the Lambda functions behind it with the events that AWS sends. It refuses to start on any setting
// of the API, its authorizers and its events that it does not support.
//
// A request passes through the files in this order: server.go receives it, router.go finds its method, authorizer.go gets an
// authorization of its caller, which authorization.go checks, integration.go turns it into an event and invokes the function,
// and response.go sends the response, or that of a refusal, and writes the access log.
//
// It behaves as AWS documents API Gateway, except where a laptop needs something else:
//
//   - the stage is not a part of the URL: one address serves one API, as a custom domain does;
//   - throttling is not honored: it protects a bill;
//   - a route without an authorizer takes bodies of up to 2 MiB, so that callers without a token cannot fill the memory;
//   - a 403 for a path without a resource does not repeat the Authorization header.
//
// Where AWS documents nothing, it takes the strict reading: a validation expression matches the whole header, several Authorization
// headers are none, a response without a status is a 502, bytes that are not UTF-8 become U+FFFD, and every slash counts.
package gateway

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"
)

// Options are the settings that a template leaves open. New needs Now, Random and Log.
type Options struct {
	// Parameters override the defaults of the template's parameters.
	Parameters map[string]string
	// Resources are the physical names of other resources that the template refers to, such as tables, by logical id.
	Resources map[string]string
	// Now is the clock by which cached responses of authorizers expire. Time-outs follow the system's clock.
	Now func() time.Time
	// Random is the source of request ids. It must be safe for concurrent use.
	Random io.Reader
	// Log gets one line per request, without the path, the query and the headers, and the cause of each failure.
	Log *slog.Logger
}

// Functions are the Lambda functions of a template, by logical id. They are invoked concurrently.
type Functions struct {
	Authorizers map[string]AuthorizerFunction
	Proxies     map[string]ProxyFunction
}

// Gateway serves an API over HTTP, without the stage in its paths. It is safe for concurrent use.
type Gateway struct {
	api     *api
	router  router
	options Options
	// largeBodies bounds the bytes of large request bodies that are under way together.
	largeBodies *semaphore.Weighted
}

var _ http.Handler = (*Gateway)(nil)

// apiID is the id of the API in ARNs.
const apiID = "local"

const (
	contentType     = "Content-Type"
	contentTypeJSON = "application/json"
)

// New returns the API of template in front of functions. Errors name the place in the template: a setting of the API, an
// authorizer or a function's event that is not supported, a parameter that violates its constraints, or a function that is
// missing in the template or in functions.
func New(template []byte, functions Functions, options Options) (*Gateway, error) {
	s, err := readStack(template, options)
	if err != nil {
		return nil, err
	}
	a, err := s.readAPI()
	if err != nil {
		return nil, err
	}
	if err := checkFunctions(a, functions); err != nil {
		return nil, err
	}
	g := &Gateway{api: a, options: options, largeBodies: semaphore.NewWeighted(maxLargeBodies)}
	g.connect(functions)
	if err := s.err(); err != nil {
		return nil, err
	}
	return g, nil
}

// checkFunctions checks that functions has a handler for every use of a function in the template, and none that it does not have.
func checkFunctions(a *api, functions Functions) error {
	var missing []string
	for _, settings := range a.authorizers {
		if functions.Authorizers[settings.function] == nil {
			missing = append(missing, settings.function)
		}
	}
	for id, settings := range a.functions {
		if len(settings.routes) > 0 && functions.Proxies[id] == nil {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return fmt.Errorf("functions of the template have no handler: %s", strings.Join(missing, ", "))
	}
	ids := slices.Concat(slices.Sorted(maps.Keys(functions.Authorizers)), slices.Sorted(maps.Keys(functions.Proxies)))
	for _, id := range ids {
		if _, ok := a.functions[id]; !ok {
			return fmt.Errorf("the template has no function %s", id)
		}
	}
	return nil
}

// connect puts functions and authorizers behind the routes.
func (g *Gateway) connect(functions Functions) {
	authorizers := map[string]*authorizer{}
	for name, settings := range g.api.authorizers {
		authorizers[name] = &authorizer{
			authorizerSettings: settings,
			invoker:            newInvoker(g.api, settings.function, functions.Authorizers),
			cache:              newCache(settings.ttl),
		}
	}
	for _, id := range slices.Sorted(maps.Keys(functions.Proxies)) {
		target := newInvoker(g.api, id, functions.Proxies)
		for _, settings := range g.api.functions[id].routes {
			g.router.add(settings, method{function: target, authorizer: authorizers[settings.authorizer]})
		}
	}
	if g.api.definition != nil {
		for _, m := range g.api.definition.mocks {
			g.router.add(routeSettings{path: m.path, method: http.MethodOptions, event: m.place}, method{fixed: m.response})
		}
	}
}
