// Command websocket lets clients connect whose token has the scope orders:read, and checks it again with each message.
package main

import (
	"context"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"pats/pkg/guard"
)

func main() { lambda.Start(handle) }

func handle(_ context.Context, event events.APIGatewayWebsocketProxyRequest) (events.APIGatewayProxyResponse, error) {
	if _, refusal := guard.Require("orders:read").WebSocket(event); refusal != nil {
		return refusal.REST(), nil
	}
	return events.APIGatewayProxyResponse{StatusCode: http.StatusOK}, nil
}
