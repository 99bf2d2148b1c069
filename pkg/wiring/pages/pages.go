// Package pages builds the handler of the template's PageFunction from settings.
package pages

import (
	"time"

	"pats/pkg/config"
	"pats/pkg/page"
	"pats/pkg/pat"
	"pats/pkg/wiring/stateless"
)

const day = 24 * time.Hour

// Page returns the handler of the template's PageFunction, which writes no log of its own.
func Page(settings config.Config, _ pat.Env) stateless.Handler {
	return page.New(page.Settings{
		SignIn:       settings.OffersSignIn,
		MaxTokenDays: int(settings.Limits.MaxLifetime / day),
		MaxTokens:    settings.Limits.MaxTokens,
		Scopes:       page.Scopes(settings.Scopes),
	}).Handle
}
