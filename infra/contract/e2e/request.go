package e2e

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// request is an HTTP request as it is sent. Nothing in it is normalized, since malformed requests are tested, too. Path, headers and
// body can contain {placeholders}.
type request struct {
	method, path string
	// headers are lines without their line breaks.
	headers []string
	body    string
}

const listPath = "/api/admin/user/tokens"

// own is the header of the caller in most cases.
const own = "Authorization: {token}"

const jsonBody = "Content-Type: application/json"

func newRequest(method, path string, headers ...string) request {
	return request{method: method, path: path, headers: headers}
}

func list(headers ...string) request { return newRequest(http.MethodGet, listPath, headers...) }

// create returns a POST of JSON with the caller's token.
func create(body string) request {
	return request{http.MethodPost, listPath, []string{own, jsonBody}, body}
}

func revoke(id string) request { return newRequest(http.MethodDelete, listPath+"/"+id, own) }

// with returns the request with a body.
func (r request) with(body string) request {
	r.body = body
	return r
}

// as returns the request with the token of another caller.
func (r request) as(token string) request {
	r.headers = append([]string{"Authorization: " + token}, r.headers[1:]...)
	return r
}

// plus returns the request with one more header.
func (r request) plus(header string) request {
	r.headers = append(slices.Clone(r.headers), header)
	return r
}

// response is the response to a request.
type response struct {
	// status is 0 if the connection was closed without a response.
	status int
	header http.Header
	body   string
}

// String returns the response without secrets, for the log of a test.
func (r response) String() string {
	return fmt.Sprintf("%d\n%v\n%s", r.status, r.header, secret.ReplaceAllString(r.body, "${1}…"))
}

var secret = regexp.MustCompile(`((?:user:v2|pats)_[A-Za-z0-9_-]{22}_)[A-Za-z0-9_-]{43}`)

// patience limits one exchange. sam local sometimes has to start a container first.
const patience = time.Minute

// send sends the request to the API at base, and reads the response. A connection that is closed without a response is not an
// error. Errors: those of the network.
func (r request) send(ctx context.Context, base string) (response, error) {
	at, err := url.Parse(base)
	if err != nil {
		return response{}, err
	}
	conn, err := dial(ctx, at)
	if err != nil {
		return response{}, err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return response{}, err
	}
	// An API can respond and close before it has read everything: then there is a response in spite of the error.
	_, _ = io.WriteString(conn, r.text(at))
	return read(conn, r.method)
}

func dial(ctx context.Context, at *url.URL) (net.Conn, error) {
	dialer := net.Dialer{Timeout: patience}
	if at.Scheme != "https" {
		return dialer.DialContext(ctx, "tcp", at.Host)
	}
	secure := tls.Dialer{NetDialer: &dialer, Config: &tls.Config{MinVersion: tls.VersionTLS12}}
	return secure.DialContext(ctx, "tcp", net.JoinHostPort(at.Hostname(), or(at.Port(), "443")))
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// text returns the request in HTTP/1.1, with the headers that every client sends.
func (r request) text(at *url.URL) string {
	path := r.path
	if strings.HasPrefix(path, "/") {
		path = at.Path + path
	}
	lines := []string{r.method + " " + path + " HTTP/1.1", "Host: " + at.Host, "Connection: close"}
	lines = append(lines, r.headers...)
	if !r.has("content-length:") && !r.has("transfer-encoding:") && (r.body != "" || r.method == http.MethodPost) {
		lines = append(lines, fmt.Sprintf("Content-Length: %d", len(r.body)))
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + r.body
}

func (r request) has(header string) bool {
	for _, line := range r.headers {
		if strings.HasPrefix(strings.ToLower(line), header) {
			return true
		}
	}
	return false
}

func read(conn net.Conn, method string) (response, error) {
	reader := bufio.NewReader(conn)
	for {
		expected, err := http.ReadResponse(reader, &http.Request{Method: method})
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return response{}, nil
		}
		if err != nil {
			return response{}, err
		}
		body, err := io.ReadAll(expected.Body)
		_ = expected.Body.Close()
		if err != nil {
			return response{}, fmt.Errorf("reading the body of a %d: %w", expected.StatusCode, err)
		}
		if expected.StatusCode != http.StatusContinue {
			return response{expected.StatusCode, expected.Header, string(body)}, nil
		}
	}
}
