package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"pats/pkg/pat"
)

// action answers a request of caller's. Its error becomes a refusal.
type action func(ctx context.Context, req *request, caller pat.Principal) (response, error)

// routes are the actions by template resource and by method.
type routes map[string]map[string]action

// find gives the action for req. HEAD is answered as GET, and OPTIONS by the methods there are, as in Unleash.
// Errors: a 404 that names the path.
func (r routes) find(req *request) (action, error) {
	methods := r[req.resource]
	method := req.method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if act, ok := methods[method]; ok {
		return act, nil
	}
	if method == http.MethodOptions && len(methods) > 0 {
		return allow(methods), nil
	}
	return nil, notAvailable(req.path)
}

func allow(methods map[string]action) action {
	var names []string
	for _, name := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		if methods[name] == nil {
			continue
		}
		names = append(names, name)
		if name == http.MethodGet {
			names = append(names, http.MethodHead)
		}
	}
	list := strings.Join(names, ",")
	return func(context.Context, *request, pat.Principal) (response, error) {
		return response{status: http.StatusOK, headers: http.Header{"Allow": {list}, "Content-Type": {"text/plain; charset=utf-8"}}, body: list}, nil
	}
}

func notAvailable(path string) error {
	return &problem{
		status:  http.StatusNotFound,
		name:    nameOf[pat.KindNotFound].name,
		message: fmt.Sprintf("The path you were looking for (%s) is not available.", path),
	}
}
