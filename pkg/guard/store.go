package guard

import (
	"context"
	"errors"

	"pats/pkg/claims"
	"pats/pkg/pat"
)

// StoreChecker is a TokenChecker that reads the store of tokens, once for each request.
type StoreChecker struct{ service *pat.Service }

// NewStoreChecker returns a StoreChecker for the tokens of service.
func NewStoreChecker(service *pat.Service) StoreChecker { return StoreChecker{service} }

// Check implements [TokenChecker]. It accepts no admin API token.
func (c StoreChecker) Check(ctx context.Context, token string) (Claims, error) {
	secret, err := pat.ParseForeignSecret(token) // Service.Check refuses imported tokens if they are not accepted
	if err != nil {
		return Claims{}, refusalOf(err)
	}
	holder, err := c.service.Check(ctx, secret)
	if err != nil {
		return Claims{}, refusalOf(err)
	}
	return claims.Of(holder, c.service.Granted(holder)), nil
}

// refusalOf returns a KindUnauthenticated as a Refusal, and any other error unchanged.
func refusalOf(err error) error {
	refused, ok := errors.AsType[*pat.Error](err)
	if !ok || refused.Kind != pat.KindUnauthenticated {
		return err
	}
	return InvalidToken(pat.Reason(refused.Message), refused.Err)
}
