package gateway

import (
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The types of resources that the gateway reads.
const (
	kindAPI      = "AWS::Serverless::Api"
	kindFunction = "AWS::Serverless::Function"
)

// api is the API of a template.
type api struct {
	id    string
	stage string
	// authorizers are by name; authorizer is the name of the default one, or noAuthorizer.
	authorizers map[string]authorizerSettings
	authorizer  string
	responses   map[responseType]customization
	functions   map[string]functionSettings
	// definition is nil if SAM generates it.
	definition *definition
}

type authorizerSettings struct {
	function string
	header   string
	// expression is nil if any value has the form of a token.
	expression *regexp.Regexp
	ttl        time.Duration
}

// functionSettings are the settings of a function that concern the API.
type functionSettings struct {
	timeout time.Duration
	routes  []routeSettings
}

type routeSettings struct {
	path, method string
	// authorizer is the name of one, or noAuthorizer.
	authorizer string
	// event is the place in the template.
	event node
}

// noAuthorizer is SAM's name for none.
const noAuthorizer = "NONE"

// The supported properties, and why others can be ignored. Any property that is not listed here is a fault.
var (
	// globalRules allow no other section, since it would change the API unnoticed.
	globalRules = rules{supported: []string{"Function"}}
	apiRules    = rules{
		supported: []string{"StageName", "Auth", "GatewayResponses", "MethodSettings", "DefinitionBody"},
		ignored: map[string]string{
			"Name":                  "it is for people",
			"Description":           "it is for people",
			"Tags":                  "they are for people and bills",
			"OpenApiVersion":        "it concerns the definition that SAM generates",
			"AlwaysDeploy":          "it concerns deployment",
			"EndpointConfiguration": "a laptop has one address",
			"AccessLogSetting":      "the access log goes to Options.Log",
			"TracingEnabled":        "there is no X-Ray",
		},
	}
	methodSettingsRules = rules{ignored: map[string]string{
		"ResourcePath":         "it selects the resources to which the rest applies",
		"HttpMethod":           "it selects the methods to which the rest applies",
		"ThrottlingRateLimit":  "it is a target, met on a best-effort basis, that protects a bill",
		"ThrottlingBurstLimit": "as ThrottlingRateLimit",
		"MetricsEnabled":       "there is no CloudWatch",
		"DataTraceEnabled":     "there is no CloudWatch",
		"LoggingLevel":         "there is no CloudWatch",
	}}
	authRules       = rules{supported: []string{"DefaultAuthorizer", "Authorizers", preflightAuth}}
	authorizerRules = rules{
		supported: []string{"FunctionArn", "FunctionPayloadType", "Identity"},
		ignored:   map[string]string{"FunctionInvokeRole": "there is no IAM"},
	}
	identityRules  = rules{supported: []string{"Header", "ValidationExpression", "ReauthorizeEvery"}}
	eventRules     = rules{supported: []string{"Type", "Properties"}}
	apiEventRules  = rules{supported: []string{"RestApiId", "Path", "Method", "Auth"}}
	eventAuthRules = rules{supported: []string{"Authorizer"}}
)

var errNoAPI = errors.New("the template has no " + kindAPI)

// readAPI reads the template's one API and the functions behind it.
func (s *stack) readAPI() (*api, error) {
	a := &api{id: s.onlyAPI(), authorizers: map[string]authorizerSettings{}, functions: map[string]functionSettings{}}
	if a.id == "" {
		return nil, errNoAPI
	}
	properties := s.resources[a.id].properties.supported(apiRules)
	a.stage = properties.get("StageName").text()
	a.responses = readCustomizations(properties.get("GatewayResponses").mapping())
	for _, settings := range properties.get("MethodSettings").items() {
		settings.supported(methodSettingsRules)
	}
	a.definition = readDefinition(properties.get("DefinitionBody"))
	a.readAuth(properties.get("Auth").supported(authRules))
	s.eachFunction(func(id string, properties mapping) {
		a.functions[id] = functionSettings{timeout: s.timeout(properties), routes: a.readEvents(properties.get("Events"))}
	})
	a.checkDefinition()
	return a, s.err()
}

// onlyAPI returns the id of the API. A resource that would create another one, or change it, is a fault.
func (s *stack) onlyAPI() string {
	var id string
	for _, name := range slices.Sorted(maps.Keys(s.resources)) {
		switch kind := s.resources[name].kind; {
		case kind == kindAPI && id == "":
			id = name
		case kind == kindAPI, kind == "AWS::Serverless::HttpApi",
			strings.HasPrefix(kind, "AWS::ApiGateway") && kind != "AWS::ApiGateway::Account":
			s.resources[name].properties.fault("%s: the laptop gateway supports one %s and no other API", kind, kindAPI)
		}
	}
	return id
}

func (a *api) readAuth(auth mapping) {
	auth.get("Authorizers").mapping().each(func(name string, declared node) {
		a.authorizers[name] = readAuthorizer(declared.supported(authorizerRules))
	})
	a.authorizer = a.authorizerOf(auth.get("DefaultAuthorizer"), noAuthorizer)
	if a.definition != nil && len(a.definition.mocks) > 0 {
		auth.get(preflightAuth).mustBe("false", "true")
	}
}

// preflightAuth is SAM's setting for the authorizer of OPTIONS methods, true by default.
const preflightAuth = "AddDefaultAuthorizerToCorsPreflight"

// authorizerOf returns the name of the authorizer that n names, or the default if n is absent.
func (a *api) authorizerOf(n node, defaultName string) string {
	name := n.textOr(defaultName)
	if _, ok := a.authorizers[name]; !ok && name != noAuthorizer {
		n.fault("there is no authorizer %q", name)
	}
	return name
}

// readAuthorizer applies SAM's defaults to absent settings: TOKEN, the Authorization header and 300 seconds.
func readAuthorizer(declared mapping) authorizerSettings {
	declared.get("FunctionPayloadType").mustBe("TOKEN", "TOKEN")
	function, ok := strings.CutPrefix(declared.get("FunctionArn").text(), functionARN)
	if !ok {
		declared.get("FunctionArn").fault("must be the ARN of a function in this template")
	}
	identity := declared.get("Identity").supported(identityRules)
	return authorizerSettings{
		function:   function,
		header:     http.CanonicalHeaderKey(identity.get("Header").textOr("Authorization")),
		expression: identity.get("ValidationExpression").expression(),
		ttl:        time.Duration(identity.get("ReauthorizeEvery").numberOr(300, 0, 3600)) * time.Second,
	}
}

// eachFunction calls visit with the properties of each function, in the order of the logical ids.
func (s *stack) eachFunction(visit func(id string, properties mapping)) {
	for _, id := range slices.Sorted(maps.Keys(s.resources)) {
		if s.resources[id].kind == kindFunction {
			visit(id, s.resources[id].properties.mapping())
		}
	}
}

// timeout returns the function's own, or that of Globals, or Lambda's default of 3 seconds.
func (s *stack) timeout(function mapping) time.Duration {
	globals := s.globals.get("Function").mapping().get("Timeout").numberOr(3, 1, 900)
	return time.Duration(function.get("Timeout").numberOr(globals, 1, 900)) * time.Second
}

func (a *api) readEvents(section node) []routeSettings {
	var routes []routeSettings
	section.mapping().each(func(_ string, declared node) {
		event := declared.supported(eventRules)
		event.get("Type").mustBe("Api", "")
		properties := event.get("Properties").supported(apiEventRules)
		properties.get("RestApiId").mustBe(a.id, "")
		auth := properties.get("Auth").supported(eventAuthRules)
		routes = append(routes, routeSettings{
			path:       properties.get("Path").text(),
			method:     strings.ToUpper(properties.get("Method").text()),
			authorizer: a.authorizerOf(auth.get("Authorizer"), a.authorizer),
			event:      declared,
		})
	})
	return routes
}

// Environment returns the environment variables of each function in template, by logical id: those of Globals and its own. Of
// options it uses Parameters and Resources. Errors name the places in the template.
func Environment(template []byte, options Options) (map[string]map[string]string, error) {
	s, err := readStack(template, options)
	if err != nil {
		return nil, err
	}
	environments := map[string]map[string]string{}
	s.eachFunction(func(id string, properties mapping) {
		environments[id] = map[string]string{}
		for _, function := range []mapping{s.globals.get("Function").mapping(), properties} {
			variables := function.get("Environment").mapping().get("Variables").mapping()
			variables.each(func(name string, value node) { environments[id][name] = value.text() })
		}
	})
	return environments, s.err()
}
