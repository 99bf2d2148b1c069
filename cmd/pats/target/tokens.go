package target

import (
	"context"

	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// Tokens are the tokens that a command works on: a user's in a store, or the caller's on a server.
type Tokens interface {
	// List returns the tokens in rising order of ID.
	List(ctx context.Context) (apitypes.TokenList, error)
	// Create creates a token. Its secret is in no other result.
	Create(ctx context.Context, draft pat.Draft) (apitypes.CreatedToken, error)
	// Rotate rotates the token with id, or on a server with id 0 the one presented. Its new secret is in no other result.
	Rotate(ctx context.Context, id pat.TokenID, r pat.Rotation) (apitypes.CreatedToken, error)
	// Revoke revokes the token with id, or on a server with id 0 the one presented.
	Revoke(ctx context.Context, id pat.TokenID) error
	// RevokeDescendants revokes the token with id and all that descend from it, even if it is gone already. The id 0 is as for Revoke.
	RevokeDescendants(ctx context.Context, id pat.TokenID) error
}

// UserTokens returns the tokens of a user in a store. The errors of its methods are those of pat.Service.
func UserTokens(service *pat.Service, user pat.UserID) Tokens { return userTokens{service, user} }

type userTokens struct {
	service *pat.Service
	user    pat.UserID
}

func (u userTokens) List(ctx context.Context) (apitypes.TokenList, error) {
	tokens, err := u.service.UserTokens(ctx, u.user)
	return apitypes.NewTokenList(u.user, tokens), err
}

func (u userTokens) Create(ctx context.Context, draft pat.Draft) (apitypes.CreatedToken, error) {
	token, secret, err := u.service.CreateUserToken(ctx, u.user, draft)
	if err != nil {
		return apitypes.CreatedToken{}, err
	}
	return apitypes.NewCreatedToken(u.user, token, secret), nil
}

func (u userTokens) Rotate(ctx context.Context, id pat.TokenID, r pat.Rotation) (apitypes.CreatedToken, error) {
	token, secret, err := u.service.RotateUserToken(ctx, u.user, id, r)
	if err != nil {
		return apitypes.CreatedToken{}, err
	}
	return apitypes.NewCreatedToken(u.user, token, secret), nil
}

func (u userTokens) Revoke(ctx context.Context, id pat.TokenID) error {
	return u.service.RevokeUserToken(ctx, u.user, id)
}

func (u userTokens) RevokeDescendants(ctx context.Context, id pat.TokenID) error {
	_, err := u.service.RevokeUserDescendants(ctx, u.user, id)
	return err
}
