// Package pages builds the handler of the template's PageFunction from settings.
package pages

import (
	"pats/pkg/config"
	"pats/pkg/page"
	"pats/pkg/pat"
	"pats/pkg/proxy"
)

// Page returns the handler of the template's PageFunction, which logs nothing itself.
func Page(settings config.Config, _ pat.Env) proxy.Handler {
	return page.New(page.Settings{
		SignIn:       settings.OffersSignIn,
		MaxTokenDays: settings.Limits.MaxTokenDays(),
		MaxTokens:    settings.Limits.MaxTokens,
		Scopes:       page.Scopes(settings.Scopes),
	}).Handle
}
