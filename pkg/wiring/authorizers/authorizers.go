// Package authorizers builds the handlers of the authorizer functions.
package authorizers

import (
	"context"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/authz"
	"pats/pkg/config"
	"pats/pkg/pat"
	"pats/pkg/wiring"
)

// Handler handles the events of a TOKEN authorizer.
type Handler func(context.Context, events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error)

// Own returns the handler of the template's AuthorizerFunction, in front of this service's own routes.
func Own(settings config.Config, store pat.Store, env pat.Env) Handler {
	return authz.New(wiring.Service(settings, store, env), settings.Admin, env.Log).Handle
}

// Shared returns the handler of the template's SharedAuthorizerFunction, in front of other APIs.
func Shared(settings config.Config, store pat.Store, env pat.Env) *authz.Shared {
	return authz.NewShared(wiring.Service(settings, store, env), authz.SharedSettings(settings.Shared), env.Log)
}
