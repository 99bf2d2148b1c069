package devlogin_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"pats/cmd/pats/devlogin"
)

// site is a provider, and the server beside which it runs.
type site struct {
	*devlogin.Provider
	url   string
	clock time.Time
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{clock: time.Now()}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	provider, err := devlogin.New(server.URL, func() time.Time { return s.clock })
	if err != nil {
		t.Fatal(err)
	}
	handler = devlogin.OnlyLocalHost(provider.Beside(http.NotFoundHandler()))
	s.Provider, s.url = provider, server.URL
	return s
}

// config returns the configuration of the relying party, after reading the provider's metadata.
func (s *site) config(t *testing.T) (*oidc.Provider, *oauth2.Config) {
	t.Helper()
	parameters := s.Parameters()
	provider, err := oidc.NewProvider(t.Context(), parameters["OidcIssuer"])
	if err != nil {
		t.Fatal(err)
	}
	return provider, &oauth2.Config{
		ClientID: parameters["OidcClientId"], ClientSecret: parameters["OidcClientSecret"], Endpoint: provider.Endpoint(),
		RedirectURL: s.url + "/ui/callback", Scopes: []string{oidc.ScopeOpenID},
	}
}

const (
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	nonce    = "the-nonce"
	state    = "the-state"
)

func (s *site) authorizeURL(t *testing.T) string {
	t.Helper()
	_, config := s.config(t)
	return config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier))
}

// reply is a response of the provider.
type reply struct {
	status   int
	location string
	body     string
}

// send sends a request. It follows no redirect.
func send(t *testing.T, request *http.Request) reply {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header.Get("Location"), string(body)}
}

func form(t *testing.T, address string, fields url.Values) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	return request
}

// signIn enters the code of the terminal, and returns the query of the address to which the provider sends the browser.
func (s *site) signIn(t *testing.T, fields url.Values) url.Values {
	t.Helper()
	fields.Set("code", s.AccessCode())
	got := send(t, form(t, s.authorizeURL(t), fields))
	location, err := url.Parse(got.location)
	if err != nil || got.status != http.StatusSeeOther || location.Path != "/ui/callback" {
		t.Fatalf("got %d %s to %v (%v), want a redirect to the callback", got.status, got.body, location, err)
	}
	return location.Query()
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fields url.Values
		groups int
	}{
		"a user":   {url.Values{"name": {"ada"}}, 0},
		"an Admin": {url.Values{"name": {"ada"}, "admin": {"on"}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			back := s.signIn(t, c.fields)
			if back.Get("state") != state || back.Get("iss") != s.Parameters()["OidcIssuer"] {
				t.Errorf("got %v, want state and issuer", back)
			}
			provider, config := s.config(t)
			tokens, err := config.Exchange(t.Context(), back.Get("code"), oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal(err)
			}
			raw, _ := tokens.Extra("id_token").(string)
			token, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(t.Context(), raw)
			if err != nil {
				t.Fatal(err)
			}
			var claims struct {
				Email         string   `json:"email"`
				EmailVerified bool     `json:"email_verified"`
				Groups        []string `json:"groups"`
			}
			if err := token.Claims(&claims); err != nil {
				t.Fatal(err)
			}
			if token.Subject != "ada" || token.Nonce != nonce || !claims.EmailVerified || len(claims.Groups) != c.groups ||
				!strings.HasSuffix(claims.Email, "@"+s.Parameters()["AllowedDomains"]) {
				t.Errorf("got subject %q, nonce %q and %+v, want those of ada", token.Subject, token.Nonce, claims)
			}
		})
	}
}

// TestAccessCode: nobody signs in without the code that the terminal shows, whose case, hyphen and spaces do not matter.
func TestAccessCode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	address := s.authorizeURL(t)
	plain := strings.ReplaceAll(s.AccessCode(), "-", "")
	for name, c := range map[string]struct {
		code   string
		status int
	}{
		"as shown":       {s.AccessCode(), http.StatusSeeOther},
		"small letters":  {strings.ToLower(plain), http.StatusSeeOther},
		"spaces":         {" " + plain[:5] + " " + plain[5:], http.StatusSeeOther},
		"none":           {"", http.StatusForbidden},
		"a part":         {plain[:9], http.StatusForbidden},
		"more":           {plain + "A", http.StatusForbidden},
		"another":        {"AAAAA-AAAAA", http.StatusForbidden},
		"another site's": {"cross-site", http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := form(t, address, url.Values{"code": {c.code}, "name": {"ada"}})
			if c.code == "cross-site" {
				request = form(t, address, url.Values{"code": {s.AccessCode()}, "name": {"ada"}})
				request.Header.Set("Sec-Fetch-Site", "cross-site")
			}
			if got := send(t, request); got.status != c.status {
				t.Errorf("got %d %s, want %d", got.status, got.body, c.status)
			}
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	address := s.authorizeURL(t)
	for _, name := range []string{"", "Ada", "ada@example.com", "-ada", "<b>", strings.Repeat("a", 32)} {
		got := send(t, form(t, address, url.Values{"code": {s.AccessCode()}, "name": {name}}))
		if got.status != http.StatusBadRequest || strings.Contains(got.body, "<b>") {
			t.Errorf("%q: got %d %s, want 400", name, got.status, got.body)
		}
	}
}

// TestAuthorizationRequests: the provider shows its form for requests of the one client alone, and sends the browser nowhere else.
func TestAuthorizationRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, edit := range map[string]func(url.Values){
		"another client":   func(q url.Values) { q.Set("client_id", "other") },
		"another redirect": func(q url.Values) { q.Set("redirect_uri", "https://evil.example/ui/callback") },
		"a longer one":     func(q url.Values) { q.Set("redirect_uri", q.Get("redirect_uri")+"/x") },
		"two redirects":    func(q url.Values) { q.Add("redirect_uri", "https://evil.example") },
		"no challenge":     func(q url.Values) { q.Del("code_challenge") },
		"plain challenge":  func(q url.Values) { q.Set("code_challenge_method", "plain") },
		"implicit flow":    func(q url.Values) { q.Set("response_type", "id_token") },
		"no state":         func(q url.Values) { q.Del("state") },
		"no nonce":         func(q url.Values) { q.Del("nonce") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, err := url.Parse(s.authorizeURL(t))
			if err != nil {
				t.Fatal(err)
			}
			query := address.Query()
			edit(query)
			address.RawQuery = query.Encode()
			get, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address.String(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, request := range []*http.Request{get, form(t, address.String(), url.Values{"code": {s.AccessCode()}, "name": {"ada"}})} {
				got := send(t, request)
				if got.status != http.StatusBadRequest || strings.Contains(got.body, "evil") {
					t.Errorf("%s: got %d %s, want 400", request.Method, got.status, got.body)
				}
			}
		})
	}
}

func TestRefusedExchanges(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(s *site, config *oauth2.Config, code, verifier *string){
		"another verifier": func(_ *site, _ *oauth2.Config, _, verifier *string) { *verifier += "x" },
		"another code":     func(_ *site, _ *oauth2.Config, code, _ *string) { *code += "x" },
		"another secret":   func(_ *site, config *oauth2.Config, _, _ *string) { config.ClientSecret += "x" },
		"another redirect": func(_ *site, config *oauth2.Config, _, _ *string) { config.RedirectURL += "x" },
		"an expired code":  func(s *site, _ *oauth2.Config, _, _ *string) { s.clock = s.clock.Add(time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			code, verifier := s.signIn(t, url.Values{"name": {"ada"}}).Get("code"), verifier
			_, config := s.config(t)
			spoil(s, config, &code, &verifier)
			if _, err := config.Exchange(t.Context(), code, oauth2.VerifierOption(verifier)); err == nil {
				t.Error("got an ID token")
			}
		})
	}
}

func TestCodeIsForOneExchange(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	code := s.signIn(t, url.Values{"name": {"ada"}}).Get("code")
	_, config := s.config(t)
	for i, want := range []bool{true, false} {
		_, err := config.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
		if got := err == nil; got != want {
			t.Errorf("exchange %d: got %v, want it to succeed: %v", i+1, err, want)
		}
	}
}

// TestOnlyLocalHost: a name of another site that leads to this machine reaches neither the provider nor the server beside it.
func TestOnlyLocalHost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for host, want := range map[string]int{
		"127.0.0.1:3000": http.StatusOK, "127.0.0.1": http.StatusOK, "localhost:3000": http.StatusOK, "LOCALHOST": http.StatusOK,
		"evil.example": http.StatusMisdirectedRequest, "evil.example:3000": http.StatusMisdirectedRequest,
		"localhost.evil.example": http.StatusMisdirectedRequest, "127.0.0.1.evil.example": http.StatusMisdirectedRequest,
		"127.0.0.2": http.StatusMisdirectedRequest, "[::1]:3000": http.StatusMisdirectedRequest, "0.0.0.0": http.StatusMisdirectedRequest,
	} {
		for _, path := range []string{"/dev-login/keys", "/other"} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Host = host
			got := send(t, request)
			if path == "/other" && want == http.StatusOK {
				want = http.StatusNotFound
			}
			if got.status != want {
				t.Errorf("%s at %s: got %d, want %d", path, host, got.status, want)
			}
		}
	}
}

// TestKeysArePublic: the private key stays in the process.
func TestKeysArePublic(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/dev-login/keys", nil)
	if err != nil {
		t.Fatal(err)
	}
	body := send(t, request).body
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal([]byte(body), &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("got %s, want one key", body)
	}
	if _, private := set.Keys[0]["d"]; private {
		t.Errorf("got the private key in %s", body)
	}
}
