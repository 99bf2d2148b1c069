package protect_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"pats/infra/testkit/must"
)

// response is the response to a request.
type response struct {
	status int
	header http.Header
	body   string
}

// send sends the API a request to r with an Authorization header, unless it is empty.
func (e *env) send(t *testing.T, to api, r route, authorization string, headers ...string) response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), r.method, strings.Replace(to.url, "ws://", "http://", 1)+r.path, http.NoBody)
	must.Do(t, err)
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	if strings.HasPrefix(to.url, "ws://") {
		headers = append(headers, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: o3H3Vjd9Ohy20w4br2tobA==")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Set(name, value)
	}
	got, err := e.client.Do(request)
	must.Do(t, err)
	defer func() { _ = got.Body.Close() }()
	if got.StatusCode == http.StatusSwitchingProtocols {
		return response{got.StatusCode, got.Header, ""} // what follows is not the body of a response
	}
	body, err := io.ReadAll(got.Body)
	must.Do(t, err)
	return response{got.StatusCode, got.Header, string(body)}
}

// check sends a request with b and checks the response.
func (e *env) check(t *testing.T, to api, r route, b bearer) {
	t.Helper()
	got, want := e.send(t, to, r, b.header), to.want(b, r)
	e.count(want, got.status, to.accepted)
	switch {
	case got.status != want:
		t.Errorf("%s %s with %s: status %d, want %d; body %s", r.method, r.path, b.name, got.status, want, got.body)
	case got.status == http.StatusOK && got.user() != b.username:
		t.Errorf("%s %s with %s: the function saw another user: %s", r.method, r.path, b.name, got.body)
	case to.mapped && want == to.lacking && strings.Contains(got.body, "needs the scope"):
		t.Errorf("%s %s with %s: reached the function, want it refused by the route map", r.method, r.path, b.name)
	}
}

// user returns the user whom the function saw.
func (r response) user() string {
	var body struct{ User string }
	if json.Unmarshal([]byte(r.body), &body) != nil {
		return ""
	}
	return body.User
}
