package template_test

import (
	"slices"
	"strings"
	"testing"

	"pats"
)

// fault replaces old, where template.yaml first has it, with planted. The check must then return the finding.
type fault struct {
	name, check, old, planted, finding string
}

// Places in the template where faults are planted.
const (
	afterResources = "Resources:\n"
	queryOfTable   = "Action: dynamodb:Query\n                Resource: !GetAtt Table.Arn"
	keysOfQuery    = "dynamodb:LeadingKeys: [USER#*, TOKEN#*]"
	accountKept    = "    Type: AWS::ApiGateway::Account\n    Condition: WithLogRole\n    DeletionPolicy: Retain\n"
	tableKept      = "    Type: AWS::DynamoDB::Table\n    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n"
	authorizerRole = "  AuthorizerRole:\n    Type: AWS::IAM::Role\n    Properties:\n"
	tokensLogging  = "        LogGroup: !Ref TokensLogGroup\n"
	sharedRole     = "      Role: !GetAtt SharedAuthorizerRole.Arn\n"
	tokensRole     = "      Role: !GetAtt TokensRole.Arn\n"
	firstVariable  = "          TABLE_NAME: !Ref Table\n"
	// The rate is before the burst of the same method.
	introspectThrottle = "          HttpMethod: POST\n          ThrottlingRateLimit: !Ref OAuthThrottleRate\n"
	elseRoute          = "            Path: /{proxy+}\n            Method: ANY\n"
	authorizerName     = "        DefaultAuthorizer: TokenAuthorizer\n"
	elseDefined        = "          /{proxy+}:\n            x-amazon-apigateway-any-method:\n"
	rootPreflight      = "            options: !If\n              - WithoutCors\n              - !Ref AWS::NoValue\n"
)

var faults = []fault{
	{"a second table", "kinds", afterResources, afterResources + "  Other:\n    Type: AWS::DynamoDB::Table\n", "there are 2 resources of kind AWS::DynamoDB::Table"},
	{"a table by another name", "kinds", afterResources, afterResources + "  Other:\n    Type: AWS::Serverless::SimpleTable\n", "Other is of kind"},
	{"a policy of its own", "kinds", afterResources, afterResources + "  Other:\n    Type: AWS::IAM::Policy\n", "Other is of kind"},
	{"a permission to invoke", "kinds", afterResources, afterResources + "  Other:\n    Type: AWS::Lambda::Permission\n", "Other is of kind"},
	{"a connector", "kinds", "    Metadata:\n", "    Connectors:\n      All: {}\n    Metadata:\n", "has Connectors"},
	{"settings of every API", "kinds", "Globals:\n", "Globals:\n  Api: {}\n", "Globals.Api"},
	{"a macro", "kinds", "Transform: AWS::Serverless-2016-10-31", "Transform: [AWS::Serverless-2016-10-31, Mine]", "Transform is"},

	{"any action", "wildcards", "Action: dynamodb:Query", `Action: "*"`, `Action is "*"`},
	{"any action of a service", "wildcards", "Action: dynamodb:Query", "Action: dynamodb:*", `"dynamodb:*"`},
	{"some actions of a service", "wildcards", "Action: dynamodb:Query", "Action: dynamodb:Quer?", `"dynamodb:Quer?"`},
	{"any action in a list", "wildcards", "[logs:CreateLogStream, logs:PutLogEvents]", "[logs:CreateLogStream, logs:*]", `"logs:*"`},
	{"all but an action", "wildcards", "Action: dynamodb:Query", "NotAction: dynamodb:Scan", "has NotAction"},
	{"any resource", "wildcards", "Resource: !GetAtt Table.Arn", `Resource: "*"`, `Resource is "*"`},
	{"resources by !Sub", "wildcards", "Resource: !GetAtt Table.Arn", "Resource: !Sub ${Table.Arn}/*", `"${Table.Arn}/*"`},
	{"resources by Fn::Join", "wildcards", "Resource: !GetAtt Table.Arn", `Resource: {"Fn::Join": ["/", [!GetAtt Table.Arn, "*"]]}`, `Resource.Fn::Join is "*"`},
	{"all but a resource", "wildcards", "Resource: !GetAtt Table.Arn", "NotResource: !GetAtt Table.Arn", "has NotResource"},
	{"anybody in a trust", "wildcards", "Service: lambda.amazonaws.com", `AWS: "*"`, `Principal.AWS is "*"`},
	{"anybody at the table", "wildcards", "      DeletionProtectionEnabled: true",
		"      DeletionProtectionEnabled: true\n      ResourcePolicy: {PolicyDocument: {Statement: [{Effect: Allow, Principal: \"*\"}]}}", `Principal is "*"`},

	{"a policy of AWS's", "roles", authorizerRole, authorizerRole + "      ManagedPolicyArns: [arn:aws:iam::aws:policy/AdministratorAccess]\n", "AuthorizerRole has ManagedPolicyArns"},
	{"another account in a trust", "roles", "Service: lambda.amazonaws.com", "AWS: arn:aws:iam::123456789012:root", "AuthorizerRole can be assumed by others"},
	{"another service in a trust", "roles", "Service: lambda.amazonaws.com", "Service: [lambda.amazonaws.com, ec2.amazonaws.com]", "AuthorizerRole can be assumed by others"},
	{"the service's role for others", "roles", sharedRole, strings.Replace(sharedRole, "Shared", "", 1), "AuthorizerRole is the role of 2 functions"},
	{"one role for two", "roles", "Role: !GetAtt UsersRole.Arn", "Role: !GetAtt TokensRole.Arn", "TokensRole is the role of 2 functions"},
	{"a role for none", "roles", "Role: !GetAtt UsersRole.Arn", "Role: !GetAtt TokensRole.Arn", "UsersRole is the role of 0 functions"},
	{"a log role with more", "roles", "/AmazonAPIGatewayPushToCloudWatchLogs", "/AdministratorAccess", "ApiGatewayLogRole is the role of 0 functions"},
	{"a log role unasked", "roles", "    Condition: WithLogRole\n", "", "ApiGatewayLogRole is the role of 0 functions"},

	{"a literal resource", "statements", queryOfTable, "Action: dynamodb:Query\n                Resource: arn:aws:dynamodb:eu-west-1:123456789012:table/other", "AuthorizerFunction can \"dynamodb:Query\""},
	{"a parameter for a resource", "statements", queryOfTable, "Action: dynamodb:Query\n                Resource: !Ref LogRetentionDays", "AuthorizerFunction can \"dynamodb:Query\""},
	{"a parameter for an action", "statements", "Action: dynamodb:Query", "Action: !Ref PatsEnabled", `AuthorizerFunction can ""`},
	{"no action", "statements", "Action: dynamodb:Query", "Action: []", "names no action"},
	{"one authorizer's log for the other", "statements", "!GetAtt SharedAuthorizerLogGroup.Arn", "!GetAtt AuthorizerLogGroup.Arn", `SharedAuthorizerFunction can "logs:CreateLogStream"`},
	{"any item", "statements", keysOfQuery, "aws:username: x", "AuthorizerFunction can [dynamodb:Query] on any item"},
	{"any item by a wildcard", "statements", keysOfQuery, `dynamodb:LeadingKeys: ["*"]`, `on "*"`},
	{"no condition", "statements", "                Condition:\n                  ForAllValues:StringLike:\n                    " + keysOfQuery + "\n", "", "on any item"},
	{"a denial", "statements", "Effect: Allow\n                Action: dynamodb:Query", "Effect: Deny\n                Action: dynamodb:Query", "has the effect Deny"},
	{"another service", "statements", "Action: dynamodb:Query", "Action: s3:GetObject", `can "s3:GetObject"`},
	{"the log of another", "statements", "Resource: !GetAtt AuthorizerLogGroup.Arn", "Resource: !GetAtt TokensLogGroup.Arn", `AuthorizerFunction can "logs:CreateLogStream"`},
	{"more on the log", "statements", "[logs:CreateLogStream, logs:PutLogEvents]", "[logs:CreateLogStream, logs:DeleteLogStream, logs:PutLogEvents]", "has on its log"},
	{"less on the log", "statements", "[logs:CreateLogStream, logs:PutLogEvents]", "logs:PutLogEvents", "has on its log"},

	{"a role of SAM's", "functions", tokensRole, "", "TokensFunction has the role <nil>"},
	{"a role from elsewhere", "functions", tokensRole, "      Role: arn:aws:iam::123456789012:role/admin\n", "TokensFunction has the role arn:"},
	{"policies by SAM", "functions", tokensRole, tokensRole + "      Policies: [AmazonDynamoDBFullAccess]\n", "TokensFunction has Policies"},
	{"a URL of its own", "functions", tokensRole, tokensRole + "      FunctionUrlConfig: {AuthType: NONE}\n", "TokensFunction has FunctionUrlConfig"},
	{"the default time-out", "functions", "    Timeout: 9\n", "", "has the timeout <nil>"},
	{"a time-out beyond the authorizer's", "functions", "    Timeout: 9\n", "    Timeout: 29\n", "AuthorizerFunction has the timeout 29"},
	{"a time-out beyond the shared authorizer's", "functions", sharedRole, sharedRole + "      Timeout: 11\n", "SharedAuthorizerFunction has the timeout 11"},
	{"a time-out beyond the integration's", "functions", tokensRole, tokensRole + "      Timeout: 30\n", "TokensFunction has the timeout 30"},
	{"the default memory", "functions", "    MemorySize: 128\n", "", "has the memory size <nil>"},

	{"a table that can be deleted", "table", "DeletionProtectionEnabled: true", "DeletionProtectionEnabled: false", "Table.DeletionProtectionEnabled is false"},
	{"a table that may be protected", "table", "DeletionProtectionEnabled: true", "DeletionProtectionEnabled: !Ref PatsEnabled", "Table.DeletionProtectionEnabled is map[Ref:PatsEnabled]"},
	{"a table without recovery", "table", "        PointInTimeRecoveryEnabled: true\n", "        RecoveryPeriodInDays: 1\n", "PointInTimeRecoveryEnabled is <nil>"},
	{"a table with capacity that costs money while it is idle", "table", "BillingMode: PAY_PER_REQUEST", "BillingMode: PROVISIONED", "BillingMode is PROVISIONED"},
	{"a table with AWS's own key", "table", "SSEEnabled: true", "SSEEnabled: false", "SSEEnabled is false"},
	{"a table that goes with the stack", "table", tableKept, "    Type: AWS::DynamoDB::Table\n    UpdateReplacePolicy: Retain\n", "Table.DeletionPolicy is <nil>"},
	{"a table that goes when it is replaced", "table", tableKept, strings.Replace(tableKept, "UpdateReplacePolicy: Retain", "UpdateReplacePolicy: Delete", 1), "Table.UpdateReplacePolicy is Delete"},
	{"a policy of the table", "table", "      DeletionProtectionEnabled: true", "      DeletionProtectionEnabled: true\n      ResourcePolicy: {}", "Table has a policy"},

	{"logs for ever", "logs", "      RetentionInDays: !Ref LogRetentionDays\n", "", "AccessLogGroup keeps logs for <nil>"},
	{"logs for ever by a condition", "logs", "RetentionInDays: !Ref LogRetentionDays", "RetentionInDays: !If [WithLogRole, 30, !Ref AWS::NoValue]", "AccessLogGroup keeps logs for map"},
	{"a log group of Lambda's", "logs", tokensLogging, "", "TokensFunction has no log group"},
	{"one log group for two", "logs", tokensLogging, "        LogGroup: !Ref UsersLogGroup\n", "UsersLogGroup has 2 writers"},
	{"an access log among a function's", "logs", "!GetAtt AccessLogGroup.Arn", "!GetAtt UsersLogGroup.Arn", "UsersLogGroup has 2 writers"},

	{"a log role that goes with the stack", "log role", "    Condition: WithLogRole\n    DeletionPolicy: Retain\n", "    Condition: WithLogRole\n", "ApiGatewayLogRole.DeletionPolicy is <nil>"},
	{"a log role without its account", "log role", accountKept, strings.Replace(accountKept, "    DeletionPolicy: Retain\n", "", 1), "ApiGatewayAccount.DeletionPolicy is <nil>"},

	{"no access log", "access log", "      AccessLogSetting:\n", "      Tags:\n", "Api writes its access log to <nil>"},
	{"an access log without a format", "access log", "        Format: >-\n", "        Note: >-\n", "Api does not log $context.extendedRequestId"},
	{"a path in the access log", "access log", "$context.resourcePath", "$context.path", "Api logs $context.path"},
	{"a header in the access log", "access log", "$context.resourcePath", "$input.params('Authorization')", "Api logs $input.params"},
	{"only an ID that callers can choose", "access log", "\"extendedRequestId\":\"$context.extendedRequestId\",", "", "Api does not log $context.extendedRequestId"},
	{"bodies in the log", "access log", "DataTraceEnabled: false", "DataTraceEnabled: true", "has DataTraceEnabled true"},
	{"bodies in the log of one method", "access log", "      MethodSettings:\n", "      MethodSettings:\n        - {ResourcePath: /, HttpMethod: GET, DataTraceEnabled: true}\n", "has DataTraceEnabled true"},
	{"no settings of methods", "access log", "      MethodSettings:\n", "      Variables:\n", "Api has no MethodSettings"},

	{"the default TTL", "authorizers", "              ReauthorizeEvery: !Ref AuthorizerTtlSeconds\n", "", "TokenAuthorizer caches responses for <nil>"},
	{"a TTL without bounds", "authorizers", "    MaxValue: 3600\n", "", "TokenAuthorizer caches responses for map[Ref:AuthorizerTtlSeconds]"},
	{"junk let through", "authorizers", "ValidationExpression: !If", "Expression: !If", "has no ValidationExpression"},
	{"an authorizer from elsewhere", "authorizers", "FunctionArn: !GetAtt AuthorizerFunction.Arn", "FunctionArn: arn:aws:lambda:eu-west-1:123456789012:function:other", "invokes arn:aws:lambda"},
	{"an authorizer of another type", "authorizers", "FunctionPayloadType: TOKEN", "FunctionPayloadType: REQUEST", "has the type REQUEST"},

	{"an open route", "routes", elseRoute, elseRoute + "            Auth: {Authorizer: NONE}\n", "TokensFunction.Elsewhere, /{proxy+},"},
	{"a route with a signature", "routes", elseRoute, elseRoute + "            Auth: {Authorizer: AWS_IAM}\n", "TokensFunction.Elsewhere, /{proxy+},"},
	{"an API key beside the open route", "routes", "Authorizer: NONE", "{Authorizer: NONE, ApiKeyRequired: true}", "TokensFunction.OpenAPI, "},
	{"a route of SAM's own API", "routes", "            RestApiId: !Ref Api\n", "", "is a route of <nil>"},
	{"an event without an authorizer", "routes", "          Type: Api\n", "          Type: HttpApi\n", "is of type HttpApi"},
	{"no default authorizer", "routes", authorizerName, "", `the default authorizer ""`},
	{"a usage plan", "routes", authorizerName, authorizerName + "        UsagePlan: {CreateUsagePlan: NONE}\n", "Api.Auth has UsagePlan"},
	{"routes from elsewhere", "routes", "      Auth:\n", "      DefinitionUri: api.yaml\n      Auth:\n", "Api has DefinitionUri"},

	{"an open route without a throttle", "throttles", "/~1oauth~1revoke", "/~1oauth~1elsewhere", "POST /oauth/revoke has the ThrottlingRateLimit <nil>"},
	{"an open route's throttle for another method", "throttles", introspectThrottle, strings.Replace(introspectThrottle, "POST", "GET", 1), "POST /oauth/introspect has"},
	{"a throttle in common", "throttles", introspectThrottle, strings.Replace(introspectThrottle, "OAuthThrottleRate", "ThrottleRate", 1), "has the ThrottlingRateLimit map[Ref:ThrottleRate]"},
	{"a burst in common", "throttles", "!Ref OAuthThrottleBurst", "!Ref ThrottleBurst", "has the ThrottlingBurstLimit map[Ref:ThrottleBurst]"},
	{"a throttle that nothing sets", "throttles", "!Ref OAuthThrottleBurst", "200", "has the ThrottlingBurstLimit 200"},

	{"an open method of the definition", "definition", elseDefined, elseDefined + "              security: [{NONE: []}]\n", "/{proxy+} has the security"},
	{"another function of the definition", "definition", "${TokensFunction.Arn}", "${UsersFunction.Arn}", "/{proxy+} has the integration"},
	{"an undefined path", "definition", elseDefined, strings.Replace(elseDefined, "/{", "/else/{", 1), "Api.DefinitionBody has no /{proxy+}"},
	{"a method of its own", "definition", elseDefined, "          /{proxy+}:\n            get: {}\n            x-amazon-apigateway-any-method:\n", "/{proxy+} has the method get"},
	{"a preflight for all", "definition", rootPreflight, "            options: !If\n              - WithImportedTokens\n              - !Ref AWS::NoValue\n", "OPTIONS is map"},
	{"a preflight turned round", "definition", "WithoutCors: !Equals [!Ref CorsOrigin, \"\"]", "WithoutCors: !Equals [!Ref CorsOrigin, \"*\"]", "WithoutCors is"},
	{"a preflight with credentials", "definition", "method.response.header.Access-Control-Max-Age", "method.response.header.Access-Control-Allow-Credentials", "OPTIONS has the headers"},
	{"a preflight by a function", "definition", "type: mock", "type: aws_proxy", "OPTIONS has the integration"},
	{"one preflight that differs", "definition", "'GET,HEAD,POST,PUT,DELETE'", "'GET'", "has another preflight than /"},

	{"a response that is sniffed", "responses", "              X-Content-Type-Options: \"'nosniff'\"\n", "", "has X-Content-Type-Options <nil>"},
	{"a response that is cached", "responses", "'no-store'", "'max-age=60'", "has Cache-Control 'max-age=60'"},
	{"API Gateway's own response", "responses", "        DEFAULT_4XX:", "        QUOTA_EXCEEDED:", "Api has no DEFAULT_4XX"},

	{"a secret in a variable", "variables", firstVariable, firstVariable + "          API_TOKEN: hunter2\n", "AuthorizerFunction.API_TOKEN is hunter2"},
	{"a secret in a variable of all", "variables", "    MemorySize: 128\n", "    MemorySize: 128\n    Environment: {Variables: {API_TOKEN: hunter2}}\n", ".API_TOKEN is hunter2"},
	{"a parameter of any text", "variables", "    AllowedPattern: ^([0-9a-f]{64})?$\n", "", "AuthorizerFunction.ADMIN_TOKEN_HASH is the parameter"},
	{"a name of any text", "variables", "^[A-Za-z0-9_-]{0,32}$", "^.*$", "SharedAuthorizerFunction.WEBSOCKET_TOKEN_PARAMETER is the parameter"},
	{"a token beside the hash", "variables", "^([0-9a-f]{64})?$", `^([0-9a-f]{64}|\*:\*\..*)?$`, "AuthorizerFunction.ADMIN_TOKEN_HASH is the parameter"},
	{"scopes of any text", "variables", "    AllowedPattern: ^( *[A", "    AllowedPattern: ^(.*[A", "TokensFunction.SCOPES is the parameter"},
	{"a hash that is shown", "variables", "    NoEcho: true\n", "", "AuthorizerFunction.ADMIN_TOKEN_HASH is the parameter"},
	{"a hash for everybody", "variables", "    Default: \"\"\n", "    Default: " + strings.Repeat("0f", 32) + "\n", "AuthorizerFunction.ADMIN_TOKEN_HASH is the parameter"},

	{"a secret from a manager", "secrets", firstVariable, firstVariable + "          API_TOKEN: '{{resolve:secretsmanager:mine}}'\n", "{{resolve:secretsmanager:mine}}"},
	{"the hash in an output", "secrets", "Outputs:\n", "Outputs:\n  Hash:\n    Value: !Ref AdminTokenHash\n", "Outputs.Hash.Value shows the parameter AdminTokenHash"},
	{"the hash in a description", "secrets", "      Description: Administers users\n", "      Description: !Sub of ${AdminTokenHash}\n", "shows the parameter AdminTokenHash"},
}

func TestChecksFindFaults(t *testing.T) {
	t.Parallel()
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			wantFinding(t, f.check, checks[f.check](plant(t, f.old, f.planted)), f.finding)
		})
	}
}

func TestEachCheckFindsAFault(t *testing.T) {
	t.Parallel()
	for name := range checks {
		if !slices.ContainsFunc(faults, func(f fault) bool { return f.check == name }) {
			t.Errorf("%s: got no fault that it finds, want one", name)
		}
	}
}

// plant returns the template with planted in the place of the first old.
func plant(t *testing.T, old, planted string) template {
	t.Helper()
	text := string(pats.Template())
	if !strings.Contains(text, old) {
		t.Fatalf("template.yaml does not contain %q", old)
	}
	return parse(t, strings.Replace(text, old, planted, 1))
}
