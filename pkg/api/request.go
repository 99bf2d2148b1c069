package api

import (
	"bytes"
	"encoding/json"
	"errors"
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
	"pats/pkg/proxy"
)

// maxBody is the largest request body, in bytes.
const maxBody = 64 << 10

const jsonType = "application/json"

// request is what actions use of an event.
type request struct {
	// requestID is in error responses. On AWS the caller can choose it, with the header x-amzn-RequestId.
	requestID string
	method    string
	// resource is the path as template.yaml spells it, such as /api/admin/user/tokens/{id}.
	resource string
	path     string
	params   map[string]string
	query    url.Values
	headers  http.Header
	// event is what all the above is from.
	event events.APIGatewayProxyRequest
}

func newRequest(event events.APIGatewayProxyRequest) *request {
	return &request{
		requestID: event.RequestContext.RequestID,
		method:    event.HTTPMethod,
		resource:  event.Resource,
		path:      event.Path,
		params:    event.PathParameters,
		query:     proxy.Query(event),
		headers:   proxy.Header(event),
		event:     event,
	}
}

// logger returns log with the IDs of the request.
func (r *request) logger(log *slog.Logger) *slog.Logger {
	return proxy.Logger(log, r.event)
}

func (r *request) tokenID(name string) (pat.TokenID, error) {
	id, err := r.id(name)
	return pat.TokenID(id), err
}

// userID returns the path parameter id of the user routes.
func (r *request) userID() (pat.UserID, error) {
	id, err := r.id("id")
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

// allowQuery checks that the query has only parameters with these names, since a filter with a misspelled name would select everything.
// Errors: *unleashjson.Error for the first other one by name.
func (r *request) allowQuery(names ...string) error {
	for _, name := range slices.Sorted(maps.Keys(r.query)) {
		if !slices.Contains(names, name) {
			return unleashjson.UnknownQuery(name)
		}
	}
	return nil
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

// bytes returns the body of at most maxBody bytes.
func (r *request) bytes() ([]byte, error) {
	body, err := proxy.Body(r.event, maxBody)
	switch {
	case errors.Is(err, proxy.ErrTooLarge):
		return nil, badData("The request body is larger than 64 KiB.")
	case err != nil:
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
	if codings, compressed := proxy.Compressed(r.headers); compressed {
		return wrongContentType(declared + ", Content-Encoding " + codings)
	}
	return nil
}
