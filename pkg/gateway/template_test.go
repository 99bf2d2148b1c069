package gateway_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats"
	"pats/pkg/gateway"
)

// newError returns the error of a gateway with a template.
func newError(t *testing.T, template string, parameters map[string]string) error {
	t.Helper()
	e := &env{t: t, log: &logBuffer{}}
	gateway, err := gateway.New([]byte(template), e.functions(), gateway.Options{Parameters: parameters})
	if err != nil && gateway != nil {
		t.Error("got a gateway and an error")
	}
	return err
}

// Places in the template small where TestUnsupported plants a setting.
const (
	atAPI      = "      StageName: prod\n"
	atAuth     = "        DefaultAuthorizer: Token\n"
	atIdentity = "              ReauthorizeEvery: !Ref Ttl\n"
	atARN      = "            FunctionArn: !GetAtt Authorizer.Arn\n"
	atEvent    = "Path: /items, "
)

var unsupported = []struct{ name, at, plant, place string }{
	{"property of the API", atAPI, atAPI + "      BinaryMediaTypes: ['*/*']\n", "Resources.Api.Properties.BinaryMediaTypes"},
	{"CORS", atAPI, atAPI + "      Cors: \"'*'\"\n", "Resources.Api.Properties.Cors"},
	{"definition", atAPI, atAPI + "      DefinitionUri: openapi.yaml\n", "Resources.Api.Properties.DefinitionUri"},
	{"stage variables", atAPI, atAPI + "      Variables: {a: b}\n", "Resources.Api.Properties.Variables"},
	{"answers kept by the stage", atAPI, atAPI + "      MethodSettings: [{ResourcePath: /*, HttpMethod: '*', CachingEnabled: true}]\n", "Resources.Api.Properties.MethodSettings.0.CachingEnabled"},
	{"property of Auth", atAuth, atAuth + "        ApiKeyRequired: true\n", "Auth.ApiKeyRequired"},
	{"resource policy", atAuth, atAuth + "        ResourcePolicy: {}\n", "Auth.ResourcePolicy"},
	{"default authorizer that is not there", atAuth, "        DefaultAuthorizer: Other\n", "Auth.DefaultAuthorizer"},
	{"property of the authorizer", atARN, atARN + "            UserPoolArn: x\n", "Authorizers.Token.UserPoolArn"},
	{"REQUEST authorizer", atARN, atARN + "            FunctionPayloadType: REQUEST\n", "Authorizers.Token.FunctionPayloadType"},
	{"authorizer elsewhere", atARN, "            FunctionArn: arn:aws:lambda:eu-west-1:1:function:x\n", "Authorizers.Token.FunctionArn"},
	{"authorizer without a function", atARN, "", "Authorizers.Token.FunctionArn"},
	{"property of the identity", atIdentity, atIdentity + "              Headers: [X]\n", "Identity.Headers"},
	{"TTL that is not a number", atIdentity, "              ReauthorizeEvery: soon\n", "Identity.ReauthorizeEvery"},
	{"TTL over the limit", atIdentity, "              ReauthorizeEvery: 3601\n", "Identity.ReauthorizeEvery"},
	{"expression that does not compile", "good-[a-z]+", "good-[", "Identity.ValidationExpression"},
	{"property of a gateway response", "GatewayResponses: {}", "GatewayResponses: {UNAUTHORIZED: {Colour: red}}", "GatewayResponses.UNAUTHORIZED.Colour"},
	{"gateway response that is not there", "GatewayResponses: {}", "GatewayResponses: {TEAPOT: {}}", "GatewayResponses.TEAPOT"},
	{"status that refuses nothing", "GatewayResponses: {}", "GatewayResponses: {UNAUTHORIZED: {StatusCode: 200}}", "GatewayResponses.UNAUTHORIZED.StatusCode"},
	{"header from a mapping", "GatewayResponses: {}", "GatewayResponses: {UNAUTHORIZED: {ResponseParameters: {Headers: {X: context.requestId}}}}", "ResponseParameters.Headers.X"},
	{"parameter that is not a header", "GatewayResponses: {}", "GatewayResponses: {UNAUTHORIZED: {ResponseParameters: {Paths: {X: y}}}}", "ResponseParameters.Paths"},
	{"body of another type", "GatewayResponses: {}", "GatewayResponses: {UNAUTHORIZED: {ResponseTemplates: {text/html: x}}}", "ResponseTemplates.text/html"},
	{"body with another variable", "GatewayResponses: {}", "GatewayResponses: {UNAUTHORIZED: {ResponseTemplates: {application/json: $input.body}}}", "ResponseTemplates.application/json"},
	{"property of an event", atEvent, atEvent + "TimeoutInMillis: 50, ", "Resources.Echo.Properties.Events.Items.Properties.TimeoutInMillis"},
	{"request parameters", atEvent, atEvent + "RequestParameters: [method.request.header.X], ", "Events.Items.Properties.RequestParameters"},
	{"authorization of an event", atEvent, atEvent + "Auth: {ApiKeyRequired: true}, ", "Events.Items.Properties.Auth.ApiKeyRequired"},
	{"authorizer of an event that is not there", atEvent, atEvent + "Auth: {Authorizer: Other}, ", "Events.Items.Properties.Auth.Authorizer"},
	{"event of another kind", "Items: {Type: Api, ", "Items: {Type: HttpApi, ", "Events.Items.Type"},
	{"event of another API", "{RestApiId: !Ref Api, Path: /items, ", "{RestApiId: other, Path: /items, ", "Events.Items.Properties.RestApiId"},
	{"event of the implicit API", "{RestApiId: !Ref Api, Path: /items, ", "{Path: /items, ", "Events.Items.Properties.RestApiId"},
	{"event without a path", atEvent, "", "Events.Items.Properties.Path"},
	{"event without a method", atEvent + "Method: any", "Path: /items", "Events.Items.Properties.Method"},
	{"event with a wrong path", atEvent, "Path: items, ", "Events.Items"},
	{"two events at one place", "Path: /open", "Path: /items", "Events.Open"},
	{"globals of the API", "Globals:\n", "Globals:\n  Api: {Cors: \"'*'\"}\n", "Globals.Api"},
	{"time-out that is not a number", "Timeout: 60", "Timeout: long", "Globals.Function.Timeout"},
	{"second API", "Resources:\n", "Resources:\n  Second: {Type: AWS::Serverless::Api, Properties: {StageName: x}}\n", "Resources.Second.Properties"},
	{"HTTP API", "Resources:\n", "Resources:\n  Second: {Type: AWS::Serverless::HttpApi}\n", "Resources.Second.Properties"},
	{"part of an API", "Resources:\n", "Resources:\n  Second: {Type: AWS::ApiGateway::GatewayResponse}\n", "Resources.Second.Properties"},
	{"a key twice", atAPI, atAPI + "      StageName: test\n", "Resources.Api.Properties.StageName"},
	{"no stage", atAPI, "", "Resources.Api.Properties.StageName"},
}

// TestUnsupported plants one unsupported setting at a time: the gateway must refuse to start, and name the place.
func TestUnsupported(t *testing.T) {
	t.Parallel()
	for _, c := range unsupported {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(small, c.at) {
				t.Fatalf("there is no %q to change", c.at)
			}
			err := newError(t, strings.Replace(small, c.at, c.plant, 1), nil)
			if err == nil {
				t.Fatal("got no error")
			}
			if !strings.Contains(err.Error(), c.place+": ") {
				t.Errorf("error: got %v, want one that names %s", err, c.place)
			}
		})
	}
}

// TestIgnored plants settings that change nothing on a laptop.
func TestIgnored(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, at, plant string }{
		{"API", "StageName: prod", `StageName: prod
      Name: x
      Description: x
      Tags: {a: b}
      OpenApiVersion: 3.0.1
      AlwaysDeploy: true
      EndpointConfiguration: {Type: REGIONAL}
      AccessLogSetting: {DestinationArn: !GetAtt Nothing.Arn, Format: x}
      TracingEnabled: true
      MethodSettings: [{ResourcePath: /*, HttpMethod: "*", ThrottlingRateLimit: 1, ThrottlingBurstLimit: 1, MetricsEnabled: true, DataTraceEnabled: false, LoggingLevel: INFO}]`},
		{"authorizer", "            FunctionArn:", "            FunctionInvokeRole: x\n            FunctionArn:"},
		{"parameter", "Ttl: {", "Ttl: {Description: x, NoEcho: true, "},
		{"other resources", "Resources:", `Resources:
  Account: {Type: AWS::ApiGateway::Account, Properties: {CloudWatchRoleArn: !GetAtt Nothing.Arn}}
  Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: !ImportValue x}}`},
		{"API that a condition leaves out", "Resources:", `Conditions: {Never: !Equals [a, b]}
Resources:
  Second: {Type: AWS::Serverless::Api, Condition: Never}`},
		{"property without a value", "StageName: prod", "StageName: prod\n      Cors: !Ref AWS::NoValue"},
		{"other sections", "Resources:", "Outputs: {Url: {Value: !Ref Nothing}}\nMappings: {}\nResources:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(small, c.at) {
				t.Fatalf("there is no %q to change", c.at)
			}
			if err := newError(t, strings.Replace(small, c.at, c.plant, 1), nil); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestErrorNamesAllFaults(t *testing.T) {
	t.Parallel()
	err := newError(t, strings.NewReplacer("StageName: prod", "Cors: x\n      Models: {}\n      StageName: prod").Replace(small), nil)
	for _, place := range []string{"Properties.Cors", "Properties.Models"} {
		if err == nil || !strings.Contains(err.Error(), place) {
			t.Errorf("error: got %v, want one that names %s", err, place)
		}
	}
}

func TestFunctionsMustMatchTheTemplate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(gateway.Functions)
		want   string
	}{
		{"one is missing", func(f gateway.Functions) { delete(f.Proxies, "Echo") }, "Echo"},
		{"one is nil", func(f gateway.Functions) { f.Authorizers["Authorizer"] = nil }, "Authorizer"},
		{"one is too many", func(f gateway.Functions) { f.Proxies["Other"] = f.Proxies["Echo"] }, "Other"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			functions := (&env{}).functions()
			c.change(functions)
			if _, err := gateway.New([]byte(small), functions, gateway.Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error: got %v, want one that names %s", err, c.want)
			}
		})
	}
}

func TestNoTemplate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "empty"},
		{"no YAML", "a: [", "template"},
		{"a list", "- a", "must be a map"},
		{"no API", "Resources: {}", "AWS::Serverless::Api"},
		{"no resources", "Description: x", "AWS::Serverless::Api"},
		{"a resource without a type", "Resources: {A: {}}", "Resources.A.Type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if err := newError(t, c.text, nil); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error: got %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestProjectEnvironment(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("0f", 32)
	got, err := gateway.Environment(pats.Template(), gateway.Options{
		Parameters: map[string]string{"AdminTokenHash": hash, "PatsEnabled": "false", "Scopes": "orders:read, orders:write@Editor"},
		Resources:  map[string]string{"Table": "pats"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for function, want := range map[string]map[string]string{
		"AuthorizerFunction": {"TABLE_NAME": "pats", "ADMIN_TOKEN_HASH": hash},
		"TokensFunction":     {"TABLE_NAME": "pats", "ADMIN_TOKEN_HASH": hash, "PATS_ENABLED": "false", "EXPIRED_RETENTION_DAYS": "30", "SCOPES": "orders:read, orders:write@Editor"},
	} {
		for name, value := range want {
			if got[function][name] != value {
				t.Errorf("%s of %s: got %q, want %q", name, function, got[function][name], value)
			}
		}
	}
}

func TestProjectParameters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, parameter, value string }{
		{"allowed values", "PatsEnabled", "maybe"},
		{"pattern", "AdminTokenHash", "secret"},
		{"minimum", "AuthorizerTtlSeconds", "-1"},
		{"maximum", "AuthorizerTtlSeconds", "3601"},
		{"number", "AuthorizerTtlSeconds", "secret"},
		{"length", "Scopes", strings.Repeat("a,", 512) + "a"},
		{"scope with a space", "Scopes", "orders:read secret"},
		{"token among the scopes", "Scopes", "user:v2_secret" + strings.Repeat("x", 66)},
		{"role of a scope", "Scopes", "orders:read@secret"},
		{"name", "NoSuchParameter", "x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := gateway.Environment(pats.Template(), gateway.Options{Parameters: map[string]string{c.parameter: c.value}, Resources: map[string]string{"Table": "pats"}})
			if err == nil || !strings.Contains(err.Error(), c.parameter) {
				t.Fatalf("error: got %v, want one that names %s", err, c.parameter)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("error shows the value: %v", err)
			}
		})
	}
}

var environmentValues = []struct {
	name, value string
	want        string
	fault       string
}{
	{name: "text", value: "a b", want: "a b"},
	{name: "number as it is written", value: "1.50", want: "1.50"},
	{name: "boolean", value: "true", want: "true"},
	{name: "parameter", value: "!Ref P", want: "of P"},
	{name: "pseudo parameter", value: "!Ref AWS::Region", want: "us-east-1"},
	{name: "resource with a name", value: "!Ref Table", want: "named"},
	{name: "resource without a name", value: "!Ref Queue", fault: "Queue"},
	{name: "nothing of that name", value: "!Ref Nothing", fault: "Nothing"},
	{name: "function", value: "!Ref F", want: "F"},
	{name: "ARN of a function", value: "!GetAtt F.Arn", want: "arn:aws:lambda:us-east-1:123456789012:function:F"},
	{name: "ARN of something else", value: "!GetAtt Table.Arn", fault: "Table.Arn"},
	{name: "another attribute of a function", value: "!GetAtt F.Version", fault: "F.Version"},
	{name: "substitution", value: "!Sub '${P}/${AWS::Partition}/${F.Arn}/${!P}/$P'", want: "of P/aws/arn:aws:lambda:us-east-1:123456789012:function:F/${P}/$P"},
	{name: "substitution of nothing", value: "!Sub '${Nothing}'", fault: "Nothing"},
	{name: "condition that holds", value: "!If [Yes, a, b]", want: "a"},
	{name: "condition that does not", value: "!If [No, a, !If [Yes, !Ref P, c]]", want: "of P"},
	{name: "condition that is not there", value: "!If [Perhaps, a, b]", fault: "Perhaps"},
	{name: "condition with one value", value: "!If [Yes, a]", fault: "!If"},
	{name: "no value", value: "!If [Yes, !Ref AWS::NoValue, b]", want: ""},
	{name: "another function", value: "!ImportValue x", fault: "!ImportValue"},
	{name: "a function in its long form", value: "{Ref: P}", fault: "single value"},
	{name: "a list", value: "[a]", fault: "single value"},
	{name: "null", value: "", fault: "not supported"},
}

func TestEnvironmentValues(t *testing.T) {
	t.Parallel()
	for _, c := range environmentValues {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			template := `
Parameters: {P: {Type: String, Default: of P}}
Conditions: {"Yes": !Equals [!Ref P, of P], "No": !Equals [a, !Ref P]}
Globals: {Function: {Environment: {Variables: {COMMON: common, OWN: common}}}}
Resources:
  Table: {Type: AWS::DynamoDB::Table}
  Queue: {Type: AWS::SQS::Queue}
  Gone: {Type: AWS::Serverless::Function, Condition: "No", Properties: {Environment: {Variables: {X: !Ref Nothing}}}}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          OWN: own
          X: ` + c.value + "\n"
			got, err := gateway.Environment([]byte(template), gateway.Options{Resources: map[string]string{"Table": "named"}})
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) || !strings.Contains(err.Error(), "Variables.X") {
					t.Errorf("error: got %v, want one that names Variables.X and %q", err, c.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]map[string]string{"F": {"COMMON": "common", "OWN": "own", "X": c.want}}
			if c.name == "no value" {
				delete(want["F"], "X")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAliasesAreNotSupported(t *testing.T) {
	t.Parallel()
	err := newError(t, strings.Replace(small, "StageName: prod", "StageName: *stage\n      Name: &stage prod", 1), nil)
	if err == nil {
		t.Error("an alias before its anchor: got no error")
	}
	err = newError(t, strings.Replace(small, "StageName: prod", "Name: &stage prod\n      StageName: *stage", 1), nil)
	if err == nil || !strings.Contains(err.Error(), "Resources.Api.Properties.StageName") {
		t.Errorf("an alias: got %v, want an error that names the place", err)
	}
}

// FuzzTemplate looks for a template that makes New panic.
func FuzzTemplate(f *testing.F) {
	f.Add(small)
	f.Add("Resources: {A: !If [B, C, D]}\nConditions: {B: !Equals [1]}")
	f.Add("Conditions: {B: !Equals [!If [B, a, b], {a: b}]}\nParameters: {P: []}\nGlobals: x")
	f.Add("a: &a\n  b: *a\nResources: *a")
	f.Fuzz(func(_ *testing.T, template string) {
		_, _ = gateway.New([]byte(template), (&env{}).functions(), gateway.Options{})
		_, _ = gateway.Environment([]byte(template), gateway.Options{})
	})
}
