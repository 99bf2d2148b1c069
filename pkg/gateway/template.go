package gateway

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The kinds of resources that count here.
const (
	kindAPI      = "AWS::Serverless::Api"
	kindFunction = "AWS::Serverless::Function"
)

// api is what a template says about its API.
type api struct {
	id    string
	stage string
	// authorizers are by name; authorizer is the default one's, or noAuthorizer.
	authorizers map[string]authorizerSettings
	authorizer  string
	responses   map[responseType]response
	functions   map[string]functionSettings
}

type authorizerSettings struct {
	function string
	header   string
	// expression is nil if every value will do.
	expression *regexp.Regexp
	ttl        time.Duration
}

// functionSettings are what concerns the API about a function.
type functionSettings struct {
	timeout time.Duration
	routes  []routeSettings
}

type routeSettings struct {
	path, method string
	// authorizer is the name of one, or noAuthorizer.
	authorizer string
	// event is where the template says so.
	event part
}

// noAuthorizer is SAM's name for none.
const noAuthorizer = "NONE"

// What is honoured, and why other things need not be. Anything that stands nowhere here is a fault.
var (
	// globalRules have no other section: it would change the API unseen.
	globalRules = rules{honoured: []string{"Function"}}
	apiRules    = rules{
		honoured: []string{"StageName", "Auth", "GatewayResponses", "MethodSettings"},
		ignored: map[string]string{
			"Name":                  "it is for people",
			"Description":           "it is for people",
			"Tags":                  "they are for people and bills",
			"OpenApiVersion":        "it is about the definition that SAM generates",
			"AlwaysDeploy":          "it is about deployment",
			"EndpointConfiguration": "a laptop has one address",
			"AccessLogSetting":      "the access log goes to Options.Log",
			"TracingEnabled":        "there is no X-Ray",
		},
	}
	methodSettingsRules = rules{ignored: map[string]string{
		"ResourcePath":         "it says for which resources the rest is",
		"HttpMethod":           "it says for which methods the rest is",
		"ThrottlingRateLimit":  "it is a target that AWS keeps as well as it can, to protect a bill",
		"ThrottlingBurstLimit": "as ThrottlingRateLimit",
		"MetricsEnabled":       "there is no CloudWatch",
		"DataTraceEnabled":     "there is no CloudWatch",
		"LoggingLevel":         "there is no CloudWatch",
	}}
	authRules       = rules{honoured: []string{"DefaultAuthorizer", "Authorizers"}}
	authorizerRules = rules{
		honoured: []string{"FunctionArn", "FunctionPayloadType", "Identity"},
		ignored:  map[string]string{"FunctionInvokeRole": "there is no IAM"},
	}
	identityRules  = rules{honoured: []string{"Header", "ValidationExpression", "ReauthorizeEvery"}}
	eventRules     = rules{honoured: []string{"Type", "Properties"}}
	apiEventRules  = rules{honoured: []string{"RestApiId", "Path", "Method", "Auth"}}
	eventAuthRules = rules{honoured: []string{"Authorizer"}}
)

var errNoAPI = errors.New("the template has no " + kindAPI)

// readAPI reads the template's one API and the functions behind it.
func (s *stack) readAPI() (*api, error) {
	a := &api{id: s.onlyAPI(), authorizers: map[string]authorizerSettings{}, functions: map[string]functionSettings{}}
	if a.id == "" {
		return nil, errNoAPI
	}
	properties := s.resources[a.id].properties.honour(apiRules)
	a.stage = properties.get("StageName").text()
	a.responses = readResponses(properties.get("GatewayResponses").mapping())
	for _, settings := range properties.get("MethodSettings").items() {
		settings.honour(methodSettingsRules)
	}
	a.readAuth(properties.get("Auth").honour(authRules))
	s.eachFunction(func(id string, properties mapping) {
		a.functions[id] = functionSettings{timeout: s.timeout(properties), routes: a.readEvents(properties.get("Events"))}
	})
	return a, s.err()
}

// onlyAPI gives the id of the API. Whatever else would make one, or change it, is a fault.
func (s *stack) onlyAPI() string {
	var id string
	for _, name := range slices.Sorted(maps.Keys(s.resources)) {
		switch kind := s.resources[name].kind; {
		case kind == kindAPI && id == "":
			id = name
		case kind == kindAPI, kind == "AWS::Serverless::HttpApi",
			strings.HasPrefix(kind, "AWS::ApiGateway") && kind != "AWS::ApiGateway::Account":
			s.resources[name].properties.fault("%s: the laptop gateway honours one %s and nothing beside it", kind, kindAPI)
		}
	}
	return id
}

func (a *api) readAuth(auth mapping) {
	auth.get("Authorizers").mapping().each(func(name string, declared part) {
		a.authorizers[name] = readAuthorizer(declared.honour(authorizerRules))
	})
	a.authorizer = a.authorizerOf(auth.get("DefaultAuthorizer"), noAuthorizer)
}

// authorizerOf is the name of the authorizer that p names, or otherwise if p is left out.
func (a *api) authorizerOf(p part, otherwise string) string {
	name := p.textOr(otherwise)
	if _, ok := a.authorizers[name]; !ok && name != noAuthorizer {
		p.fault("there is no authorizer %q", name)
	}
	return name
}

// readAuthorizer gives SAM's defaults to what is left out: TOKEN, the Authorization header and 300 seconds.
func readAuthorizer(declared mapping) authorizerSettings {
	declared.get("FunctionPayloadType").only("TOKEN", "TOKEN")
	function, here := strings.CutPrefix(declared.get("FunctionArn").text(), functionARN)
	if !here {
		declared.get("FunctionArn").fault("must be the ARN of a function in this template")
	}
	identity := declared.get("Identity").honour(identityRules)
	return authorizerSettings{
		function:   function,
		header:     identity.get("Header").textOr("Authorization"),
		expression: identity.get("ValidationExpression").expression(),
		ttl:        time.Duration(identity.get("ReauthorizeEvery").numberOr(300, 0, 3600)) * time.Second,
	}
}

// eachFunction calls visit with the properties of each function, by logical id and in its order.
func (s *stack) eachFunction(visit func(id string, properties mapping)) {
	for _, id := range slices.Sorted(maps.Keys(s.resources)) {
		if s.resources[id].kind == kindFunction {
			visit(id, s.resources[id].properties.mapping())
		}
	}
}

// timeout is the function's own, or that of Globals, or Lambda's default of 3 seconds.
func (s *stack) timeout(function mapping) time.Duration {
	globals := s.globals.get("Function").mapping().get("Timeout").numberOr(3, 1, 900)
	return time.Duration(function.get("Timeout").numberOr(globals, 1, 900)) * time.Second
}

func (a *api) readEvents(section part) []routeSettings {
	var routes []routeSettings
	section.mapping().each(func(_ string, declared part) {
		event := declared.honour(eventRules)
		event.get("Type").only("Api", "")
		properties := event.get("Properties").honour(apiEventRules)
		properties.get("RestApiId").only(a.id, "")
		auth := properties.get("Auth").honour(eventAuthRules)
		routes = append(routes, routeSettings{
			path:       properties.get("Path").text(),
			method:     strings.ToUpper(properties.get("Method").text()),
			authorizer: a.authorizerOf(auth.get("Authorizer"), a.authorizer),
			event:      declared,
		})
	})
	return routes
}

// Environment gives the environment variables of each function in template, by logical id: those of Globals and its own.
// Of options it uses Parameters and Resources. Errors name the places in the template.
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
			variables.each(func(name string, value part) { environments[id][name] = value.text() })
		}
	})
	return environments, s.err()
}
