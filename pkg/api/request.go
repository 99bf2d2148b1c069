package api

import (
	"encoding/base64"
	"encoding/json"
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

// request is what the actions need of an event.
type request struct {
	// requestID is the UUID that API Gateway gives the request; errors carry it.
	requestID string
	method    string
	resource  string
	path      string
	params    map[string]string
	query     map[string]string
	headers   http.Header
	claims    map[string]any

	raw    string
	base64 bool
	// json is the body if it is said to be JSON: a valid JSON value, or empty.
	json json.RawMessage
}

func newRequest(event events.APIGatewayProxyRequest) *request {
	return &request{
		requestID: event.RequestContext.RequestID,
		method:    event.HTTPMethod,
		resource:  event.Resource,
		path:      event.Path,
		params:    event.PathParameters,
		query:     event.QueryStringParameters,
		headers:   headersOf(event),
		claims:    event.RequestContext.Authorizer,
		raw:       event.Body,
		base64:    event.IsBase64Encoded,
	}
}

// headersOf joins both forms in which an event can carry headers, whatever the case of their names.
func headersOf(event events.APIGatewayProxyRequest) http.Header {
	headers := http.Header{}
	for _, name := range slices.Sorted(maps.Keys(event.MultiValueHeaders)) {
		for _, value := range event.MultiValueHeaders[name] {
			headers.Add(name, value)
		}
	}
	for name, value := range event.Headers {
		if headers.Values(name) == nil {
			headers.Set(name, value)
		}
	}
	return headers
}

// param is a path parameter, percent-decoded: a REST API gives it as it stood in the path.
func (r *request) param(name string) (string, error) {
	text, err := url.PathUnescape(r.params[name])
	if err != nil || strings.ToValidUTF8(text, "") != text {
		return "", badData("The path is not valid percent-encoded UTF-8.")
	}
	return text, nil
}

func (r *request) tokenID(name string) (pat.TokenID, error) {
	id, err := r.id(name)
	return pat.TokenID(id), err
}

func (r *request) userID(name string) (pat.UserID, error) {
	id, err := r.id(name)
	return pat.UserID(id), err
}

func (r *request) id(name string) (int64, error) {
	text, err := r.param(name)
	if err != nil {
		return 0, err
	}
	return unleashjson.ParseID(name, text)
}

// queryNumber returns a whole number from the query, and otherwise if it is absent.
func (r *request) queryNumber(name string, otherwise, least, most int64) (int64, error) {
	text, found := r.query[name]
	if !found {
		return otherwise, nil
	}
	return unleashjson.ParseQueryNumber(name, text, least, most)
}

// object returns the body as a JSON object.
func (r *request) object() (unleashjson.Object, error) { return unleashjson.ParseObject(r.json) }

// readBody decodes the body and checks its size, and that it is JSON if it is said to be, on every route, as Unleash does.
func (r *request) readBody() error {
	body, err := r.decode()
	if err != nil {
		return err
	}
	if len(body) > maxBody {
		return badData("The request body is larger than 64 KiB.")
	}
	if body == "" || !r.saysJSON() {
		return nil
	}
	if err := r.checkEncoding(); err != nil {
		return err
	}
	body = strings.TrimPrefix(body, "\ufeff")
	if !json.Valid([]byte(body)) {
		return badData("The request body is not valid JSON.")
	}
	r.json = json.RawMessage(body)
	return nil
}

func (r *request) decode() (string, error) {
	if !r.base64 {
		return r.raw, nil
	}
	body, err := base64.StdEncoding.DecodeString(r.raw)
	if err != nil {
		return "", badData("The request body is not valid base64.")
	}
	return string(body), nil
}

func (r *request) saysJSON() bool {
	kind, _, _ := mime.ParseMediaType(r.contentType())
	return kind == jsonType
}

// contentType is the first of the Content-Type headers.
func (r *request) contentType() string { return strings.TrimSpace(r.headers.Get("Content-Type")) }

// checkEncoding refuses what would have to be decoded first: only UTF-8 and no compression are understood.
func (r *request) checkEncoding() error {
	_, params, err := mime.ParseMediaType(r.contentType())
	charset := params["charset"]
	if err != nil || (charset != "" && !strings.EqualFold(charset, "utf-8")) {
		return wrongContentType(r.contentType())
	}
	if coding := r.headers.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return wrongContentType(r.contentType() + ", Content-Encoding " + coding)
	}
	return nil
}

// requireJSON refuses a request whose body is not said to be JSON, even if there is none.
func (r *request) requireJSON() error {
	if !r.saysJSON() {
		return wrongContentType(r.contentType())
	}
	return nil
}
