package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// API Gateway's limits for an authorizer: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
const (
	authorizerPatience = 10 * time.Second
	maxAuthorizerBytes = 8 << 10
)

// authorizer is a TOKEN authorizer.
type authorizer struct {
	authorizerSettings
	function function
	cache    *cache
}

// verdict is an authorizer's answer. It is kept whole, and its policy is evaluated for each request.
type verdict struct {
	policy policy
	// claims are the context with its values as text, and principalId.
	claims map[string]string
}

const principalID = "principalId"

// authorize lets a call pass, or returns a refusal.
func (g *Gateway) authorize(ctx context.Context, c *call, a *authorizer) error {
	token, ok := a.token(c.request.Header)
	if !ok {
		return refuse(unauthorized, nil)
	}
	methodARN := g.methodARN(c)
	answer, fresh := a.cache.get(token, g.options.Now())
	if !fresh {
		var err error
		if answer, err = g.ask(ctx, c, a, token, methodARN); err != nil {
			return err
		}
		a.cache.put(token, answer, g.options.Now())
	}
	c.claims = answer.claims
	if !answer.policy.allows(methodARN) {
		return refuse(accessDenied, nil)
	}
	return nil
}

// token is the value of the one header that identifies the caller. More than one header is none, since it would be open
// which of them counts.
func (a *authorizer) token(header http.Header) (string, bool) {
	values := header.Values(a.header)
	if len(values) != 1 || values[0] == "" {
		return "", false
	}
	return values[0], a.expression == nil || a.expression.MatchString(values[0])
}

var (
	errUnauthorized  = errors.New("the authorizer says Unauthorized")
	errAuthorizerBig = fmt.Errorf("the authorizer's answer has more than %d bytes", maxAuthorizerBytes)
	errNoPrincipal   = errors.New("the authorizer's answer has no principalId")
	errContext       = errors.New("the authorizer's context may have strings, numbers and booleans only")
)

// ask invokes the authorizer. What it fails with is not kept.
func (g *Gateway) ask(ctx context.Context, c *call, a *authorizer, token, methodARN string) (verdict, error) {
	var err error
	if c.authorizerRequestID, err = g.newID(); err != nil {
		return verdict{}, refuse(authorizerFailure, err)
	}
	payload, err := a.function.invoke(ctx, c.authorizerRequestID, authorizerPatience, events.APIGatewayCustomAuthorizerRequest{
		Type:               "TOKEN",
		AuthorizationToken: token,
		MethodArn:          methodARN,
	})
	switch {
	case err != nil && err.Error() == "Unauthorized":
		return verdict{}, refuse(unauthorized, errUnauthorized)
	case err != nil:
		return verdict{}, refuse(authorizerFailure, err)
	}
	answer, err := parseVerdict(payload)
	if err != nil {
		return verdict{}, refuse(authorizerConfig, err)
	}
	return answer, nil
}

func parseVerdict(payload []byte) (verdict, error) {
	if len(payload) > maxAuthorizerBytes {
		return verdict{}, errAuthorizerBig
	}
	var answer struct {
		PrincipalID    string                     `json:"principalId"`
		PolicyDocument json.RawMessage            `json:"policyDocument"`
		Context        map[string]json.RawMessage `json:"context"`
	}
	if err := json.Unmarshal(payload, &answer); err != nil {
		return verdict{}, err
	}
	if answer.PrincipalID == "" {
		return verdict{}, errNoPrincipal
	}
	p, err := parsePolicy(answer.PolicyDocument)
	if err != nil {
		return verdict{}, err
	}
	claims, err := parseClaims(answer.Context)
	if err != nil {
		return verdict{}, err
	}
	claims[principalID] = answer.PrincipalID
	return verdict{policy: p, claims: claims}, nil
}

// parseClaims turns every value of an authorizer's context into text, as the function behind it gets them.
func parseClaims(values map[string]json.RawMessage) (map[string]string, error) {
	claims := map[string]string{}
	for name, value := range values {
		switch value[0] {
		case '{', '[', 'n':
			return nil, errContext
		case '"':
			var text string
			if err := json.Unmarshal(value, &text); err != nil {
				return nil, err
			}
			claims[name] = text
		default:
			claims[name] = string(value)
		}
	}
	return claims, nil
}

// contextOf is claims as an event carries them: nothing for a route that is open to all.
func contextOf(claims map[string]string) map[string]any {
	if claims == nil {
		return nil
	}
	context := map[string]any{}
	for name, value := range claims {
		context[name] = value
	}
	return context
}

// methodARN names a method as a policy does.
func (g *Gateway) methodARN(c *call) string {
	return "arn:aws:execute-api:" + region + ":" + account + ":" + apiID + "/" + g.api.stage + "/" + c.request.Method + c.path
}
