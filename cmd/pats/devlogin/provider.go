package devlogin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Path begins the paths of the provider.
const Path = "/dev-login"

// The paths of the provider, after Path.
const (
	discoveryPath = "/.well-known/openid-configuration"
	keysPath      = "/keys"
	authorizePath = "/authorize"
	tokenPath     = "/token"
)

const (
	clientID = "pats"
	// adminGroup is the group of users who sign in as an Admin.
	adminGroup = "admins"
	// grantLifetime is how long a code of an authorization response is valid.
	grantLifetime = time.Minute
	// accessCodeLen is the length of the code that the terminal shows: 50 random bits, too many to guess over HTTP.
	accessCodeLen = 10
)

// Provider is the OpenID provider of one server. It is an [http.Handler] for the paths below Path.
type Provider struct {
	// base is the server's address, such as http://127.0.0.1:3000.
	base string
	// domain is that of the users' addresses. It contains the server's port, as the issuer does: an account that signed in at another
	// issuer keeps its address.
	domain     string
	secret     string
	accessCode string
	signer     jose.Signer
	keys       jose.JSONWebKeySet
	now        func() time.Time
	mux        *http.ServeMux

	mutex  sync.Mutex
	grants map[string]grant
}

// New returns a provider for the server at base, which is on this machine.
func New(base string, now func() time.Time) (*Provider, error) {
	address, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generating a key: %w", err)
	}
	private := jose.JSONWebKey{Key: key, KeyID: rand.Text(), Algorithm: string(jose.ES256), Use: "sig"}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: private}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("creating a signer: %w", err)
	}
	p := &Provider{
		base: base, domain: address.Port() + ".dev.example", secret: rand.Text(), accessCode: rand.Text()[:accessCodeLen],
		signer: signer, keys: jose.JSONWebKeySet{Keys: []jose.JSONWebKey{private.Public()}}, now: now, grants: map[string]grant{},
	}
	p.mux = p.routes()
	return p, nil
}

// Parameters returns the values of the stack's parameters with which its users sign in at p.
func (p *Provider) Parameters() map[string]string {
	return map[string]string{
		"OidcIssuer":       p.issuer(),
		"OidcClientId":     clientID,
		"OidcClientSecret": p.secret,
		"AllowedDomains":   p.domain,
		"AdminGroup":       adminGroup,
		"GroupsClaim":      "groups",
		"PublicUrl":        p.base,
	}
}

// AccessCode returns the code for the terminal, such as ABCDE-FGHIJ.
func (p *Provider) AccessCode() string {
	return p.accessCode[:accessCodeLen/2] + "-" + p.accessCode[accessCodeLen/2:]
}

// isAccessCode reports whether text is the code, in any case and with or without hyphen and spaces.
func (p *Provider) isAccessCode(text string) bool {
	text = strings.NewReplacer("-", "", " ", "").Replace(strings.ToUpper(text))
	return subtle.ConstantTimeCompare([]byte(text), []byte(p.accessCode)) == 1
}

func (p *Provider) issuer() string { return p.base + Path }

// redirectURI is the only address to which the provider sends a browser.
func (p *Provider) redirectURI() string { return p.base + "/ui/callback" }

func (p *Provider) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path+discoveryPath, p.discover)
	mux.HandleFunc("GET "+Path+keysPath, func(w http.ResponseWriter, _ *http.Request) { respond(w, http.StatusOK, p.keys) })
	mux.HandleFunc("GET "+Path+authorizePath, p.ask)
	mux.HandleFunc("POST "+Path+authorizePath, p.authorize)
	mux.HandleFunc("POST "+Path+tokenPath, p.token)
	return mux
}

// maxBody is the largest body of a request, in bytes.
const maxBody = 16 << 10

// ServeHTTP implements [http.Handler].
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	p.mux.ServeHTTP(w, r)
}

// discover returns the provider's metadata (OpenID Connect Discovery §3).
func (p *Provider) discover(w http.ResponseWriter, _ *http.Request) {
	respond(w, http.StatusOK, map[string]any{
		"issuer":                                         p.issuer(),
		"authorization_endpoint":                         p.issuer() + authorizePath,
		"token_endpoint":                                 p.issuer() + tokenPath,
		"jwks_uri":                                       p.issuer() + keysPath,
		"response_types_supported":                       []string{"code"},
		"grant_types_supported":                          []string{"authorization_code"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{string(jose.ES256)},
		"token_endpoint_auth_methods_supported":          []string{"client_secret_basic"},
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
	})
}

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
