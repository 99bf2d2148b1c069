package laptop_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// person is a browser at the stack.
type person struct {
	client *http.Client
	stack  string
}

// do sends a request as a page of the stack does, and returns the status and the body.
func (p person) do(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, p.stack+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Origin", p.stack)
	request.Header.Set("Content-Type", "application/json")
	return p.send(t, request)
}

func (p person) send(t *testing.T, request *http.Request) (int, string) {
	t.Helper()
	response, err := p.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// signIn begins at the stack, fills in the provider's form, and follows the redirects to the end.
func (p person) signIn(t *testing.T, username, password string) (int, string) {
	t.Helper()
	response, err := p.client.Do(get(t, p.stack+"/ui/login"))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	form := url.Values{"username": {username}, "password": {password}, "id": {response.Request.URL.Query().Get("authRequestID")}}
	address := *response.Request.URL
	address.RawQuery = ""
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address.String(), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.send(t, request)
}

func get(t *testing.T, address string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

// TestSignInAtZitadel signs a person in at the provider of zitadel/oidc, whose ID token has no address, and uses and ends the session.
func TestSignInAtZitadel(t *testing.T) {
	t.Parallel()
	const secret = "a-secret-that-the-provider-generated"
	mux := http.NewServeMux()
	provider := httptest.NewServer(mux)
	t.Cleanup(provider.Close)
	store := laptoptest.NewStore(t)
	server := laptoptest.Serve(t, store, laptoptest.Options{Parameters: map[string]string{
		"OidcIssuer": provider.URL, "OidcClientId": "pats-laptop", "OidcClientSecret": secret, "AllowedDomains": "zitadel.ch",
	}})
	storage.RegisterClients(storage.WebClient("pats-laptop", secret, server.URL+"/ui/callback"))
	mux.Handle("/", exampleop.SetupServer(provider.URL, storage.NewStorage(storage.NewUserStore(provider.URL)), nil, false))

	p := newPerson(t, server.URL)
	if status, _ := p.do(t, http.MethodGet, "/ui/session", ""); status != http.StatusUnauthorized {
		t.Errorf("before the sign-in: got status %d, want 401", status)
	}
	if status, body := p.signIn(t, "test-user@127.0.0.1", "verysecure"); status != http.StatusOK || !strings.Contains(body, "<html") {
		t.Fatalf("signing in: got status %d with %s, want the page", status, body)
	}
	_, body := p.do(t, http.MethodGet, "/ui/session", "")
	var shown struct{ User struct{ Email string } }
	if err := json.Unmarshal([]byte(body), &shown); err != nil || shown.User.Email != "test-user@zitadel.ch" {
		t.Errorf("got session %s, want the one of test-user@zitadel.ch", body)
	}
	draft := `{"description":"laptop","expiresAt":"` + time.Now().Add(time.Hour).UTC().Format(time.RFC3339) + `"}`
	if status, body := p.do(t, http.MethodPost, "/ui/api/admin/user/tokens", draft); status != http.StatusCreated {
		t.Errorf("creating a token: got status %d with %s, want 201", status, body)
	}
	other := newPerson(t, server.URL)
	other.signIn(t, "test-user@127.0.0.1", "verysecure")
	if status, _ := p.do(t, http.MethodPost, "/ui/sign-out?everywhere=true", "{}"); status != http.StatusNoContent {
		t.Errorf("signing out everywhere: got status %d, want 204", status)
	}
	for _, browser := range []person{p, other} {
		if status, _ := browser.do(t, http.MethodGet, "/ui/api/admin/user/tokens", ""); status != http.StatusUnauthorized {
			t.Errorf("after signing out everywhere: got status %d, want 401", status)
		}
	}
	wantOneAccount(t, store, server.Service)
}

func newPerson(t *testing.T, stack string) person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return person{&http.Client{Jar: jar, Timeout: time.Minute}, stack}
}

// wantOneAccount fails the test unless two sign-ins have created one account, with the token of its user alone.
func wantOneAccount(t *testing.T, store pat.Store, service *pat.Service) {
	t.Helper()
	users, err := service.Users(context.WithoutCancel(t.Context()), 0, 10)
	if err != nil || len(users) != 1 {
		t.Fatalf("got %d users and error %v, want 1", len(users), err)
	}
	account := pattest.Read(t, store, users[0].ID)
	if account.Role != pat.Viewer || len(account.Tokens) != 1 || account.Tokens[0].Maker != (pat.Maker{User: account.ID}) {
		t.Errorf("got %+v, want a Viewer with one token of their own", account)
	}
}
