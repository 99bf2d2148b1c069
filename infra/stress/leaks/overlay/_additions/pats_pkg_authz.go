package authz

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/events"
)

// Handle dumps each response and error.
func (a *Authorizer) Handle(ctx context.Context, event events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
	response, err := a.HandleUnwatched(ctx, event)
	text, _ := json.Marshal(response)
	os.LeaksDump("functions", fmt.Appendf(text, " %v\n", err))
	return response, err
}

// Invoke dumps each response and error.
func (s *Shared) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	response, err := s.InvokeUnwatched(ctx, payload)
	os.LeaksDump("functions", fmt.Appendf(response[:len(response):len(response)], " %v\n", err))
	return response, err
}
