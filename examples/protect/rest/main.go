// Command rest lists and creates orders for holders of a token with the scope orders:read or orders:write.
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

func handle(_ context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	claims, refusal := guard.Require(required[event.HTTPMethod]).REST(event)
	if refusal != nil {
		return withCORS(refusal.REST()), nil
	}
	body, err := json.Marshal(map[string]string{"user": claims.Username})
	return withCORS(events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Headers: map[string]string{}, Body: string(body)}), err
}

// withCORS lets scripts of every site read the response. A REST API adds the header only to its own responses.
func withCORS(response events.APIGatewayProxyResponse) events.APIGatewayProxyResponse {
	response.Headers["Access-Control-Allow-Origin"] = "*"
	return response
}
