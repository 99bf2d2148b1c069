package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// integrationTimeout is API Gateway's limit for a function behind a route:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
const integrationTimeout = 29 * time.Second

// method is the function behind a method of a resource, and the authorizer in front of it, or nil for an open route.
type method struct {
	// fixed is the response of a mock integration, which has no function, or nil.
	fixed      *response
	function   invoker[events.APIGatewayProxyRequest, events.APIGatewayProxyResponse]
	authorizer *authorizer
}

// integrate invokes the method's function with the request, unless its response is fixed. Its errors are refusals.
func (g *Gateway) integrate(ctx context.Context, req *request, m method) (response, error) {
	if m.fixed != nil {
		return *m.fixed, nil
	}
	body, release, err := g.readBody(ctx, req.Request, m.maxBody())
	if err != nil {
		return response{}, err
	}
	defer release()
	requestID, err := g.newID()
	if err != nil {
		return response{}, refuse(default5XX, err)
	}
	given, err := m.function.invoke(ctx, requestID, integrationTimeout, g.event(req, body))
	switch {
	case errors.Is(err, errGatewayTimeout):
		return response{}, refuse(gatewayTimeout, err)
	case err != nil:
		return response{}, refuse(default5XX, err)
	case given.StatusCode < http.StatusOK || given.StatusCode > 599:
		return response{}, refuse(default5XX, fmt.Errorf("malformed response of the function: statusCode %d is not from 200 to 599", given.StatusCode))
	}
	return newResponse(given), nil
}

// The sizes of request bodies, in bytes. API Gateway has only the first limit:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
// The others bound the memory of a laptop: a caller without a token cannot send the largest bodies, and large ones wait for each other.
const (
	maxBodyBytes      = 10 << 20
	maxSmallBodyBytes = 64 << 10
	// maxOpenBodyBytes is for routes without an authorizer: enough for functions that refuse bodies above 1 MiB.
	maxOpenBodyBytes = 2 << 20
	// maxLargeBodies bounds all bodies above maxSmallBodyBytes that are being read or are with a function.
	maxLargeBodies = 3 * maxBodyBytes
)

// maxBody returns the limit for bodies of the method's requests.
func (m method) maxBody() int64 {
	if m.authorizer == nil {
		return maxOpenBodyBytes
	}
	return maxBodyBytes
}

// readBody returns the body as text, which counts as under way until release is called. A body above maxSmallBodyBytes waits until
// there is room for it. Errors: requestTooLarge, without reading if Content-Length is too large; throttled, after
// integrationTimeout; default4XX if reading fails.
func (g *Gateway) readBody(ctx context.Context, r *http.Request, limit int64) (body string, release func(), err error) {
	release = func() {}
	switch size := r.ContentLength; {
	case size == 0:
		return "", release, nil
	case size > limit:
		return "", nil, tooLarge(limit)
	}
	var text strings.Builder
	if err := appendBody(&text, r, maxSmallBodyBytes+1); err != nil {
		return "", nil, err
	}
	if text.Len() > maxSmallBodyBytes {
		if release, err = g.readLargeBody(ctx, &text, r, limit); err != nil {
			return "", nil, err
		}
	}
	return validText(text.String()), release, nil
}

var errBodiesUnderWay = errors.New("too many large bodies are under way")

// readLargeBody appends the rest of a body to text.
func (g *Gateway) readLargeBody(ctx context.Context, text *strings.Builder, r *http.Request, limit int64) (release func(), err error) {
	size := r.ContentLength
	if size < int64(text.Len()) { // chunked
		size = limit
	}
	ctx, cancel := context.WithTimeout(ctx, integrationTimeout)
	defer cancel()
	if err := g.largeBodies.Acquire(ctx, size); err != nil {
		return nil, refuse(throttled, errors.Join(errBodiesUnderWay, err))
	}
	release = func() { g.largeBodies.Release(size) }
	text.Grow(int(size) - text.Len())
	err = appendBody(text, r, limit+1-int64(text.Len()))
	if err == nil && int64(text.Len()) > limit {
		err = tooLarge(limit)
	}
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

func tooLarge(limit int64) error {
	return refuse(requestTooLarge, fmt.Errorf("the body has more than %d bytes", limit))
}

// The sizes of the buffer through which a body is read. Most bodies are much smaller than io.Copy's buffer.
const (
	minBuffer = 512
	maxBuffer = 32 << 10
)

// appendBody appends the next bytes of a request's body to text, up to most.
func appendBody(text *strings.Builder, r *http.Request, most int64) error {
	buffer := make([]byte, max(minBuffer, min(r.ContentLength+1, maxBuffer))) // with room to find the end
	if _, err := io.CopyBuffer(text, io.LimitReader(r.Body, most), buffer); err != nil {
		return refuse(default4XX, err)
	}
	return nil
}

// validText returns s with U+FFFD in place of bytes that are not UTF-8: an event is JSON, which cannot carry them.
func validText(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

// event returns the request as a function gets it. The API has no binary media types, so the body is text.
func (g *Gateway) event(req *request, body string) events.APIGatewayProxyRequest {
	headers := inboundHeaders(req)
	query := parseQuery(req.URL.RawQuery)
	return events.APIGatewayProxyRequest{
		Resource:                        req.resourcePath(),
		Path:                            req.path,
		HTTPMethod:                      req.Method,
		Headers:                         lastValues(headers),
		MultiValueHeaders:               headers,
		QueryStringParameters:           lastValues(query),
		MultiValueQueryStringParameters: query,
		PathParameters:                  req.params,
		RequestContext:                  g.requestContext(req),
		Body:                            body,
	}
}

func (g *Gateway) requestContext(req *request) events.APIGatewayProxyRequestContext {
	return events.APIGatewayProxyRequestContext{
		AccountID:         account,
		APIID:             apiID,
		Stage:             g.api.stage,
		DomainName:        validText(req.Host),
		RequestID:         req.id,
		ExtendedRequestID: req.id,
		Protocol:          req.Proto,
		Identity:          events.APIGatewayRequestIdentity{SourceIP: req.sourceIP, UserAgent: validText(req.UserAgent())},
		ResourcePath:      req.resourcePath(),
		Path:              req.path, // as the client sent it, so without a stage
		Authorizer:        maps.Clone(req.claims),
		HTTPMethod:        req.Method,
		RequestTime:       req.start.UTC().Format("02/Jan/2006:15:04:05 -0700"),
		RequestTimeEpoch:  req.start.UnixMilli(),
	}
}

// droppedInbound are the request headers that a function does not get:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
var droppedInbound = []string{
	"Connection", "Content-Length", "Content-Md5", "Expect", "Max-Forwards", "Proxy-Authenticate", "Server", "Te",
	"Transfer-Encoding", "Trailer", "Upgrade", "Www-Authenticate",
}

const forwardedFor = "X-Forwarded-For"

// inboundHeaders returns the headers that a function gets: the client's, with duplicates as they were sent, and those that API
// Gateway adds.
func inboundHeaders(req *request) http.Header {
	headers := make(http.Header, len(req.Header)+3)
	for name, values := range req.Header {
		if !slices.Contains(droppedInbound, name) {
			headers[name] = validTexts(values)
		}
	}
	added := []string{validText(req.Host), req.sourceIP, "http"}
	if forwarded := headers[forwardedFor]; len(forwarded) > 0 {
		added[1] = strings.Join(forwarded, ", ") + ", " + req.sourceIP
	}
	headers["Host"] = added[0:1:1]
	headers[forwardedFor] = added[1:2:2]
	headers["X-Forwarded-Proto"] = added[2:3:3]
	return headers
}

func validTexts(values []string) []string {
	valid := make([]string, len(values))
	for i, value := range values {
		valid[i] = validText(value)
	}
	return valid
}

// parseQuery splits a query string at & and also at ; as API Gateway does, and decodes it. Invalid escapes stay as they are.
func parseQuery(raw string) map[string][]string {
	var values map[string][]string
	for pair := range strings.FieldsFuncSeq(raw, func(r rune) bool { return r == '&' || r == ';' }) {
		if values == nil {
			values = map[string][]string{}
		}
		name, value, _ := strings.Cut(pair, "=")
		values[decoded(name)] = append(values[decoded(name)], decoded(value))
	}
	return values
}

func decoded(raw string) string {
	if plain, err := url.QueryUnescape(raw); err == nil {
		return validText(plain)
	}
	return validText(raw)
}

// lastValues returns the last value of each name, which is the one in an event's single-value maps.
func lastValues(values map[string][]string) map[string]string {
	if values == nil {
		return nil
	}
	single := make(map[string]string, len(values))
	for name, list := range values {
		if len(list) > 0 {
			single[name] = list[len(list)-1]
		}
	}
	return single
}
