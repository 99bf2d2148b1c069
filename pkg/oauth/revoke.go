package oauth

import (
	"context"
	"net/http"

	"pats/pkg/pat"
	"pats/pkg/proxy"
)

// revoke revokes the token in the form, with its descendants if the parameter descendants, which the RFC does not have, is true. Having the
// token is enough, so the credential that clients send with it is not checked. The response is the same whether or not there was such a
// token (RFC 7009 §2.2).
func (h *Handler) revoke(ctx context.Context, req request) (response, error) {
	sent, err := readSubmission(req)
	if err != nil {
		return response{}, err
	}
	secret, err := pat.ParseForeignSecret(sent.token)
	if err != nil {
		return response{status: http.StatusOK}, nil //nolint:nilerr // a text that is no token is not valid already
	}
	ended, err := h.end(ctx, secret, sent.descendants)
	if err != nil {
		return response{}, err
	}
	if !ended.Empty() {
		proxy.Logger(h.log, req.event).InfoContext(ctx, "token revoked by its holder", "user", ended.User, "tokens", ended.Tokens,
			"replaced", ended.Replaced)
	}
	return response{status: http.StatusOK}, nil
}

func (h *Handler) end(ctx context.Context, secret pat.Secret, descendants bool) (pat.Ended, error) {
	if !descendants {
		return h.service.RevokeSecret(ctx, secret)
	}
	user, err := h.service.Owner(ctx, secret)
	if err != nil || user == 0 {
		return pat.Ended{}, err
	}
	return h.service.RevokeLeaked(ctx, user, []pat.Secret{secret})
}
