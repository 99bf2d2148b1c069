// Package oidc builds the handler of the template's SignInFunction from settings.
package oidc

import (
	"net/http"
	"time"

	"pats/pkg/config"
	"pats/pkg/pat"
	"pats/pkg/proxy"
	"pats/pkg/session"
	"pats/pkg/signin"
)

// providerTimeout bounds each request to the identity provider. The function's 9 s bound all requests of a callback, up to four.
const providerTimeout = 6 * time.Second

// SignIn returns the handler of the template's SignInFunction.
func SignIn(settings config.Config, env pat.Env) proxy.Handler {
	s := settings.SignIn
	of := signin.Settings{
		Client:  session.Client{Issuer: s.Issuer, ID: s.ClientID, Secret: s.ClientSecret},
		Domains: s.Domains, Groups: s.Groups, AdminGroup: s.AdminGroup, GroupsClaim: s.GroupsClaim,
		Lifetime: s.SessionLifetime, PublicURL: s.PublicURL,
	}
	return signin.New(of, &http.Client{Timeout: providerTimeout}, env).Handle
}
