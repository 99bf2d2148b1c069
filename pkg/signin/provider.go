package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"pats/pkg/session"
)

// provider is the identity provider. Its metadata is read when it is first needed, and again after a failure.
type provider struct {
	settings Settings
	client   *http.Client
	now      func() time.Time

	mutex sync.Mutex
	known *oidc.Provider
}

func newProvider(settings Settings, client *http.Client, now func() time.Time) *provider {
	return &provider{settings: settings, client: client, now: now}
}

// metadata returns the provider with its endpoints and keys. Errors: errProvider.
func (p *provider) metadata(ctx context.Context) (*oidc.Provider, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.known != nil {
		return p.known, nil
	}
	known, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.settings.Client.Issuer)
	if err != nil {
		return nil, errProvider.because(fmt.Errorf("reading the provider's metadata: %w", err))
	}
	p.known = known
	return known, nil
}

// authorize returns the address at the provider that begins the sign-in. Errors: errProvider.
func (p *provider) authorize(ctx context.Context, site session.Site, begun session.Login) (string, error) {
	known, err := p.metadata(ctx)
	if err != nil {
		return "", err
	}
	return p.config(known, site).AuthCodeURL(begun.State, oidc.Nonce(begun.Nonce), oauth2.S256ChallengeOption(begun.Verifier)), nil
}

func (p *provider) config(known *oidc.Provider, site session.Site) *oauth2.Config {
	endpoint := known.Endpoint()
	endpoint.AuthStyle = authStyle(known)
	return &oauth2.Config{
		ClientID:     p.settings.Client.ID,
		ClientSecret: p.settings.Client.Secret.Reveal(),
		Endpoint:     endpoint,
		RedirectURL:  site.URL(session.CallbackPath),
		Scopes:       []string{oidc.ScopeOpenID, "email", "profile"},
	}
}

// authStyle returns how the token endpoint takes the client secret (OpenID Connect Discovery §3: by default as Basic). Trying both would
// present a code twice after a lost response, and a provider takes that for a theft.
func authStyle(known *oidc.Provider) oauth2.AuthStyle {
	var metadata struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	err := known.Claims(&metadata)
	if err == nil && len(metadata.Methods) > 0 && !slices.Contains(metadata.Methods, "client_secret_basic") {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader
}

var (
	errNoIDToken = errors.New("the provider sent no ID token")
	errNonce     = errors.New("the ID token has another nonce")
	errSubject   = errors.New("the user info is about another subject")
)

// redeem exchanges a code for the user's claims. Errors: errProvider; errDenied if the provider refuses the code.
func (p *provider) redeem(ctx context.Context, site session.Site, code string, begun session.Login) (claims, error) {
	known, err := p.metadata(ctx)
	if err != nil {
		return claims{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	tokens, err := p.config(known, site).Exchange(ctx, code, oauth2.VerifierOption(begun.Verifier))
	if err != nil {
		return claims{}, refusedCode(err)
	}
	verified, err := p.verify(ctx, known, tokens, begun.Nonce)
	if err != nil {
		return claims{}, errProvider.because(err)
	}
	return verified, nil
}

// refusedCode returns the refusal for a failed exchange, without the provider's response, which can have anything in it.
func refusedCode(err error) error {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return errProvider.because(errors.New("the provider's token endpoint did not respond"))
	}
	cause := fmt.Errorf("the token endpoint responded with %d %q", refused.Response.StatusCode, printable(refused.ErrorCode))
	if refused.ErrorCode == "invalid_grant" {
		return errDenied.because(cause)
	}
	return errProvider.because(cause)
}

// verify returns the claims of the ID token, completed by those of the user info if it has no address.
func (p *provider) verify(ctx context.Context, known *oidc.Provider, tokens *oauth2.Token, nonce string) (claims, error) {
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return claims{}, errNoIDToken
	}
	verifier := known.VerifierContext(ctx, &oidc.Config{ClientID: p.settings.Client.ID, Now: p.now})
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return claims{}, fmt.Errorf("the ID token is not valid: %w", err)
	}
	if token.Nonce == "" || token.Nonce != nonce {
		return claims{}, errNonce
	}
	found, err := readClaims(token.Claims, p.settings.GroupsClaim)
	if err != nil || found.email != "" || known.UserInfoEndpoint() == "" {
		return found, err
	}
	return p.complete(ctx, known, tokens, found)
}

// complete adds what the ID token lacks and the user info has. Errors: errSubject (OpenID Connect Core §5.3.2).
func (p *provider) complete(ctx context.Context, known *oidc.Provider, tokens *oauth2.Token, found claims) (claims, error) {
	info, err := known.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil {
		return claims{}, errors.New("the provider's user info cannot be read")
	}
	if info.Subject != found.subject {
		return claims{}, errSubject
	}
	more, err := readClaims(info.Claims, p.settings.GroupsClaim)
	return found.completed(more), err
}
