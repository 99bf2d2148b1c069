// Package routes builds the handlers of the functions behind the routes.
package routes

import (
	"pats/pkg/api"
	"pats/pkg/config"
	"pats/pkg/pat"
	"pats/pkg/proxy"
	"pats/pkg/wiring"
)

// Tokens returns the handler of the template's TokensFunction.
func Tokens(settings config.Config, store pat.Store, env pat.Env) proxy.Handler {
	of := api.TokensSettings{Admin: settings.Admin, Enabled: settings.TokensEnabled}
	return api.NewTokens(wiring.Service(settings, store, env), of, env.Log).AllowOrigin(settings.CORSOrigin).Handle
}

// ServiceAccounts returns the handler of the template's ServiceAccountsFunction.
func ServiceAccounts(settings config.Config, store pat.Store, env pat.Env) proxy.Handler {
	of := api.TokensSettings{Admin: settings.Admin, Enabled: settings.TokensEnabled}
	return api.NewServiceAccounts(wiring.Service(settings, store, env), of, env.Log).AllowOrigin(settings.CORSOrigin).Handle
}

// Users returns the handler of the template's UsersFunction.
func Users(settings config.Config, store pat.Store, env pat.Env) proxy.Handler {
	return api.NewUsers(wiring.Service(settings, store, env), settings.Admin, env.Log).AllowOrigin(settings.CORSOrigin).Handle
}

// AdminTokens returns the handler of the template's AdminTokensFunction.
func AdminTokens(settings config.Config, store pat.Store, env pat.Env) proxy.Handler {
	return api.NewAdminTokens(wiring.Service(settings, store, env), settings.Admin, env.Log).AllowOrigin(settings.CORSOrigin).Handle
}
