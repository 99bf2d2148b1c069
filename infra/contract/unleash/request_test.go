package unleash_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	tokensPath = "/api/admin/user/tokens"
	selfPath   = "/api/admin/user"
	usersPath  = "/api/admin/user-admin"
)

const jsonBody = "Content-Type: application/json"

// request is a request to both services. Path, headers and body can have {placeholders}, whose values differ between them.
type request struct {
	method, path string
	// headers are lines of the form "Name: value".
	headers []string
	body    string
}

// newRequest returns a request of vera, a Viewer.
func newRequest(method, path string) request {
	return request{method: method, path: path, headers: []string{"Authorization: {vera}"}}
}

// anonymous returns a request without credentials.
func anonymous(method, path string) request { return request{method: method, path: path} }

func list() request { return newRequest(http.MethodGet, tokensPath) }

// create returns a create of a token for vera.
func create(body string) request { return newRequest(http.MethodPost, tokensPath).json(body) }

func revoke(id string) request { return newRequest(http.MethodDelete, tokensPath+"/"+id) }

// administer returns a request of abby, an Admin.
func administer(method, path string) request { return newRequest(method, path).as("{abby}") }

func addUser(body string) request { return administer(http.MethodPost, usersPath).json(body) }

// edit returns an update of the target.
func edit(body string) request {
	return administer(http.MethodPut, usersPath+"/{targetId}").json(body)
}

func (r request) json(body string) request { return r.plus(jsonBody).with(body) }

func (r request) with(body string) request {
	r.body = body
	return r
}

func (r request) plus(headers ...string) request {
	r.headers = append(slices.Clip(r.headers), headers...)
	return r
}

// as returns the request with other credentials.
func (r request) as(credentials string) request {
	r.headers = append([]string{"Authorization: " + credentials}, r.headers[1:]...)
	return r
}

func (r request) String() string {
	text := r.method + " " + r.path + " " + fmt.Sprint(r.headers) + " " + r.body
	return strconv.Quote(text[:min(len(text), 400)])
}

// response is the response to a request.
type response struct {
	status int
	header http.Header
	body   string
}

// patience limits one exchange.
const patience = time.Minute

// newClient returns a client that changes nothing: it follows no redirects, asks for no compression and keeps no connections.
func newClient() *http.Client {
	return &http.Client{
		Timeout:       patience,
		Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// send sends the request, which has no placeholders, to the service at base.
func (r request) send(ctx context.Context, client *http.Client, base string) (response, error) {
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, base, body)
	if err != nil {
		return response{}, err
	}
	req.URL = &url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host, Opaque: r.path} // the path as it stands
	for _, line := range r.headers {
		name, value, _ := strings.Cut(line, ": ")
		req.Header[name] = append(req.Header[name], value)
	}
	normalized, err := client.Do(req)
	if err != nil {
		return response{}, err
	}
	defer func() { _ = normalized.Body.Close() }()
	text, err := io.ReadAll(normalized.Body)
	return response{normalized.StatusCode, normalized.Header, string(text)}, err
}
