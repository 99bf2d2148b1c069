package oauth_test

import (
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/boltstore"
	"pats/pkg/oauth"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// fixture is the handler on its own store, with an Admin and a Viewer, each with an unscoped token.
type fixture struct {
	handler *oauth.Handler
	store   *pattest.Faulty
	service *pat.Service
	clock   *pattest.Clock
	admin   pattest.Holder
	vera    pattest.Holder
	log     pattest.Log
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	return newFixtureWith(t, pat.Settings{Retention: pat.DefaultRetention, Scopes: pattest.Catalog(t, "orders:read,orders:write@Editor")})
}

func newFixtureWith(t testing.TB, settings pat.Settings) *fixture {
	t.Helper()
	bolt, err := boltstore.Open(filepath.Join(t.TempDir(), "pats.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bolt.Close() })
	f := &fixture{store: pattest.NewFaulty(bolt), clock: pattest.NewClock()}
	f.service = pat.NewService(f.store, settings, pattest.Env(f.clock))
	f.handler = oauth.New(f.service, slog.New(slog.NewJSONHandler(&f.log, nil)))
	f.admin = pattest.NewHolder(t, f.store, f.service, pattest.Profile("ann", pat.Admin))
	f.vera = pattest.NewHolder(t, f.store, f.service, pattest.Profile("vera", pat.Viewer))
	f.store.Forget()
	return f
}

// create creates a token of the holder's user with scopes.
func (f *fixture) create(t testing.TB, h pattest.Holder, scopes ...string) pattest.Holder {
	t.Helper()
	draft := pattest.Draft("token " + strings.Join(scopes, " "))
	draft.Scopes = pattest.Scopes(t, scopes...)
	token, secret, err := f.service.CreateUserToken(t.Context(), h.Account.ID, draft)
	if err != nil {
		t.Fatal(err)
	}
	f.store.Forget()
	return pattest.Holder{Account: h.Account, Token: token, Secret: secret}
}

// request is a request of a test, by default a POST of a form.
type request struct {
	method, resource string
	// authorization are the values of that header.
	authorization []string
	contentType   string
	body          string
	base64        bool
	headers       map[string]string
}

// introspect returns the introspection of a token by a caller that presents bearer.
func introspect(bearer, token string) request {
	return request{resource: oauth.ResourceIntrospect, authorization: []string{"Bearer " + bearer}, body: form("token", token)}
}

// revoke returns the revocation of a token without a credential.
func revoke(token string) request {
	return request{resource: oauth.ResourceRevoke, body: form("token", token)}
}

// form returns the form of pairs.
func form(pairs ...string) string {
	values := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		values.Add(pair[0], pair[1])
	}
	return values.Encode()
}

// basic returns the header of Basic authentication.
func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

func (r request) event() events.APIGatewayProxyRequest {
	method, contentType := r.method, r.contentType
	if method == "" {
		method = http.MethodPost
	}
	if contentType == "" {
		contentType = "application/x-www-form-urlencoded"
	}
	headers := map[string][]string{"Content-Type": {contentType}}
	if r.authorization != nil {
		headers["authorization"] = r.authorization
	}
	return events.APIGatewayProxyRequest{
		Resource: r.resource, Path: r.resource, HTTPMethod: method, MultiValueHeaders: headers, Headers: r.headers,
		Body: r.body, IsBase64Encoded: r.base64,
		RequestContext: events.APIGatewayProxyRequestContext{
			RequestID: "9c40958a-daac-400e-98fb-3bb438567008", DomainName: "api.example", Path: "/prod" + r.resource,
		},
	}
}

// response is a response of the handler.
type response struct {
	status  int
	headers http.Header
	body    string
}

// do has the handler handle a request. Nothing but a new token's user may be in the log.
func (f *fixture) do(t testing.TB, r request) response {
	t.Helper()
	got, err := f.handler.Handle(t.Context(), r.event())
	if err != nil {
		t.Fatal(err)
	}
	headers := http.Header(got.MultiValueHeaders)
	if headers.Get("Cache-Control") != "no-store" || headers.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("got headers %v, want no-store and nosniff", headers)
	}
	f.wantNoToken(t, got.Body)
	f.wantNoToken(t, f.log.String())
	return response{got.StatusCode, headers, got.Body}
}

// wantNoToken fails the test if text contains the secret part of a token of f's holders.
func (f *fixture) wantNoToken(t testing.TB, text string) {
	t.Helper()
	for _, h := range []pattest.Holder{f.admin, f.vera} {
		secret := h.Secret.Reveal()
		if strings.Contains(text, secret[len(secret)-43:]) {
			t.Errorf("a token is in %s", text)
		}
	}
}

// object is JSON.
type object = map[string]any

func (r response) object(t testing.TB) object {
	t.Helper()
	var got object
	if err := json.Unmarshal([]byte(r.body), &got); err != nil {
		t.Fatalf("the body %q is not JSON: %v", r.body, err)
	}
	return got
}

// wantError fails the test unless the response is an error of RFC 6749 §5.2.
func (r response) wantError(t testing.TB, status int, code string) {
	t.Helper()
	got := r.object(t)
	description, _ := got["error_description"].(string)
	if r.status != status || got["error"] != code || len(got) != 2 || description == "" {
		t.Errorf("got status %d with %s, want %d with the error %s and a description", r.status, r.body, status, code)
	}
	if strings.ContainsFunc(description, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		t.Errorf("the description %q has characters that RFC 6749 does not allow", description)
	}
}
