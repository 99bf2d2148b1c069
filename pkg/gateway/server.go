package gateway

import (
	"context"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// request is an HTTP request and what the gateway learns about it on its way.
type request struct {
	*http.Request
	start time.Time
	// id is the request's UUID.
	id       string
	sourceIP string
	// path is percent-encoded and begins with a slash.
	path string

	// resource and params are set by the router.
	resource *resource
	params   map[string]string
	// claims are set by the authorizer: its context and principalId, with text as values.
	claims map[string]any
	// authorizerRequestID is the id of the authorizer's invocation, if it was invoked.
	authorizerRequestID string
}

// ServeHTTP responds as API Gateway does. If the client disconnects, the function's context ends and no response is written.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req, err := g.newRequest(r)
	if err != nil {
		g.options.Log.ErrorContext(r.Context(), "no request id", "cause", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	resp, err := g.respond(r.Context(), req)
	g.finish(r.Context(), w, req, resp, err)
}

func (g *Gateway) newRequest(r *http.Request) (*request, error) {
	id, err := g.newID()
	if err != nil {
		return nil, err
	}
	path := r.URL.EscapedPath()
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // of "OPTIONS *"
	}
	return &request{Request: r, start: g.options.Now(), id: id, sourceIP: sourceIP(r), path: path}, nil
}

func sourceIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// respond returns the function's response. Its errors are refusals.
func (g *Gateway) respond(ctx context.Context, req *request) (response, error) {
	if err := checkHeaders(req.Request); err != nil {
		return response{}, err
	}
	m, err := g.router.route(req)
	if err != nil {
		return response{}, err
	}
	if m.authorizer != nil {
		if err := g.authorize(ctx, req, m.authorizer); err != nil {
			return response{}, err
		}
	}
	return g.integrate(ctx, req, m)
}

// maxHeaderBytes is API Gateway's limit for the request line and the values of the headers together:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
const maxHeaderBytes = 10240

var headersTooLarge = &refusal{
	kind: default4XX, standard: standard{http.StatusRequestHeaderFieldsTooLarge, "HTTP header is larger than 10240 bytes."},
}

// checkHeaders enforces maxHeaderBytes. AWS does not document the status; users report 431.
func checkHeaders(r *http.Request) error {
	size := len(r.Method) + len(r.URL.RequestURI()) + len(r.Proto) + len(r.Host)
	for _, values := range r.Header {
		for _, value := range values {
			size += len(value)
		}
	}
	if size > maxHeaderBytes {
		return headersTooLarge
	}
	return nil
}

// newID returns a UUID of version 4 (RFC 9562 §5.4).
func (g *Gateway) newID() (string, error) {
	var id [16]byte
	if _, err := io.ReadFull(g.options.Random, id[:]); err != nil {
		return "", err
	}
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	text := hex.EncodeToString(id[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:], nil
}
