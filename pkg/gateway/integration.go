package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// API Gateway's limits for a request and its integration:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
const (
	integrationPatience = 29 * time.Second
	maxBodyBytes        = 10 << 20
)

var errBodyTooLarge = fmt.Errorf("the body has more than %d bytes", maxBodyBytes)

// integrate hands the request to a function and returns the function's answer, or a refusal.
func (g *Gateway) integrate(ctx context.Context, c *call, f function) (answer, error) {
	body, err := c.readBody()
	switch {
	case err != nil:
		return answer{}, refuse(default4XX, err)
	case len(body) > maxBodyBytes:
		return answer{}, refuse(requestTooLarge, errBodyTooLarge)
	}
	requestID, err := g.newID()
	if err != nil {
		return answer{}, refuse(default5XX, err)
	}
	result, err := f.proxy(ctx, requestID, g.event(c, text(string(body))))
	switch {
	case errors.Is(err, errGatewayTimeout):
		return answer{}, refuse(integrationTimeout, err)
	case err != nil:
		return answer{}, refuse(default5XX, err)
	}
	return result.answer(), nil
}

// proxyHandler is a proxy function in its Go form.
type proxyHandler = handler[events.APIGatewayProxyRequest, events.APIGatewayProxyResponse]

// proxy calls a function with a request. One in its Go form gets the event, and gives its answer, as JSON would leave them, without
// the way through JSON, which costs about as much as half of all the rest. Any other gets JSON.
func (f function) proxy(ctx context.Context, requestID string, event events.APIGatewayProxyRequest) (result, error) {
	handle, ok := f.handler.(proxyHandler)
	if !ok {
		payload, err := f.invoke(ctx, requestID, integrationPatience, event)
		if err != nil {
			return result{}, err
		}
		return parseResult(payload)
	}
	given, err := bounded(ctx, f, requestID, integrationPatience, func(ctx context.Context) (events.APIGatewayProxyResponse, error) {
		return handle(ctx, event)
	})
	if err != nil {
		return result{}, err
	}
	return result{given.StatusCode, given.Headers, given.MultiValueHeaders, text(given.Body), given.IsBase64Encoded}.checked()
}

// text is what JSON leaves of a text: each byte that is not UTF-8 becomes U+FFFD.
func text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// readBody reads at most one byte more than there may be.
func (c *call) readBody() ([]byte, error) {
	if c.request.Body == http.NoBody {
		return nil, nil
	}
	return io.ReadAll(io.LimitReader(c.request.Body, maxBodyBytes+1))
}

// event is the request as a function gets it. The API has no binary media types, so the body is text; what is not UTF-8
// in it is lost.
func (g *Gateway) event(c *call, body string) events.APIGatewayProxyRequest {
	r := c.request
	headers := inbound(c)
	query := parseQuery(r.URL.RawQuery)
	return events.APIGatewayProxyRequest{
		Resource:                        c.resourcePath(),
		Path:                            c.path,
		HTTPMethod:                      r.Method,
		Headers:                         last(headers),
		MultiValueHeaders:               headers,
		QueryStringParameters:           last(query),
		MultiValueQueryStringParameters: query,
		PathParameters:                  c.params,
		RequestContext: events.APIGatewayProxyRequestContext{
			AccountID:         account,
			APIID:             apiID,
			Stage:             g.api.stage,
			DomainName:        text(r.Host),
			RequestID:         c.id,
			ExtendedRequestID: c.id,
			Protocol:          r.Proto,
			Identity:          events.APIGatewayRequestIdentity{SourceIP: c.sourceIP(), UserAgent: text(r.UserAgent())},
			ResourcePath:      c.resourcePath(),
			Path:              "/" + g.api.stage + c.path,
			Authorizer:        contextOf(c.claims),
			HTTPMethod:        r.Method,
			RequestTime:       c.start.UTC().Format("02/Jan/2006:15:04:05 -0700"),
			RequestTimeEpoch:  c.start.UnixMilli(),
		},
		Body: body,
	}
}

// droppedInbound are the request headers that a function does not get:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
var droppedInbound = []string{
	"Connection", "Content-Length", "Content-Md5", "Expect", "Max-Forwards", "Proxy-Authenticate", "Server", "Te",
	"Transfer-Encoding", "Trailer", "Upgrade", "Www-Authenticate",
}

// inbound are the headers that a function gets: the client's, and those that API Gateway adds.
func inbound(c *call) http.Header {
	headers := c.request.Header.Clone()
	for _, values := range headers {
		for i, value := range values {
			values[i] = text(value)
		}
	}
	for _, name := range droppedInbound {
		headers.Del(name)
	}
	headers.Set("Host", text(c.request.Host))
	headers.Set("X-Forwarded-For", strings.Join(append(headers.Values("X-Forwarded-For"), c.sourceIP()), ", "))
	headers.Set("X-Forwarded-Proto", "http")
	return headers
}

// parseQuery parts a query string at & and also at ; as API Gateway does, and decodes it. What cannot be decoded stays.
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
		return text(plain)
	}
	return text(raw)
}

// last keeps the last value of each name: that is the one which the single-value maps of an event have.
func last(values map[string][]string) map[string]string {
	if values == nil {
		return nil
	}
	single := map[string]string{}
	for name, list := range values {
		for _, value := range list {
			single[name] = value
		}
	}
	return single
}

// result is what a function may answer; anything else is a malformed answer:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
type result struct {
	StatusCode        int                 `json:"statusCode"`
	Headers           map[string]string   `json:"headers"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
	Body              string              `json:"body"`
	// IsBase64Encoded has no effect, since the API has no binary media types.
	IsBase64Encoded bool `json:"isBase64Encoded"`
}

var errStatusCode = errors.New("malformed answer of the function: statusCode must be from 200 to 599")

func parseResult(payload []byte) (result, error) {
	var r result
	if err := strict(payload, &r); err != nil {
		return result{}, fmt.Errorf("malformed answer of the function: %w", err)
	}
	return r.checked()
}

func (r result) checked() (result, error) {
	if r.StatusCode < http.StatusOK || r.StatusCode > 599 {
		return result{}, errStatusCode
	}
	return r, nil
}

func (r result) answer() answer {
	header := r.allHeaders()
	for _, name := range droppedOutbound {
		delete(header, name)
	}
	for _, name := range remapped {
		if values, there := header[name]; there {
			delete(header, name)
			header[remappedPrefix+name] = values
		}
	}
	if header.Get(contentType) == "" {
		header.Set(contentType, contentTypeJSON)
	}
	return answer{status: r.StatusCode, header: header, body: r.Body}
}

// allHeaders joins both forms; a pair that stands in both counts once.
func (r result) allHeaders() http.Header {
	header := http.Header{}
	for name, values := range r.MultiValueHeaders {
		for _, value := range values {
			header.Add(name, text(value))
		}
	}
	for name, value := range r.Headers {
		if value = text(value); !slices.Contains(header.Values(name), value) {
			header.Add(name, value)
		}
	}
	return header
}

// droppedOutbound and remapped are the answer's headers that do not reach the client, or not under their own name; see
// droppedInbound for the source.
var (
	droppedOutbound = []string{"Host", "Te", "Transfer-Encoding"}
	remapped        = []string{
		"Authorization", "Connection", "Content-Length", "Content-Md5", "Date", "Expect", "Max-Forwards", "Proxy-Authenticate",
		"Server", "Trailer", "Upgrade", "User-Agent", "Www-Authenticate",
	}
)

const remappedPrefix = "X-Amzn-Remapped-"
