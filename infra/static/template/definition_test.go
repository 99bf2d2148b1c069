package template_test

import (
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A REST API's keys in an OpenAPI definition.
const (
	anyMethodKey   = "x-amazon-apigateway-any-method"
	integrationKey = "x-amazon-apigateway-integration"
	invocations    = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
)

// definition checks that the API's DefinitionBody has the routes of the functions' events with the same authorizers, and besides only
// preflights: mocks, if and only if CorsOrigin is set.
func definition(t template) (found findings) {
	for _, gateway := range t.of(kindAPI) {
		functions := map[string]string{}
		for _, function := range t.of(kindFunction) {
			for _, event := range sorted(function.property("Events")) {
				path, _ := at(event, "Properties", "Path").(string)
				functions[path] = function.id
			}
		}
		paths := gateway.property("DefinitionBody", "paths")
		for path := range functions {
			if at(paths, path) == nil {
				found.add("%s.DefinitionBody has no %s", gateway.id, path)
			}
		}
		for path, methods := range sorted(paths) {
			found = append(found, defined(path, methods, functions[path])...)
			preflight := at(paths, "/", "options")
			if isForBrowsers(path) {
				preflight = nil // no other origin can use it
			}
			if !cmp.Equal(at(methods, "options"), preflight) {
				found.add("%s has another preflight than /", path)
			}
		}
		found = append(found, preflight(t, at(paths, "/", "options"))...)
	}
	return found
}

// defined checks the methods of a path, which are ANY with the function of its event, and OPTIONS.
func defined(path string, methods any, function string) (found findings) {
	for name := range sorted(methods) {
		if name != anyMethodKey && name != "options" {
			found.add("%s has the method %s", path, name)
		}
	}
	every := at(methods, anyMethodKey)
	want := map[string]any{"type": "aws_proxy", "httpMethod": "POST", "uri": map[string]any{"Fn::Sub": invocations + "${" + function + ".Arn}/invocations"}}
	if got := at(every, integrationKey); !cmp.Equal(got, any(want)) {
		found.add("%s has the integration %v, want %s", path, got, function)
	}
	var security any
	if isOpen(path) {
		security = []any{map[string]any{"NONE": []any{}}}
	}
	if got := at(every, "security"); !cmp.Equal(got, security, cmpopts.EquateEmpty()) {
		found.add("%s has the security %v, want %v", path, got, security)
	}
	return found
}

// isForBrowsers reports whether path is for the page alone, whose functions check their caller themselves if they need one.
func isForBrowsers(path string) bool { return strings.HasPrefix(path, "/ui/") }

// preflight checks that OPTIONS exists only with CorsOrigin, without a function and without credentials.
func preflight(t template, options any) (found findings) {
	branches := several(at(options, "Fn::If"))
	if len(branches) != 3 || branches[0] != "WithoutCors" || referred(branches[1]) != "AWS::NoValue" {
		found.add("OPTIONS is %v, want none if WithoutCors", options)
		return found
	}
	if got := at(t["Conditions"], "WithoutCors", "Fn::Equals"); !cmp.Equal(got, any([]any{map[string]any{"Ref": "CorsOrigin"}, ""})) {
		found.add("WithoutCors is %v, want an empty CorsOrigin", got)
	}
	integration := at(branches[2], integrationKey)
	if kind := at(integration, "type"); kind != "mock" || at(integration, "uri") != nil {
		found.add("OPTIONS has the integration %v, want a mock", integration)
	}
	var names []string
	for name := range sorted(at(integration, "responses", "default", "responseParameters")) {
		names = append(names, strings.TrimPrefix(name, "method.response.header."))
	}
	want := []string{
		"Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Origin", "Access-Control-Max-Age", "X-Content-Type-Options",
	}
	if !slices.Equal(names, want) {
		found.add("OPTIONS has the headers %q, want %q", names, want)
	}
	return found
}
