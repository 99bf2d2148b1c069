// Package api joins API Gateway's REST API events to the domain: routes, JSON types, and the one place that turns errors
// into a status and a body. Statuses, bodies and messages are Unleash 8.2.0's, with the differences listed in docs/api.md.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/api/unleashjson"
	"pats/pkg/pat"
)

// Handler answers Lambda proxy events of a REST API. It is safe for concurrent use.
type Handler struct {
	routes routes
	log    *slog.Logger
}

// Handle answers one event. It never returns an error: what goes wrong is an answer, with its cause in the log under the
// same id.
func (h *Handler) Handle(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	req := newRequest(event)
	hurried, cancel := pat.WithTimeToAnswer(ctx)
	defer cancel()
	resp, err := h.serve(hurried, req)
	if err != nil {
		resp = h.refuse(ctx, req, err)
	}
	return resp.event(), nil
}

func (h *Handler) serve(ctx context.Context, req *request) (resp response, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v", fault)
		}
	}()
	caller, err := callerOf(req)
	if err != nil {
		return response{}, err
	}
	if err := req.readBody(); err != nil {
		return response{}, err
	}
	act, err := h.routes.find(req)
	if err != nil {
		return response{}, err
	}
	return act(ctx, req, caller)
}

// callerOf is who the authorizer let through: nobody on the one resource that has no authorizer before it.
func callerOf(req *request) (pat.Principal, error) {
	if req.resource == ResourceOpenAPI {
		return pat.Principal{}, nil
	}
	return pat.ParseClaims(req.claims)
}

func (h *Handler) refuse(ctx context.Context, req *request, err error) response {
	p := problemOf(err)
	level := slog.LevelInfo
	if p.status >= 500 {
		level = slog.LevelError
	}
	h.log.Log(ctx, level, "refused", "id", req.requestID, "method", req.method, "resource", req.resource,
		"status", p.status, "name", p.name, "cause", cause(err))
	return p.response(req.requestID)
}

// cause is err without the parts that quote the caller's input.
func cause(err error) string {
	if p, ok := errors.AsType[*problem](err); ok {
		return p.name
	}
	if _, ok := errors.AsType[*unleashjson.Error](err); ok {
		return nameOf[pat.KindInvalid].name
	}
	return err.Error()
}
