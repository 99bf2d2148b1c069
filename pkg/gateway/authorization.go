package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// authorization is a checked response of an authorizer. It is cached as a whole, and its policy is evaluated for each request.
type authorization struct {
	policy policy
	// claims are the response's context, with its values as text, and principalId. They must not be changed.
	claims map[string]any
}

// maxAuthorizerBytes is API Gateway's limit for an authorizer's response:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
const maxAuthorizerBytes = 8 << 10

var (
	errAuthorizerBig = fmt.Errorf("the authorizer's response has more than %d bytes", maxAuthorizerBytes)
	errNoPrincipal   = errors.New("the authorizer's response has no principalId")
	errContext       = errors.New("the authorizer's context may contain only strings, numbers and booleans")
)

// newAuthorization checks an authorizer's response as API Gateway does.
func newAuthorization(response events.APIGatewayCustomAuthorizerResponse) (authorization, error) {
	if response.PrincipalID == "" {
		return authorization{}, errNoPrincipal
	}
	encoded, err := json.Marshal(response)
	switch {
	case err != nil:
		return authorization{}, errors.Join(errContext, err)
	case len(encoded) > maxAuthorizerBytes:
		return authorization{}, errAuthorizerBig
	}
	p := policy(response.PolicyDocument.Statement)
	if err := p.check(); err != nil {
		return authorization{}, err
	}
	claims, err := claimsOf(response.Context)
	if err != nil {
		return authorization{}, err
	}
	claims[principalID] = response.PrincipalID
	return authorization{policy: p, claims: claims}, nil
}

const principalID = "principalId"

// claimsOf returns an authorizer's context with every value as text, which is how functions and gateway responses get it.
func claimsOf(values map[string]any) (map[string]any, error) {
	claims := map[string]any{}
	for name, value := range values {
		switch value.(type) {
		case string, bool, int, int64, float64, json.Number:
			claims[name] = fmt.Sprint(value)
		default:
			return nil, errContext
		}
	}
	return claims, nil
}

// policy is the statements of an IAM policy, as far as authorizers need them: Effect, Action and Resource.
type policy []events.IAMPolicyStatement

// The effects of a statement.
const (
	effectAllow = "Allow"
	effectDeny  = "Deny"
)

var (
	errNoStatement = errors.New("the policy has no statement")
	errStatement   = errors.New("a statement of the policy needs an effect, Allow or Deny, an action and a resource")
)

func (p policy) check() error {
	if len(p) == 0 {
		return errNoStatement
	}
	if slices.ContainsFunc(p, incomplete) {
		return errStatement
	}
	return nil
}

func incomplete(s events.IAMPolicyStatement) bool {
	return (s.Effect != effectAllow && s.Effect != effectDeny) || empty(s.Action) || empty(s.Resource)
}

func empty(list []string) bool { return len(list) == 0 || slices.Contains(list, "") }

// allows reports whether the policy allows a method: an explicit Deny wins, and what no statement allows is denied.
func (p policy) allows(methodARN string) bool {
	allowed := false
	for _, s := range p {
		if !covers(s, methodARN) {
			continue
		}
		if s.Effect == effectDeny {
			return false
		}
		allowed = true
	}
	return allowed
}

const invokeAction = "execute-api:invoke"

// covers compares actions case-insensitively and resources case-sensitively, as IAM does.
func covers(s events.IAMPolicyStatement, methodARN string) bool {
	action := func(pattern string) bool { return wildcard(strings.ToLower(pattern), invokeAction) }
	resource := func(pattern string) bool { return wildcard(pattern, methodARN) }
	return slices.ContainsFunc(s.Action, action) && slices.ContainsFunc(s.Resource, resource)
}

// wildcard reports whether pattern matches the whole text: * matches any characters, including slashes and colons, and ? matches
// any one character.
func wildcard(pattern, text string) bool {
	star, mark := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
