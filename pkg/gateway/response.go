package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"

	"github.com/aws/aws-lambda-go/events"
)

// response is an HTTP response for the client.
type response struct {
	status int
	header http.Header
	body   string
}

// newResponse returns a function's response with its headers as API Gateway sends them. IsBase64Encoded has no effect, since the
// API has no binary media types.
func newResponse(given events.APIGatewayProxyResponse) response {
	header := mergedHeaders(given)
	for _, name := range droppedOutbound {
		delete(header, name)
	}
	for _, name := range remapped {
		if values, ok := header[name]; ok {
			delete(header, name)
			header[remappedPrefix+name] = values
		}
	}
	if header.Get(contentType) == "" {
		header.Set(contentType, contentTypeJSON)
	}
	return response{status: given.StatusCode, header: header, body: given.Body}
}

// mergedHeaders returns the headers of both forms; a value that is in both counts once. It shares the values with given.
func mergedHeaders(given events.APIGatewayProxyResponse) http.Header {
	header := make(http.Header, len(given.MultiValueHeaders)+len(given.Headers)+2)
	for name, values := range given.MultiValueHeaders {
		name = http.CanonicalHeaderKey(name)
		if others, ok := header[name]; ok { // in another case
			values = slices.Concat(others, values)
		}
		header[name] = slices.Clip(values)
	}
	for name, value := range given.Headers {
		if !slices.Contains(header.Values(name), value) {
			header.Add(name, value)
		}
	}
	return header
}

// droppedOutbound and remapped are the response headers that do not reach the client, or only under another name; see
// droppedInbound for the source.
var (
	droppedOutbound = []string{"Host", "Te", "Transfer-Encoding"}
	remapped        = []string{
		"Authorization", "Connection", "Content-Length", "Content-Md5", "Date", "Expect", "Max-Forwards", "Proxy-Authenticate",
		"Server", "Trailer", "Upgrade", "User-Agent", "Www-Authenticate",
	}
)

const remappedPrefix = "X-Amzn-Remapped-"

// finish sends the response, or that of a refusal, unless the client disconnected, and logs the request.
func (g *Gateway) finish(ctx context.Context, w http.ResponseWriter, req *request, resp response, err error) {
	if err != nil {
		resp = g.refuse(ctx, req, err)
	}
	if ctx.Err() == nil {
		resp.write(w, req)
	}
	g.logAccess(ctx, req, resp, err)
}

// write sends the response. The response to HEAD has the length of the body, but not the body.
func (resp response) write(w http.ResponseWriter, req *request) {
	header := w.Header()
	maps.Copy(header, resp.header)
	header["X-Amzn-Requestid"] = []string{req.id}
	bodiless := resp.status == http.StatusNoContent || resp.status == http.StatusNotModified
	if !bodiless {
		header["Content-Length"] = []string{strconv.Itoa(len(resp.body))}
	}
	w.WriteHeader(resp.status)
	if !bodiless && req.Method != http.MethodHead {
		_, _ = io.WriteString(w, resp.body) // fails only if the client disconnected
	}
}

// statusClientGone is nginx's status for a client that disconnected before the response.
const statusClientGone = 499

// logAccess writes the same members as the template's access log, so neither the path nor a header.
func (g *Gateway) logAccess(ctx context.Context, req *request, resp response, err error) {
	status := resp.status
	if ctx.Err() != nil {
		status = statusClientGone
	}
	attributes := append(make([]slog.Attr, 0, 12),
		slog.String("requestId", req.id),
		slog.String("extendedRequestId", req.id),
		slog.String("sourceIp", req.sourceIP),
		slog.String("method", req.Method),
		slog.String("resource", req.resourcePath()),
		slog.Int("status", status),
		slog.Duration("duration", g.options.Now().Sub(req.start)),
	)
	attributes = req.appendOutcome(attributes, err)
	g.options.Log.LogAttrs(ctx, slog.LevelInfo, "request", attributes...)
}

// appendOutcome appends the attributes that only some requests have.
func (req *request) appendOutcome(attributes []slog.Attr, err error) []slog.Attr {
	if r, ok := errors.AsType[*refusal](err); ok {
		attributes = append(attributes, slog.String("errorType", string(r.kind)))
	}
	if req.authorizerRequestID != "" {
		attributes = append(attributes, slog.String("authorizerRequestId", req.authorizerRequestID))
	}
	for _, name := range []string{"userId", "kind", "reason"} {
		if value, ok := req.claims[name].(string); ok {
			attributes = append(attributes, slog.String(name, value))
		}
	}
	return attributes
}

// responseType is a type of response that API Gateway sends itself, with a status and a body that a template can set:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
type responseType string

// The types that this gateway sends. default4XX and default5XX apply to those that the template does not set.
const (
	accessDenied      responseType = "ACCESS_DENIED"
	authorizerConfig  responseType = "AUTHORIZER_CONFIGURATION_ERROR"
	authorizerFailure responseType = "AUTHORIZER_FAILURE"
	default4XX        responseType = "DEFAULT_4XX"
	default5XX        responseType = "DEFAULT_5XX"
	gatewayTimeout    responseType = "INTEGRATION_TIMEOUT"
	invalidSignature  responseType = "INVALID_SIGNATURE"
	missingToken      responseType = "MISSING_AUTHENTICATION_TOKEN"
	requestTooLarge   responseType = "REQUEST_TOO_LARGE"
	throttled         responseType = "THROTTLED"
	unauthorized      responseType = "UNAUTHORIZED"
)

// neverSent are the types that this gateway never sends. A template can still set them.
var neverSent = []responseType{
	"API_CONFIGURATION_ERROR", "BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS", "EXPIRED_TOKEN", "INTEGRATION_FAILURE",
	"INVALID_API_KEY", "QUOTA_EXCEEDED", "RESOURCE_NOT_FOUND", "UNSUPPORTED_MEDIA_TYPE", "WAF_FILTERED",
}

// refusal is an error that becomes a gateway response.
type refusal struct {
	kind responseType
	standard
	// cause is for the log.
	cause error
}

// standard is what API Gateway sends where the template sets nothing.
type standard struct {
	status int
	// message is null in the body if it is empty.
	message string
}

var standards = map[responseType]standard{
	accessDenied:      {http.StatusForbidden, "User is not authorized to access this resource"},
	authorizerConfig:  {http.StatusInternalServerError, ""},
	authorizerFailure: {http.StatusInternalServerError, ""},
	default4XX:        {http.StatusBadRequest, "Bad Request"},
	default5XX:        {http.StatusBadGateway, "Internal server error"},
	gatewayTimeout:    {http.StatusGatewayTimeout, "Endpoint request timed out"},
	invalidSignature:  {http.StatusForbidden, "The Authorization header is not an AWS signature"},
	missingToken:      {http.StatusForbidden, "Missing Authentication Token"},
	requestTooLarge:   {http.StatusRequestEntityTooLarge, "Request Too Long"},
	throttled:         {http.StatusTooManyRequests, "Too Many Requests"},
	unauthorized:      {http.StatusUnauthorized, "Unauthorized"},
}

func refuse(kind responseType, cause error) *refusal {
	return &refusal{kind: kind, standard: standards[kind], cause: cause}
}

// Error returns the type and the cause.
func (r *refusal) Error() string {
	if r.cause == nil {
		return string(r.kind)
	}
	return string(r.kind) + ": " + r.cause.Error()
}

// Unwrap returns the cause.
func (r *refusal) Unwrap() error { return r.cause }

// refuse returns the response to a refused request, and logs the cause unless the client disconnected.
func (g *Gateway) refuse(ctx context.Context, req *request, err error) response {
	r, ok := errors.AsType[*refusal](err)
	if !ok {
		r = refuse(default5XX, err)
	}
	if r.cause != nil && ctx.Err() == nil {
		g.options.Log.ErrorContext(ctx, "refused", "requestId", req.id, "errorType", string(r.kind), "cause", r.cause.Error())
	}
	custom := g.customizationOf(r)
	resp := response{status: r.status, header: http.Header{contentType: {contentTypeJSON}}}
	if custom.status != 0 {
		resp.status = custom.status
	}
	for name, value := range custom.headers {
		resp.header.Set(name, value)
	}
	resp.body = render(custom.body, req.variables(g.api.stage, r))
	return resp
}

// customizationOf returns what the template sets for the refusal's type or else for all of 4XX or 5XX.
func (g *Gateway) customizationOf(r *refusal) customization {
	if custom, ok := g.api.responses[r.kind]; ok {
		return custom
	}
	family := default4XX
	if r.status >= http.StatusInternalServerError {
		family = default5XX
	}
	if custom, ok := g.api.responses[family]; ok {
		return custom
	}
	return customization{body: standardBody}
}

// contextVariable is $context.name, the only kind of variable that is supported in a response's body.
var contextVariable = regexp.MustCompile(`\$context(?:\.[A-Za-z0-9_]+)+`)

// render inserts values without escaping them, as API Gateway does. A variable without a value is empty.
func render(body string, variables map[string]string) string {
	return contextVariable.ReplaceAllStringFunc(body, func(name string) string { return variables[name] })
}

// variables returns the variables of $context that a response's body can have.
func (req *request) variables(stage string, r *refusal) map[string]string {
	variables := map[string]string{
		"$context.requestId":           req.id,
		"$context.extendedRequestId":   req.id,
		"$context.stage":               stage,
		"$context.httpMethod":          req.Method,
		"$context.path":                req.path, // as the client sent it, so without a stage
		"$context.resourcePath":        req.resourcePath(),
		"$context.identity.sourceIp":   req.sourceIP,
		"$context.requestTimeEpoch":    strconv.FormatInt(req.start.UnixMilli(), 10),
		"$context.error.message":       r.message,
		"$context.error.messageString": jsonOrNull(r.message),
		"$context.error.responseType":  string(r.kind),
	}
	for name, value := range req.claims {
		variables["$context.authorizer."+name], _ = value.(string)
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
