package oauth

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/pat"
	"pats/pkg/proxy"
)

// The resources, as template.yaml spells them.
const (
	ResourceIntrospect = "/oauth/introspect"
	ResourceRevoke     = "/oauth/revoke"
	ResourceToken      = "/oauth/token" //nolint:gosec // a path, not a credential
	// ResourceDiscovery is the path of OpenID Connect Discovery 1.0 §4, which clients append to the issuer's URL. RFC 8414 §3 puts the
	// well-known part before the issuer's path, where the stage of an API without a custom domain makes it unreachable.
	ResourceDiscovery = "/.well-known/openid-configuration"
)

// Handler handles Lambda proxy events of a REST API. It is safe for concurrent use.
type Handler struct {
	service *pat.Service
	log     *slog.Logger
	// origin is that of AllowOrigin.
	origin string
}

// New returns the handler of the routes above, on the tokens of service.
func New(service *pat.Service, log *slog.Logger) *Handler {
	return &Handler{service: service, log: log}
}

// AllowOrigin returns a copy of h whose responses scripts of an origin can read, or those of any origin for "*", or of none for "".
func (h *Handler) AllowOrigin(origin string) *Handler {
	allowing := *h
	allowing.origin = origin
	return &allowing
}

// Handle handles one event. It never returns an error: an error becomes a response, with its cause in the log under the same
// request ID.
func (h *Handler) Handle(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	timed, cancel := pat.WithTimeToRespond(ctx)
	defer cancel()
	req := request{event: event, headers: proxy.Header(event)}
	resp, err := h.serve(timed, req)
	if err != nil {
		resp = h.fail(ctx, req, err)
	}
	return proxy.Response(resp.status, resp.headers, resp.body, h.origin), nil
}

// endpoint is what a resource does with its only method.
type endpoint struct {
	method string
	serve  func(ctx context.Context, req request) (response, error)
}

func (h *Handler) endpoint(resource string) (endpoint, bool) {
	switch resource {
	case ResourceIntrospect:
		return endpoint{http.MethodPost, h.introspect}, true
	case ResourceRevoke:
		return endpoint{http.MethodPost, h.revoke}, true
	case ResourceToken:
		return endpoint{http.MethodPost, refuseGrant}, true
	case ResourceDiscovery:
		return endpoint{http.MethodGet, discover}, true
	}
	return endpoint{}, false
}

func (h *Handler) serve(ctx context.Context, req request) (resp response, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v", fault)
		}
	}()
	found, ok := h.endpoint(req.event.Resource)
	if !ok {
		return response{}, &problem{status: http.StatusNotFound, code: invalidRequest, description: "The path is not available."}
	}
	switch method := req.event.HTTPMethod; {
	case method == found.method, method == http.MethodHead && found.method == http.MethodGet:
		return found.serve(ctx, req)
	case method == http.MethodOptions:
		return found.options(), nil
	}
	return response{}, &problem{
		status: http.StatusMethodNotAllowed, code: invalidRequest, description: "The method must be " + found.method + ".", allow: found.allow(),
	}
}

// options returns the response to OPTIONS, which is that of the other functions.
func (e endpoint) options() response {
	headers := http.Header{"Allow": {e.allow()}, "Content-Type": {"text/plain; charset=utf-8"}}
	return response{status: http.StatusOK, headers: headers, body: []byte(e.allow())}
}

// allow returns the methods for the header Allow (RFC 9110 §10.2.1).
func (e endpoint) allow() string {
	if e.method == http.MethodGet {
		return "GET,HEAD"
	}
	return e.method
}

// request is an event and its headers.
type request struct {
	event   events.APIGatewayProxyRequest
	headers http.Header
}

// response is a response before it becomes an event. API Gateway drops the body in response to HEAD.
type response struct {
	status  int
	headers http.Header
	body    []byte
}
