package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/api/unleashjson"
	"pats/pkg/pat"
)

// maxBody is the largest request body, in bytes.
const maxBody = 64 << 10

const jsonType = "application/json"

// request is what actions use of an event.
type request struct {
	// requestID is in error responses and in the log. On AWS the caller can choose it, with the header x-amzn-RequestId.
	requestID string
	// extendedID is API Gateway's own ID of the request.
	extendedID string
	method     string
	// resource is the path as template.yaml spells it, such as /api/admin/user/tokens/{id}.
	resource string
	path     string
	params   map[string]string
	query    url.Values
	headers  http.Header
	claims   map[string]any
	// body is in base64 if encoded is true.
	body    string
	encoded bool
}

func newRequest(event events.APIGatewayProxyRequest) *request {
	return &request{
		requestID:  event.RequestContext.RequestID,
		extendedID: event.RequestContext.ExtendedRequestID,
		method:     event.HTTPMethod,
		resource:   event.Resource,
		path:       event.Path,
		params:     event.PathParameters,
		query:      newQuery(event),
		headers:    newHeader(event),
		claims:     event.RequestContext.Authorizer,
		body:       event.Body,
		encoded:    event.IsBase64Encoded,
	}
}

// newHeader returns the headers of event, which has all values in one form or one value for each name in another, or both. It shares
// the values with event.
func newHeader(event events.APIGatewayProxyRequest) http.Header {
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

// newQuery returns the query of event, which has it in the same two forms.
func newQuery(event events.APIGatewayProxyRequest) url.Values {
	if event.MultiValueQueryStringParameters != nil {
		return event.MultiValueQueryStringParameters
	}
	query := url.Values{}
	for name, value := range event.QueryStringParameters {
		query.Set(name, value)
	}
	return query
}

// logger returns log with the IDs of the request.
func (r *request) logger(log *slog.Logger) *slog.Logger {
	return log.With("id", r.requestID, "extendedId", r.extendedID)
}

func (r *request) tokenID(name string) (pat.TokenID, error) {
	id, err := r.id(name)
	return pat.TokenID(id), err
}

func (r *request) userID(name string) (pat.UserID, error) {
	id, err := r.id(name)
	return pat.UserID(id), err
}

// id returns a path parameter as a number. In an event of a REST API it is percent-encoded, as in the path.
func (r *request) id(name string) (int64, error) {
	text, err := url.PathUnescape(r.params[name])
	if err != nil || strings.ToValidUTF8(text, "") != text {
		return 0, badData("The path is not valid percent-encoded UTF-8.")
	}
	return unleashjson.ParseID(name, text)
}

// queryNumber returns a whole number from the query, and otherwise if it is absent. Of several values the last counts.
func (r *request) queryNumber(name string, otherwise, least, most int64) (int64, error) {
	values := r.query[name]
	if len(values) == 0 {
		return otherwise, nil
	}
	return unleashjson.ParseQueryNumber(name, values[len(values)-1], least, most)
}

// queryText returns a text from the query, and "" if it is absent. Errors: several values.
func (r *request) queryText(name string) (string, error) {
	if len(r.query[name]) > 1 {
		return "", unleashjson.RepeatedQuery(name, r.query[name])
	}
	return r.query.Get(name), nil
}

// object reads a JSON object from the body.
func (r *request) object() (unleashjson.Object, error) {
	body, err := r.json()
	if err != nil {
		return unleashjson.Object{}, err
	}
	return unleashjson.ParseObject(body)
}

// json returns the body, which must be valid JSON or empty, in UTF-8 and not compressed, and declared as JSON.
// Errors: 400 and 415.
func (r *request) json() (json.RawMessage, error) {
	body, err := r.bytes()
	if err != nil {
		return nil, err
	}
	if err := r.checkContentType(len(body) == 0); err != nil {
		return nil, err
	}
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if len(body) > 0 && !json.Valid(body) {
		return nil, badData("The request body is not valid JSON.")
	}
	return body, nil
}

// bytes returns the body of at most maxBody bytes. The size is checked first, so that a larger body is never copied.
func (r *request) bytes() ([]byte, error) {
	size := len(r.body)
	if r.encoded {
		size = base64.RawStdEncoding.DecodedLen(len(strings.TrimRight(r.body, "=")))
	}
	if size > maxBody {
		return nil, badData("The request body is larger than 64 KiB.")
	}
	if !r.encoded {
		return []byte(r.body), nil
	}
	body, err := base64.StdEncoding.DecodeString(r.body)
	if err != nil {
		return nil, badData("The request body is not valid base64.")
	}
	return body, nil
}

// checkContentType checks that the request declares JSON, and unless it has no body, that it is in UTF-8 and not compressed.
func (r *request) checkContentType(empty bool) error {
	declared := strings.TrimSpace(r.headers.Get("Content-Type"))
	kind, params, err := mime.ParseMediaType(declared)
	if kind != jsonType {
		return wrongContentType(declared)
	}
	if empty {
		return nil
	}
	charset := params["charset"]
	if err != nil || (charset != "" && !strings.EqualFold(charset, "utf-8")) {
		return wrongContentType(declared)
	}
	if codings := strings.Join(r.headers.Values("Content-Encoding"), ", "); compressed(codings) {
		return wrongContentType(declared + ", Content-Encoding " + codings)
	}
	return nil
}

// compressed reports whether a list of content codings (RFC 9110 §8.4) has one other than identity.
func compressed(codings string) bool {
	for coding := range strings.SplitSeq(codings, ",") {
		if coding = strings.TrimSpace(coding); coding != "" && !strings.EqualFold(coding, "identity") {
			return true
		}
	}
	return false
}
