package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

const responseType = "application/json; charset=utf-8"

// response is an answer before it becomes an event. The front leaves out the body where the method is HEAD.
type response struct {
	status  int
	headers http.Header
	body    string
}

func (r response) event() events.APIGatewayProxyResponse {
	return events.APIGatewayProxyResponse{StatusCode: r.status, MultiValueHeaders: r.headers, Body: r.body}
}

// jsonResponse renders value, leaving <, > and & as they are. Errors: what cannot be rendered is a fault of this program.
func jsonResponse(status int, value any) (response, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return response{}, fmt.Errorf("rendering the answer: %w", err)
	}
	return response{
		status:  status,
		headers: http.Header{"Content-Type": {responseType}},
		body:    strings.TrimSuffix(body.String(), "\n"),
	}, nil
}

// tagged gives the answer to a GET a weak ETag, and makes it a 304 if the client has it already (RFC 9110 §13.1.2).
func (r response) tagged(req *request) response {
	tag := etag(r.body)
	r.headers.Set("Etag", tag)
	if !fresh(req.headers, tag) {
		return r
	}
	r.headers.Del("Content-Type")
	return response{status: http.StatusNotModified, headers: r.headers}
}

func etag(body string) string {
	sum := sha256.Sum256([]byte(body))
	return fmt.Sprintf(`W/"%x-%s"`, len(body), base64.RawStdEncoding.EncodeToString(sum[:])[:27])
}

func fresh(headers http.Header, tag string) bool {
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
