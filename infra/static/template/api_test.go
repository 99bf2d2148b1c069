package template_test

import (
	"maps"
	"regexp"
	"slices"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/api"
)

// logged are the variables that the access log may have. Nothing is escaped there, so none is of the caller's free choice:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
var logged = []string{
	"requestId", "requestTimeEpoch", "responseLatency", "resourcePath", "httpMethod", "status", "identity.sourceIp", "error.responseType",
	"authorizer.requestId", "authorizer.latency", "authorizer.userId", "authorizer.kind", "authorizer.reason",
}

var contextVariable = regexp.MustCompile(`\$(context\.)?([A-Za-z.]*)`)

// accessLog is there, in a group of the template's, and no request's body is logged.
func accessLog(t template) (found findings) {
	for _, api := range t.of(kindAPI) {
		if to := api.property("AccessLogSetting", "DestinationArn"); !t.is(arnOf(to), kindLogGroup) {
			found.add("%s writes its access log to %v, want a log group of the template's", api.id, to)
		}
		format, _ := api.property("AccessLogSetting", "Format").(string)
		if format == "" {
			found.add("%s has no format of an access log", api.id)
		}
		for _, variable := range contextVariable.FindAllStringSubmatch(format, -1) {
			if variable[1] == "" || !slices.Contains(logged, variable[2]) {
				found.add("%s logs %s, which a caller may write", api.id, variable[0])
			}
		}
		found = append(found, dataTrace(api)...)
	}
	return found
}

// dataTrace is off in every setting of methods, and said to be.
func dataTrace(api resource) (found findings) {
	settings := several(api.property("MethodSettings"))
	if len(settings) == 0 {
		found.add("%s has no MethodSettings", api.id)
	}
	for _, of := range settings {
		if on := at(of, "DataTraceEnabled"); on != false {
			found.add("%s has DataTraceEnabled %v, want false", api.id, on)
		}
	}
	return found
}

// authorizers say what API Gateway would otherwise choose.
func authorizers(t template) (found findings) {
	for _, api := range t.of(kindAPI) {
		declared := fields(api.property("Auth", "Authorizers"))
		for _, name := range slices.Sorted(maps.Keys(declared)) {
			authorizer := declared[name]
			if function := at(authorizer, "FunctionArn"); !t.is(arnOf(function), kindFunction) {
				found.add("%s asks %v, want a function of the template's", name, function)
			}
			if kind := at(authorizer, "FunctionPayloadType"); kind != "TOKEN" {
				found.add("%s has the type %v, want TOKEN", name, kind)
			}
			if ttl := at(authorizer, "Identity", "ReauthorizeEvery"); !t.settled(ttl) {
				found.add("%s keeps answers for %v, want a number of seconds", name, ttl)
			}
			if at(authorizer, "Identity", "ValidationExpression") == nil {
				found.add("%s has no ValidationExpression", name)
			}
		}
	}
	return found
}

// routes have the API's authorizer, but that of the OpenAPI document.
func routes(t template) (found findings) {
	for _, api := range t.of(kindAPI) {
		found = append(found, defaults(api)...)
		for _, function := range t.of(kindFunction) {
			events := fields(function.property("Events"))
			for _, name := range slices.Sorted(maps.Keys(events)) {
				found = append(found, route(api, function.id+"."+name, events[name])...)
			}
		}
	}
	return found
}

// defaults are what the API has for a route that says nothing.
func defaults(api resource) (found findings) {
	for _, property := range []string{"DefinitionBody", "DefinitionUri"} {
		if api.property(property) != nil {
			found.add("%s has %s: routes stand at the functions", api.id, property)
		}
	}
	for _, property := range slices.Sorted(maps.Keys(fields(api.property("Auth")))) {
		if property != "DefaultAuthorizer" && property != "Authorizers" {
			found.add("%s.Auth has %s, which no check knows", api.id, property)
		}
	}
	name, _ := api.property("Auth", "DefaultAuthorizer").(string)
	if api.property("Auth", "Authorizers", name) == nil {
		found.add("%s has the default authorizer %q, want one of its own", api.id, name)
	}
	return found
}

var open = map[string]any{"Authorizer": "NONE"}

func route(gateway resource, name string, event any) (found findings) {
	if kind := at(event, "Type"); kind != "Api" {
		found.add("%s is of type %v, want Api", name, kind)
	}
	if of := at(event, "Properties", "RestApiId"); referred(of) != gateway.id {
		found.add("%s is a route of %v, want %s", name, of, gateway.id)
	}
	path, auth := at(event, "Properties", "Path"), at(event, "Properties", "Auth")
	if auth != nil && (path != api.ResourceOpenAPI || !cmp.Equal(auth, any(open))) {
		found.add("%s, %v, has its own %v, want the API's authorizer", name, path, auth)
	}
	return found
}
