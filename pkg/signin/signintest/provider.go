// Package signintest is an OpenID Connect provider for tests, whose responses a test can change.
package signintest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The client that the provider knows.
const (
	ClientID     = "pats"
	ClientSecret = "a-secret-that-the-provider-generated"
)

// Claims are those of an ID token or of the user info.
type Claims = map[string]any

// Provider is a provider with one user, who signs in without a word. Its fields can be changed before a request. The zero value of each
// is what a correct provider does.
type Provider struct {
	URL string
	now func() time.Time

	mu sync.Mutex
	// User has the claims of the user.
	User Claims
	// IDToken changes the claims of ID tokens.
	IDToken func(Claims)
	// UserInfo has the claims of the user info. If it is nil, there is no user info.
	UserInfo Claims
	// Raw replaces the ID token.
	Raw func(Claims) string
	// Fail, if it is set, responds to requests to the token endpoint.
	Fail http.HandlerFunc
	key  *ecdsa.PrivateKey
	// keyID changes with the key.
	keyID string
	codes map[string]url.Values
}

// Start starts a provider whose clock is now, until the test ends.
func Start(t testing.TB, now func() time.Time) *Provider {
	t.Helper()
	p := &Provider{now: now, codes: map[string]url.Values{}, User: Claims{
		"sub": "1", "email": "ann@example.org", "email_verified": true, "name": "Ann", "preferred_username": "ann",
	}}
	p.RotateKey(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.metadata)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.userInfo)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// Change calls change while no request is being served.
func (p *Provider) Change(change func(*Provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// RotateKey replaces the key with which ID tokens are signed.
func (p *Provider) RotateKey(t testing.TB) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p.Change(func(p *Provider) { p.key, p.keyID = key, rand.Text() })
}

func (p *Provider) metadata(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	document := Claims{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"id_token_signing_alg_values_supported": []string{"ES256", "none", "HS256"},
	}
	if p.UserInfo != nil {
		document["userinfo_endpoint"] = p.URL + "/userinfo"
	}
	respond(w, http.StatusOK, document)
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	respond(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &p.key.PublicKey, KeyID: p.keyID, Algorithm: "ES256", Use: "sig"}}})
}

// authorize signs the user in at once.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	query, code := r.URL.Query(), rand.Text()
	p.codes[code] = query
	http.Redirect(w, r, query.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {query.Get("state")}}.Encode(), http.StatusFound) //nolint:gosec // for tests
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	fail, begun := p.Fail, p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	p.mu.Unlock()
	if fail != nil {
		fail(w, r)
		return
	}
	if begun == nil || !p.proven(r, begun) {
		respond(w, http.StatusBadRequest, Claims{"error": "invalid_grant"})
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	respond(w, http.StatusOK, Claims{"access_token": "access-" + rand.Text(), "token_type": "Bearer", "id_token": p.idToken(begun.Get("nonce"))})
}

// proven checks the client and PKCE.
func (p *Provider) proven(r *http.Request, begun url.Values) bool {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
	}
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	return id == ClientID && secret == ClientSecret && r.FormValue("redirect_uri") == begun.Get("redirect_uri") &&
		begun.Get("code_challenge_method") == "S256" && begun.Get("code_challenge") == base64.RawURLEncoding.EncodeToString(sum[:])
}

func (p *Provider) idToken(nonce string) string {
	now := p.now()
	claims := maps.Clone(p.User)
	maps.Copy(claims, Claims{"iss": p.URL, "aud": ClientID, "nonce": nonce, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()})
	if p.IDToken != nil {
		p.IDToken(claims)
	}
	if p.Raw != nil {
		return p.Raw(claims)
	}
	return p.sign(claims)
}

func (p *Provider) sign(claims Claims) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: p.key, KeyID: p.keyID}}, nil)
	if err != nil {
		return fmt.Sprint(err)
	}
	payload, _ := json.Marshal(claims)
	signed, err := signer.Sign(payload)
	if err != nil {
		return fmt.Sprint(err)
	}
	text, _ := signed.CompactSerialize()
	return text
}

// Unsigned returns an ID token with the algorithm "none".
func Unsigned(claims Claims) string {
	payload, _ := json.Marshal(claims)
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + encode(payload) + "."
}

func (p *Provider) userInfo(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer access-") {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	respond(w, http.StatusOK, p.UserInfo)
}

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
