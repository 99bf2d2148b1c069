package template_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/infra/testkit/deployed"
	"pats/infra/testkit/must"
	"pats/pkg/config"
	"pats/pkg/dynamostore"
	"pats/pkg/gateway"
	"pats/pkg/pat"
	"pats/pkg/session"
	"pats/pkg/session/sessiontest"
	"pats/pkg/wiring/sessions"
)

// browser sends requests to the functions for sessions, with its cookie.
type browser struct {
	client session.Client
	cookie string
	// functions are by their logical IDs.
	functions map[string]gateway.ProxyFunction
}

// serveBrowsers signs an Admin in, and does in the session all that the functions for sessions can do.
func serveBrowsers(t *testing.T, requests *recorder) {
	t.Helper()
	client, table := newTable(t)
	env, settings := pat.SystemEnv(slog.New(slog.DiscardHandler)), browserSettings(t)
	operator := pat.NewService(dynamostore.New(client, table), settings.Domain(), env)
	_, err := operator.CreateUser(t.Context(), pat.Profile{Username: "another", Role: pat.Admin})
	must.Do(t, err)
	store := dynamostore.New(requests, table)
	b := &browser{
		client: session.Client{Issuer: settings.SignIn.Issuer, ID: settings.SignIn.ClientID, Secret: settings.SignIn.ClientSecret},
		functions: map[string]gateway.ProxyFunction{
			deployed.SessionFunction:      sessions.Sessions(settings, store, env),
			deployed.AdminSessionFunction: sessions.Admins(settings, store, env),
		},
	}
	b.enter(t)
	b.wantServed(t, deployed.SessionFunction, "POST", "/api/admin/user/tokens", "", `{"description":"laptop","expiresAt":"2099-01-01T00:00:00Z"}`)
	b.wantServed(t, deployed.AdminSessionFunction, "GET", "/api/admin/user-admin", "", "")
	b.wantServed(t, deployed.AdminSessionFunction, "GET", "/api/admin/user-admin/admin-count", "", "")
	b.wantServed(t, deployed.AdminSessionFunction, "POST", "/api/admin/user-admin", "", `{"username":"bob","email":"bob@example.org","rootRole":1}`)
	b.wantServed(t, deployed.AdminSessionFunction, "GET", "/api/admin/user-admin/search", "", "")
	b.wantServed(t, deployed.AdminSessionFunction, "PUT", "/api/admin/user-admin/{id}", "3", `{"email":"robert@example.org","rootRole":3}`)
	b.wantServed(t, deployed.AdminSessionFunction, "GET", "/api/admin/tokens", "", "")
	b.wantServed(t, deployed.AdminSessionFunction, "DELETE", "/api/admin/user-admin/{id}/tokens", "2", "")
	b.wantServed(t, deployed.AdminSessionFunction, "DELETE", "/api/admin/user-admin/{id}", "3", "")
}

func browserSettings(t *testing.T) config.Config {
	t.Helper()
	settings, err := config.Load(func(name string) string {
		return map[string]string{
			"OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "pats", "OIDC_CLIENT_SECRET": strings.Repeat("s", 32),
		}[name]
	})
	must.Do(t, err)
	return settings
}

// enter begins a session with a ticket, as SignInFunction leaves one.
func (b *browser) enter(t *testing.T) {
	t.Helper()
	now := time.Now().Truncate(time.Millisecond)
	ticket := session.Ticket{
		User:    pat.ProvenUser{Issuer: b.client.Issuer, Subject: "1", Email: "ann@example.org", MayCreate: true, Admin: true},
		Started: session.FactsOf(sessiontest.New(t, now)), Next: "/",
	}
	b.cookie = sessiontest.Ticket(t, b.client, site, ticket, now)
	response := b.send(t, deployed.SessionFunction, browserEvent(http.MethodGet, session.EnterPath, "", ""))
	if response.StatusCode != http.StatusSeeOther {
		t.Fatalf("entering: got status %d with %s, want 303", response.StatusCode, response.Body)
	}
	b.cookie = sessiontest.CookieOf(response.MultiValueHeaders)
}

// site is where the stack would be deployed.
var site = session.Site{Origin: "https://api.example", Base: "/prod"}

func browserEvent(method, resource, id, body string) events.APIGatewayProxyRequest {
	path := strings.Replace(resource, "{id}", id, 1)
	event := events.APIGatewayProxyRequest{
		Resource: resource, Path: path, HTTPMethod: method, Body: body,
		Headers: map[string]string{"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"},
	}
	if strings.HasSuffix(resource, "/search") {
		event.MultiValueQueryStringParameters = map[string][]string{"q": {"bob"}}
	}
	event.RequestContext.DomainName, event.RequestContext.Path = "api.example", "/prod"+path
	if id != "" {
		event.PathParameters = map[string]string{"id": id}
	}
	return event
}

func (b *browser) send(t *testing.T, function string, event events.APIGatewayProxyRequest) events.APIGatewayProxyResponse {
	t.Helper()
	event.Headers["Cookie"] = b.cookie
	response, err := b.functions[function](within(context.WithoutCancel(t.Context()), function), event)
	must.Do(t, err)
	return response
}

func (b *browser) wantServed(t *testing.T, function, method, resource, id, body string) {
	t.Helper()
	response := b.send(t, function, browserEvent(method, session.APIPrefix+resource, id, body))
	if response.StatusCode >= http.StatusMultipleChoices {
		t.Errorf("%s: got status %d with %s, want success", fmt.Sprint(method, " ", resource), response.StatusCode, response.Body)
	}
}
