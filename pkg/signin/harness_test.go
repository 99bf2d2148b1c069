package signin_test

import (
	"bytes"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
	"pats/pkg/session"
	"pats/pkg/signin"
	"pats/pkg/signin/signintest"
)

// fixture is the handler with a provider, and a browser that keeps its cookies.
type fixture struct {
	clock    *pattest.Clock
	provider *signintest.Provider
	settings signin.Settings
	handler  *signin.Handler
	log      *bytes.Buffer
	// cookies are the values of the browser's cookies by their names.
	cookies map[string]string
	// client is that of the handler.
	client *http.Client
	// host is the address that the browser uses.
	host string
}

func newFixture(t *testing.T, change func(*signin.Settings)) *fixture {
	t.Helper()
	f := &fixture{clock: pattest.NewClock(), log: &bytes.Buffer{}, cookies: map[string]string{}, client: &http.Client{Timeout: time.Minute}, host: "api.example"}
	f.provider = signintest.Start(t, f.clock.Now)
	f.settings = signin.Settings{
		Client:      session.Client{Issuer: f.provider.URL, ID: signintest.ClientID, Secret: pat.NewClientSecret(signintest.ClientSecret)},
		GroupsClaim: "groups", Lifetime: 12 * time.Hour,
	}
	if change != nil {
		change(&f.settings)
	}
	env := pattest.Env(f.clock)
	env.Random, env.Log = rand.Reader, slog.New(slog.NewTextHandler(f.log, nil))
	f.handler = signin.New(f.settings, f.client, env)
	return f
}

// get requests a path of the stack, which is under the stage prod, and keeps the cookies of the response.
func (f *fixture) get(t *testing.T, target string) events.APIGatewayProxyResponse {
	t.Helper()
	response := f.send(t, http.MethodGet, target)
	for _, line := range response.MultiValueHeaders["Set-Cookie"] {
		cookie, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatal(err)
		}
		if f.cookies[cookie.Name] = cookie.Value; cookie.MaxAge < 0 {
			delete(f.cookies, cookie.Name)
		}
	}
	return response
}

func (f *fixture) send(t *testing.T, method, target string) events.APIGatewayProxyResponse {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	var cookies []string
	for name, value := range f.cookies {
		cookies = append(cookies, name+"="+value)
	}
	event := events.APIGatewayProxyRequest{
		Resource: u.Path, Path: u.Path, HTTPMethod: method, MultiValueQueryStringParameters: u.Query(),
		MultiValueHeaders: map[string][]string{"Cookie": {strings.Join(cookies, "; ")}},
	}
	event.RequestContext.DomainName, event.RequestContext.Path = f.host, "/prod"+u.Path
	response, err := f.handler.Handle(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	f.wantSafe(t, response)
	return response
}

// wantSafe fails the test unless the response has the headers of every page, and contains no secret.
func (f *fixture) wantSafe(t *testing.T, response events.APIGatewayProxyResponse) {
	t.Helper()
	for name, want := range session.SecurityHeaders() {
		if got := response.MultiValueHeaders[name]; len(got) != 1 || got[0] != want[0] {
			t.Errorf("got %s %q, want %q", name, got, want)
		}
	}
	if got := response.MultiValueHeaders["Cache-Control"]; len(got) != 1 || got[0] != "no-store" {
		t.Errorf("got Cache-Control %q, want no-store", got)
	}
	if strings.Contains(response.Body+f.log.String(), signintest.ClientSecret) {
		t.Error("the response or the log contains the client secret")
	}
}

// begin begins a sign-in and returns the provider's address for it.
func (f *fixture) begin(t *testing.T, path string) *url.URL {
	t.Helper()
	return location(t, f.get(t, path))
}

// location returns where a response sends the browser.
func location(t *testing.T, response events.APIGatewayProxyResponse) *url.URL {
	t.Helper()
	if response.StatusCode != http.StatusSeeOther {
		t.Fatalf("got status %d with %s, want 303", response.StatusCode, response.Body)
	}
	u, err := url.Parse(response.MultiValueHeaders["Location"][0])
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// atProvider signs in at the provider's address, and returns the path of the callback.
func atProvider(t *testing.T, address *url.URL) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	back, err := response.Location()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(back.RequestURI(), "/prod")
}

// signIn passes through a whole sign-in, and returns the response of the callback.
func (f *fixture) signIn(t *testing.T) events.APIGatewayProxyResponse {
	t.Helper()
	return f.get(t, atProvider(t, f.begin(t, session.LoginPath)))
}

func (f *fixture) site() session.Site {
	return session.Site{Origin: "https://" + f.host, Base: "/prod"}
}

// ticket returns the ticket that the browser has.
func (f *fixture) ticket(t *testing.T) session.Ticket {
	t.Helper()
	cookie := session.TicketCookie(f.settings.Client, f.site())
	headers := http.Header{"Cookie": {cookie.Name() + "=" + f.cookies[cookie.Name()]}}
	ticket, err := cookie.Read(headers, f.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

// wantRefused fails the test unless the response is a page with status and no cookie but a removed one.
func (f *fixture) wantRefused(t *testing.T, response events.APIGatewayProxyResponse, status int) {
	t.Helper()
	if response.StatusCode != status || !strings.Contains(response.Body, "You are not signed in") {
		t.Errorf("got status %d with %s, want a page with %d", response.StatusCode, response.Body, status)
	}
	for name := range f.cookies {
		if strings.Contains(name, "ticket") {
			t.Errorf("got the cookie %s, want none", name)
		}
	}
}
