// Package authz is the TOKEN authorizer of a REST API: from the Authorization header to a policy that allows or denies the
// whole stage. It says who the caller is, never what the caller may do: each handler reads that afresh, so revocation does
// not wait for API Gateway's cache of these answers.
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

// Authorizer answers authorizer events. It is safe for concurrent use.
type Authorizer struct {
	service *pat.Service
	admin   pat.AdminKey
	log     *slog.Logger
}

// New makes an Authorizer for the tokens of service and the admin API token that admin recognises.
func New(service *pat.Service, admin pat.AdminKey, log *slog.Logger) *Authorizer {
	return &Authorizer{service: service, admin: admin, log: log}
}

// errUndecided tells API Gateway nothing but that there is no answer, which it turns into a 503 and does not cache. It must
// not be "Unauthorized": that text alone would make it a 401.
var errUndecided = errors.New("the token could not be checked")

// Handle allows a valid token, with its Claims as context, and denies every other one with a pat.Reason in "reason".
// If the store cannot say, it fails: it never allows on a doubt.
func (a *Authorizer) Handle(ctx context.Context, event events.APIGatewayCustomAuthorizerRequest) (answer events.APIGatewayCustomAuthorizerResponse, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			answer, err = a.undecided(ctx, fmt.Errorf("panic: %v", fault))
		}
	}()
	stage, err := stageOf(event.MethodArn)
	if err != nil {
		return a.undecided(ctx, err)
	}
	hurried, cancel := pat.WithTimeToRespond(ctx)
	defer cancel()
	principal, err := a.authenticate(hurried, event.AuthorizationToken)
	switch {
	case err == nil:
		return allow(stage, principal), nil
	case pat.KindOf(err) == pat.KindUnauthenticated:
		return a.deny(ctx, stage, err), nil
	}
	return a.undecided(ctx, err)
}

func (a *Authorizer) authenticate(ctx context.Context, header string) (pat.Principal, error) {
	token := pat.BareToken(header)
	if strings.HasPrefix(token, pat.AdminPrefix) {
		return a.authenticateAdmin(token)
	}
	secret, err := pat.ParseForeignSecret(token) // the service refuses at once what it does not accept
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

func (a *Authorizer) undecided(ctx context.Context, err error) (events.APIGatewayCustomAuthorizerResponse, error) {
	a.log.ErrorContext(ctx, "undecided", "cause", err.Error())
	return events.APIGatewayCustomAuthorizerResponse{}, errUndecided
}

func (a *Authorizer) deny(ctx context.Context, stage string, err error) events.APIGatewayCustomAuthorizerResponse {
	refusal, _ := errors.AsType[*pat.Error](err)
	a.log.InfoContext(ctx, "denied", "reason", refusal.Message)
	return policy("Deny", stage, "nobody", map[string]any{"reason": refusal.Message})
}

func allow(stage string, principal pat.Principal) events.APIGatewayCustomAuthorizerResponse {
	claims := map[string]any{}
	for name, value := range principal.Claims() {
		claims[name] = value
	}
	return policy("Allow", stage, principal.Name(), claims)
}
