// Package oidc builds the handler of the template's SignInFunction from settings.
package oidc

import (
	"net/http"
	"time"

	"pats/pkg/config"
	"pats/pkg/pat"
	"pats/pkg/session"
	"pats/pkg/signin"
	"pats/pkg/wiring/stateless"
)

// providerTimeout bounds each request to the identity provider. A callback sends up to four within the function's 9 s.
const providerTimeout = 3 * time.Second

// SignIn returns the handler of the template's SignInFunction.
func SignIn(settings config.Config, env pat.Env) stateless.Handler {
	s := settings.SignIn
	of := signin.Settings{
		Client:  session.Client{Issuer: s.Issuer, ID: s.ClientID, Secret: s.ClientSecret},
		Domains: s.Domains, Groups: s.Groups, AdminGroup: s.AdminGroup, GroupsClaim: s.GroupsClaim,
		Lifetime: s.SessionLifetime, PublicURL: s.PublicURL,
	}
	return signin.New(of, &http.Client{Timeout: providerTimeout}, env).Handle
}
