// Package openroutes builds the handlers of the functions behind routes without an authorizer, which check their callers themselves.
package openroutes

import (
	"pats/pkg/config"
	"pats/pkg/oauth"
	"pats/pkg/pat"
	"pats/pkg/proxy"
	"pats/pkg/wiring"
)

// OAuth returns the handler of the template's OAuthFunction.
func OAuth(settings config.Config, store pat.Store, env pat.Env) proxy.Handler {
	return oauth.New(wiring.Service(settings, store, env), env.Log).AllowOrigin(settings.CORSOrigin).Handle
}
