package sessionapi

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/pat"
	"pats/pkg/proxy"
)

// jsonRoute returns the handler that responds with status and the JSON of what act returns.
func jsonRoute(status int, act func(context.Context, events.APIGatewayProxyRequest) (any, error)) proxy.Handler {
	return func(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		body, err := act(ctx, event)
		if err != nil {
			return events.APIGatewayProxyResponse{}, err
		}
		return respond(status, body)
	}
}

// respond returns a response with value in JSON.
func respond(status int, value any) (events.APIGatewayProxyResponse, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	return proxy.Response(status, http.Header{"Content-Type": {"application/json; charset=utf-8"}}, body, ""), nil
}

// maxLoginBody is the largest body of a request here, in bytes: more than the longest description and scopes take.
const maxLoginBody = 16 << 10

var errNotJSON = &pat.Error{Kind: pat.KindInvalid, Message: "The request body is not the expected JSON."}

// readJSON decodes the body into value. Errors: KindInvalid.
func readJSON(event events.APIGatewayProxyRequest, value any) error {
	body, err := proxy.Body(event, maxLoginBody)
	if err != nil || json.Unmarshal(body, value) != nil {
		return errNotJSON
	}
	return nil
}
