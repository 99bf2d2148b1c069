// Package proxy reads the events of a REST API's proxy integration, and completes the responses to them.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html.
package proxy

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// Handler is a Lambda function behind routes with proxy integration.
type Handler = func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error)

// Header returns the headers of event, which has all values in one form or one value for each name in another, or both. It shares
// the values with event.
func Header(event events.APIGatewayProxyRequest) http.Header {
	names := slices.AppendSeq(make([]string, 0, len(event.MultiValueHeaders)), maps.Keys(event.MultiValueHeaders))
	slices.Sort(names)
	headers := make(http.Header, len(names))
	for _, sent := range names {
		name, values := http.CanonicalHeaderKey(sent), event.MultiValueHeaders[sent]
		if earlier, ok := headers[name]; ok { // in another case
			values = slices.Concat(earlier, values)
		}
		headers[name] = values
	}
	for name, value := range event.Headers {
		if headers.Values(name) == nil {
			headers.Set(name, value)
		}
	}
	return headers
}

// Query returns the query of event, which has it in the same two forms.
func Query(event events.APIGatewayProxyRequest) url.Values {
	if event.MultiValueQueryStringParameters != nil {
		return event.MultiValueQueryStringParameters
	}
	query := url.Values{}
	for name, value := range event.QueryStringParameters {
		query.Set(name, value)
	}
	return query
}

// The errors of Body.
var (
	ErrTooLarge  = errors.New("the body is too large")
	ErrNotBase64 = errors.New("the body is not valid base64")
)

// Body returns the body of event, which has at most limit bytes. The size is checked first, so that a larger body is never copied.
// Errors: ErrTooLarge, ErrNotBase64.
func Body(event events.APIGatewayProxyRequest, limit int) ([]byte, error) {
	size := len(event.Body)
	if event.IsBase64Encoded {
		size = base64.RawStdEncoding.DecodedLen(len(strings.TrimRight(event.Body, "=")))
	}
	if size > limit {
		return nil, ErrTooLarge
	}
	if !event.IsBase64Encoded {
		return []byte(event.Body), nil
	}
	body, err := base64.StdEncoding.DecodeString(event.Body)
	if err != nil {
		return nil, ErrNotBase64
	}
	return body, nil
}

// Compressed reports whether headers declare a content coding other than identity (RFC 9110 §8.4), and returns the codings.
func Compressed(headers http.Header) (codings string, compressed bool) {
	codings = strings.Join(headers.Values("Content-Encoding"), ", ")
	for coding := range strings.SplitSeq(codings, ",") {
		if coding = strings.TrimSpace(coding); coding != "" && !strings.EqualFold(coding, "identity") {
			return codings, true
		}
	}
	return codings, false
}

// Logger returns log with the IDs of the request in event. On AWS the caller can choose the first, with the header x-amzn-RequestId; the
// second is API Gateway's own.
func Logger(log *slog.Logger, event events.APIGatewayProxyRequest) *slog.Logger {
	return log.With("id", event.RequestContext.RequestID, "extendedId", event.RequestContext.ExtendedRequestID)
}
