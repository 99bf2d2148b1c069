// Package openroutes builds the handlers of the functions behind routes without an authorizer, which check their callers themselves.
package openroutes

import (
	"context"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/config"
	"pats/pkg/oauth"
	"pats/pkg/pat"
	"pats/pkg/wiring"
)

// Handler handles the events of a REST API's proxy integration.
type Handler func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error)

// OAuth returns the handler of the template's OAuthFunction.
func OAuth(settings config.Config, store pat.Store, env pat.Env) Handler {
	return oauth.New(wiring.Service(settings, store, env), env.Log).AllowOrigin(settings.CORSOrigin).Handle
}
