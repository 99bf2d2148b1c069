package authz

import (
	"errors"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

const (
	effectAllow = "Allow"
	effectDeny  = "Deny"

	// nobody is the principal in a policy that denies. API Gateway requires a principal.
	nobody = "nobody"
)

var errMethodARN = errors.New("the event has no method ARN of an API Gateway stage")

// splitARN returns the part of a method's or route's ARN that identifies the stage, and the rest after its slash. The ARN is
// arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH. The stage contains nothing that has a meaning in an IAM pattern.
func splitARN(arn string) (stage, method string, err error) {
	parts := strings.SplitN(arn, "/", 3)
	if len(parts) < 3 || strings.Count(parts[0], ":") != 5 || !strings.Contains(parts[0], ":execute-api:") || parts[1] == "" {
		return "", "", errMethodARN
	}
	stage = parts[0] + "/" + parts[1]
	if strings.ContainsAny(stage, "*?{") {
		return "", "", errMethodARN
	}
	return stage, parts[2], nil
}

// everything is the resource for every method of the stage. API Gateway caches a response and applies it to each request with the
// same token, so a policy for this request's method alone would deny the next request.
func everything(stage string) []string { return []string{stage + "/*"} }

func policy(effect string, resources []string) events.APIGatewayCustomAuthorizerPolicy {
	return events.APIGatewayCustomAuthorizerPolicy{
		Version: "2012-10-17",
		Statement: []events.IAMPolicyStatement{{
			Action:   []string{"execute-api:Invoke"},
			Effect:   effect,
			Resource: resources,
		}},
	}
}
