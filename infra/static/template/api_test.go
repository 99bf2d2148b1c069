package template_test

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/api"
	"pats/pkg/leaks"
	"pats/pkg/oauth"
	"pats/pkg/page"
)

// logged are the variables that the access log can have. API Gateway escapes nothing there, so none holds text that callers choose:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
// Callers can set requestId, but only to a UUID: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-access-logging.html
var logged = []string{
	"requestId", "extendedRequestId", "requestTimeEpoch", "responseLatency", "resourcePath", "httpMethod", "status", "identity.sourceIp",
	"error.responseType", "authorizer.requestId", "authorizer.latency", "authorizer.userId", "authorizer.kind", "authorizer.reason",
}

var contextVariable = regexp.MustCompile(`\$(context\.)?([A-Za-z.]*)`)

// accessLog checks that there is an access log, with an ID that callers cannot choose, and that bodies are not logged.
func accessLog(t template) (found findings) {
	for _, api := range t.of(kindAPI) {
		if to := api.property("AccessLogSetting", "DestinationArn"); !t.is(arnOf(to), kindLogGroup) {
			found.add("%s writes its access log to %v, want a log group from the template", api.id, to)
		}
		format, _ := api.property("AccessLogSetting", "Format").(string)
		var variables []string
		for _, variable := range contextVariable.FindAllStringSubmatch(format, -1) {
			variables = append(variables, variable[2])
			if variable[1] == "" || !slices.Contains(logged, variable[2]) {
				found.add("%s logs %s, which callers may choose", api.id, variable[0])
			}
		}
		if !slices.Contains(variables, "extendedRequestId") {
			found.add("%s does not log $context.extendedRequestId", api.id)
		}
		found = append(found, dataTrace(api)...)
	}
	return found
}

// dataTrace checks that all method settings turn the logging of bodies off.
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

// logRoleStays checks that the account's log role outlives the stack, since it is not only for this API.
func logRoleStays(t template) (found findings) {
	for _, account := range t.of(kindAccount) {
		found = append(found, retained(account)...)
		role := arnOf(account.property("CloudWatchRoleArn"))
		found = append(found, retained(resource{role, at(t["Resources"], role)})...)
	}
	return found
}

// authorizers checks that nothing is left to API Gateway's defaults.
func authorizers(t template) (found findings) {
	for _, api := range t.of(kindAPI) {
		for name, authorizer := range sorted(api.property("Auth", "Authorizers")) {
			if function := at(authorizer, "FunctionArn"); !t.is(arnOf(function), kindFunction) {
				found.add("%s invokes %v, want a function from the template", name, function)
			}
			if kind := at(authorizer, "FunctionPayloadType"); kind != "TOKEN" {
				found.add("%s has the type %v, want TOKEN", name, kind)
			}
			if ttl := at(authorizer, "Identity", "ReauthorizeEvery"); !t.bounded(ttl) {
				found.add("%s caches responses for %v, want a number of seconds", name, ttl)
			}
			if at(authorizer, "Identity", "ValidationExpression") == nil {
				found.add("%s has no ValidationExpression", name)
			}
		}
	}
	return found
}

// openRoutes are the routes without an authorizer, and the method that each serves: the OpenAPI document, and those that check their
// callers themselves.
var openRoutes = map[string]string{
	api.ResourceOpenAPI:       http.MethodGet,
	oauth.ResourceIntrospect:  http.MethodPost,
	oauth.ResourceRevoke:      http.MethodPost,
	oauth.ResourceToken:       http.MethodPost,
	oauth.ResourceDiscovery:   http.MethodGet,
	leaks.ResourceGitHub:      http.MethodPost,
	leaks.ResourceGitLab:      http.MethodPost,
	leaks.ResourceGitLabTypes: http.MethodGet,
}

// throttles checks that each open route but the OpenAPI document has a throttle apart from that of all others, so that callers without
// a token cannot use that up.
func throttles(t template) (found findings) {
	for _, gateway := range t.of(kindAPI) {
		all := settingsOf(gateway, "/*", "*")
		for _, path := range slices.Sorted(maps.Keys(openRoutes)) {
			if path == api.ResourceOpenAPI {
				continue
			}
			own := settingsOf(gateway, "/"+strings.ReplaceAll(path, "/", "~1"), openRoutes[path])
			for _, limit := range []string{"ThrottlingRateLimit", "ThrottlingBurstLimit"} {
				if parameter := referred(at(own, limit)); parameter == "" || parameter == referred(at(all, limit)) {
					found.add("%s %s has the %s %v, want a parameter apart from that of all routes", openRoutes[path], path, limit, at(own, limit))
				}
			}
		}
	}
	return found
}

// isOpen reports whether a path, as it is in the template, has no authorizer: those of openRoutes, and those of the page, which shows
// nothing of any user or opens a cookie.
func isOpen(path any) bool {
	text, _ := path.(string)
	_, found := openRoutes[text]
	return found || text == page.ResourcePage || isForBrowsers(text)
}

// settingsOf returns the MethodSettings of a resource's method, or nil.
func settingsOf(gateway resource, path, method string) any {
	for _, settings := range several(gateway.property("MethodSettings")) {
		if at(settings, "ResourcePath") == path && at(settings, "HttpMethod") == method {
			return settings
		}
	}
	return nil
}

// routes checks that every route has the API's authorizer, except the open ones.
func routes(t template) (found findings) {
	for _, api := range t.of(kindAPI) {
		found = append(found, defaults(api)...)
		for _, function := range t.of(kindFunction) {
			for name, event := range sorted(function.property("Events")) {
				found = append(found, route(api, function.id+"."+name, event)...)
			}
		}
	}
	return found
}

// defaults checks what applies to a route without settings of its own.
func defaults(api resource) (found findings) {
	if api.property("DefinitionUri") != nil {
		found.add("%s has DefinitionUri, want all routes in the functions' Events and in DefinitionBody", api.id)
	}
	for property := range sorted(api.property("Auth")) {
		if !slices.Contains([]string{"DefaultAuthorizer", "Authorizers", "AddDefaultAuthorizerToCorsPreflight"}, property) {
			found.add("%s.Auth has %s, which no check knows", api.id, property)
		}
	}
	name, _ := api.property("Auth", "DefaultAuthorizer").(string)
	if api.property("Auth", "Authorizers", name) == nil {
		found.add("%s has the default authorizer %q, want one from its Authorizers", api.id, name)
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
	if auth != nil && (!isOpen(path) || !cmp.Equal(auth, any(open))) {
		found.add("%s, %v, has Auth %v, want the API's authorizer", name, path, auth)
	}
	return found
}

// responses checks the headers of the gateway responses, of which the last two are API Gateway's defaults for all others.
func responses(t template) (found findings) {
	for _, api := range t.of(kindAPI) {
		for _, fallback := range []string{"DEFAULT_4XX", "DEFAULT_5XX"} {
			if api.property("GatewayResponses", fallback) == nil {
				found.add("%s has no %s", api.id, fallback)
			}
		}
		for name, response := range sorted(api.property("GatewayResponses")) {
			headers := at(response, "ResponseParameters", "Headers")
			for header, want := range map[string]string{"Cache-Control": "'no-store'", "X-Content-Type-Options": "'nosniff'"} {
				if got := at(headers, header); got != want {
					found.add("%s has %s %v, want %s", name, header, got, want)
				}
			}
		}
	}
	return found
}
