package target

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"pats/pkg/api"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// tokenPage is the number of users whose tokens are read at once: the most that a server takes.
const tokenPage = 100

// AllTokens are the tokens of all users, in a store or on a server.
type AllTokens interface {
	// Page returns the selected tokens of some users with IDs above after, and the last user looked at, or 0 if there are no more.
	Page(ctx context.Context, after pat.UserID, filter pat.TokenFilter) (tokens []apitypes.UserToken, next pat.UserID, err error)
	// Revoke revokes the tokens of user that filter selects at that moment, and returns their IDs. If a server's response was lost and
	// the request repeated, the IDs of those that the first one revoked are missing.
	Revoke(ctx context.Context, user pat.UserID, filter pat.TokenFilter) ([]pat.TokenID, error)
	// Caller returns the user whose token is presented to a server, or 0 if there is none.
	Caller(ctx context.Context) (pat.UserID, error)
}

// StoreTokens returns the tokens of all users in a store. The errors of its methods are those of pat.Service.
func StoreTokens(service *pat.Service) AllTokens { return storeTokens{service} }

type storeTokens struct{ service *pat.Service }

func (s storeTokens) Page(ctx context.Context, after pat.UserID, filter pat.TokenFilter) ([]apitypes.UserToken, pat.UserID, error) {
	page, next, err := s.service.AllTokens(ctx, after, tokenPage, filter)
	var tokens []apitypes.UserToken
	for _, of := range page {
		tokens = append(tokens, apitypes.NewUserTokens(of)...)
	}
	return tokens, next, err
}

func (s storeTokens) Revoke(ctx context.Context, user pat.UserID, filter pat.TokenFilter) ([]pat.TokenID, error) {
	return s.service.RevokeUserTokens(ctx, user, filter)
}

func (storeTokens) Caller(context.Context) (pat.UserID, error) { return 0, nil }

// ServerTokens returns the tokens of all users on a server, for an Admin. The errors of its methods are those of Server.List.
func ServerTokens(server *Server) AllTokens { return serverTokens{server} }

type serverTokens struct{ server *Server }

func (s serverTokens) Page(ctx context.Context, after pat.UserID, filter pat.TokenFilter) ([]apitypes.UserToken, pat.UserID, error) {
	query := filterQuery(filter)
	query.Set("limit", strconv.Itoa(tokenPage))
	query.Set("after", formatID(after))
	if filter.User != 0 {
		query.Set("user", formatID(filter.User))
	}
	var page apitypes.TokenPage
	var header http.Header
	err := s.server.send(ctx, request{method: http.MethodGet, url: s.server.admin(query, api.ResourceAllTokens), header: &header}, &page)
	if err != nil {
		return nil, 0, err
	}
	next, ok := nextUser(header.Get("Link"))
	if page.Tokens == nil || !ok || (next != 0 && next <= after) {
		return nil, 0, s.server.notPats()
	}
	return page.Tokens, next, nil
}

func (s serverTokens) Revoke(ctx context.Context, user pat.UserID, filter pat.TokenFilter) ([]pat.TokenID, error) {
	var revoked apitypes.RevokedTokens
	target := s.server.admin(filterQuery(filter), api.ResourceUsers, formatID(user), "tokens")
	err := s.server.send(ctx, request{method: http.MethodDelete, url: target}, &revoked)
	return revoked.Revoked, err
}

// Caller returns 0 for the admin API token, which belongs to no user.
func (s serverTokens) Caller(ctx context.Context) (pat.UserID, error) {
	if s.server.presentsAdminToken() {
		return 0, nil
	}
	token, err := s.server.Show(ctx)
	return token.UserID, err
}

// filterQuery returns the query parameters of a filter but its user.
func filterQuery(filter pat.TokenFilter) url.Values {
	query := url.Values{}
	for name, at := range map[string]time.Time{"expiresBefore": filter.ExpiresBefore, "unusedSince": filter.UnusedSince} {
		if !at.IsZero() {
			query.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	for name, text := range map[string]string{"scope": string(filter.Scope), "state": string(filter.State)} {
		if text != "" {
			query.Set(name, text)
		}
	}
	return query
}

// nextPage matches the header Link of a page, whose reference has a query alone.
var nextPage = regexp.MustCompile(`^<\?([^>]*)>; rel="next"$`)

// nextUser returns the user after whom the next page begins, or 0 if there is none, and reports whether link has the form of a page's.
func nextUser(link string) (pat.UserID, bool) {
	if link == "" {
		return 0, true
	}
	match := nextPage.FindStringSubmatch(link)
	if match == nil {
		return 0, false
	}
	query, err := url.ParseQuery(match[1])
	if err != nil {
		return 0, false
	}
	after, err := strconv.ParseInt(query.Get("after"), 10, 64)
	return pat.UserID(after), err == nil && after > 0
}

func formatID[T ~int64](id T) string { return strconv.FormatInt(int64(id), 10) }
