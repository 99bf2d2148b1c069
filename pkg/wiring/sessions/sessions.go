// Package sessions builds the handlers of the template's functions for sessions from settings and a store.
package sessions

import (
	"pats/pkg/api"
	"pats/pkg/config"
	"pats/pkg/pat"
	"pats/pkg/proxy"
	"pats/pkg/session"
	"pats/pkg/sessionapi"
	"pats/pkg/wiring"
)

// Sessions returns the handler of the template's SessionFunction.
func Sessions(settings config.Config, store pat.Store, env pat.Env) proxy.Handler {
	service := wiring.Service(settings, store, env)
	tokens := api.NewTokenRoutes(service, api.TokensSettings{Enabled: settings.TokensEnabled}, env.Log)
	return sessionapi.New(service, settingsOf(settings), env, tokens).Handle
}

// Admins returns the handler of the template's AdminSessionFunction.
func Admins(settings config.Config, store pat.Store, env pat.Env) proxy.Handler {
	service := wiring.Service(settings, store, env)
	users, tokens := api.NewUsers(service, pat.AdminKey{}, env.Log), api.NewAdminTokens(service, pat.AdminKey{}, env.Log)
	return sessionapi.NewAPI(service, settingsOf(settings), env, users, tokens).Handle
}

func settingsOf(settings config.Config) sessionapi.Settings {
	return sessionapi.Settings{
		Client:    session.Client{Issuer: settings.SignIn.Issuer, ID: settings.SignIn.ClientID, Secret: settings.SignIn.ClientSecret},
		PublicURL: settings.SignIn.PublicURL,

		TokensEnabled:   settings.TokensEnabled,
		AllowPastedCode: settings.SignIn.AllowPastedCode,
		Limits: sessionapi.Limits{
			MaxTokenDays: settings.Limits.MaxTokenDays(),
			Scopes:       settings.Scopes,
		},
	}
}
