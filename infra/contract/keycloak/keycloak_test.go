// Package keycloak_test signs people in at a real Keycloak: at the laptop's stack, and at the one that is deployed to ministack.
package keycloak_test

import (
	"encoding/json"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"pats/infra/testkit/ministack"
	"pats/infra/testkit/must"
	"pats/infra/testkit/service"
	"pats/pkg/laptop/laptoptest"
)

const root = "../../.."

// The client and the password of realm.json.
const (
	clientID     = "pats"
	clientSecret = "client-secret-of-the-test-realm"
	passwords    = "-of-the-test-realm"
)

// TestSignIn signs people in at one Keycloak, whose start takes most of the time.
func TestSignIn(t *testing.T) {
	t.Parallel()
	if os.Getenv("PATS_KEYCLOAK") == "" {
		// Also where CI=true: `make test` runs this as well, and `make verify` again with the variable.
		t.Skip("PATS_KEYCLOAK is not set: `make verify` sets it")
	}
	keycloak, err := service.Start(t.Context(), service.Command{Args: []string{root + "/infra/services/keycloak/start", "--with-parent"}, Log: t.Output()})
	must.Do(t, err)
	t.Cleanup(func() { must.Do(t, keycloak.Stop()) })
	parameters := map[string]string{
		"OidcIssuer": keycloak.Ready + "/realms/pats", "OidcClientId": clientID, "OidcClientSecret": clientSecret,
		"AllowedGroups": "staff", "AdminGroup": "admins",
	}
	t.Run("at the laptop's stack", func(t *testing.T) {
		t.Parallel()
		server := laptoptest.Serve(t, laptoptest.NewStore(t), laptoptest.Options{Parameters: parameters})
		signPeopleIn(t, server.URL)
	})
	t.Run("at the deployed stack", func(t *testing.T) {
		t.Parallel()
		if os.Getenv("PATS_DEPLOYED") == "" {
			t.Skip("PATS_DEPLOYED is not set: `make verify` sets it")
		}
		emulator, err := ministack.Start(t.Context(), ministack.Options{Root: root, Log: t.Output()})
		must.Do(t, err)
		t.Cleanup(func() { must.Do(t, emulator.Stop()) })
		template, err := emulator.Build(t.Context(), "template.yaml", t.TempDir())
		must.Do(t, err)
		stack, err := emulator.DeployBuilt(t.Context(), template, parameters)
		must.Do(t, err)
		_, err = emulator.DeployBuilt(t.Context(), template, map[string]string{"PublicUrl": stack.URL}) // known only now
		must.Do(t, err)
		signPeopleIn(t, stack.URL)
	})
}

// signPeopleIn signs in an Admin by group, a member, and a stranger. Those who can also log in with the command.
func signPeopleIn(t *testing.T, stack string) {
	t.Helper()
	command := newPats(t, stack)
	for name, want := range map[string]struct {
		status, role int
	}{
		"ada": {http.StatusOK, 1},
		"bob": {http.StatusOK, 3},
		"eve": {http.StatusForbidden, 0},
	} {
		p := newPerson(t, stack)
		status, body := p.signIn(t, name)
		if status != want.status {
			t.Errorf("%s: got status %d with %s, want %d", name, status, body, want.status)
			continue
		}
		if want.role == 0 {
			continue
		}
		var shown struct {
			User struct {
				Email    string
				RootRole int
			}
		}
		if _, body = p.do(t, http.MethodGet, "/ui/session", ""); json.Unmarshal([]byte(body), &shown) != nil ||
			shown.User.Email != name+"@example.org" || shown.User.RootRole != want.role {
			t.Errorf("%s: got session %s, want the role %d", name, body, want.role)
		}
		command.logIn(t, p, name)
		p.useSession(t)
	}
}

// person is a browser at the stack.
type person struct {
	client *http.Client
	stack  string
}

func newPerson(t *testing.T, stack string) person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must.Do(t, err)
	return person{&http.Client{Jar: jar, Timeout: time.Minute}, stack}
}

var loginForm = regexp.MustCompile(`<form [^>]*action="([^"]+)"`)

// signIn fills in Keycloak's form, and follows the redirects to the end.
func (p person) signIn(t *testing.T, name string) (int, string) {
	t.Helper()
	_, page := p.send(t, http.MethodGet, p.stack+"/ui/login", "", nil)
	action := loginForm.FindStringSubmatch(page)
	if action == nil {
		t.Fatalf("got no form in %s", page)
	}
	form := url.Values{"username": {name}, "password": {name + passwords}}
	return p.send(t, http.MethodPost, html.UnescapeString(action[1]), form.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
}

// useSession creates a token, and ends the session.
func (p person) useSession(t *testing.T) {
	t.Helper()
	draft := `{"description":"laptop","expiresAt":"` + time.Now().Add(time.Hour).UTC().Format(time.RFC3339) + `"}`
	for _, step := range []struct {
		method, path, body string
		want               int
	}{
		{http.MethodPost, "/ui/api/admin/user/tokens", draft, http.StatusCreated},
		{http.MethodPost, "/ui/sign-out", "{}", http.StatusNoContent},
		{http.MethodGet, "/ui/api/admin/user/tokens", "", http.StatusUnauthorized},
	} {
		if status, body := p.do(t, step.method, step.path, step.body); status != step.want {
			t.Errorf("%s %s: got status %d with %s, want %d", step.method, step.path, status, body, step.want)
		}
	}
}

// do sends a request as a page of the stack does.
func (p person) do(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	return p.send(t, method, p.stack+path, body, http.Header{"Content-Type": {"application/json"}, "Sec-Fetch-Site": {"same-origin"}})
}

func (p person) send(t *testing.T, method, address, body string, headers http.Header) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	must.Do(t, err)
	maps.Copy(request.Header, headers)
	response, err := p.client.Do(request)
	must.Do(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	must.Do(t, err)
	return response.StatusCode, string(text)
}
