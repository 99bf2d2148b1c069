package browser_test

import (
	"crypto/rand"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"pats/cmd/pats/devlogin"
	"pats/cmd/pats/loopback"
	"pats/cmd/pats/target"
	"pats/infra/testkit/must"
	"pats/pkg/api/apitypes"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// signInSite is a laptop server at which users sign in with the provider for development.
type signInSite struct {
	url        string
	accessCode string
}

func newSignInSite(t *testing.T, parameters map[string]string) *signInSite {
	t.Helper()
	var handler http.Handler
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(front.Close)
	provider, err := devlogin.New(front.URL, time.Now)
	must.Do(t, err)
	maps.Copy(parameters, provider.Parameters())
	server := laptoptest.Serve(t, laptoptest.NewStore(t), laptoptest.Options{Parameters: parameters})
	behind, err := url.Parse(server.URL)
	must.Do(t, err)
	handler = provider.Beside(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(behind)
		r.Out.Host = r.In.Host
	}})
	return &signInSite{front.URL, provider.AccessCode()}
}

// signInAtProvider signs in on the page that the tab shows, up to the provider's button.
func (p *tab) signInAtProvider(s *signInSite) {
	p.t.Helper()
	p.click("button", "Sign in")
	p.fill("Code from the terminal", s.accessCode)
	p.fill("Name", "ada")
}

// command is a `pats login` that waits for its user's answer.
type command struct {
	verifier pat.LoginVerifier
	listener *loopback.Listener
	server   *target.Server
	query    url.Values
}

func newCommand(t *testing.T, s *signInSite, scopes string) *command {
	t.Helper()
	verifier, err := pat.NewLoginVerifier(rand.Reader)
	must.Do(t, err)
	state := rand.Text()
	listener, err := loopback.Listen(t.Context(), state)
	must.Do(t, err)
	t.Cleanup(func() { listener.Close(t.Context()) })
	server, err := target.NewServer(s.url, "", false)
	must.Do(t, err)
	return &command{verifier, listener, server, url.Values{
		"challenge": {string(verifier.Challenge())}, "description": {"pats login on a laptop, " + state},
		"scope": {scopes}, "port": {strconv.Itoa(listener.Port())}, "state": {state},
	}}
}

// pasting returns a command whose user has to paste the code.
func (c *command) pasting() *command {
	c.query.Del("port")
	c.query.Del("state")
	return c
}

func (c *command) consent() string { return c.server.ConsentURL(c.query) }

// redeem redeems a code.
func (c *command) redeem(t *testing.T, code string) apitypes.CreatedToken {
	t.Helper()
	created, err := c.server.Redeem(t.Context(), apitypes.RedeemLogin{Code: code, Verifier: c.verifier.Reveal()})
	must.Do(t, err)
	return created
}

// received returns the code that the browser has handed to the command, or an error if the user denied it.
func (c *command) received(t *testing.T) (string, error) {
	t.Helper()
	return c.listener.Code(t.Context())
}

// TestConsent: a user who is sent to the page by `pats login` signs in, compares the codes, and approves or denies, in every look, with
// no violation of axe-core's rules.
func TestConsent(t *testing.T) {
	t.Parallel()
	for _, as := range looks { //nolint:paralleltest // one browser at a time
		t.Run(as.String(), func(t *testing.T) {
			s := newSignInSite(t, map[string]string{"AllowPastedCode": "true", "Scopes": scopesOfShop})
			p := newTab(t, as)
			check := p.checker()
			login := newCommand(t, s, "orders:read pats:read")
			p.open(login.consent())
			p.find("button", "Sign in")
			check("signed-out")
			p.signInAtProvider(s)
			check("provider")
			p.click("button", "Sign in")
			p.find("button", "Approve")
			p.shows(login.verifier.Challenge().ShortCode())
			p.shows("orders:read")
			p.shows("pats login on a laptop")
			check("asked")
			p.click("button", "Approve")
			p.shows("return to the terminal")
			check("approved")
			code, err := login.received(t)
			must.Do(t, err)
			if created := login.redeem(t, code); len(created.Scopes) != 2 {
				t.Errorf("got the scopes %v, want two", created.Scopes)
			}
			paste := newCommand(t, s, "pats:read").pasting()
			p.open(paste.consent())
			p.shows("Whoever asks you to send it to them")
			check("asked-to-paste")
			p.click("button", "Approve")
			p.find("button", "Copy")
			check("code")
			paste.redeem(t, eval[string](p, "document.getElementById('consent-pasted').value"))
			p.open(s.url + "/ui/cli?port=1")
			p.shows("The address is not one of")
			check("refused")
			p.faultless()
		})
	}
}

func TestDeniedConsent(t *testing.T) {
	t.Parallel()
	s := newSignInSite(t, map[string]string{})
	p := newTab(t, desktop)
	login := newCommand(t, s, "pats:read")
	p.open(login.consent())
	p.signInAtProvider(s)
	p.click("button", "Sign in")
	p.click("button", "Deny")
	p.shows("The login was denied.")
	if _, err := login.received(t); !errors.Is(err, loopback.ErrDenied) {
		t.Errorf("got %v, want %v", err, loopback.ErrDenied)
	}
	p.faultless()
}

// TestConsentByKeyboard approves a login without a mouse.
func TestConsentByKeyboard(t *testing.T) {
	t.Parallel()
	s := newSignInSite(t, map[string]string{})
	p := newTab(t, desktop)
	login := newCommand(t, s, "pats:read")
	p.open(login.consent())
	p.find("button", "Sign in")
	p.press("\t", "\r")
	p.find("textbox", "Name")
	p.press(strings.Split(s.accessCode, "")...)
	p.press("\r")
	p.find("button", "Approve")
	p.press("\t", "\t", "\r")
	p.shows("return to the terminal")
	code, err := login.received(t)
	must.Do(t, err)
	login.redeem(t, code)
	p.faultless()
}

// TestConsentCannotBeFramed: no other page shows the buttons under its own.
func TestConsentCannotBeFramed(t *testing.T) {
	t.Parallel()
	s := newSignInSite(t, map[string]string{})
	login := newCommand(t, s, "pats:read")
	frame := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<iframe src="` + strings.ReplaceAll(login.consent(), "&", "&amp;") + `"></iframe>`))
	}))
	t.Cleanup(frame.Close)
	p := newTab(t, desktop)
	p.open(frame.URL)
	p.wait("the browser to refuse the frame", func() bool {
		p.log.Lock()
		defer p.log.Unlock()
		return strings.Contains(strings.Join(p.log.faults, " "), "frame")
	})
	if p.has("button", "Sign in") {
		t.Error("the page is in the frame")
	}
}
