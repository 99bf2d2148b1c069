package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"pats/pkg/pat"
)

// access is who can use a resource.
type access int

const (
	// forCallers: every holder of a valid token.
	forCallers access = iota
	// forAdmins: callers with the permission ADMIN.
	forAdmins
	// forAll: everybody, without a token. template.yaml has no authorizer there.
	forAll
)

// action serves a request. caller is as the authorizer saw them; on a resource for callers the action itself checks that they
// still have access.
type action func(ctx context.Context, req *request, caller pat.Principal) (response, error)

// route is one resource. The zero value is any resource that does not exist.
type route struct {
	access  access
	methods map[string]action
}

// routes has the routes by resource, as template.yaml spells them.
type routes map[string]route

// act calls the action for the request's method. HEAD is served as GET, and OPTIONS with the methods there are, as in Unleash.
// Errors: a 404 that names the path, and those of the action.
func (r route) act(ctx context.Context, req *request, caller pat.Principal) (response, error) {
	method := req.method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if act, ok := r.methods[method]; ok {
		return act(ctx, req, caller)
	}
	if method == http.MethodOptions && len(r.methods) > 0 {
		return r.options(), nil
	}
	return response{}, notAvailable(req.path)
}

func (r route) options() response {
	var names []string
	for _, name := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		if r.methods[name] == nil {
			continue
		}
		names = append(names, name)
		if name == http.MethodGet {
			names = append(names, http.MethodHead)
		}
	}
	list := strings.Join(names, ",")
	headers := http.Header{"Allow": {list}, "Content-Type": {"text/plain; charset=utf-8"}}
	return response{status: http.StatusOK, headers: headers, body: []byte(list)}
}

func notAvailable(path string) error {
	return &problem{
		status:  http.StatusNotFound,
		name:    errorOf[pat.KindNotFound].name,
		message: fmt.Sprintf("The path you were looking for (%s) is not available.", path),
	}
}
