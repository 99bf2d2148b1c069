package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"

	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// The resources of the user routes, as template.yaml names them.
const (
	ResourceSelf  = "/api/admin/user"
	ResourceUsers = "/api/admin/user-admin"
	ResourceUser  = "/api/admin/user-admin/{id}"
)

// needAdmin is Unleash's message for a caller without the permission ADMIN.
const needAdmin = `You don't have the required permissions to perform this operation. To perform this action, you need the "ADMIN" permission.`

// NewUsers makes the handler of the user routes. admin recognises the holder of the admin API token, who may do what an
// Admin may. Every other resource is a 404.
func NewUsers(service *pat.Service, admin pat.AdminKey, log *slog.Logger) *Handler {
	u := users{service, admin, log}
	return &Handler{log: log, routes: routes{
		ResourceSelf:  {http.MethodGet: u.self},
		ResourceUsers: {http.MethodGet: u.forAdmins(u.list), http.MethodPost: u.forAdmins(u.create)},
		ResourceUser: {
			http.MethodGet:    u.forAdmins(u.read),
			http.MethodPut:    u.forAdmins(u.update),
			http.MethodDelete: u.forAdmins(u.remove),
		},
	}}
}

type users struct {
	service *pat.Service
	admin   pat.AdminKey
	log     *slog.Logger
}

// forAdmins lets through who has the permission ADMIN at this moment, whatever the authorizer's answer said.
func (u users) forAdmins(act func(context.Context, *request) (response, error)) action {
	return func(ctx context.Context, req *request, caller pat.Principal) (response, error) {
		if err := u.requireAdmin(ctx, caller); err != nil {
			return response{}, err
		}
		return act(ctx, req)
	}
}

func (u users) requireAdmin(ctx context.Context, caller pat.Principal) error {
	if caller.Kind == pat.HolderAdmin {
		return u.admit(caller)
	}
	account, err := u.service.Admit(ctx, caller.Identity)
	if err != nil {
		return err
	}
	if !account.EnabledAdmin() {
		return &pat.Error{Kind: pat.KindForbidden, Message: needAdmin}
	}
	return nil
}

// admit refuses the holder of an admin API token that was replaced since the authorizer saw it.
func (u users) admit(caller pat.Principal) error {
	if !u.admin.Admits(caller) {
		return pat.Refused(pat.ReasonInvalid, nil)
	}
	return nil
}

func (u users) self(ctx context.Context, req *request, caller pat.Principal) (response, error) {
	if _, err := req.object(); err != nil {
		return response{}, err
	}
	body, err := u.selfBody(ctx, caller)
	if err != nil {
		return response{}, err
	}
	resp, err := jsonResponse(http.StatusOK, body)
	if err != nil {
		return response{}, err
	}
	resp.headers.Set("Cache-Control", "no-store")
	return resp.tagged(req), nil
}

func (u users) selfBody(ctx context.Context, caller pat.Principal) (apitypes.Self, error) {
	if caller.Kind == pat.HolderAdmin {
		return apitypes.NewAdminTokenSelf(), u.admit(caller)
	}
	account, err := u.service.Admit(ctx, caller.Identity)
	return apitypes.NewSelf(account), err
}

// list gives the users in rising order of id. The query's after and limit give a page; if there are more users, the header
// Link has the next one (RFC 8288).
func (u users) list(ctx context.Context, req *request) (response, error) {
	if _, err := req.object(); err != nil {
		return response{}, err
	}
	page, err := readPage(req)
	if err != nil {
		return response{}, err
	}
	accounts, err := u.service.Users(ctx, page.after, page.limit+1)
	if err != nil {
		return response{}, err
	}
	more := len(accounts) > page.limit
	if more {
		accounts = accounts[:page.limit]
	}
	resp, err := jsonResponse(http.StatusOK, apitypes.NewUserList(accounts))
	if err != nil {
		return response{}, err
	}
	if more {
		next := fmt.Sprintf(`<%s?after=%d&limit=%d>; rel="next"`, ResourceUsers, accounts[page.limit-1].ID, page.limit)
		resp.headers.Set("Link", next)
	}
	return resp.tagged(req), nil
}

func (u users) create(ctx context.Context, req *request) (response, error) {
	if err := req.requireJSON(); err != nil {
		return response{}, err
	}
	body, err := req.object()
	if err != nil {
		return response{}, err
	}
	profile, err := readNewProfile(body)
	if err != nil {
		return response{}, err
	}
	account, err := u.service.CreateUser(ctx, profile)
	if err != nil {
		return response{}, err
	}
	u.log.InfoContext(ctx, "user created", "id", req.requestID, "user", account.ID)
	resp, err := jsonResponse(http.StatusCreated, apitypes.CreatedUser{User: apitypes.NewUser(account)})
	if err != nil {
		return response{}, err
	}
	resp.headers.Set("Location", strconv.FormatInt(int64(account.ID), 10))
	return resp, nil
}

func (u users) read(ctx context.Context, req *request) (response, error) {
	id, err := req.userID("id")
	if err != nil {
		return response{}, err
	}
	if _, err := req.object(); err != nil {
		return response{}, err
	}
	account, err := u.service.User(ctx, id)
	if err != nil {
		return response{}, err
	}
	resp, err := jsonResponse(http.StatusOK, apitypes.NewUser(account))
	if err != nil {
		return response{}, err
	}
	return resp.tagged(req), nil
}

func (u users) update(ctx context.Context, req *request) (response, error) {
	if err := req.requireJSON(); err != nil {
		return response{}, err
	}
	id, err := req.userID("id")
	if err != nil {
		return response{}, err
	}
	body, err := req.object()
	if err != nil {
		return response{}, err
	}
	edit, err := readProfileEdit(body)
	if err != nil {
		return response{}, err
	}
	account, err := u.service.UpdateUser(ctx, id, edit.apply)
	if err != nil {
		return response{}, err
	}
	u.log.InfoContext(ctx, "user updated", "id", req.requestID, "user", id)
	return jsonResponse(http.StatusOK, apitypes.NewUser(account))
}

func (u users) remove(ctx context.Context, req *request) (response, error) {
	id, err := req.userID("id")
	if err != nil {
		return response{}, err
	}
	if _, err := req.object(); err != nil {
		return response{}, err
	}
	if err := u.service.DeleteUser(ctx, id); err != nil {
		return response{}, err
	}
	u.log.InfoContext(ctx, "user deleted", "id", req.requestID, "user", id)
	return response{status: http.StatusOK}, nil
}
