// Package authz implements two Lambda authorizers. Both turn a token into a policy that allows or denies requests to a stage of an API.
//
// [Authorizer] is the TOKEN authorizer of the service's own REST API. Its policy says who the caller is, not what the caller may do. The
// handlers read that from the store, so a revocation takes effect although API Gateway caches the policy.
//
// [Shared] is the authorizer of other APIs, of every kind that API Gateway has. Their handlers do not know the store, so its response
// also says what the caller may do.
package authz

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/pat"
)

// Authorizer handles authorizer events. It is safe for concurrent use.
type Authorizer struct {
	service *pat.Service
	admin   pat.AdminKey
	log     *slog.Logger
}

// New returns an Authorizer for the tokens of service and the admin API token that admin recognizes.
func New(service *pat.Service, admin pat.AdminKey, log *slog.Logger) *Authorizer {
	return &Authorizer{service: service, admin: admin, log: log}
}

// Handle allows a valid token, with the caller's claims as the policy's context, and denies any other one, with a [pat.Reason] in
// the context. If the token cannot be checked, Handle fails, which API Gateway turns into a 503: it fails closed.
func (a *Authorizer) Handle(ctx context.Context, event events.APIGatewayCustomAuthorizerRequest) (response events.APIGatewayCustomAuthorizerResponse, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			response, err = a.fail(ctx, fmt.Errorf("panic: %v", fault))
		}
	}()
	stage, _, err := splitARN(event.MethodArn)
	if err != nil {
		return a.fail(ctx, err)
	}
	ctx, cancel := pat.WithTimeToRespond(ctx)
	defer cancel()
	principal, err := a.authenticate(ctx, event.AuthorizationToken)
	switch {
	case err == nil:
		return allow(stage, principal), nil
	case pat.KindOf(err) == pat.KindUnauthenticated:
		return a.deny(ctx, stage, err), nil
	}
	return a.fail(ctx, err)
}

// authenticate returns the holder of the token in an Authorization header. Errors: KindUnauthenticated, KindUnavailable.
func (a *Authorizer) authenticate(ctx context.Context, header string) (pat.Principal, error) {
	token := pat.BareToken(header)
	if strings.HasPrefix(token, pat.AdminPrefix) {
		return a.authenticateAdmin(token)
	}
	secret, err := pat.ParseForeignSecret(token) // Authenticate refuses imported tokens if they are not accepted
	if err != nil {
		return pat.Principal{}, err
	}
	identity, err := a.service.Authenticate(ctx, secret)
	if err != nil {
		return pat.Principal{}, err
	}
	return pat.Principal{Kind: pat.HolderUser, Identity: identity}, nil
}

func (a *Authorizer) authenticateAdmin(token string) (pat.Principal, error) {
	if !a.admin.Matches(token) {
		return pat.Principal{}, pat.Refused(pat.ReasonInvalid, nil)
	}
	return a.admin.Principal(), nil
}

// errFailed is the only error that API Gateway sees, which does not cache it. It must not be "Unauthorized", which API Gateway
// turns into a 401.
var errFailed = errors.New("the token could not be checked")

func (a *Authorizer) fail(ctx context.Context, err error) (events.APIGatewayCustomAuthorizerResponse, error) {
	a.log.ErrorContext(ctx, "checking the token failed", "cause", err.Error())
	return events.APIGatewayCustomAuthorizerResponse{}, errFailed
}

func (a *Authorizer) deny(ctx context.Context, stage string, err error) events.APIGatewayCustomAuthorizerResponse {
	refusal, _ := errors.AsType[*pat.Error](err)
	a.log.InfoContext(ctx, "denied", "reason", refusal.Message)
	return events.APIGatewayCustomAuthorizerResponse{
		PrincipalID:    nobody,
		PolicyDocument: policy(effectDeny, everything(stage)),
		Context:        map[string]any{"reason": refusal.Message},
	}
}

func allow(stage string, principal pat.Principal) events.APIGatewayCustomAuthorizerResponse {
	claims := map[string]any{}
	for name, value := range principal.Claims() {
		claims[name] = value
	}
	return events.APIGatewayCustomAuthorizerResponse{
		PrincipalID:    principal.Name(),
		PolicyDocument: policy(effectAllow, everything(stage)),
		Context:        claims,
	}
}
