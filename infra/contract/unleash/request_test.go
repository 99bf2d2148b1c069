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

// request is one as both services get it. {placeholders} in path, headers and body are each service's own.
type request struct {
	method, path string
	// headers are lines: a name, a colon, a blank and the value.
	headers []string
	body    string
}

// call is a request of vera's, who is a Viewer.
func call(method, path string) request {
	return request{method: method, path: path, headers: []string{"Authorization: {vera}"}}
}

// anonymous is a request without credentials.
func anonymous(method, path string) request { return request{method: method, path: path} }

func list() request { return call(http.MethodGet, tokensPath) }

// create makes a token of vera's, or does not.
func create(body string) request { return call(http.MethodPost, tokensPath).json(body) }

func revoke(id string) request { return call(http.MethodDelete, tokensPath+"/"+id) }

// administer is a request of abby's, who is an Admin.
func administer(method, path string) request { return call(method, path).as("{abby}") }

func addUser(body string) request { return administer(http.MethodPost, usersPath).json(body) }

// edit changes the user who is there for it.
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

// as makes the request that of whoever has the credentials.
func (r request) as(credentials string) request {
	r.headers = append([]string{"Authorization: " + credentials}, r.headers[1:]...)
	return r
}

func (r request) String() string {
	text := r.method + " " + r.path + " " + fmt.Sprint(r.headers) + " " + r.body
	return strconv.Quote(text[:min(len(text), 400)])
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
}

// patience bounds one exchange.
const patience = 30 * time.Second

// newClient sends requests as they are: it follows no redirect, asks for no compression and keeps no connection.
func newClient() *http.Client {
	return &http.Client{
		Timeout:       patience,
		Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// send sends the request, whose placeholders are filled in, to the service at base.
func (r request) send(ctx context.Context, client *http.Client, base string) (reply, error) {
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, base, body)
	if err != nil {
		return reply{}, err
	}
	req.URL = &url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host, Opaque: r.path} // the path as it stands
	for _, line := range r.headers {
		name, value, _ := strings.Cut(line, ": ")
		req.Header[name] = append(req.Header[name], value)
	}
	answer, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return reply{answer.StatusCode, answer.Header, string(text)}, err
}
