// Package reports builds the handler of the function that receives reports of leaked tokens.
package reports

import (
	"net/http"

	"pats/pkg/config"
	"pats/pkg/leaks"
	"pats/pkg/pat"
	"pats/pkg/proxy"
	"pats/pkg/wiring"
)

// Leaks returns the handler of the template's LeaksFunction.
func Leaks(settings config.Config, store pat.Store, env pat.Env) proxy.Handler {
	return leaks.New(wiring.Service(settings, store, env), leaks.Settings(settings.Leaks), env, http.DefaultTransport).Handle
}
