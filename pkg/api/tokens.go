package api

import (
	"context"
	"log/slog"
	"net/http"

	"pats/pkg/api/apitypes"
	"pats/pkg/api/unleashjson"
	"pats/pkg/pat"
)

// The resources of the token routes, as template.yaml spells them.
const (
	ResourceTokens = "/api/admin/user/tokens"      //nolint:gosec // a path, not a credential
	ResourceToken  = "/api/admin/user/tokens/{id}" //nolint:gosec // a path, not a credential
	// ResourceTokenSelf is the token that the caller presents.
	ResourceTokenSelf       = "/api/admin/user/tokens/self"        //nolint:gosec // a path, not a credential
	ResourceTokenRotate     = "/api/admin/user/tokens/{id}/rotate" //nolint:gosec // a path, not a credential
	ResourceTokenSelfRotate = "/api/admin/user/tokens/self/rotate" //nolint:gosec // a path, not a credential
)

// TokensSettings are the settings of the token routes.
type TokensSettings struct {
	// Admin recognizes the holder of the admin API token, who is not a user and has no tokens.
	Admin pat.AdminKey
	// Enabled is the kill switch: if false, every route of these is a 404.
	Enabled bool
}

// NewTokens returns the handler of the token routes and of the OpenAPI document, which is here because this function runs
// wherever the API is used. Every other resource is a 404.
func NewTokens(service *pat.Service, settings TokensSettings, log *slog.Logger) *Handler {
	h := NewTokenRoutes(service, settings, log)
	h.routes[ResourceOpenAPI] = route{forAll, map[string]operation{http.MethodGet: {act: showOpenAPI}}}
	return h
}

// NewTokenRoutes returns the handler of NewTokens without the document, which takes space in a function.
func NewTokenRoutes(service *pat.Service, settings TokensSettings, log *slog.Logger) *Handler {
	t := tokens{service, callers{service, settings.Admin}, settings.Enabled, log}
	return &Handler{log: log, callers: t.callers, routes: routes{
		ResourceTokens: {forCallers, map[string]operation{
			http.MethodGet:  {act: t.ifEnabled(t.list)},
			http.MethodPost: {act: t.ifEnabled(t.create)},
		}},
		ResourceToken: {forCallers, map[string]operation{http.MethodDelete: {act: t.ifEnabled(t.revoke)}}},
		ResourceTokenSelf: {forCallers, map[string]operation{
			http.MethodGet:    {act: t.ifEnabled(t.showSelf)},
			http.MethodDelete: {act: t.ifEnabled(t.revokeSelf)},
		}},
		ResourceTokenRotate:     {forCallers, map[string]operation{http.MethodPost: {act: t.ifEnabled(t.rotate)}}},
		ResourceTokenSelfRotate: {forCallers, map[string]operation{http.MethodPost: {act: t.ifEnabled(t.rotateSelf)}}},
	}}
}

type tokens struct {
	service *pat.Service
	callers callers
	enabled bool
	log     *slog.Logger
}

func (t tokens) ifEnabled(act action) action {
	if t.enabled {
		return act
	}
	return func(context.Context, *request, pat.Principal) (response, error) {
		return response{}, &problem{status: http.StatusNotFound, name: errorOf[pat.KindNotFound].name, message: "PATs are disabled."}
	}
}

func (t tokens) list(ctx context.Context, req *request, caller pat.Principal) (response, error) {
	user, err := t.callers.user(caller)
	if err != nil {
		return response{}, err
	}
	list, err := t.service.Tokens(ctx, user)
	if err != nil {
		return response{}, err
	}
	return newResponse(http.StatusOK, apitypes.NewTokenList(user.User, list).JSON()).tagged(req), nil
}

func (t tokens) create(ctx context.Context, req *request, caller pat.Principal) (response, error) {
	draft, err := readDraft(req)
	if err != nil {
		return response{}, err
	}
	user, err := t.callers.user(caller)
	if err != nil {
		return response{}, err
	}
	token, secret, err := t.createOnce(ctx, req, user, draft)
	if err != nil {
		return response{}, err
	}
	req.logger(t.log).InfoContext(ctx, "token created", "user", user.User, "token", token.ID)
	return jsonResponse(http.StatusCreated, apitypes.NewCreatedToken(user.User, token, secret))
}

// createOnce creates the token, or returns the one that an earlier request with the same idempotency key created.
func (t tokens) createOnce(ctx context.Context, req *request, user pat.Identity, draft pat.Draft) (pat.Token, pat.Secret, error) {
	key, found, err := idempotencyKey(req, user)
	if err != nil {
		return pat.Token{}, pat.Secret{}, err
	}
	if !found {
		return t.service.CreateToken(ctx, user, draft)
	}
	return t.service.CreateTokenOnce(ctx, user, draft, key)
}

// idempotencyKey reads the header of draft-ietf-httpapi-idempotency-key-header, whose value is taken verbatim. The key is that of the token
// presented, or of the caller's session.
func idempotencyKey(req *request, caller pat.Identity) (key pat.IdempotencyKey, found bool, err error) {
	values := req.headers.Values("Idempotency-Key")
	if len(values) == 0 {
		return pat.IdempotencyKey{}, false, nil
	}
	if len(values) > 1 {
		return pat.IdempotencyKey{}, false, badData("There is more than one Idempotency-Key.")
	}
	if caller.Selector == "" {
		key, err = pat.NewSessionIdempotencyKey(caller.User, caller.Session, values[0])
		return key, true, err
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
	return t.revokeAs(ctx, req, caller, revocation{
		log:    req.logger(t.log).With("token", id),
		token:  func(user pat.Identity) error { return t.service.RevokeToken(ctx, user, id) },
		family: func(user pat.Identity) ([]pat.TokenID, error) { return t.service.RevokeDescendants(ctx, user, id) },
	})
}

// revocation revokes one of the caller's tokens, alone or with its descendants.
type revocation struct {
	log    *slog.Logger
	token  func(pat.Identity) error
	family func(pat.Identity) ([]pat.TokenID, error)
}

func (t tokens) revokeAs(ctx context.Context, req *request, caller pat.Principal, r revocation) (response, error) {
	descendants, err := unleashjson.ParseQueryBool("descendants", req.query["descendants"])
	if err != nil {
		return response{}, err
	}
	user, err := t.callers.user(caller)
	if err != nil {
		return response{}, err
	}
	log := r.log.With("user", user.User)
	if descendants {
		revoked, err := r.family(user)
		if err != nil {
			return response{}, err
		}
		log.InfoContext(ctx, "token and descendants revoked", "revoked", revoked)
		return response{status: http.StatusOK}, nil
	}
	if err := r.token(user); err != nil {
		return response{}, err
	}
	log.InfoContext(ctx, "token revoked")
	return response{status: http.StatusOK}, nil
}
