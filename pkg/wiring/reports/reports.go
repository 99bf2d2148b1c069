// Package reports builds the handler of the function that receives reports of leaked tokens.
package reports

import (
	"context"
	"net/http"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/config"
	"pats/pkg/leaks"
	"pats/pkg/pat"
	"pats/pkg/wiring"
)

// Handler handles the events of a REST API's proxy integration.
type Handler func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error)

// Leaks returns the handler of the template's LeaksFunction.
func Leaks(settings config.Config, store pat.Store, env pat.Env) Handler {
	return leaks.New(wiring.Service(settings, store, env), leaks.Settings(settings.Leaks), env, http.DefaultTransport).Handle
}
