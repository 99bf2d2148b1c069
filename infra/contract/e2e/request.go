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

// request is one as it goes over the wire. Nothing in it is normalised, since much of what is tested is not normal.
// {placeholders} in path, headers and body are the world's.
type request struct {
	method, path string
	// headers are lines, without their ends.
	headers []string
	body    string
}

const listPath = "/api/admin/user/tokens"

// own is the header of the caller that most cases have.
const own = "Authorization: {token}"

const jsonBody = "Content-Type: application/json"

func call(method, path string, headers ...string) request {
	return request{method: method, path: path, headers: headers}
}

func list(headers ...string) request { return call(http.MethodGet, listPath, headers...) }

// create posts JSON with the caller's token.
func create(body string) request {
	return request{http.MethodPost, listPath, []string{own, jsonBody}, body}
}

func revoke(id string) request { return call(http.MethodDelete, listPath+"/"+id, own) }

// with adds a body to the request.
func (r request) with(body string) request {
	r.body = body
	return r
}

// as makes the request somebody else's.
func (r request) as(token string) request {
	r.headers = append([]string{"Authorization: " + token}, r.headers[1:]...)
	return r
}

// plus adds a header to the request.
func (r request) plus(header string) request {
	r.headers = append(slices.Clone(r.headers), header)
	return r
}

// reply is what came back.
type reply struct {
	// status is 0 if the connection was closed without an answer.
	status int
	header http.Header
	body   string
}

// String is the reply for a test's log, without the secret of a token.
func (r reply) String() string {
	return fmt.Sprintf("%d\n%v\n%s", r.status, r.header, secret.ReplaceAllString(r.body, "${1}…"))
}

var secret = regexp.MustCompile(`(user:v2_[A-Za-z0-9_-]{22}_)[A-Za-z0-9_-]{43}`)

// patience bounds one exchange. sam local may have to start a container first.
const patience = 30 * time.Second

// send writes the request to the API at base, and reads the answer. Errors: those of the network, of which a connection that
// is closed without an answer is none.
func (r request) send(ctx context.Context, base string) (reply, error) {
	at, err := url.Parse(base)
	if err != nil {
		return reply{}, err
	}
	conn, err := dial(ctx, at)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return reply{}, err
	}
	// An API may refuse and close before it has read everything: then there is an answer to read in spite of the error.
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

// text is the request as HTTP/1.1 has it, with the headers that a client cannot do without.
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

func read(conn net.Conn, method string) (reply, error) {
	reader := bufio.NewReader(conn)
	for {
		answer, err := http.ReadResponse(reader, &http.Request{Method: method})
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return reply{}, nil
		}
		if err != nil {
			return reply{}, err
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil {
			return reply{}, fmt.Errorf("reading the body of a %d: %w", answer.StatusCode, err)
		}
		if answer.StatusCode != http.StatusContinue {
			return reply{answer.StatusCode, answer.Header, string(body)}, nil
		}
	}
}
