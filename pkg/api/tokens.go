package api

import (
	"context"
	"log/slog"
	"net/http"

	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// The resources of the token routes, as template.yaml names them.
const (
	ResourceTokens = "/api/admin/user/tokens"      //nolint:gosec // a path, not a credential
	ResourceToken  = "/api/admin/user/tokens/{id}" //nolint:gosec // a path, not a credential
)

// TokensSettings are what the token routes need beside the Service.
type TokensSettings struct {
	// Admin recognises the holder of the admin API token, who is no user and has no tokens.
	Admin pat.AdminKey
	// Enabled is the kill switch: if false, every token route answers 404.
	Enabled bool
}

// NewTokens makes the handler of the token routes and of the OpenAPI document. Every other resource is a 404.
func NewTokens(service *pat.Service, settings TokensSettings, log *slog.Logger) *Handler {
	t := tokens{service, settings, log}
	return &Handler{log: log, routes: routes{
		ResourceTokens: {http.MethodGet: t.whenEnabled(t.list), http.MethodPost: t.whenEnabled(t.create)},
		ResourceToken:  {http.MethodDelete: t.whenEnabled(t.revoke)},
		// It is here because this function runs anyway wherever the API is used.
		ResourceOpenAPI: {http.MethodGet: showOpenAPI},
	}}
}

type tokens struct {
	service  *pat.Service
	settings TokensSettings
	log      *slog.Logger
}

func (t tokens) whenEnabled(act action) action {
	if t.settings.Enabled {
		return act
	}
	return func(context.Context, *request, pat.Principal) (response, error) {
		return response{}, &pat.Error{Kind: pat.KindNotFound, Message: "PATs are disabled."}
	}
}

func (t tokens) list(ctx context.Context, req *request, caller pat.Principal) (response, error) {
	if _, err := req.object(); err != nil {
		return response{}, err
	}
	who, err := t.user(caller)
	if err != nil {
		return response{}, err
	}
	list, err := t.service.Tokens(ctx, who)
	if err != nil {
		return response{}, err
	}
	resp, err := jsonResponse(http.StatusOK, apitypes.NewTokenList(who.User, list))
	if err != nil {
		return response{}, err
	}
	return resp.tagged(req), nil
}

func (t tokens) create(ctx context.Context, req *request, caller pat.Principal) (response, error) {
	draft, err := readDraft(req)
	if err != nil {
		return response{}, err
	}
	who, err := t.user(caller)
	if err != nil {
		return response{}, err
	}
	token, secret, err := t.make(ctx, req, who, draft)
	if err != nil {
		return response{}, err
	}
	t.log.InfoContext(ctx, "token created", "id", req.requestID, "user", who.User, "token", token.ID)
	resp, err := jsonResponse(http.StatusCreated, apitypes.NewCreatedToken(who.User, token, secret))
	if err != nil {
		return response{}, err
	}
	resp.headers.Set("Cache-Control", "no-store") // the one answer with a secret
	return resp, nil
}

// make makes the token, only once if the request has an idempotency key.
func (t tokens) make(ctx context.Context, req *request, who pat.Identity, draft pat.Draft) (pat.Token, pat.Secret, error) {
	key, found, err := idempotencyKey(req)
	if err != nil {
		return pat.Token{}, pat.Secret{}, err
	}
	if !found {
		return t.service.CreateToken(ctx, who, draft)
	}
	return t.service.CreateTokenOnce(ctx, who, draft, key)
}

// idempotencyKey reads the header of draft-ietf-httpapi-idempotency-key-header. Its value is taken as it stands.
func idempotencyKey(req *request) (key pat.IdempotencyKey, found bool, err error) {
	values := req.headers.Values("Idempotency-Key")
	if len(values) == 0 {
		return pat.IdempotencyKey{}, false, nil
	}
	if len(values) > 1 {
		return pat.IdempotencyKey{}, false, badData("There is more than one Idempotency-Key.")
	}
	presented, err := pat.ParseForeignSecret(pat.BareToken(req.headers.Get("Authorization")))
	if err != nil {
		return pat.IdempotencyKey{}, false, err
	}
	key, err = pat.NewIdempotencyKey(presented, values[0])
	return key, true, err
}

func (t tokens) revoke(ctx context.Context, req *request, caller pat.Principal) (response, error) {
	id, err := req.tokenID("id")
	if err != nil {
		return response{}, err
	}
	if _, err := req.object(); err != nil {
		return response{}, err
	}
	who, err := t.user(caller)
	if err != nil {
		return response{}, err
	}
	if err := t.service.RevokeToken(ctx, who, id); err != nil {
		return response{}, err
	}
	t.log.InfoContext(ctx, "token revoked", "id", req.requestID, "user", who.User, "token", id)
	return response{status: http.StatusOK}, nil
}

// user is the caller's identity. The holder of the admin API token has none: 403, or 401 if the token was replaced since.
func (t tokens) user(caller pat.Principal) (pat.Identity, error) {
	switch {
	case caller.Kind == pat.HolderUser:
		return caller.Identity, nil
	case t.settings.Admin.Admits(caller):
		return pat.Identity{}, &pat.Error{Kind: pat.KindForbidden, Message: "PATs require an authenticated user."}
	}
	return pat.Identity{}, pat.Refused(pat.ReasonInvalid, nil)
}

// readDraft reads the body of a create, checking in Unleash's order: presence, types, format.
func readDraft(req *request) (pat.Draft, error) {
	if err := req.requireJSON(); err != nil {
		return pat.Draft{}, err
	}
	body, err := req.object()
	if err != nil {
		return pat.Draft{}, err
	}
	if err := body.Require("description", "expiresAt"); err != nil {
		return pat.Draft{}, err
	}
	description, err := body.Text("description")
	if err != nil {
		return pat.Draft{}, err
	}
	expiresAt, err := body.Time("expiresAt")
	if err != nil {
		return pat.Draft{}, err
	}
	return pat.Draft{Description: description, ExpiresAt: expiresAt}, nil
}
