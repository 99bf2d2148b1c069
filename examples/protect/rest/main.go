// Command rest lists and creates orders for holders of a token with the scope orders:read or orders:write.
package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() { lambda.Start(handle) }

var required = map[string]string{http.MethodGet: "orders:read", http.MethodPost: "orders:write"}

func handle(_ context.Context, request events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	claims := request.RequestContext.Authorizer
	granted, _ := claims["scope"].(string)
	if scope := required[request.HTTPMethod]; !slices.Contains(strings.Fields(granted), scope) {
		return respond(http.StatusForbidden, fmt.Sprintf(`{"message":"The token needs the scope %s."}`, scope)), nil
	}
	return respond(http.StatusOK, fmt.Sprintf(`{"user":%q}`, claims["username"])), nil
}

func respond(status int, body string) events.APIGatewayProxyResponse {
	headers := map[string]string{"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}
	return events.APIGatewayProxyResponse{StatusCode: status, Headers: headers, Body: body}
}
