// Package wiring runs a Lambda function on its settings and its store. The packages below it build the handlers: each imports only what
// its functions need, so that a function's binary is small and starts without initializing other packages.
package wiring

import (
	"pats/pkg/config"
	"pats/pkg/pat"
)

// Service returns the Service that every handler works on.
func Service(settings config.Config, store pat.Store, env pat.Env) *pat.Service {
	return pat.NewService(store, settings.Domain(), env)
}
