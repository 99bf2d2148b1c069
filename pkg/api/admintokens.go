package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"

	"pats/pkg/api/apitypes"
	"pats/pkg/api/unleashjson"
	"pats/pkg/pat"
)

// The resources of the tokens of other users, as template.yaml spells them. Parameters of the same place in a path must have one name in
// API Gateway, so {id} is the user's, as in ResourceUser.
const (
	ResourceAllTokens  = "/api/admin/tokens"
	ResourceUserTokens = "/api/admin/user-admin/{id}/tokens"           //nolint:gosec // a path, not a credential
	ResourceUserToken  = "/api/admin/user-admin/{id}/tokens/{tokenId}" //nolint:gosec // a path, not a credential
)

// NewAdminTokens returns the handler of the routes on which an Admin lists and revokes the tokens of all users. They work while the
// users' own token routes are disabled. admin is as for NewUsers. Every other resource is a 404.
func NewAdminTokens(service *pat.Service, admin pat.AdminKey, log *slog.Logger) *Handler {
	t := adminTokens{service, log}
	return &Handler{log: log, callers: callers{service, admin}, routes: routes{
		ResourceAllTokens:  {forAdmins, map[string]operation{http.MethodGet: {t.list, pat.ScopeUsersRead}}},
		ResourceUserTokens: {forAdmins, map[string]operation{http.MethodDelete: {t.revokeAll, pat.ScopeUsersWrite}}},
		ResourceUserToken:  {forAdmins, map[string]operation{http.MethodDelete: {t.revoke, pat.ScopeUsersWrite}}},
	}}
}

type adminTokens struct {
	service *pat.Service
	log     *slog.Logger
}

// list returns the selected tokens of a page of users. If there are more users, the header Link refers to the next page as in the list
// of users.
func (t adminTokens) list(ctx context.Context, req *request, _ pat.Principal) (response, error) {
	if err := req.allowQuery("after", "limit", "user", "expiresBefore", "unusedSince", "scope", "state"); err != nil {
		return response{}, err
	}
	page, err := readPage(req, maxTokenPage)
	if err != nil {
		return response{}, err
	}
	filter, err := readTokenFilter(req)
	if err != nil {
		return response{}, err
	}
	found, next, err := t.service.AllTokens(ctx, page.after, page.limit, filter)
	if err != nil {
		return response{}, err
	}
	body, next, err := tokenPage(found, next)
	if err != nil {
		return response{}, err
	}
	resp := newResponse(http.StatusOK, body)
	if next != 0 {
		resp.headers.Set("Link", page.link(next, req.query))
	}
	return resp.tagged(req), nil
}

// maxTokenPageBytes bounds a page of tokens, unless a single user has more. A Lambda's response has at most 6 MiB, with its body as a
// JSON string, in which quotes take two bytes.
const maxTokenPageBytes = 4 << 20

// tokenPage returns the JSON of a page of tokens, and the user after whom the next page begins: next, or the last one for whom there is
// room.
func tokenPage(found []pat.UserTokens, next pat.UserID) ([]byte, pat.UserID, error) {
	var body bytes.Buffer
	body.WriteString(`{"tokens":[`)
	for i, of := range found {
		rows, err := tokenRows(of)
		if err != nil {
			return nil, 0, err
		}
		if i > 0 {
			if body.Len()+len(rows) > maxTokenPageBytes {
				next = found[i-1].User.ID
				break
			}
			body.WriteByte(',')
		}
		body.Write(rows)
	}
	body.WriteString("]}")
	return body.Bytes(), next, nil
}

// tokenRows returns the JSON of a user's tokens, of which there is at least one, without brackets.
func tokenRows(of pat.UserTokens) ([]byte, error) {
	var rows bytes.Buffer
	encoder := json.NewEncoder(&rows)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(apitypes.NewUserTokens(of)); err != nil {
		return nil, fmt.Errorf("marshaling tokens: %w", err)
	}
	return bytes.Trim(rows.Bytes(), "[]\n"), nil
}

// revokeAll revokes the selected tokens of a user.
func (t adminTokens) revokeAll(ctx context.Context, req *request, _ pat.Principal) (response, error) {
	if err := req.allowQuery("expiresBefore", "unusedSince", "scope", "state"); err != nil {
		return response{}, err
	}
	user, err := req.userID()
	if err != nil {
		return response{}, err
	}
	filter, err := readTokenFilter(req)
	if err != nil {
		return response{}, err
	}
	return t.revoked(ctx, req, user, func() ([]pat.TokenID, error) { return t.service.RevokeUserTokens(ctx, user, filter) })
}

// revoke revokes a token of a user, alone or with its descendants.
func (t adminTokens) revoke(ctx context.Context, req *request, _ pat.Principal) (response, error) {
	if err := req.allowQuery("descendants"); err != nil {
		return response{}, err
	}
	user, err := req.userID()
	if err != nil {
		return response{}, err
	}
	id, err := req.tokenID("tokenId")
	if err != nil {
		return response{}, err
	}
	descendants, err := unleashjson.ParseQueryBool("descendants", req.query["descendants"])
	if err != nil {
		return response{}, err
	}
	return t.revoked(ctx, req, user, func() ([]pat.TokenID, error) {
		if descendants {
			return t.service.RevokeUserDescendants(ctx, user, id)
		}
		return []pat.TokenID{id}, t.service.RevokeUserToken(ctx, user, id)
	})
}

// revoked revokes tokens of user, and returns a response with their IDs.
func (t adminTokens) revoked(ctx context.Context, req *request, user pat.UserID, revoke func() ([]pat.TokenID, error)) (response, error) {
	ids, err := revoke()
	if err != nil {
		return response{}, err
	}
	req.logger(t.log).InfoContext(ctx, "tokens revoked by an Admin", "user", user, "revoked", ids)
	return jsonResponse(http.StatusOK, apitypes.NewRevokedTokens(ids))
}
