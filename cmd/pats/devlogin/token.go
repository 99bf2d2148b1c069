package devlogin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// tokenLifetime is the lifetime of an ID token. It is used at once.
const tokenLifetime = 5 * time.Minute

// token exchanges a code for an ID token (RFC 6749 §4.1.3, RFC 7636 §4.6).
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if !p.isClient(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="dev-login"`)
		respond(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	if r.PostFormValue("grant_type") != "authorization_code" {
		respond(w, http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type"})
		return
	}
	g, found := p.take(r.PostFormValue("code"))
	if !found || r.PostFormValue("redirect_uri") != p.redirectURI() || !matches(g.challenge, r.PostFormValue("code_verifier")) {
		respond(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	idToken, err := p.sign(g)
	if err != nil {
		respond(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
		return
	}
	respond(w, http.StatusOK, map[string]any{
		"id_token": idToken, "token_type": "Bearer", "expires_in": int(tokenLifetime.Seconds()),
		"access_token": rand.Text(), // which opens nothing: there is no user info
	})
}

// isClient reports whether the request has the client's credentials, form-encoded (RFC 6749 §2.3.1).
func (p *Provider) isClient(r *http.Request) bool {
	id, secret, _ := r.BasicAuth()
	id, idErr := url.QueryUnescape(id)
	secret, secretErr := url.QueryUnescape(secret)
	matches := subtle.ConstantTimeCompare([]byte(secret), []byte(p.secret)) == 1
	return idErr == nil && secretErr == nil && id == clientID && matches
}

// matches reports whether challenge is that of verifier by the method S256.
func matches(challenge, verifier string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(challenge), []byte(base64.RawURLEncoding.EncodeToString(sum[:]))) == 1
}

// sign returns the ID token of g's user (OpenID Connect Core §2).
func (p *Provider) sign(g grant) (string, error) {
	now, groups := p.now(), []string{}
	if g.user.admin {
		groups = append(groups, adminGroup)
	}
	claims, err := json.Marshal(map[string]any{
		"iss": p.issuer(), "sub": g.user.name, "aud": clientID, "nonce": g.nonce,
		"iat": now.Unix(), "exp": now.Add(tokenLifetime).Unix(),
		"email": g.user.name + "@" + p.domain, "email_verified": true, "name": g.user.name, "groups": groups,
	})
	if err != nil {
		return "", err
	}
	signed, err := p.signer.Sign(claims)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}
