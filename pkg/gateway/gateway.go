// Package gateway stands in for API Gateway on a laptop. It takes a REST API with its routes, TOKEN authorizers and gateway
// responses from a SAM template, and calls the same Lambda handlers with the same events as AWS does. What it does not
// honour of the API, its authorizers and its events, it refuses to start with.
package gateway

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

// Options are what a template leaves open. New needs Now, Random and Log.
type Options struct {
	// Parameters override the defaults of the template's parameters.
	Parameters map[string]string
	// Resources are the physical names of other resources that the template refers to, by logical id, such as a table's.
	Resources map[string]string
	// Now is the clock. Answers of authorizers age by it; time-outs follow the system's.
	Now func() time.Time
	// Random gives the bytes of request ids. It has to be safe for concurrent use.
	Random io.Reader
	// Log gets a line for each request, without its path, query and headers, and the cause of each failure.
	Log *slog.Logger
}

// Gateway is an API as an HTTP handler, without the stage in its paths. It is safe for concurrent use.
type Gateway struct {
	api     *api
	router  router
	options Options
}

// apiID is the id of the API in ARNs.
const apiID = "local"

const (
	contentType     = "Content-Type"
	contentTypeJSON = "application/json"
)

// New makes the API of template, with its functions by logical id. They are invoked by many at once; see Handler. Errors name the place in the template: a property of the
// API, an authorizer or a function's event that is not honoured, a parameter that breaks its constraints, or a function
// that is missing here or there.
func New(template []byte, functions map[string]lambda.Handler, options Options) (*Gateway, error) {
	s, err := readStack(template, options)
	if err != nil {
		return nil, err
	}
	a, err := s.readAPI()
	if err != nil {
		return nil, err
	}
	if err := sameFunctions(a, functions); err != nil {
		return nil, err
	}
	g := &Gateway{api: a, options: options}
	g.connect(functions)
	if err := s.err(); err != nil {
		return nil, err
	}
	return g, nil
}

// sameFunctions checks that functions are exactly those of the template.
func sameFunctions(a *api, functions map[string]lambda.Handler) error {
	for _, id := range slices.Sorted(maps.Keys(a.functions)) {
		if functions[id] == nil {
			return fmt.Errorf("the template's function %s has no handler", id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(functions)) {
		if _, ok := a.functions[id]; !ok {
			return fmt.Errorf("the template has no function %s", id)
		}
	}
	return nil
}

// connect puts functions and authorizers behind the routes.
func (g *Gateway) connect(handlers map[string]lambda.Handler) {
	functions := map[string]function{}
	for id, settings := range g.api.functions {
		functions[id] = function{id: id, handler: handlers[id], timeout: settings.timeout}
	}
	authorizers := map[string]*authorizer{}
	for name, settings := range g.api.authorizers {
		authorizers[name] = &authorizer{
			authorizerSettings: settings,
			function:           functions[settings.function],
			cache:              newCache(settings.ttl),
		}
	}
	for _, id := range slices.Sorted(maps.Keys(functions)) {
		for _, route := range g.api.functions[id].routes {
			g.router.add(route, method{function: functions[id], authorizer: authorizers[route.authorizer]})
		}
	}
}

// call is a request on its way.
type call struct {
	request *http.Request
	start   time.Time
	// id is the request's UUID.
	id string
	// path is percent-encoded and begins with one slash.
	path     string
	resource *apiResource
	params   map[string]string
	// claims are what the authorizer said, once it has.
	claims map[string]string
	// authorizerRequestID is that of the authorizer's invocation, if there was one.
	authorizerRequestID string
}

func (c *call) resourcePath() string {
	if c.resource == nil {
		return ""
	}
	return c.resource.path
}

func (c *call) sourceIP() string {
	host, _, err := net.SplitHostPort(c.request.RemoteAddr)
	if err != nil {
		return c.request.RemoteAddr
	}
	return host
}

// answer is what goes back to the client.
type answer struct {
	status int
	header http.Header
	body   string
}

// ServeHTTP answers as API Gateway would. If the client goes away, the function's context ends and nothing is answered.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{request: r, start: g.options.Now(), path: "/" + strings.TrimLeft(r.URL.EscapedPath(), "/")}
	var err error
	if c.id, err = g.newID(); err != nil {
		g.options.Log.ErrorContext(r.Context(), "no request id", "cause", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	a, err := g.answer(r.Context(), c)
	if err != nil {
		a = g.refused(r.Context(), c, err)
	}
	if r.Context().Err() == nil {
		c.write(w, a)
	}
	g.log(r.Context(), c, a, err)
}

func (g *Gateway) answer(ctx context.Context, c *call) (answer, error) {
	if err := checkHeaders(c.request); err != nil {
		return answer{}, err
	}
	m, err := g.route(c)
	if err != nil {
		return answer{}, err
	}
	if len(g.methodARN(c)) > maxARNBytes && m.authorizer != nil {
		return answer{}, &refusal{kind: default4XX, own: ownAnswer{http.StatusRequestURITooLong, "Request URI too long"}}
	}
	if m.authorizer != nil {
		if err := g.authorize(ctx, c, m.authorizer); err != nil {
			return answer{}, err
		}
	}
	return g.integrate(ctx, c, m.function)
}

// API Gateway's limits for a request:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
const (
	maxHeaderBytes = 10240
	maxARNBytes    = 1600
)

// checkHeaders bounds the request line and the values of the headers together. AWS does not say with which status it
// answers; users report 431.
func checkHeaders(r *http.Request) error {
	size := len(r.Method) + len(r.URL.RequestURI()) + len(r.Proto) + len(r.Host)
	for _, values := range r.Header {
		for _, value := range values {
			size += len(value)
		}
	}
	if size > maxHeaderBytes {
		return &refusal{kind: default4XX, own: ownAnswer{http.StatusRequestHeaderFieldsTooLarge, "HTTP header is larger than 10240 bytes."}}
	}
	return nil
}

// route finds the method for a call. Where there is none, API Gateway takes an Authorization header for an AWS signature.
func (g *Gateway) route(c *call) (method, error) {
	c.resource, c.params = g.router.match(c.path)
	if c.resource != nil {
		if m, ok := c.resource.method(c.request.Method); ok {
			return m, nil
		}
	}
	if c.request.Header.Get("Authorization") != "" {
		return method{}, refuse(invalidSignature, nil)
	}
	return method{}, refuse(missingToken, nil)
}

// refused turns an error into an answer and its cause into a line of the log.
func (g *Gateway) refused(ctx context.Context, c *call, err error) answer {
	r, ok := errors.AsType[*refusal](err)
	if !ok {
		r = refuse(default5XX, err)
	}
	if r.cause != nil && ctx.Err() == nil {
		g.options.Log.ErrorContext(ctx, "refused", "requestId", c.id, "errorType", string(r.kind), "cause", r.cause.Error())
	}
	return g.answerTo(c, r)
}

// write sends the answer. To HEAD it goes without the body, but with the body's length.
func (c *call) write(w http.ResponseWriter, a answer) {
	maps.Copy(w.Header(), a.header)
	w.Header().Set("X-Amzn-Requestid", c.id)
	bodiless := a.status == http.StatusNoContent || a.status == http.StatusNotModified
	if !bodiless {
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	if !bodiless && c.request.Method != http.MethodHead {
		_, _ = io.WriteString(w, a.body) // the client is gone if this fails
	}
}

// statusClientGone is nginx's number for a request whose client did not wait.
const statusClientGone = 499

// maxAttributes is how many an access line has at most.
const maxAttributes = 11

// log writes the access line: what the template's access log has, so neither the path nor a header.
func (g *Gateway) log(ctx context.Context, c *call, a answer, err error) {
	status := a.status
	if ctx.Err() != nil {
		status = statusClientGone
	}
	attributes := append(make([]slog.Attr, 0, maxAttributes),
		slog.String("requestId", c.id),
		slog.String("sourceIp", c.sourceIP()),
		slog.String("method", c.request.Method),
		slog.String("resource", c.resourcePath()),
		slog.Int("status", status),
		slog.Duration("duration", g.options.Now().Sub(c.start)),
	)
	if r, ok := errors.AsType[*refusal](err); ok {
		attributes = append(attributes, slog.String("errorType", string(r.kind)))
	}
	if c.authorizerRequestID != "" {
		attributes = append(attributes, slog.String("authorizerRequestId", c.authorizerRequestID))
	}
	for _, name := range []string{"userId", "kind", "reason"} {
		if value, ok := c.claims[name]; ok {
			attributes = append(attributes, slog.String(name, value))
		}
	}
	g.options.Log.LogAttrs(ctx, slog.LevelInfo, "request", attributes...)
}

// newID makes a UUID of version 4 (RFC 9562 §5.4).
func (g *Gateway) newID() (string, error) {
	var id [16]byte
	if _, err := io.ReadFull(g.options.Random, id[:]); err != nil {
		return "", err
	}
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	text := hex.EncodeToString(id[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:], nil
}
