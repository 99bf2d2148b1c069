// Command websocket lets clients connect whose token has the scope orders:read.
package main

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() { lambda.Start(handle) }

func handle(_ context.Context, request events.APIGatewayWebsocketProxyRequest) (events.APIGatewayProxyResponse, error) {
	claims, _ := request.RequestContext.Authorizer.(map[string]any)
	granted, _ := claims["scope"].(string)
	if !slices.Contains(strings.Fields(granted), "orders:read") {
		return events.APIGatewayProxyResponse{StatusCode: http.StatusForbidden}, nil
	}
	return events.APIGatewayProxyResponse{StatusCode: http.StatusOK}, nil
}
