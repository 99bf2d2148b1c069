// Package partners plays GitHub and GitLab, which report leaked tokens.
package partners

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"testing"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/infra/testkit/must"
)

// KeyID identifies the key that signs GitHub's reports.
const KeyID = "test-key"

// Partners have the credentials of both partners. The zero value has none.
type Partners struct {
	key *ecdsa.PrivateKey
	// token is the one that GitLab presents.
	token string
}

// New returns partners whose credentials depend on seed alone, a text that cannot be guessed, so that two processes that know it agree.
func New(seed string) (Partners, error) {
	scalar := sha256.Sum256([]byte("GitHub's key " + seed))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
	if err != nil {
		return Partners{}, err
	}
	token := sha256.Sum256([]byte("GitLab's token " + seed))
	return Partners{key, hex.EncodeToString(token[:])}, nil
}

// Fixed returns the same partners in every test, for servers that end with it.
func Fixed(tb testing.TB) Partners {
	tb.Helper()
	made, err := New("partners of a harness")
	must.Do(tb, err)
	return made
}

// Known reports whether p has credentials.
func (p Partners) Known() bool { return p.key != nil }

// Parameters returns the template's parameters that accept reports of p. Errors: those of x509.
func (p Partners) Parameters() (map[string]string, error) {
	der, err := x509.MarshalPKIXPublicKey(&p.key.PublicKey)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256([]byte(p.token))
	return map[string]string{
		"GitHubKeys": KeyID + ":" + base64.StdEncoding.EncodeToString(der), "GitLabTokenHash": hex.EncodeToString(hash[:]),
	}, nil
}

// Variables returns the functions' variables with the same effect, as NAME=VALUE. Errors: those of Parameters.
func (p Partners) Variables() ([]string, error) {
	parameters, err := p.Parameters()
	return []string{"GITHUB_KEYS=" + parameters["GitHubKeys"], "GITLAB_TOKEN_HASH=" + parameters["GitLabTokenHash"]}, err
}

// Sign returns GitHub's signature of body. Errors: those of ecdsa.
func (p Partners) Sign(body string) (string, error) {
	digest := sha256.Sum256([]byte(body))
	signature, err := ecdsa.SignASN1(rand.Reader, p.key, digest[:])
	return base64.StdEncoding.EncodeToString(signature), err
}

// GitHubReport returns GitHub's report of a leaked token. Errors: those of Sign.
func (p Partners) GitHubReport(token string) (apiclient.Request, error) {
	body, err := json.Marshal([]map[string]string{{"type": "pats", "token": token, "url": "https://example.com", "source": "content"}})
	if err != nil {
		return apiclient.Request{}, err
	}
	signature, err := p.Sign(string(body))
	header := http.Header{"Github-Public-Key-Identifier": {KeyID}, "Github-Public-Key-Signature": {signature}}
	return apiclient.Request{Method: http.MethodPost, Path: deployed.GitHubPath, Body: json.RawMessage(body), Header: header}, err
}

// GitLabReport returns GitLab's report of a leaked token.
func (p Partners) GitLabReport(token string) apiclient.Request {
	report := []map[string]string{{"type": "gitleaks_rule_id_pats-token", "token": token, "location": "https://example.com"}}
	return apiclient.Request{Method: http.MethodPost, Path: deployed.GitLabPath, Token: p.token, Body: report}
}

// Token returns the token that GitLab presents.
func (p Partners) Token() string { return p.token }
