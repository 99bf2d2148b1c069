// Command http-2.0-policy lists and creates orders. The route map in its template declares the scopes, which the authorizer checks. The
// guard also refuses a token that expired while API Gateway had the authorizer's response in its cache.
package main

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"pats/pkg/guard"
	"pats/pkg/pat"
)

var required = map[string]pat.Scope{http.MethodGet: "orders:read", http.MethodPost: "orders:write"}

func main() { lambda.Start(handle) }

func handle(_ context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	claims, refusal := guard.Require(required[event.RequestContext.HTTP.Method]).HTTPAPI(event)
	if refusal != nil {
		return refusal.HTTPAPI(), nil
	}
	body, err := json.Marshal(map[string]string{"user": claims.Username})
	return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusOK, Body: string(body)}, err
}
