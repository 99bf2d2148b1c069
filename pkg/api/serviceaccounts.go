package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	"pats/pkg/api/apitypes"
	"pats/pkg/api/unleashjson"
	"pats/pkg/pat"
)

// The resources of the routes of service accounts, as template.yaml spells them.
const (
	ResourceServiceAccounts = "/api/admin/service-account"
	ResourceServiceAccount  = "/api/admin/service-account/{id}"
	ResourceServiceTokens   = "/api/admin/service-account/{id}/token"           //nolint:gosec // a path, not a credential
	ResourceServiceToken    = "/api/admin/service-account/{id}/token/{tokenId}" //nolint:gosec // a path, not a credential
	// ResourceServiceTokenRotate is not Unleash's.
	ResourceServiceTokenRotate = "/api/admin/service-account/{id}/token/{tokenId}/rotate" //nolint:gosec // a path, not a credential
)

// NewServiceAccounts returns the handler of the routes of service accounts, which are for Admins. Those of their tokens are 404 if
// settings.Enabled is false. Every other resource is a 404.
func NewServiceAccounts(service *pat.Service, settings TokensSettings, log *slog.Logger) *Handler {
	s := serviceAccounts{tokens{service, callers{service, settings.Admin}, settings.Enabled, log}}
	return &Handler{log: log, callers: s.callers, routes: routes{
		ResourceServiceAccounts: {forAdmins, map[string]operation{
			http.MethodGet:  {s.list, pat.ScopeUsersRead},
			http.MethodPost: {s.create, pat.ScopeUsersWrite},
		}},
		ResourceServiceAccount: {forAdmins, map[string]operation{
			http.MethodPut:    {s.update, pat.ScopeUsersWrite},
			http.MethodDelete: {s.remove, pat.ScopeUsersWrite},
		}},
		ResourceServiceTokens: {forAdmins, map[string]operation{
			http.MethodGet:  {s.ifEnabled(s.listTokens), pat.ScopeUsersRead},
			http.MethodPost: {s.ifEnabled(s.createToken), pat.ScopeUsersWrite},
		}},
		ResourceServiceToken:       {forAdmins, map[string]operation{http.MethodDelete: {s.ifEnabled(s.revokeToken), pat.ScopeUsersWrite}}},
		ResourceServiceTokenRotate: {forAdmins, map[string]operation{http.MethodPost: {s.ifEnabled(s.rotateToken), pat.ScopeUsersWrite}}},
	}}
}

type serviceAccounts struct{ tokens }

// list returns a page of service accounts with their tokens, with a Link to the next page as the list of users has.
func (s serviceAccounts) list(ctx context.Context, req *request, _ pat.Principal) (response, error) {
	page, err := readPage(req, maxServicePage)
	if err != nil {
		return response{}, err
	}
	accounts, next, err := s.service.ServiceAccounts(ctx, page.after, page.limit)
	if err != nil {
		return response{}, err
	}
	resp, err := jsonResponse(http.StatusOK, apitypes.NewServiceAccountList(accounts))
	if err != nil {
		return response{}, err
	}
	if next != 0 {
		resp.headers.Set("Link", page.link(next, url.Values{}))
	}
	return resp.tagged(req), nil
}

func (s serviceAccounts) create(ctx context.Context, req *request, _ pat.Principal) (response, error) {
	body, err := req.object()
	if err != nil {
		return response{}, err
	}
	profile, err := readServiceProfile(body)
	if err != nil {
		return response{}, err
	}
	account, err := s.service.CreateServiceAccount(ctx, profile)
	if err != nil {
		return response{}, nameTaken(err)
	}
	req.logger(s.log).InfoContext(ctx, "service account created", "user", account.ID)
	resp, err := jsonResponse(http.StatusCreated, apitypes.NewServiceAccount(account))
	if err != nil {
		return response{}, err
	}
	resp.headers.Set("Location", fmt.Sprintf("service-account/%d", account.ID)) // relative, as Link
	return resp, nil
}

// nameTaken returns err, but a KindUserExists as the 409 of Unleash's document. For users it is a 400.
func nameTaken(err error) error {
	if pat.KindOf(err) != pat.KindUserExists {
		return err
	}
	return &problem{
		status: http.StatusConflict, name: errorOf[pat.KindDuplicate].name, message: "A user or a service account already has this username.",
	}
}

func (s serviceAccounts) update(ctx context.Context, req *request, _ pat.Principal) (response, error) {
	id, edit, err := readUserEdit(req, readServiceEdit)
	if err != nil {
		return response{}, err
	}
	account, err := s.service.UpdateUser(ctx, id, edit.apply, pat.ServiceAccount)
	if err != nil {
		return response{}, err
	}
	req.logger(s.log).InfoContext(ctx, "service account updated", "user", id)
	return jsonResponse(http.StatusOK, apitypes.NewServiceAccount(account))
}

func (s serviceAccounts) remove(ctx context.Context, req *request, _ pat.Principal) (response, error) {
	id, err := req.userID()
	if err != nil {
		return response{}, err
	}
	if err := s.service.DeleteUser(ctx, id, pat.ServiceAccount); err != nil {
		return response{}, err
	}
	req.logger(s.log).InfoContext(ctx, "service account deleted", "user", id)
	return response{status: http.StatusOK}, nil
}

func (s serviceAccounts) listTokens(ctx context.Context, req *request, _ pat.Principal) (response, error) {
	id, err := req.userID()
	if err != nil {
		return response{}, err
	}
	list, err := s.service.ServiceTokens(ctx, id)
	if err != nil {
		return response{}, err
	}
	return newResponse(http.StatusOK, apitypes.NewTokenList(id, list).JSON()).tagged(req), nil
}

func (s serviceAccounts) createToken(ctx context.Context, req *request, caller pat.Principal) (response, error) {
	id, err := req.userID()
	if err != nil {
		return response{}, err
	}
	draft, err := readDraft(req)
	if err != nil {
		return response{}, err
	}
	key, err := optionalKey(req, caller)
	if err != nil {
		return response{}, err
	}
	token, secret, err := s.service.CreateServiceToken(ctx, caller, id, draft, key)
	if err != nil {
		return response{}, err
	}
	req.logger(s.log).InfoContext(ctx, "token of a service account created", "user", id, "token", token.ID, "by", caller.Name())
	return jsonResponse(http.StatusCreated, apitypes.NewCreatedToken(id, token, secret))
}

func (s serviceAccounts) rotateToken(ctx context.Context, req *request, caller pat.Principal) (response, error) {
	account, id, err := readServiceToken(req)
	if err != nil {
		return response{}, err
	}
	rotation, err := readRotation(req)
	if err != nil {
		return response{}, err
	}
	if rotation.Key, err = optionalKey(req, caller); err != nil {
		return response{}, err
	}
	token, secret, err := s.service.RotateServiceToken(ctx, caller, account, id, rotation)
	if err != nil {
		return response{}, err
	}
	req.logger(s.log).InfoContext(ctx, "token of a service account rotated", "user", account, "token", id, "by", caller.Name())
	return jsonResponse(http.StatusOK, apitypes.NewCreatedToken(account, token, secret))
}

func (s serviceAccounts) revokeToken(ctx context.Context, req *request, caller pat.Principal) (response, error) {
	account, id, err := readServiceToken(req)
	if err != nil {
		return response{}, err
	}
	descendants, err := unleashjson.ParseQueryBool("descendants", req.query["descendants"])
	if err != nil {
		return response{}, err
	}
	revoked, err := s.service.RevokeServiceToken(ctx, account, id, descendants)
	if err != nil {
		return response{}, err
	}
	req.logger(s.log).InfoContext(ctx, "tokens of a service account revoked", "user", account, "revoked", revoked, "by", caller.Name())
	return response{status: http.StatusOK}, nil
}
