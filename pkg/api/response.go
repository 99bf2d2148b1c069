package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/proxy"
)

const responseType = "application/json; charset=utf-8"

// response is a response before it becomes an event. API Gateway drops the body in response to HEAD.
type response struct {
	status  int
	headers http.Header
	body    []byte
}

// event returns the response as an event that scripts of origin can read, if there is one.
func (r response) event(origin string) events.APIGatewayProxyResponse {
	return proxy.Response(r.status, r.headers, r.body, origin)
}

// newResponse returns a response with JSON as its body.
func newResponse(status int, body []byte) response {
	return response{status: status, headers: http.Header{"Content-Type": {responseType}}, body: body}
}

// jsonResponse returns a response with value as its body, with <, > and & unescaped. Errors: a value that JSON cannot represent,
// which is a bug.
func jsonResponse(status int, value any) (response, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return response{}, fmt.Errorf("marshaling the response: %w", err)
	}
	return newResponse(status, bytes.TrimSuffix(body.Bytes(), []byte("\n"))), nil
}

// taggedJSON returns a 200 to a GET with value as its body and a weak ETag, or a 304 if the client has the same body already.
func taggedJSON(req *request, value any) (response, error) {
	resp, err := jsonResponse(http.StatusOK, value)
	if err != nil {
		return response{}, err
	}
	return resp.tagged(req), nil
}

// tagged returns r with a weak ETag, or a 304 if the client has this body already (RFC 9110 §13.1.2).
func (r response) tagged(req *request) response {
	tag := etag(r.body)
	r.headers.Set("Etag", tag)
	if !matches(req.headers, tag) {
		return r
	}
	r.headers.Del("Content-Type")
	return response{status: http.StatusNotModified, headers: r.headers}
}

func etag(body []byte) string {
	sum := sha256.Sum256(body)
	return `W/"` + strconv.FormatInt(int64(len(body)), 16) + "-" + base64.RawStdEncoding.EncodeToString(sum[:])[:27] + `"`
}

// matches reports whether a request's If-None-Match includes tag, unless the client asks for a full response as browsers do on
// reload. Express, and so Unleash, has the same rule.
func matches(headers http.Header, tag string) bool {
	for directive := range strings.SplitSeq(headers.Get("Cache-Control"), ",") {
		if strings.TrimSpace(directive) == "no-cache" {
			return false
		}
	}
	for candidate := range strings.SplitSeq(strings.Join(headers.Values("If-None-Match"), ","), ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}
