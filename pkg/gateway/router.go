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
	resources []*resource
}

// resource is a path of the API with its methods.
type resource struct {
	path     string
	segments []segment
	methods  map[string]method
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

// route returns the method for a request, and sets the request's resource and params. Where there is none, API Gateway takes an
// Authorization header for an AWS signature.
func (r *router) route(req *request) (method, error) {
	req.resource, req.params = r.match(req.path)
	if req.resource != nil {
		if m, ok := req.resource.method(req.Method); ok {
			return m, nil
		}
	}
	if req.Header.Get("Authorization") != "" {
		return method{}, refuse(invalidSignature, nil)
	}
	return method{}, refuse(missingToken, nil)
}

// resourcePath returns the path of the request's resource in the template, or "".
func (req *request) resourcePath() string {
	if req.resource == nil {
		return ""
	}
	return req.resource.path
}

// match returns the most specific resource of a percent-encoded path, and the values of the resource's parameters, which a
// REST API leaves encoded.
func (r *router) match(path string) (*resource, map[string]string) {
	parts := split(path)
	for _, candidate := range r.resources {
		if params, ok := matchSegments(candidate.segments, parts); ok {
			return candidate, params
		}
	}
	return nil, nil
}

// split returns the segments of a path. One slash at its end does not count: API Gateway routes /a/ as /a. Any other doubled
// slash has an empty segment between its two, which no literal and no {param} matches. An encoded slash does not separate
// segments.
func split(path string) []string {
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
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

// method returns what the resource has for an HTTP method: the method itself comes before ANY.
func (r *resource) method(name string) (method, bool) {
	if m, ok := r.methods[name]; ok {
		return m, true
	}
	m, ok := r.methods[anyMethod]
	return m, ok && slices.Contains(anyMethods, name)
}

// add puts a method at a route. It is a fault of the template if API Gateway would refuse the path or the method, or if the
// place is taken.
func (r *router) add(route routeSettings, m method) {
	segments, ok := parseSegments(route.path)
	if !ok {
		route.event.fault("API Gateway would refuse the path %q", route.path)
	}
	if route.method != anyMethod && !slices.Contains(anyMethods, route.method) {
		route.event.fault("API Gateway would refuse the method %q", route.method)
	}
	at := r.resourceAt(route.path, segments)
	if _, taken := at.methods[route.method]; taken {
		route.event.fault("%s %s is defined twice", route.method, route.path)
	}
	at.methods[route.method] = m
}

func (r *router) resourceAt(path string, segments []segment) *resource {
	place, found := slices.BinarySearchFunc(r.resources, segments, func(r *resource, segments []segment) int {
		return compareSegments(r.segments, segments)
	})
	if !found {
		r.resources = slices.Insert(r.resources, place, &resource{path: path, segments: segments, methods: map[string]method{}})
	}
	return r.resources[place]
}

func compareSegments(a, b []segment) int {
	return slices.CompareFunc(a, b, func(a, b segment) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.text, b.text))
	})
}

// parseSegments parses a resource's path: /, or literals, {names}, and at the end possibly one {name+}.
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
