package authz

import (
	"errors"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

var errMethodARN = errors.New("the event has no method ARN of an API Gateway stage")

// stageOf returns the part of a method ARN that identifies the stage. A method ARN is
// arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH.
func stageOf(methodARN string) (string, error) {
	parts := strings.SplitN(methodARN, "/", 3)
	if len(parts) < 3 || strings.Count(parts[0], ":") != 5 || !strings.Contains(parts[0], ":execute-api:") || parts[1] == "" {
		return "", errMethodARN
	}
	return parts[0] + "/" + parts[1], nil
}

// policy returns a policy for every method of the stage. API Gateway caches it by token and applies it to each request with that
// token, so a policy for this request's method alone would deny the next request.
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
