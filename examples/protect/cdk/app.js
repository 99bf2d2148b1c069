// An HTTP API that accepts personal access tokens, with payload format 2.0 and simple responses. The function checks the scopes.

const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { App, BootstraplessSynthesizer, CfnOutput, CfnParameter, Duration, Stack } = require("aws-cdk-lib");
const { CorsHttpMethod, HttpApi, HttpMethod } = require("aws-cdk-lib/aws-apigatewayv2");
const { HttpLambdaAuthorizer, HttpLambdaResponseType } = require("aws-cdk-lib/aws-apigatewayv2-authorizers");
const { HttpLambdaIntegration } = require("aws-cdk-lib/aws-apigatewayv2-integrations");
const { Code, Function, Runtime } = require("aws-cdk-lib/aws-lambda");

const app = new App();
const stack = new Stack(app, "orders", { synthesizer: new BootstraplessSynthesizer() });

const functionArn = new CfnParameter(stack, "SharedAuthorizerArn", {
  description: "Output SharedAuthorizerArn of the stack of pats",
}).valueAsString;
const ttl = new CfnParameter(stack, "AuthorizerTtlSeconds", {
  type: "Number",
  default: 60,
  description: "Seconds API Gateway caches the authorizer's response. A revoked token opens this API for as long.",
}).valueAsNumber;

// Without sameEnvironment, and with fromFunctionArn, CDK does not let the API invoke the authorizer, and clients get a 500.
const shared = Function.fromFunctionAttributes(stack, "SharedAuthorizer", { functionArn, sameEnvironment: true });

const api = new HttpApi(stack, "Api", {
  defaultAuthorizer: new HttpLambdaAuthorizer("Pats", shared, {
    identitySource: ["$request.header.Authorization"],
    responseTypes: [HttpLambdaResponseType.SIMPLE],
    resultsCacheTtl: Duration.seconds(ttl),
  }),
  corsPreflight: {
    allowOrigins: ["*"],
    allowHeaders: ["Authorization", "Content-Type"],
    allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.POST],
  },
});

const orders = new Function(stack, "Orders", {
  runtime: Runtime.NODEJS_22_X,
  handler: "index.handler",
  code: Code.fromInline(readFileSync(join(__dirname, "../http-1.0/orders.js"), "utf8")),
});
const integration = new HttpLambdaIntegration("OrdersIntegration", orders);
api.addRoutes({ path: "/orders", methods: [HttpMethod.GET, HttpMethod.POST], integration });
api.addRoutes({ path: "/orders/{id}", methods: [HttpMethod.GET], integration });

new CfnOutput(stack, "Url", { value: api.apiEndpoint });

app.synth();
