package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"pats/pkg/api"
	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// requestID is the request ID of every event in these tests.
const requestID = "9c40958a-daac-400e-98fb-3bb438567008"

// far is an expiry in the future of every clock in these tests.
const far = "2027-04-19T08:15:14.000Z"

// good is a valid body for a user without a token of that name.
const good = `{"description":"laptop","expiresAt":"` + far + `"}`

// fixture is the handler of the token routes on its own store.
type fixture struct {
	handler *api.Handler
	store   *pattest.Faulty
	service *pat.Service
	clock   *pattest.Clock
	users   atomic.Int64
}

type settings struct {
	tokens api.TokensSettings
	log    io.Writer
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	return newFixtureWith(t, settings{tokens: api.TokensSettings{Enabled: true}, log: io.Discard})
}

func newFixtureWith(t testing.TB, s settings) *fixture {
	t.Helper()
	bolt, err := boltstore.Open(filepath.Join(t.TempDir(), "pats.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bolt.Close() })
	clock := pattest.NewClock()
	store := pattest.NewFaulty(bolt)
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(clock))
	handler := api.NewTokens(service, s.tokens, slog.New(slog.NewJSONHandler(s.log, nil)))
	return &fixture{handler: handler, store: store, service: service, clock: clock}
}

// holder creates a user with one token, whose id is 1 and description "own".
func (f *fixture) holder(t testing.TB) pattest.Holder {
	t.Helper()
	return pattest.NewHolder(t, f.store, f.service, pattest.Profile(fmt.Sprintf("user%d", f.users.Add(1)), pat.Editor))
}

// request is a request of a test.
type request struct {
	method, path string
	// headers are "Name: value" lines.
	headers []string
	body    string
	base64  bool
}

func get(headers ...string) request {
	return request{method: http.MethodGet, path: api.ResourceTokens, headers: headers}
}

// post returns a create with a JSON body.
func post(body string) request {
	return request{method: http.MethodPost, path: api.ResourceTokens, headers: []string{"Content-Type: application/json"}, body: body}
}

func remove(id string) request {
	return request{method: http.MethodDelete, path: api.ResourceTokens + "/" + id}
}

// event returns the event of API Gateway for the request, with the resource of template.yaml.
func (c request) event(claims map[string]any) events.APIGatewayProxyRequest {
	path, query, _ := strings.Cut(c.path, "?")
	values, _ := url.ParseQuery(query) // what is malformed is left out, as in an event
	resource, params := route(path)
	return events.APIGatewayProxyRequest{
		Resource:                        resource,
		Path:                            path,
		HTTPMethod:                      c.method,
		MultiValueHeaders:               c.multiValueHeaders(),
		MultiValueQueryStringParameters: values,
		PathParameters:                  params,
		RequestContext:                  events.APIGatewayProxyRequestContext{RequestID: requestID, Authorizer: claims},
		Body:                            c.body,
		IsBase64Encoded:                 c.base64,
	}
}

func (c request) multiValueHeaders() map[string][]string {
	headers := map[string][]string{}
	for _, line := range c.headers {
		name, value, _ := strings.Cut(line, ": ")
		headers[name] = append(headers[name], value)
	}
	return headers
}

func route(path string) (resource string, params map[string]string) {
	switch path {
	case "/", api.ResourceTokens, api.ResourceTokenSelf, api.ResourceTokenSelfRotate:
		return path, nil
	}
	if below, found := strings.CutPrefix(path, api.ResourceServiceAccounts); found {
		return routeOfServices(below)
	}
	if id, rotate := strings.CutSuffix(path, "/rotate"); rotate {
		resource, params := route(id)
		if resource == api.ResourceToken {
			return api.ResourceTokenRotate, params
		}
	}
	id, below := strings.CutPrefix(path, api.ResourceTokens+"/")
	if below && id != "" && !strings.Contains(id, "/") {
		return api.ResourceToken, map[string]string{"id": id}
	}
	return "/{proxy+}", map[string]string{"proxy": strings.TrimPrefix(path, "/")}
}

// routeOfServices returns the resource of a path below that of service accounts.
func routeOfServices(path string) (resource string, params map[string]string) {
	parts := strings.Split(path, "/")[1:]
	params = map[string]string{}
	names := []string{"{id}", "token", "{tokenId}", "rotate"}[:min(4, len(parts))]
	for i, name := range names {
		if strings.HasPrefix(name, "{") {
			params[strings.Trim(name, "{}")] = parts[i]
		}
	}
	return strings.Join(append([]string{api.ResourceServiceAccounts}, names...), "/"), params
}

// claimsOf returns the context of the authorizer for the holder's token.
func claimsOf(h pattest.Holder) map[string]any {
	return contextOf(pat.Principal{Kind: pat.HolderUser, Identity: h.Identity()})
}

func contextOf(principal pat.Principal) map[string]any {
	claims := map[string]any{}
	for name, value := range principal.Claims() {
		claims[name] = value
	}
	return claims
}

// do handles the request with the holder's token.
func (f *fixture) do(t testing.TB, h pattest.Holder, c request) events.APIGatewayProxyResponse {
	t.Helper()
	return f.handle(t, c.event(claimsOf(h)))
}

func (f *fixture) handle(t testing.TB, event events.APIGatewayProxyRequest) events.APIGatewayProxyResponse {
	t.Helper()
	response, err := f.handler.Handle(t.Context(), event)
	if err != nil {
		t.Fatalf("Handle: got error %v, want a response", err)
	}
	return response
}

// descriptions returns the descriptions of the holder's tokens, in the order of the list.
func (f *fixture) descriptions(t testing.TB, h pattest.Holder) []string {
	t.Helper()
	var list []string
	for _, token := range pattest.Read(t, f.store, h.Account.ID).Tokens {
		list = append(list, token.Description)
	}
	return list
}

// problem is the body of every error.
type detail struct {
	Message string `json:"message"`
	Path    string `json:"path,omitempty"`
}

type problem struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Message string   `json:"message"`
	Details []detail `json:"details"`
}

// plain returns a problem whose one detail repeats the message.
func plain(name, message string) problem {
	return problem{requestID, name, message, []detail{{Message: message}}}
}

const invalid = "Request validation failed: your request body or params contain invalid data"

// rule returns a BadDataError for a broken rule.
func rule(message string) problem {
	return problem{requestID, "BadDataError", invalid + ": " + message, []detail{{Message: message}}}
}

// schema returns a BadDataError for a value that does not match the schema.
func schema(path, message string) problem {
	return problem{requestID, "BadDataError", invalid + ". Refer to the `details` list for more information.", []detail{{message, path}}}
}

func missing(name string) problem {
	return schema("/body/"+name, "The `/body/"+name+"` property is required. It was not present on the data you sent.")
}

func notString(name, sent string) problem {
	return schema("/body/"+name, "The `/body/"+name+"` property must be string. You sent "+sent+".")
}

func notObject(sent string) problem {
	return schema("/body", "The `/body` property must be object. You sent "+sent+".")
}

// notTime takes the sent text in JSON, without its quotes.
func notTime(sent string) problem {
	return schema("/body/expiresAt", "The `/body/expiresAt` property must match format \"date-time\". You sent \""+sent+"\".")
}

// notWhole takes the sent text in JSON, without its quotes.
func notWhole(sent string) problem {
	return schema("/params/id", "The `/params/id` property must be integer. You sent \""+sent+"\".")
}

func wrongType(sent string) problem {
	return plain("ContentTypeError", "We do not accept the content-type you provided ("+sent+"). Try using one of the content-types "+
		"we do accept instead (application/json) and make sure the body is in the corresponding format.")
}

func notThere(path string) problem {
	return plain("NotFoundError", "The path you were looking for ("+path+") is not available.")
}

var (
	notJSON  = rule("The request body is not valid JSON.")
	tooLarge = rule("The request body is larger than 64 KiB.")
	refused  = problem{requestID, "AuthenticationRequired", "You must log in to use Unleash.", []detail{{Message: string(pat.ReasonInvalid)}}}
)

// wantProblem checks the status, content type and body of an error.
func wantProblem(t testing.TB, got events.APIGatewayProxyResponse, status int, want problem) {
	t.Helper()
	if got.StatusCode != status {
		t.Fatalf("got status %d with %s, want %d", got.StatusCode, got.Body, status)
	}
	if diff := cmp.Diff(want, parse[problem](t, got.Body)); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	wantHeader(t, got, "Content-Type", "application/json; charset=utf-8")
}

// parse unmarshals a body, which must not have members that T does not have.
func parse[T any](t testing.TB, body string) (value T) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&value); err != nil || decoder.More() {
		t.Fatalf("body %q: got error %v, want one JSON value of type %T", body, err, value)
	}
	return value
}

func wantStatus(t testing.TB, got events.APIGatewayProxyResponse, want int) {
	t.Helper()
	if got.StatusCode != want {
		t.Fatalf("got status %d with %s, want %d", got.StatusCode, got.Body, want)
	}
}

// wantHeader checks that the header has one value, want, or with "" that it is absent.
func wantHeader(t testing.TB, got events.APIGatewayProxyResponse, name, want string) {
	t.Helper()
	var values []string
	if want != "" {
		values = []string{want}
	}
	if diff := cmp.Diff(values, got.MultiValueHeaders[name]); diff != "" {
		t.Errorf("header %s (-want +got):\n%s", name, diff)
	}
}
