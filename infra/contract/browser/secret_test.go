package browser_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/infra/testkit/must"
)

// places are where a page can keep a text: the document with the values of its fields, its address, its title, storage and cookies.
const places = `(async () => JSON.stringify([
	document.documentElement.outerHTML, ...[...document.querySelectorAll('input, textarea, select, output')].map(field => field.value + field.defaultValue),
	document.body.innerText, location.href, document.title, document.cookie, history.state, window.name,
	{...localStorage}, {...sessionStorage}, await indexedDB.databases(), await caches.keys(),
]))()`

// keeps reports whether the page has a text anywhere.
func (p *tab) keeps(text string) bool {
	p.t.Helper()
	return strings.Contains(eval[string](p, places), text)
}

// create creates a token, and returns its secret from the dialog, which stays open.
func (p *tab) create(description string) string {
	p.t.Helper()
	p.click("button", "New token")
	p.fill("Description", description)
	p.click("button", "Create token")
	p.find("dialog", "Copy your token now")
	secret := eval[string](p, "document.getElementById('value').value")
	if !strings.HasPrefix(secret, "user:v2_") {
		p.t.Fatalf("got the secret %q, want a token", secret)
	}
	return secret
}

// TestSecretIsShownOnce: nothing of the page has the new secret once its dialog has closed, and nothing ever has the pasted one.
func TestSecretIsShownOnce(t *testing.T) {
	t.Parallel()
	secretIsShownOnce(t, newSite(t, ""))
}

func secretIsShownOnce(t *testing.T, s *site) {
	t.Helper()
	token := s.admin(t)
	p := newTab(t, desktop)
	p.signIn(s.url, token)
	if p.keeps(token) {
		t.Error("the page has the pasted token")
	}
	secret := p.create("Once")
	p.click("DisclosureTriangle", "Try it")
	if !p.keeps(secret) {
		t.Fatal("the page does not show the new secret, so this test finds nothing")
	}
	p.click("button", "I have copied it")
	if p.keeps(secret) || p.keeps(secret[len(secret)-20:]) {
		t.Error("the page has the secret after its dialog has closed")
	}
	p.log.Lock()
	defer p.log.Unlock()
	for _, request := range p.log.requests {
		if url := request.Request.URL; strings.Contains(url, token) || strings.Contains(url, secret) {
			t.Errorf("the address %s has a secret", url)
		}
	}
}

// TestSecretIsGoneAfterLeaving: a page that the browser keeps for the way back has neither secret.
func TestSecretIsGoneAfterLeaving(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	token := s.admin(t)
	p := newTab(t, desktop)
	p.signIn(s.url, token)
	secret := p.create("Left")
	p.open("about:blank")
	eval[any](p, "history.back()")
	p.find("button", "Sign in")
	if p.keeps(secret) || p.keeps(token) || p.has("button", "Sign out") {
		t.Error("the page is signed in or has a secret after the way back")
	}
}

// TestEscapeKeepsSecret: the secret would be lost.
func TestEscapeKeepsSecret(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	p := newTab(t, desktop)
	p.signIn(s.url, s.admin(t))
	secret := p.create("Escape")
	for range 3 {
		p.press("\u001b")
	}
	if !p.has("dialog", "Copy your token now") || !p.keeps(secret) {
		t.Error("the dialog has closed, want it open until the button is pressed")
	}
}

// TestCopiedTokenWorks copies by the button, and sends what the clipboard has to the API.
func TestCopiedTokenWorks(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	p := newTabOfOwnBrowser(t, desktop)
	p.signIn(s.url, s.admin(t))
	call(p, browser.SetPermission, browser.SetPermissionParams{
		Permission: &browser.PermissionDescriptor{Name: "clipboard-read"}, Setting: browser.PermissionSettingGranted,
	})
	secret := p.create("Copied")
	p.click("button", "Copy")
	p.shows("Copied.")
	if got := eval[string](p, "navigator.clipboard.readText()"); got != secret {
		t.Fatal("the clipboard does not have the secret")
	}
	response, err := apiclient.Send(t.Context(), apiclient.New(t, 1), strings.TrimSuffix(s.url, "/"), apiclient.Request{Method: http.MethodGet, Path: deployed.ProfilePath, Token: secret})
	must.Do(t, err)
	if response.Status != http.StatusOK {
		t.Errorf("got %v, want the token to work", response)
	}
	p.click("DisclosureTriangle", "Try it")
	line := eval[string](p, "document.getElementById('curl').textContent")
	if want := "curl '" + s.url + "api/admin/user' -H 'Authorization: Bearer " + secret + "'"; line != want {
		t.Errorf("got the line %q, want %q", line, want)
	}
}
