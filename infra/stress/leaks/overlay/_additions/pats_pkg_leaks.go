package leaks

import (
	"context"
	"encoding/json"
	"os"

	"github.com/aws/aws-lambda-go/events"
)

// Handle dumps each response, which never repeats a token of the request.
func (h *Handler) Handle(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	response, err := h.HandleUnwatched(ctx, event)
	text, _ := json.Marshal(response)
	os.LeaksDump("functions", append(text, '\n'))
	return response, err
}
