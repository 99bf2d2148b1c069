// Package wiring builds the handler of each Lambda function from settings and a store. A program links only the handlers whose
// functions it calls, which keeps each Lambda small.
package wiring

import (
	"context"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/api"
	"pats/pkg/authz"
	"pats/pkg/config"
	"pats/pkg/pat"
)

// AuthorizerHandler handles the events of a TOKEN authorizer.
type AuthorizerHandler func(context.Context, events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error)

// APIHandler handles the events of a REST API's proxy integration.
type APIHandler func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error)

// Authorizer returns the handler of the template's AuthorizerFunction.
func Authorizer(settings config.Config, store pat.Store, env pat.Env) AuthorizerHandler {
	return authz.New(service(settings, store, env), settings.Admin, env.Log).Handle
}

// SharedAuthorizer returns the handler of the template's SharedAuthorizerFunction.
func SharedAuthorizer(settings config.Config, store pat.Store, env pat.Env) *authz.Shared {
	return authz.NewShared(service(settings, store, env), authz.SharedSettings(settings.Shared), env.Log)
}

// Tokens returns the handler of the template's TokensFunction.
func Tokens(settings config.Config, store pat.Store, env pat.Env) APIHandler {
	of := api.TokensSettings{Admin: settings.Admin, Enabled: settings.TokensEnabled}
	return api.NewTokens(service(settings, store, env), of, env.Log).Handle
}

// Users returns the handler of the template's UsersFunction.
func Users(settings config.Config, store pat.Store, env pat.Env) APIHandler {
	return api.NewUsers(service(settings, store, env), settings.Admin, env.Log).Handle
}

func service(settings config.Config, store pat.Store, env pat.Env) *pat.Service {
	return pat.NewService(store, settings.Domain(), env)
}
