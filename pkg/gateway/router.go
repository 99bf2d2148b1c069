package gateway

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// anyMethod stands for every method of anyMethods:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html
const anyMethod = "ANY"

var anyMethods = []string{
	http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPatch, http.MethodPost, http.MethodPut,
}

// router finds the most specific resource of a path: at the first segment that differs, a literal comes before {param},
// and {param} before {proxy+}.
type router struct {
	// resources are in the order in which they are tried.
	resources []*apiResource
}

// apiResource is a path of the API with its methods.
type apiResource struct {
	path     string
	segments []segment
	methods  map[string]method
}

// method is what answers a method of a resource, and what guards it: nothing if authorizer is nil.
type method struct {
	function   function
	authorizer *authorizer
}

// segment is one part of a resource's path, between slashes. Its text is a literal or the name of a parameter.
type segment struct {
	kind segmentKind
	text string
}

type segmentKind int

const (
	literal segmentKind = iota
	parameter
	greedy
)

// add puts a method at a route. It is a fault of the template if API Gateway would not take the path or the method, or has
// a method there.
func (r *router) add(route routeSettings, m method) {
	segments, ok := parseSegments(route.path)
	if !ok {
		route.event.fault("%q is no path of API Gateway", route.path)
	}
	if route.method != anyMethod && !slices.Contains(anyMethods, route.method) {
		route.event.fault("%q is no method of API Gateway", route.method)
	}
	resource := r.resource(route.path, segments)
	if _, taken := resource.methods[route.method]; taken {
		route.event.fault("%s %s has a function already", route.method, route.path)
	}
	resource.methods[route.method] = m
}

func (r *router) resource(path string, segments []segment) *apiResource {
	place, found := slices.BinarySearchFunc(r.resources, segments, func(resource *apiResource, segments []segment) int {
		return compareSegments(resource.segments, segments)
	})
	if !found {
		r.resources = slices.Insert(r.resources, place, &apiResource{path: path, segments: segments, methods: map[string]method{}})
	}
	return r.resources[place]
}

func compareSegments(a, b []segment) int {
	return slices.CompareFunc(a, b, func(a, b segment) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.text, b.text))
	})
}

// parseSegments reads a resource's path: /, or literals, {names}, and at the end perhaps one {name+}.
func parseSegments(path string) ([]segment, bool) {
	if !strings.HasPrefix(path, "/") || strings.Contains(path, "//") {
		return nil, false
	}
	var segments []segment
	for _, text := range split(path) {
		s, ok := parseSegment(text)
		if !ok || (len(segments) > 0 && segments[len(segments)-1].kind == greedy) {
			return nil, false
		}
		segments = append(segments, s)
	}
	return segments, true
}

func parseSegment(text string) (segment, bool) {
	s := segment{kind: literal, text: text}
	if inner, ok := strings.CutPrefix(text, "{"); ok {
		inner, ok = strings.CutSuffix(inner, "}")
		if !ok {
			return s, false
		}
		s = segment{kind: parameter, text: inner}
		if name, ok := strings.CutSuffix(inner, "+"); ok {
			s = segment{kind: greedy, text: name}
		}
	}
	return s, s.text != "" && !strings.ContainsAny(s.text, "{}+")
}

// split gives the segments of a path. Slashes at both ends do not count: API Gateway routes /a/ as /a. An encoded slash
// does not part segments.
func split(path string) []string {
	path = strings.Trim(path, "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// match gives the most specific resource of a path in its percent-encoded form, and the values of the resource's
// parameters, which a REST API leaves encoded.
func (r *router) match(path string) (*apiResource, map[string]string) {
	parts := split(path)
	for _, resource := range r.resources {
		if params, ok := matchSegments(resource.segments, parts); ok {
			return resource, params
		}
	}
	return nil, nil
}

func matchSegments(segments []segment, parts []string) (map[string]string, bool) {
	var params map[string]string
	keep := func(name, value string) {
		if params == nil {
			params = map[string]string{}
		}
		params[name] = value
	}
	for i, s := range segments {
		switch {
		case i >= len(parts), s.kind == literal && s.text != parts[i], s.kind == parameter && parts[i] == "":
			return nil, false
		case s.kind == parameter:
			keep(s.text, parts[i])
		case s.kind == greedy:
			keep(s.text, strings.Join(parts[i:], "/"))
			return params, true
		}
	}
	return params, len(segments) == len(parts)
}

// method gives what answers verb: the method itself comes before ANY.
func (r *apiResource) method(verb string) (method, bool) {
	if m, ok := r.methods[verb]; ok {
		return m, true
	}
	m, ok := r.methods[anyMethod]
	return m, ok && slices.Contains(anyMethods, verb)
}
