package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"pats/pkg/api/apitypes"
)

// agent is a browser of one user: it keeps cookies and follows redirects, and does what the scripts of the pages do.
type agent struct {
	client http.Client
	server string
	// code is what the terminal shows for the provider for development.
	code string
}

// response is what the agent ended at.
type response struct {
	status int
	url    *url.URL
	header http.Header
	body   string
}

func newAgent(t *testing.T, server *served) *agent {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	code := server.stdout.await(t, `with the code ([A-Z2-7]{5}-[A-Z2-7]{5})`, server.ended)[1]
	return &agent{client: http.Client{Timeout: watchdog, Jar: jar}, server: server.url, code: code}
}

// send sends a request as a page of the server does.
func (a *agent) send(t *testing.T, method, address, contentType, body string) response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	return a.do(t, request)
}

func (a *agent) do(t *testing.T, request *http.Request) response {
	t.Helper()
	got, err := a.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	var body bytes.Buffer
	if _, err := io.Copy(&body, got.Body); err != nil {
		t.Fatal(err)
	}
	return response{got.StatusCode, got.Request.URL, got.Header, body.String()}
}

func (a *agent) get(t *testing.T, address string) response {
	t.Helper()
	return a.send(t, http.MethodGet, address, "", "")
}

// signIn signs in as name at the provider for development, and ends at next, a path of the server.
func (a *agent) signIn(t *testing.T, name, next string) response {
	t.Helper()
	form := a.get(t, a.server+"/ui/login?"+url.Values{"next": {next}}.Encode())
	if form.status != http.StatusOK || !strings.Contains(form.body, "Development sign-in") {
		t.Fatalf("got %d %s, want the provider's form", form.status, form.body)
	}
	fields := url.Values{"code": {a.code}, "name": {name}}
	return a.send(t, http.MethodPost, form.url.String(), "application/x-www-form-urlencoded", fields.Encode())
}

// open opens the page for consent at address and returns what it shows. It signs in as name first if nobody is.
func (a *agent) open(t *testing.T, address, name string) apitypes.LoginRequest {
	t.Helper()
	page, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	data := a.server + "/ui/cli/request?" + page.RawQuery
	got := a.get(t, data)
	if got.status == http.StatusUnauthorized {
		landed := a.signIn(t, name, page.RequestURI())
		if landed.url.RequestURI() != page.RequestURI() {
			t.Fatalf("the sign-in led to %s, want %s", landed.url, page.RequestURI())
		}
		got = a.get(t, data)
	}
	if got.status != http.StatusOK {
		t.Fatalf("the page for consent: got %d %s, want 200", got.status, got.body)
	}
	var shown apitypes.LoginRequest
	if err := json.Unmarshal([]byte(got.body), &shown); err != nil {
		t.Fatal(err)
	}
	return shown
}

// approve approves what the page shows.
func (a *agent) approve(t *testing.T, shown apitypes.LoginRequest) apitypes.ConfirmedLogin {
	t.Helper()
	body, err := json.Marshal(apitypes.ConfirmLogin{Request: shown.Request})
	if err != nil {
		t.Fatal(err)
	}
	got := a.send(t, http.MethodPost, a.server+"/ui/cli/request", "application/json", string(body))
	if got.status != http.StatusOK {
		t.Fatalf("approving: got %d %s, want 200", got.status, got.body)
	}
	var confirmed apitypes.ConfirmedLogin
	if err := json.Unmarshal([]byte(got.body), &confirmed); err != nil {
		t.Fatal(err)
	}
	return confirmed
}

// approver returns a browser in which name approves whatever is opened, and whose last page shown is kept in shown.
func (a *agent) approver(t *testing.T, name string, shown *apitypes.LoginRequest) func(string) error {
	t.Helper()
	return func(address string) error {
		*shown = a.open(t, address, name)
		a.get(t, a.approve(t, *shown).Location)
		return nil
	}
}

// shortCode matches the code that a login shows in the terminal.
var shortCode = regexp.MustCompile(`[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}`)
