package apigw

import (
	"context"
	"encoding/json"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/events"
)

// Handle dumps each answer, that with a token's secret without its body.
func (h *Handler) Handle(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	answer, err := h.HandleUnwatched(ctx, event)
	shown := answer
	if answer.StatusCode == http.StatusCreated {
		shown.Body = ""
	}
	text, _ := json.Marshal(shown)
	os.LeaksDump("functions", append(text, '\n'))
	return answer, err
}
