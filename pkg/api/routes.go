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

// operation is what a resource does with a method.
type operation struct {
	act action
	// scope is what a token with scopes needs besides the access to the resource. It is empty if nothing is needed, and for the
	// operations of tokens, whose scopes the domain checks. openapi.json has the table of all.
	scope pat.Scope
}

// route is one resource. The zero value is any resource that does not exist.
type route struct {
	access     access
	operations map[string]operation
}

// routes has the routes by resource, as template.yaml spells them.
type routes map[string]route

// operation returns what to do with method. HEAD is served as GET, and OPTIONS with the methods there are, as in Unleash. Any other
// method is a 404 that names the path.
func (r route) operation(method string) operation {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if found, ok := r.operations[method]; ok {
		return found
	}
	if method == http.MethodOptions && len(r.operations) > 0 {
		return operation{act: r.options}
	}
	return operation{act: refuse}
}

func (r route) options(context.Context, *request, pat.Principal) (response, error) {
	var names []string
	for _, name := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		if _, ok := r.operations[name]; !ok {
			continue
		}
		names = append(names, name)
		if name == http.MethodGet {
			names = append(names, http.MethodHead)
		}
	}
	list := strings.Join(names, ",")
	headers := http.Header{"Allow": {list}, "Content-Type": {"text/plain; charset=utf-8"}}
	return response{status: http.StatusOK, headers: headers, body: []byte(list)}, nil
}

func refuse(_ context.Context, req *request, _ pat.Principal) (response, error) {
	return response{}, notAvailable(req.path)
}

func notAvailable(path string) error {
	return &problem{
		status:  http.StatusNotFound,
		name:    errorOf[pat.KindNotFound].name,
		message: fmt.Sprintf("The path you were looking for (%s) is not available.", path),
	}
}
