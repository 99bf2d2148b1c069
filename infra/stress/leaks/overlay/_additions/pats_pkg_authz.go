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
	answer, err := a.HandleUnwatched(ctx, event)
	text, _ := json.Marshal(answer)
	os.LeaksDump("functions", fmt.Appendf(text, " %v\n", err))
	return answer, err
}

// Invoke dumps each response and error.
func (s *Shared) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	answer, err := s.InvokeUnwatched(ctx, payload)
	os.LeaksDump("functions", fmt.Appendf(answer[:len(answer):len(answer)], " %v\n", err))
	return answer, err
}
