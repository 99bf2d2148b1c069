package api

import (
	"context"
	"net/http"
	"time"

	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

func (t tokens) rotate(ctx context.Context, req *request, caller pat.Principal) (response, error) {
	id, err := req.tokenID("id")
	if err != nil {
		return response{}, err
	}
	return t.rotateAs(ctx, req, caller, func(user pat.Identity, r pat.Rotation) (pat.Token, pat.Secret, error) {
		return t.service.RotateToken(ctx, user, id, r)
	})
}

func (t tokens) rotateSelf(ctx context.Context, req *request, caller pat.Principal) (response, error) {
	return t.rotateAs(ctx, req, caller, func(user pat.Identity, r pat.Rotation) (pat.Token, pat.Secret, error) {
		return t.service.RotateSelf(ctx, user, r)
	})
}

func (t tokens) rotateAs(
	ctx context.Context, req *request, caller pat.Principal, rotate func(pat.Identity, pat.Rotation) (pat.Token, pat.Secret, error),
) (response, error) {
	rotation, err := readRotation(req)
	if err != nil {
		return response{}, err
	}
	user, err := t.callers.user(caller)
	if err != nil {
		return response{}, err
	}
	key, found, err := idempotencyKey(req, user)
	if err != nil {
		return response{}, err
	}
	if found {
		rotation.Key = &key
	}
	token, secret, err := rotate(user, rotation)
	if err != nil {
		return response{}, err
	}
	req.logger(t.log).InfoContext(ctx, "token rotated", "user", user.User, "token", token.ID)
	return jsonResponse(http.StatusOK, apitypes.NewCreatedToken(user.User, token, secret))
}

// readRotation reads the body of a rotation, which can be absent. Unknown members are errors, since a misspelled overlap of 0 would
// leave a leaked secret valid.
func readRotation(req *request) (pat.Rotation, error) {
	rotation := pat.Rotation{Overlap: pat.DefaultOverlap}
	if req.event.Body == "" {
		return rotation, nil
	}
	body, err := req.object()
	if err != nil {
		return pat.Rotation{}, err
	}
	if err := body.AllowOnly("expiresAt", "overlapSeconds"); err != nil {
		return pat.Rotation{}, err
	}
	if body.Has("expiresAt") {
		if rotation.ExpiresAt, err = body.Time("expiresAt"); err != nil {
			return pat.Rotation{}, err
		}
	}
	if body.Has("overlapSeconds") {
		seconds, err := body.WholeNumber("overlapSeconds", 0, int64(pat.MaxOverlap/time.Second))
		if err != nil {
			return pat.Rotation{}, err
		}
		rotation.Overlap = time.Duration(seconds) * time.Second
	}
	return rotation, nil
}
