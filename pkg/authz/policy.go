package authz

import (
	"errors"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

var errMethodARN = errors.New("the event has no method ARN of an API Gateway stage")

// stageOf gives the stage in a method ARN, arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH.
func stageOf(methodARN string) (string, error) {
	parts := strings.SplitN(methodARN, "/", 3)
	if len(parts) < 3 || strings.Count(parts[0], ":") != 5 || !strings.Contains(parts[0], ":execute-api:") || parts[1] == "" {
		return "", errMethodARN
	}
	return parts[0] + "/" + parts[1], nil
}

// policy covers every method of the stage. API Gateway caches it by token and evaluates it for each request, so a policy for
// the method of this request alone would deny the holder's next one.
func policy(effect, stage, principal string, context map[string]any) events.APIGatewayCustomAuthorizerResponse {
	return events.APIGatewayCustomAuthorizerResponse{
		PrincipalID: principal,
		PolicyDocument: events.APIGatewayCustomAuthorizerPolicy{
			Version: "2012-10-17",
			Statement: []events.IAMPolicyStatement{{
				Action:   []string{"execute-api:Invoke"},
				Effect:   effect,
				Resource: []string{stage + "/*"},
			}},
		},
		Context: context,
	}
}
