package gateway_test

import (
	"net/http"
	"strings"
	"testing"
)

// defined is a template with a DefinitionBody whose OPTIONS depends on a parameter.
const defined = `
Parameters:
  Origin: {Type: String, Default: ""}
Conditions:
  Closed: !Equals [!Ref Origin, ""]
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      DefinitionBody:
        openapi: 3.0.1
        info: {title: !Ref AWS::StackName, version: "1"}
        paths:
          /items:
            x-amazon-apigateway-any-method:
              x-amazon-apigateway-integration:
                type: aws_proxy
                httpMethod: POST
                uri: !Sub arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Echo.Arn}/invocations
            options: !If
              - Closed
              - !Ref AWS::NoValue
              - responses: {"204": {headers: {Access-Control-Allow-Origin: {}, X-Fixed: {}}}}
                x-amazon-apigateway-integration:
                  type: mock
                  requestTemplates: {application/json: '{"statusCode":204}'}
                  responses:
                    default:
                      statusCode: "204"
                      responseParameters:
                        method.response.header.Access-Control-Allow-Origin: !Sub "'${Origin}'"
                        method.response.header.X-Fixed: "'a,b'"
          /open:
            x-amazon-apigateway-any-method:
              security: [{NONE: []}]
              x-amazon-apigateway-integration:
                type: aws_proxy
                httpMethod: POST
                uri: !Sub arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Echo.Arn}/invocations
      Auth:
        AddDefaultAuthorizerToCorsPreflight: false
        DefaultAuthorizer: Token
        Authorizers:
          Token: {FunctionArn: !GetAtt Authorizer.Arn}
  Authorizer: {Type: AWS::Serverless::Function, Properties: {}}
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Items: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /items, Method: ANY}}
        Open: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /open, Method: ANY, Auth: {Authorizer: NONE}}}
`

func TestMockRespondsToEverybody(t *testing.T) {
	t.Parallel()
	e := newEnv(t, defined, map[string]string{"Origin": "https://a.example"})
	for _, token := range []string{"", "junk", goodToken} {
		w := e.send(http.MethodOptions, "/items", "", header("Authorization", token))
		if w.Code != http.StatusNoContent || w.Body.Len() > 0 {
			t.Errorf("token %q: got status %d with %q, want 204 without a body", token, w.Code, w.Body)
		}
		for name, want := range map[string]string{"Access-Control-Allow-Origin": "https://a.example", "X-Fixed": "a,b"} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("token %q: got %s %q, want %q", token, name, got, want)
			}
		}
	}
	if len(e.authorized)+len(e.handled) > 0 {
		t.Errorf("got %d invocations of the authorizer and %d of the function, want none", len(e.authorized), len(e.handled))
	}
	if w := e.get("/items"); w.Code != http.StatusOK || len(e.handled) != 1 {
		t.Errorf("GET: got status %d and %d invocations, want 200 by the function", w.Code, len(e.handled))
	}
}

func TestWithoutMockOptionsIsLikeAnyMethod(t *testing.T) {
	t.Parallel()
	e := newEnv(t, defined, nil)
	if w := e.send(http.MethodOptions, "/items", "", header("Authorization")); w.Code != http.StatusUnauthorized {
		t.Errorf("without a token: got status %d, want 401", w.Code)
	}
	if w := e.send(http.MethodOptions, "/items", ""); w.Code != http.StatusOK || e.lastEvent().HTTPMethod != http.MethodOptions {
		t.Errorf("got status %d, want 200 by the function", w.Code)
	}
}

// TestDefinitionMustAgreeWithEvents plants one difference or unsupported setting at a time.
func TestDefinitionMustAgreeWithEvents(t *testing.T) {
	t.Parallel()
	const (
		items = "          /items:\n            x-amazon-apigateway-any-method:\n"
		mock  = "                  type: mock\n"
	)
	for _, c := range []struct{ name, at, plant, place string }{
		{"another function", "${Echo.Arn}", "${Authorizer.Arn}", "Resources.Echo.Properties.Events.Items"},
		{"no authorizer", items, items + "              security: [{NONE: []}]\n", "Resources.Echo.Properties.Events.Items"},
		{"an authorizer", "              security: [{NONE: []}]\n", "", "Resources.Echo.Properties.Events.Open"},
		{"a path without an event", "          /open:\n", "          /other:\n", "DefinitionBody.paths./other"},
		{"an event without a path", "          /open:\n", "          /other:\n", "Resources.Echo.Properties.Events.Open"},
		{"an event of one method", "Path: /items, Method: ANY", "Path: /items, Method: GET", "Resources.Echo.Properties.Events.Items"},
		{"another method", items, "          /items:\n            get: {}\n            x-amazon-apigateway-any-method:\n", "paths./items.get"},
		{"another section", "        openapi: 3.0.1\n", "        openapi: 3.0.1\n        components: {}\n", "DefinitionBody.components"},
		{"an integration without a proxy", "type: aws_proxy", "type: aws", "x-amazon-apigateway-integration.type"},
		{"a preflight by HTTP", mock, "                  type: http\n", "options.x-amazon-apigateway-integration.type"},
		{"another status", `'{"statusCode":204}'`, `'{"statusCode":200}'`, "requestTemplates.application/json"},
		{"a header that is not declared", "{headers: {Access-Control-Allow-Origin: {}, X-Fixed: {}}}", "{headers: {Access-Control-Allow-Origin: {}}}", "responseParameters.method.response.header.X-Fixed"},
		{"a header from the request", "\"'a,b'\"", "method.request.header.Origin", "responseParameters.method.response.header.X-Fixed"},
		{"preflights behind the authorizer", "        AddDefaultAuthorizerToCorsPreflight: false\n", "", "Auth.AddDefaultAuthorizerToCorsPreflight"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(defined, c.at) {
				t.Fatalf("the template does not contain %q", c.at)
			}
			err := newError(t, strings.Replace(defined, c.at, c.plant, 1), map[string]string{"Origin": "*"})
			if err == nil || !strings.Contains(err.Error(), c.place) {
				t.Errorf("got %v, want an error that names %s", err, c.place)
			}
		})
	}
}
