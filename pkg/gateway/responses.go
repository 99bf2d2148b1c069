package gateway

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// responseType is a kind of answer that API Gateway gives itself, with a status and a body that a template can set:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
type responseType string

// The kinds that this gateway gives. default4XX and default5XX stand for those that the template does not set.
const (
	accessDenied       responseType = "ACCESS_DENIED"
	authorizerConfig   responseType = "AUTHORIZER_CONFIGURATION_ERROR"
	authorizerFailure  responseType = "AUTHORIZER_FAILURE"
	default4XX         responseType = "DEFAULT_4XX"
	default5XX         responseType = "DEFAULT_5XX"
	integrationTimeout responseType = "INTEGRATION_TIMEOUT"
	invalidSignature   responseType = "INVALID_SIGNATURE"
	missingToken       responseType = "MISSING_AUTHENTICATION_TOKEN"
	requestTooLarge    responseType = "REQUEST_TOO_LARGE"
	unauthorized       responseType = "UNAUTHORIZED"
)

// neverGiven are the kinds that nothing here brings about. A template may set them all the same.
var neverGiven = []responseType{
	"API_CONFIGURATION_ERROR", "BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS", "EXPIRED_TOKEN", "INTEGRATION_FAILURE",
	"INVALID_API_KEY", "QUOTA_EXCEEDED", "RESOURCE_NOT_FOUND", "THROTTLED", "UNSUPPORTED_MEDIA_TYPE", "WAF_FILTERED",
}

// ownAnswer is a status and a message that API Gateway has of itself.
type ownAnswer struct {
	status int
	// message is null in the body if it is empty.
	message string
}

var ownAnswers = map[responseType]ownAnswer{
	accessDenied:       {http.StatusForbidden, "User is not authorized to access this resource"},
	authorizerConfig:   {http.StatusInternalServerError, ""},
	authorizerFailure:  {http.StatusInternalServerError, ""},
	default4XX:         {http.StatusBadRequest, "Bad Request"},
	default5XX:         {http.StatusBadGateway, "Internal server error"},
	integrationTimeout: {http.StatusGatewayTimeout, "Endpoint request timed out"},
	invalidSignature:   {http.StatusForbidden, "The Authorization header is not an AWS signature"},
	missingToken:       {http.StatusForbidden, "Missing Authentication Token"},
	requestTooLarge:    {http.StatusRequestEntityTooLarge, "Request Too Long"},
	unauthorized:       {http.StatusUnauthorized, "Unauthorized"},
}

// response is what a template says about one kind. A status of zero leaves the status as it is.
type response struct {
	status  int
	headers map[string]string
	body    string
}

const ownBody = `{"message":$context.error.messageString}`

var responseRules = rules{honoured: []string{"StatusCode", "ResponseParameters", "ResponseTemplates"}}

func readResponses(declared mapping) map[responseType]response {
	responses := map[responseType]response{}
	declared.each(func(name string, field part) {
		kind := responseType(name)
		if _, given := ownAnswers[kind]; !given && !slices.Contains(neverGiven, kind) {
			field.fault("API Gateway has no such response")
		}
		responses[kind] = readResponse(field.honour(responseRules))
	})
	return responses
}

func readResponse(declared mapping) response {
	parameters := declared.get("ResponseParameters").honour(rules{honoured: []string{"Headers"}})
	templates := declared.get("ResponseTemplates").honour(rules{honoured: []string{contentTypeJSON}})
	r := response{
		status:  declared.get("StatusCode").numberOr(0, 400, 599),
		headers: map[string]string{},
		body:    readBody(templates.get(contentTypeJSON)),
	}
	parameters.get("Headers").mapping().each(func(name string, value part) {
		r.headers[name] = value.quoted()
	})
	return r
}

// quoted is a fixed value in single quotes. API Gateway also has mappings, which are a fault here.
func (p part) quoted() string {
	text := p.text()
	inner, opened := strings.CutPrefix(text, "'")
	inner, closed := strings.CutSuffix(inner, "'")
	if !opened || !closed {
		p.fault("only a fixed value in single quotes is honoured by the laptop gateway")
	}
	return inner
}

// contextVariable is $context.name, the only kind of variable that is understood in a response's body.
var contextVariable = regexp.MustCompile(`\$context(?:\.[A-Za-z0-9_]+)+`)

func readBody(template part) string {
	body := template.textOr(ownBody)
	if strings.Contains(contextVariable.ReplaceAllString(body, ""), "$") {
		template.fault("only variables of $context are honoured by the laptop gateway")
	}
	return body
}

// refusal is an error that becomes a gateway response.
type refusal struct {
	kind responseType
	// own replaces the status and the message that API Gateway has for the kind.
	own ownAnswer
	// cause is for the log.
	cause error
}

func (r *refusal) Error() string {
	if r.cause == nil {
		return string(r.kind)
	}
	return string(r.kind) + ": " + r.cause.Error()
}

func (r *refusal) Unwrap() error { return r.cause }

func refuse(kind responseType, cause error) *refusal {
	return &refusal{kind: kind, own: ownAnswers[kind], cause: cause}
}

// answerTo makes the answer to a refusal: as the template has it for the kind, or for all of 4XX or 5XX, or as API Gateway
// has it.
func (g *Gateway) answerTo(c *call, r *refusal) answer {
	custom, ok := g.api.responses[r.kind]
	if !ok {
		custom, ok = g.api.responses[family(r.own.status)]
	}
	if !ok {
		custom = response{body: ownBody}
	}
	a := answer{status: r.own.status, header: http.Header{contentType: {contentTypeJSON}}}
	if custom.status != 0 {
		a.status = custom.status
	}
	for name, value := range custom.headers {
		a.header.Set(name, value)
	}
	a.body = render(custom.body, c.variables(g.api.stage, r))
	return a
}

func family(status int) responseType {
	if status >= http.StatusInternalServerError {
		return default5XX
	}
	return default4XX
}

// render puts values in a body as they are, as API Gateway does: it escapes nothing. A variable without a value is empty.
func render(body string, variables map[string]string) string {
	return contextVariable.ReplaceAllStringFunc(body, func(name string) string { return variables[name] })
}

// variables are those of $context that a response can show.
func (c *call) variables(stage string, r *refusal) map[string]string {
	variables := map[string]string{
		"$context.requestId":           c.id,
		"$context.stage":               stage,
		"$context.httpMethod":          c.request.Method,
		"$context.path":                "/" + stage + c.path,
		"$context.resourcePath":        c.resourcePath(),
		"$context.identity.sourceIp":   c.sourceIP(),
		"$context.requestTimeEpoch":    strconv.FormatInt(c.start.UnixMilli(), 10),
		"$context.error.message":       r.own.message,
		"$context.error.messageString": jsonOrNull(r.own.message),
		"$context.error.responseType":  string(r.kind),
	}
	for name, value := range c.claims {
		variables["$context.authorizer."+name] = value
	}
	return variables
}

func jsonOrNull(message string) string {
	if message == "" {
		return "null"
	}
	text, _ := json.Marshal(message) // a string always has a JSON form
	return string(text)
}
