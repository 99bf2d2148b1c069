package api

import (
	"context"
	"net/http"

	"pats/pkg/api/apitypes"
	"pats/pkg/api/unleashjson"
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
	descendants, err := unleashjson.ParseQueryBool("descendants", req.query["descendants"])
	if err != nil {
		return response{}, err
	}
	user, err := t.callers.user(caller)
	if err != nil {
		return response{}, err
	}
	log := req.logger(t.log).With("user", user.User)
	if descendants {
		revoked, err := t.service.RevokeSelfAndDescendants(ctx, user)
		if err != nil {
			return response{}, err
		}
		log.InfoContext(ctx, "token and descendants revoked by itself", "revoked", revoked)
		return response{status: http.StatusOK}, nil
	}
	if err := t.service.RevokeSelf(ctx, user); err != nil {
		return response{}, err
	}
	log.InfoContext(ctx, "token revoked by itself")
	return response{status: http.StatusOK}, nil
}
