package signin_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
	"pats/pkg/session"
	"pats/pkg/signin"
	"pats/pkg/signin/signintest"
)

func TestSignInLeavesATicket(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	if got := location(t, f.signIn(t)).String(); got != "/prod/ui/enter" {
		t.Errorf("got location %s, want /prod/ui/enter", got)
	}
	ticket := f.ticket(t)
	want := pat.ProvenUser{Issuer: f.provider.URL, Subject: "1", Email: "ann@example.org", Username: "ann", Name: "Ann"}
	if diff := cmp.Diff(want, ticket.User); diff != "" {
		t.Errorf("the user (-want +got):\n%s", diff)
	}
	started, err := ticket.Started.Session()
	if err != nil || !started.StartedAt.Equal(f.clock.Now()) || !started.ExpiresAt.Equal(f.clock.Now().Add(12*time.Hour)) {
		t.Errorf("got a session %+v and error %v, want one from now for 12 hours", started, err)
	}
	if len(f.cookies) != 1 {
		t.Errorf("got %d cookies, want the ticket alone", len(f.cookies))
	}
}

func TestLoginRequestsACodeWithPKCE(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	query := f.begin(t, session.LoginPath).Query()
	for name, want := range map[string]string{
		"response_type": "code", "client_id": signintest.ClientID, "redirect_uri": "https://api.example/prod/ui/callback",
		"scope": "openid email profile", "code_challenge_method": "S256",
	} {
		if got := query.Get(name); got != want {
			t.Errorf("got %s %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if got := query.Get(name); len(got) != 43 {
			t.Errorf("got %s %q, want 32 random bytes", name, got)
		}
	}
	if again := f.begin(t, session.LoginPath).Query(); again.Get("state") == query.Get("state") || again.Get("nonce") == query.Get("nonce") {
		t.Error("got the state or the nonce of another sign-in, want fresh ones")
	}
}

// TestCookiesAreForThisHostAlone checks the attributes of the cookies, over TLS and on a laptop.
func TestCookiesAreForThisHostAlone(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]struct {
		name   string
		secure bool
	}{
		"api.example":    {"__Host-pats-login", true},
		"127.0.0.1:3000": {"pats-login", false},
		"localhost:3000": {"pats-login", false},
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, nil)
			f.host = host
			cookie, err := http.ParseSetCookie(f.send(t, http.MethodGet, session.LoginPath).MultiValueHeaders["Set-Cookie"][0])
			if err != nil {
				t.Fatal(err)
			}
			good := cookie.Name == want.name && cookie.Secure == want.secure && cookie.HttpOnly && cookie.Path == "/" && cookie.Domain == "" &&
				cookie.SameSite == http.SameSiteLaxMode && cookie.MaxAge == 600
			if !good {
				t.Errorf("got %s, want %s with the attributes of a cookie for this host alone", cookie, want.name)
			}
		})
	}
}

// TestCallbackRefuses presents a response of the provider that is not the one to this browser's sign-in.
func TestCallbackRefuses(t *testing.T) {
	t.Parallel()
	set := func(name, value string) func(*fixture, url.Values) {
		return func(_ *fixture, query url.Values) { query.Set(name, value) }
	}
	for name, c := range map[string]struct {
		change func(*fixture, url.Values)
		status int
	}{
		"a forged state":            {set("state", strings.Repeat("A", 43)), http.StatusBadRequest},
		"no state":                  {func(_ *fixture, q url.Values) { q.Del("state") }, http.StatusBadRequest},
		"two states":                {func(_ *fixture, q url.Values) { q["state"] = append(q["state"], q["state"][0]) }, http.StatusBadRequest},
		"a forged code":             {set("code", "guessed"), http.StatusForbidden},
		"no code":                   {func(_ *fixture, q url.Values) { q.Del("code") }, http.StatusBadGateway},
		"another issuer (RFC 9207)": {set("iss", "https://evil.example"), http.StatusBadGateway},
		"the provider's error":      {set("error", "access_denied"), http.StatusForbidden},
		"no cookie":                 {func(f *fixture, _ url.Values) { clear(f.cookies) }, http.StatusBadRequest},
		"a tampered cookie": {func(f *fixture, _ url.Values) {
			value := []byte(f.cookies["__Host-pats-login"])
			value[20] ^= 1
			f.cookies["__Host-pats-login"] = string(value)
		}, http.StatusBadRequest},
		"an expired sign-in": {func(f *fixture, _ url.Values) { f.clock.Advance(session.LoginLifetime) }, http.StatusBadRequest},
		"the cookie without its prefix": {func(f *fixture, _ url.Values) {
			f.cookies["pats-login"] = f.cookies["__Host-pats-login"]
			delete(f.cookies, "__Host-pats-login")
		}, http.StatusBadRequest},
		"two cookies of the name": {func(f *fixture, _ url.Values) { f.cookies[" __Host-pats-login"] = f.cookies["__Host-pats-login"] }, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, nil)
			back, err := url.Parse(atProvider(t, f.begin(t, session.LoginPath)))
			if err != nil {
				t.Fatal(err)
			}
			query := back.Query()
			c.change(f, query)
			f.wantRefused(t, f.get(t, back.Path+"?"+query.Encode()), c.status)
		})
	}
}

// TestCallbackOfAnotherBrowserIsRefused: login CSRF. An attacker's response does not sign a victim in, whose sign-in has another state.
func TestCallbackOfAnotherBrowserIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	attackers := atProvider(t, f.begin(t, session.LoginPath))
	clear(f.cookies)
	f.wantRefused(t, f.get(t, attackers), http.StatusBadRequest)
	f.begin(t, session.LoginPath)
	f.wantRefused(t, f.get(t, attackers), http.StatusBadRequest)
}

// TestForgedCallbackEndsNoSignIn: the browser's own sign-in goes on after another page has sent it to the callback.
func TestForgedCallbackEndsNoSignIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	back := atProvider(t, f.begin(t, session.LoginPath))
	f.wantRefused(t, f.get(t, session.CallbackPath+"?code=c&state=forged"), http.StatusBadRequest)
	location(t, f.get(t, back))
}

// TestCallbackWorksOnce: neither the browser nor the provider accepts a response twice.
func TestCallbackWorksOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	back := atProvider(t, f.begin(t, session.LoginPath))
	login := f.cookies["__Host-pats-login"]
	location(t, f.get(t, back))
	clear(f.cookies)
	f.wantRefused(t, f.get(t, back), http.StatusBadRequest)
	f.cookies["__Host-pats-login"] = login
	f.wantRefused(t, f.get(t, back), http.StatusForbidden)
}

// TestIDTokenIsVerified presents ID tokens that are not for this sign-in.
func TestIDTokenIsVerified(t *testing.T) {
	t.Parallel()
	set := func(name string, value any) func(*signintest.Provider) {
		return func(p *signintest.Provider) { p.IDToken = func(c signintest.Claims) { c[name] = value } }
	}
	for name, change := range map[string]func(*signintest.Provider){
		"another nonce":     set("nonce", "another"),
		"no nonce":          set("nonce", nil),
		"another issuer":    set("iss", "https://evil.example"),
		"another audience":  set("aud", "another client"),
		"expired":           set("exp", 1),
		"no algorithm":      func(p *signintest.Provider) { p.Raw = signintest.Unsigned },
		"no JWT":            func(p *signintest.Provider) { p.Raw = func(signintest.Claims) string { return "x" } },
		"claims of no form": set("email", 5),
		"no token": func(p *signintest.Provider) {
			p.Fail = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"access_token":"a","token_type":"Bearer"}`))
			}
		},
		"user info of another subject": func(p *signintest.Provider) {
			p.User = signintest.Claims{"sub": "1"}
			p.UserInfo = signintest.Claims{"sub": "2", "email": "eve@example.org", "email_verified": true}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, nil)
			f.provider.Change(change)
			f.wantRefused(t, f.signIn(t), http.StatusBadGateway)
		})
	}
}

func TestKeysOfTheProviderCanChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	for range 3 {
		location(t, f.signIn(t))
		f.provider.RotateKey(t)
	}
}

func TestUserInfoCompletesTheIDToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(s *signin.Settings) { s.AdminGroup = "admins" })
	f.provider.Change(func(p *signintest.Provider) {
		p.User = signintest.Claims{"sub": "1"}
		p.UserInfo = signintest.Claims{"sub": "1", "email": "ann@example.org", "email_verified": true, "name": "Ann", "groups": []string{"admins"}}
	})
	f.signIn(t)
	want := pat.ProvenUser{Issuer: f.provider.URL, Subject: "1", Email: "ann@example.org", Name: "Ann", Admin: true}
	if diff := cmp.Diff(want, f.ticket(t).User); diff != "" {
		t.Errorf("the user (-want +got):\n%s", diff)
	}
}

// TestProviderFails: a provider that fails, or does not respond, ends the sign-in with a page; its response is not shown or logged.
func TestProviderFails(t *testing.T) {
	t.Parallel()
	const planted = "planted-by-the-provider"
	for name, fail := range map[string]http.HandlerFunc{
		"an error":       func(w http.ResponseWriter, _ *http.Request) { http.Error(w, planted, http.StatusInternalServerError) },
		"a closed line":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a time-out":     func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"another answer": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(planted)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, nil)
			f.client.Timeout = time.Second
			f.provider.Change(func(p *signintest.Provider) { p.Fail = fail })
			response := f.signIn(t)
			f.wantRefused(t, response, http.StatusBadGateway)
			if strings.Contains(response.Body+f.log.String(), planted) {
				t.Error("the page or the log quotes the provider")
			}
		})
	}
}

// TestClientSecretIsSentOnce: in the way that the provider takes it, since a code that is presented twice looks stolen.
func TestClientSecretIsSentOnce(t *testing.T) {
	t.Parallel()
	for _, methods := range [][]string{nil, {"client_secret_basic"}, {"client_secret_post"}, {"client_secret_post", "private_key_jwt"}} {
		f := newFixture(t, nil)
		f.provider.Change(func(p *signintest.Provider) { p.AuthMethods = methods })
		location(t, f.signIn(t))
		clear(f.cookies)
		var requests atomic.Int32
		f.provider.Change(func(p *signintest.Provider) {
			p.Fail = func(http.ResponseWriter, *http.Request) { requests.Add(1); panic(http.ErrAbortHandler) }
		})
		f.wantRefused(t, f.signIn(t), http.StatusBadGateway)
		if got := requests.Load(); got != 1 {
			t.Errorf("%q: got %d requests with the code, want 1", methods, got)
		}
	}
}

func TestMetadataIsReadAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	working := f.provider.URL
	f.provider.Change(func(p *signintest.Provider) { p.URL = "https://another.example" })
	f.wantRefused(t, f.get(t, session.LoginPath), http.StatusBadGateway)
	f.provider.Change(func(p *signintest.Provider) { p.URL = working })
	location(t, f.signIn(t))
}

// TestNoOpenRedirect: a sign-in leads to a page of the stack alone.
func TestNoOpenRedirect(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	for next, want := range map[string]string{
		"":                             "/",
		"/ui/cli?port=1&state=s":       "/ui/cli?port=1&state=s",
		"https://evil.example":         "/",
		"//evil.example":               "/",
		"/\\evil.example":              "/",
		"/ui/cli?\r\nSet-Cookie: x":    "/",
		"/ui/cli#https://evil.example": "/",
		"/ui/cli/../../x":              "/",
		"/ui/sign-out":                 "/",
		"javascript:alert(1)":          "/",
	} {
		f.get(t, atProvider(t, f.begin(t, session.LoginPath+"?"+url.Values{"next": {next}}.Encode())))
		if got := f.ticket(t).Next; got != want {
			t.Errorf("%q: got %q, want %q", next, got, want)
		}
	}
}

// TestLoginAtAnotherAddress: the browser goes to the public address first, where the provider sends it back to.
func TestLoginAtAnotherAddress(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(s *signin.Settings) { s.PublicURL = "https://pats.example" })
	if got := f.begin(t, session.LoginPath+"?next=%2Fui%2Fcli%3Fport%3D1").String(); got != "https://pats.example/ui/login?next=%2Fui%2Fcli%3Fport%3D1&redirected=true" {
		t.Errorf("got %s, want the same path at the public address", got)
	}
	if got := f.begin(t, session.LoginPath+"?redirected=true").Query().Get("redirect_uri"); got != "https://pats.example/ui/callback" {
		t.Errorf("behind a proxy: got redirect_uri %s, want the one at the public address", got)
	}
	f.host = "pats.example"
	if got := f.begin(t, session.LoginPath).Query().Get("redirect_uri"); got != "https://pats.example/ui/callback" {
		t.Errorf("got redirect_uri %s, want the one at the public address", got)
	}
}

func TestWithoutAnIssuerNobodySignsIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(s *signin.Settings) { s.Client = session.Client{} })
	for _, path := range []string{session.LoginPath, session.CallbackPath} {
		f.wantRefused(t, f.get(t, path), http.StatusNotFound)
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	for _, method := range []string{http.MethodPost, http.MethodHead, http.MethodOptions, http.MethodDelete} {
		if got := f.send(t, method, session.LoginPath).StatusCode; got != http.StatusMethodNotAllowed {
			t.Errorf("%s: got status %d, want 405", method, got)
		}
	}
}

// TestErrorsInTheURLAreNotLogged: anybody can write anything into the address of the callback.
func TestErrorsInTheURLAreNotLogged(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	state := f.begin(t, session.LoginPath).Query().Get("state")
	response := f.get(t, session.CallbackPath+"?"+url.Values{"state": {state}, "error": {"access_denied\nlevel=ERROR <b>"}, "error_description": {"planted"}}.Encode())
	f.wantRefused(t, response, http.StatusForbidden)
	if strings.Contains(f.log.String()+response.Body, "<b>") || strings.Contains(f.log.String(), "planted") || !strings.Contains(f.log.String(), "access_denied") {
		t.Errorf("got the log %s, want the error code alone", f.log)
	}
}
