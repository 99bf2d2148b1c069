package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/api/unleashjson"
	"pats/pkg/pat"
)

// Handler handles Lambda proxy events of a REST API. It is safe for concurrent use.
type Handler struct {
	routes  routes
	callers callers
	log     *slog.Logger
	// identify returns the caller. If it is nil, the authorizer has let the caller through.
	identify Identify
	// origin is that of AllowOrigin.
	origin string
}

// AllowOrigin returns a copy of h whose responses scripts of an origin can read, or those of any origin for "*", or of none for "". It
// allows no credentials, since a token is in a header that a script sets.
func (h *Handler) AllowOrigin(origin string) *Handler {
	allowing := *h
	allowing.origin = origin
	return &allowing
}

// Handle handles one event. It never returns an error: an error becomes a response, with its cause in the log under the same
// request ID.
func (h *Handler) Handle(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	req := newRequest(event)
	timed, cancel := pat.WithTimeToRespond(ctx)
	defer cancel()
	resp, err := h.serve(timed, req)
	if err != nil {
		resp = h.fail(ctx, req, err)
	}
	return resp.event(h.origin), nil
}

func (h *Handler) serve(ctx context.Context, req *request) (resp response, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v", fault)
		}
	}()
	route := h.routes[req.resource]
	operation := route.operation(req.method)
	if route.access == forAll {
		return operation.act(ctx, req, pat.Principal{})
	}
	identify := h.identify
	if identify == nil {
		identify = claimed
	}
	caller, err := identify(req.event)
	if err != nil {
		return response{}, err
	}
	return h.serveCaller(ctx, req, route.access, operation, caller)
}

// serveCaller serves a request that the authorizer let through, perhaps long ago: its decision may come from a cache. An action
// checks its caller in the read that it needs anyway. Where no action does, the caller is checked here, so that a caller who
// lost access learns nothing but that, whatever the request.
func (h *Handler) serveCaller(ctx context.Context, req *request, access access, operation operation, caller pat.Principal) (response, error) {
	checked := access == forAdmins || req.method == http.MethodOptions
	if checked {
		if err := h.callers.check(ctx, caller, access, operation.scope); err != nil {
			return response{}, err
		}
	}
	resp, err := operation.act(ctx, req, caller)
	if err != nil && !checked && concernsRequest(err) {
		if denied := h.callers.check(ctx, caller, access, operation.scope); denied != nil {
			return response{}, denied
		}
	}
	return resp, err
}

// concernsRequest reports whether err is about the request alone, and so may have come up before the caller was checked.
func concernsRequest(err error) bool {
	if _, ok := errors.AsType[*problem](err); ok {
		return true
	}
	if _, ok := errors.AsType[*unleashjson.Error](err); ok {
		return true
	}
	return pat.KindOf(err) == pat.KindInvalid
}

func (h *Handler) fail(ctx context.Context, req *request, err error) response {
	p := newProblem(err)
	level := slog.LevelInfo
	if p.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	req.logger(h.log).Log(ctx, level, "refused", "method", req.method, "resource", req.resource,
		"status", p.status, "name", p.name, "cause", cause(err))
	return p.response(req.requestID)
}

// cause returns the text of err for the log, without errors that quote the request.
func cause(err error) string {
	if p, ok := errors.AsType[*problem](err); ok {
		return p.name
	}
	if _, ok := errors.AsType[*unleashjson.Error](err); ok {
		return errorOf[pat.KindInvalid].name
	}
	return err.Error()
}
