package leaks

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/pat"
	"pats/pkg/proxy"
)

// The resources of the routes, as template.yaml spells them.
const (
	ResourceGitHub      = "/leaks/github"
	ResourceGitLab      = "/leaks/gitlab"
	ResourceGitLabTypes = "/leaks/gitlab/revocable_token_types"
)

// maxBody is the largest body of a report, in bytes.
const maxBody = 1 << 20

// Handler handles Lambda proxy events of a REST API. It is safe for concurrent use.
type Handler struct {
	routes map[string]route
	log    *slog.Logger
}

// route is a resource. The zero value is one that does not exist.
type route struct {
	method string
	act    action
}

// action serves a request.
type action func(context.Context, request) (response, error)

// request is what actions use of an event.
type request struct {
	headers http.Header
	event   events.APIGatewayProxyRequest
	log     *slog.Logger
}

// response is a response without the headers that all have.
type response struct {
	status  int
	headers http.Header
	body    []byte
}

// New returns the handler of the routes that settings configure. It fetches keys through transport.
func New(service *pat.Service, settings Settings, env pat.Env, transport http.RoundTripper) *Handler {
	h := &Handler{routes: map[string]route{}, log: env.Log}
	if settings.GitHubKeysURL != "" || len(settings.GitHubKeys) > 0 {
		of := github{newKeyring(settings, env, transport), revoker{service, "github"}}
		h.routes[ResourceGitHub] = route{http.MethodPost, of.receive}
	}
	if len(settings.GitLabTokenHash) > 0 {
		of := gitlab{settings.GitLabTokenHash, revoker{service, "gitlab"}}
		h.routes[ResourceGitLab] = route{http.MethodPost, of.receive}
		h.routes[ResourceGitLabTypes] = route{http.MethodGet, of.showTypes}
	}
	return h
}

// Handle handles one event. It never returns an error: an error becomes a response, with its cause in the log under the same
// request ID.
func (h *Handler) Handle(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	timed, cancel := pat.WithTimeToRespond(ctx)
	defer cancel()
	req := request{proxy.Header(event), event, proxy.Logger(h.log, event)}
	resp, err := h.serve(timed, req)
	if err != nil {
		resp = fail(ctx, req, err)
	}
	return proxy.Response(resp.status, resp.headers, resp.body, ""), nil
}

// serve serves HEAD as GET, and OPTIONS with the methods that there are. Any other method is a 404, as on all routes of the API.
func (h *Handler) serve(ctx context.Context, req request) (response, error) {
	route := h.routes[req.event.Resource]
	methods := []string{route.method}
	if route.method == http.MethodGet {
		methods = append(methods, http.MethodHead)
	}
	switch method := req.event.HTTPMethod; {
	case route.act == nil:
		return response{}, notAvailable(req.event.Path)
	case method == http.MethodOptions:
		list := strings.Join(methods, ",")
		headers := http.Header{"Allow": {list}, "Content-Type": {"text/plain; charset=utf-8"}}
		return response{status: http.StatusOK, headers: headers, body: []byte(list)}, nil
	case !slices.Contains(methods, method):
		return response{}, notAvailable(req.event.Path)
	}
	return route.act(ctx, req)
}

// body returns the body as it was sent.
func (r request) body() ([]byte, error) {
	body, err := proxy.Body(r.event, maxBody)
	switch {
	case errors.Is(err, proxy.ErrTooLarge):
		return nil, tooLarge()
	case err != nil:
		return nil, badData("The request body is not valid base64.")
	}
	return body, nil
}

// header returns a header that must be sent once.
func (r request) header(name string) (string, bool) {
	values := r.headers.Values(name)
	if len(values) != 1 {
		return "", false
	}
	return values[0], true
}
