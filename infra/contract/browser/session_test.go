package browser_test

import (
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"

	"pats/infra/testkit/binaries"
	"pats/infra/testkit/must"
	"pats/infra/testkit/service"
)

// laptop is `pats serve --dev-login`, with which people sign in as a new user runs it.
type laptop struct {
	url string
	// code is what its provider asks for, from the terminal.
	code string
}

var (
	programFolder string
	program       = sync.OnceValues(func() (string, error) {
		return binaries.BuildProgram(context.Background(), root, "./cmd/pats", programFolder)
	})
)

var accessCode = regexp.MustCompile(`with the code ([0-9A-Z]{5}-[0-9A-Z]{5})`)

func newLaptop(t *testing.T) *laptop {
	t.Helper()
	binary, err := program()
	must.Do(t, err)
	server, err := service.Start(context.WithoutCancel(t.Context()), service.Command{
		Args: []string{binary, "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "data"), "--dev-login", "--parameter", "Scopes=" + scopesOfShop},
	})
	must.Do(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	return &laptop{url: server.Ready + "/", code: printedCode(t, server)}
}

// printedCode waits for the code, which the server prints after the line that says that it is ready.
func printedCode(t *testing.T, server *service.Service) string {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		if match := accessCode.FindStringSubmatch(server.Output()); match != nil {
			return match[1]
		}
	}
	t.Fatalf("the server prints no code:\n%s", server.Output())
	return ""
}

// enter signs a person in at the provider.
func (l *laptop) enter(p *tab, name string, admin bool) {
	p.t.Helper()
	p.open(l.url)
	p.click("button", "Sign in")
	p.fill("Code from the terminal", l.code)
	p.fill("Name", name)
	if admin {
		p.click("checkbox", "Sign in as an Admin")
	}
	p.click("button", "Sign in")
	p.find("button", "Sign out")
	p.settled()
}

// TestSession signs in at the provider of `pats serve --dev-login`.
func TestSession(t *testing.T) {
	t.Parallel()
	server := newLaptop(t)
	for _, as := range looks {
		t.Run(as.String(), func(t *testing.T) {
			t.Parallel()
			session(t, as, server.url, func(p *tab) { server.enter(p, "vera-"+as.String(), false) })
		})
	}
}

// session signs a new user in, with enter, and goes from no tokens to a token to signing out.
func session(t *testing.T, as look, url string, enter func(*tab)) {
	t.Helper()
	p := newTab(t, as)
	check := p.checker()
	p.open(url)
	p.find("button", "Use a token instead")
	check("sign-in")
	enter(p)
	p.find("button", "Create your first token")
	check("no tokens")
	p.click("button", "Create your first token")
	p.fill("Description", "First")
	p.click("button", "Create token")
	p.find("dialog", "Copy your token now")
	secret := eval[string](p, "document.getElementById('value').value")
	p.click("button", "I have copied it")
	p.settled()
	check("one token")
	if p.keeps(secret) {
		t.Error("the page has the secret after its dialog has closed")
	}
	p.open(url)
	p.shows("First")
	p.click("button", "Sign out")
	p.shows("You have signed out.")
	check("signed out")
	p.open(url)
	p.find("button", "Use a token instead")
	p.faultless()
}

// TestAdminInASession manages users and everybody's tokens without a token.
func TestAdminInASession(t *testing.T) {
	t.Parallel()
	server := newLaptop(t)
	p := newTab(t, desktop)
	server.enter(p, "boss", true)
	p.create("Of the boss")
	p.click("button", "I have copied it")
	p.settled()
	p.click("button", "Users")
	p.shows("admin")
	p.click("button", "New user")
	p.fill("Username", "carl")
	p.click("button", "Create user")
	p.shows("carl created.")
	p.click("button", "All tokens")
	p.shows("first token")
	p.clickOf("Revoke", "Of the boss")
	p.find("dialog", "Revoke “Of the boss” of boss?")
	p.click("button", "Revoke")
	p.waitFor(`document.getElementById('note').textContent.endsWith('revoked.')`)
	p.click("button", "My tokens")
	p.find("button", "Create your first token")
	p.faultless()
}

// TestSignOutEverywhere: the sessions of other browsers end, too.
func TestSignOutEverywhere(t *testing.T) {
	t.Parallel()
	server := newLaptop(t)
	one, two := newTab(t, desktop), newTab(t, desktop)
	server.enter(one, "vera", false)
	server.enter(two, "vera", false)
	one.click("button", "Sign out everywhere")
	one.shows("You have signed out.")
	two.open(server.url)
	two.find("button", "Use a token instead")
	two.faultless()
}

// TestSessionCookieIsNoBusinessOfScripts: a script that got into the page could not take the session away.
func TestSessionCookieIsNoBusinessOfScripts(t *testing.T) {
	t.Parallel()
	server := newLaptop(t)
	p := newTab(t, desktop)
	server.enter(p, "vera", false)
	if cookies := eval[string](p, "document.cookie"); cookies != "" {
		t.Errorf("a script reads the cookies %q, want none", cookies)
	}
	cookies := call(p, network.GetCookies, network.GetCookiesParams{}).Cookies
	if len(cookies) != 1 || !cookies[0].HTTPOnly || cookies[0].SameSite != network.CookieSameSiteLax {
		t.Errorf("got the cookies %+v, want one that scripts cannot read", cookies)
	}
}

// TestSessionEndsMidway: the session ends while a person fills in a form, in each way.
func TestSessionEndsMidway(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, p *tab, server *laptop){
		"the cookie has expired": func(_ *testing.T, p *tab, _ *laptop) { call(p, network.ClearBrowserCookies, cdp.Empty{}) },
		"an Admin has disabled the user": func(t *testing.T, _ *tab, server *laptop) {
			admin := newTab(t, desktop)
			server.enter(admin, "boss", true)
			admin.click("button", "Users")
			admin.fillAs("searchbox", "Name, username or email", "ended")
			admin.click("button", "Find")
			admin.waitFor(`document.querySelectorAll('#user-list li').length == 1`)
			admin.click("button", "Disable")
			admin.find("button", "Cancel")
			admin.clickNode(admin.nodes("button", "Disable")[0])
			admin.find("button", "Enable")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newLaptop(t)
			p := newTab(t, desktop)
			server.enter(p, "ended", false)
			p.click("button", "New token")
			p.fill("Description", "Too late")
			end(t, p, server)
			p.click("button", "Create token")
			p.shows("Your session has ended. Sign in again.")
			p.find("button", "Use a token instead")
			if p.has("dialog", "New token") || strings.Contains(eval[string](p, "document.body.innerText"), "ended@") {
				t.Error("the page still shows what only the user may see")
			}
		})
	}
}
