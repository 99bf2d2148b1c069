package gateway

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// API Gateway's extensions in an OpenAPI definition, and the method of a preflight there.
const (
	anyMethodKey   = "x-amazon-apigateway-any-method"
	integrationKey = "x-amazon-apigateway-integration"
	optionsKey     = "options"
)

// definition is the DefinitionBody of an API. Where a template has one, SAM generates no routes from the functions' events, only
// permissions, so both must agree. Besides, it can have OPTIONS methods with fixed responses, which need no authorizer.
type definition struct {
	// proxies are the methods ANY with a function, by path.
	proxies map[string]definedProxy
	mocks   []mock
}

type definedProxy struct {
	// function is the ARN of the function, in API Gateway's URI of an invocation.
	function string
	// open is true if the method has no authorizer.
	open  bool
	place node
}

// mock is a method with a mock integration, which always sends the same response.
type mock struct {
	path     string
	response *response
	place    node
}

var (
	definitionRules = rules{
		supported: []string{"paths"},
		ignored: map[string]string{
			"openapi": "the paths are the same in every version 3",
			"info":    "it is for people",
		},
	}
	pathRules             = rules{supported: []string{anyMethodKey, optionsKey}}
	definedProxyRules     = rules{supported: []string{"security", integrationKey}}
	proxyIntegrationRules = rules{supported: []string{"type", "httpMethod", "uri"}}
	mockRules             = rules{supported: []string{"responses", integrationKey}}
	mockIntegrationRules  = rules{supported: []string{"type", "requestTemplates", "responses"}}
	mockResponseRules     = rules{supported: []string{"statusCode", "responseParameters"}}
)

func readDefinition(body node) *definition {
	if !body.exists() {
		return nil
	}
	d := &definition{proxies: map[string]definedProxy{}}
	body.supported(definitionRules).get("paths").mapping().each(func(path string, item node) {
		methods := item.supported(pathRules)
		if methods.has(anyMethodKey) {
			d.proxies[path] = readDefinedProxy(methods.get(anyMethodKey))
		}
		if methods.has(optionsKey) {
			options := methods.get(optionsKey)
			d.mocks = append(d.mocks, mock{path, readMock(options), options})
		}
	})
	return d
}

func readDefinedProxy(declared node) definedProxy {
	fields := declared.supported(definedProxyRules)
	integration := fields.get(integrationKey).supported(proxyIntegrationRules)
	integration.get("type").mustBe("aws_proxy", "")
	integration.get("httpMethod").mustBe(http.MethodPost, "")
	proxy := definedProxy{function: integration.get("uri").text(), place: declared}
	for _, requirement := range fields.get("security").items() {
		proxy.open = proxy.open || requirement.supported(rules{supported: []string{noAuthorizer}}).has(noAuthorizer)
	}
	return proxy
}

// mockHeader is before the name of a header in the parameters of a mock's response.
const mockHeader = "method.response.header."

// readMock returns the response of a mock integration. API Gateway refuses a header that the method does not declare.
func readMock(declared node) *response {
	fields := declared.supported(mockRules)
	integration := fields.get(integrationKey).supported(mockIntegrationRules)
	integration.get("type").mustBe("mock", "")
	sent := integration.get("responses").supported(rules{supported: []string{"default"}}).get("default").supported(mockResponseRules)
	status := sent.get("statusCode").numberOr(http.StatusOK, 200, 599)
	templates := integration.get("requestTemplates").supported(rules{supported: []string{contentTypeJSON}})
	templates.get(contentTypeJSON).mustBe(fmt.Sprintf(`{"statusCode":%d}`, status), "")
	known := fields.get("responses").mapping().get(strconv.Itoa(status)).mapping().get("headers").mapping()
	resp := &response{status: status, header: http.Header{contentType: {contentTypeJSON}}}
	sent.get("responseParameters").mapping().each(func(parameter string, value node) {
		name, ok := strings.CutPrefix(parameter, mockHeader)
		if !ok || !known.has(name) {
			value.fault("must be %s and the name of a header that the method's response declares", mockHeader)
		}
		resp.header.Set(name, value.quoted())
	})
	return resp
}

// checkDefinition compares the definition with the functions' events, which must name the same routes.
func (a *api) checkDefinition() {
	if a.definition == nil {
		return
	}
	routed := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(a.functions)) {
		for _, route := range a.functions[id].routes {
			routed[route.path] = true
			proxy, ok := a.definition.proxies[route.path]
			same := ok && route.method == anyMethod && proxy.open == (route.authorizer == noAuthorizer) && proxy.invokes(id)
			if !same {
				route.event.fault("the API's DefinitionBody has no such route with this function and this authorizer")
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(a.definition.proxies)) {
		if !routed[path] {
			a.definition.proxies[path].place.fault("no function has an event for %s", path)
		}
	}
}

// invokes reports whether the proxy's function is that of a logical id.
func (p definedProxy) invokes(id string) bool {
	const uri = "arn:aws:apigateway:" + region + ":lambda:path/2015-03-31/functions/" + functionARN
	return p.function == uri+id+"/invocations"
}
