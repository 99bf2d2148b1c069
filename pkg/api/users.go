package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// The resources of the user routes, as template.yaml spells them.
const (
	ResourceSelf       = "/api/admin/user"
	ResourceUsers      = "/api/admin/user-admin"
	ResourceUser       = "/api/admin/user-admin/{id}"
	ResourceUserSearch = "/api/admin/user-admin/search"
	ResourceAdminCount = "/api/admin/user-admin/admin-count"
)

// NewUsers returns the handler of the user routes. admin recognizes the holder of the admin API token, who has the permissions of
// an Admin. Every other resource is a 404.
func NewUsers(service *pat.Service, admin pat.AdminKey, log *slog.Logger) *Handler {
	u := users{service, callers{service, admin}, log}
	return &Handler{log: log, callers: u.callers, routes: routes{
		ResourceSelf: {forCallers, map[string]operation{http.MethodGet: {act: u.self}}},
		ResourceUsers: {forAdmins, map[string]operation{
			http.MethodGet:  {u.list, pat.ScopeUsersRead},
			http.MethodPost: {u.create, pat.ScopeUsersWrite},
		}},
		ResourceUserSearch: {forAdmins, map[string]operation{http.MethodGet: {u.search, pat.ScopeUsersRead}}},
		ResourceAdminCount: {forAdmins, map[string]operation{http.MethodGet: {u.adminCount, pat.ScopeUsersRead}}},
		ResourceUser: {forAdmins, map[string]operation{
			http.MethodGet:    {u.read, pat.ScopeUsersRead},
			http.MethodPut:    {u.update, pat.ScopeUsersWrite},
			http.MethodDelete: {u.remove, pat.ScopeUsersWrite},
		}},
	}}
}

type users struct {
	service *pat.Service
	callers callers
	log     *slog.Logger
}

func (u users) self(ctx context.Context, req *request, caller pat.Principal) (response, error) {
	body, err := u.selfBody(ctx, caller)
	if err != nil {
		return response{}, err
	}
	return taggedJSON(req, body)
}

func (u users) selfBody(ctx context.Context, caller pat.Principal) (apitypes.Self, error) {
	if caller.Kind == pat.HolderAdmin {
		return apitypes.NewAdminTokenSelf(), u.callers.checkAdminToken(caller)
	}
	holder, err := u.service.Admit(ctx, caller.Identity)
	return apitypes.NewSelf(holder), err
}

// list returns a page of users in ascending order of id. If there are more users, the header Link refers to the next page.
func (u users) list(ctx context.Context, req *request, _ pat.Principal) (response, error) {
	page, err := readPage(req, maxPage)
	if err != nil {
		return response{}, err
	}
	accounts, err := u.service.Users(ctx, page.after, page.limit+1, pat.UserAccount)
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
		resp.headers.Set("Link", page.link(accounts[page.limit-1].ID, url.Values{}))
	}
	return resp.tagged(req), nil
}

// search returns the users who match the query's q. As in Unleash, an absent q and a short one match no one.
func (u users) search(ctx context.Context, req *request, _ pat.Principal) (response, error) {
	query, err := req.queryText("q")
	if err != nil {
		return response{}, err
	}
	accounts, err := u.service.SearchUsers(ctx, query)
	if err != nil {
		return response{}, err
	}
	return taggedJSON(req, apitypes.NewFoundUsers(accounts))
}

func (u users) adminCount(ctx context.Context, req *request, _ pat.Principal) (response, error) {
	count, err := u.service.AdminCount(ctx)
	if err != nil {
		return response{}, err
	}
	service, err := u.service.ServiceAdminCount(ctx)
	if err != nil {
		return response{}, err
	}
	return taggedJSON(req, apitypes.AdminCount{NoPassword: count, Service: service})
}

func (u users) create(ctx context.Context, req *request, _ pat.Principal) (response, error) {
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
	req.logger(u.log).InfoContext(ctx, "user created", "user", account.ID)
	resp, err := jsonResponse(http.StatusCreated, apitypes.CreatedUser{User: apitypes.NewUser(account)})
	if err != nil {
		return response{}, err
	}
	resp.headers.Set("Location", fmt.Sprintf("user-admin/%d", account.ID)) // relative, as Link
	return resp, nil
}

func (u users) read(ctx context.Context, req *request, _ pat.Principal) (response, error) {
	id, err := req.userID()
	if err != nil {
		return response{}, err
	}
	account, err := u.service.User(ctx, id, pat.UserAccount)
	if err != nil {
		return response{}, err
	}
	return taggedJSON(req, apitypes.NewUser(account))
}

func (u users) update(ctx context.Context, req *request, _ pat.Principal) (response, error) {
	id, edit, err := readUserEdit(req, readProfileEdit)
	if err != nil {
		return response{}, err
	}
	account, err := u.service.UpdateUser(ctx, id, edit.apply, pat.UserAccount)
	if err != nil {
		return response{}, err
	}
	req.logger(u.log).InfoContext(ctx, "user updated", "user", id)
	return jsonResponse(http.StatusOK, apitypes.NewUser(account))
}

func (u users) remove(ctx context.Context, req *request, _ pat.Principal) (response, error) {
	id, err := req.userID()
	if err != nil {
		return response{}, err
	}
	if err := u.service.DeleteUser(ctx, id, pat.UserAccount); err != nil {
		return response{}, err
	}
	req.logger(u.log).InfoContext(ctx, "user deleted", "user", id)
	return response{status: http.StatusOK}, nil
}
