package api

import (
	"context"

	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// showSelf returns the token that the caller presented.
func (t tokens) showSelf(ctx context.Context, req *request, caller pat.Principal) (response, error) {
	user, err := t.callers.user(caller)
	if err != nil {
		return response{}, err
	}
	holder, err := t.service.Admit(ctx, user)
	if err != nil {
		return response{}, err
	}
	return taggedJSON(req, apitypes.NewToken(user.User, holder.Token))
}

// revokeSelf revokes the token that the caller presented.
func (t tokens) revokeSelf(ctx context.Context, req *request, caller pat.Principal) (response, error) {
	return t.revokeAs(ctx, req, caller, revocation{
		log:    req.logger(t.log).With("token", "self"),
		token:  func(user pat.Identity) error { return t.service.RevokeSelf(ctx, user) },
		family: func(user pat.Identity) ([]pat.TokenID, error) { return t.service.RevokeSelfAndDescendants(ctx, user) },
	})
}
