package oauth

import (
	"context"
	"net/http"

	"pats/pkg/pat"
	"pats/pkg/proxy"
)

// revoke revokes the token in the form. Having it is enough, so the credential that clients send with it is not checked. The response is
// the same whether or not there was such a token (RFC 7009 §2.2).
func (h *Handler) revoke(ctx context.Context, req request) (response, error) {
	sent, err := readSubmission(req)
	if err != nil {
		return response{}, err
	}
	secret, err := pat.ParseForeignSecret(sent.token)
	if err != nil {
		return response{status: http.StatusOK}, nil //nolint:nilerr // a text that is no token is not valid already
	}
	ended, err := h.service.RevokeSecret(ctx, secret)
	if err != nil {
		return response{}, err
	}
	if !ended.Empty() {
		proxy.Logger(h.log, req.event).InfoContext(ctx, "token revoked by its holder", "user", ended.User, "tokens", ended.Tokens,
			"replaced", ended.Replaced)
	}
	return response{status: http.StatusOK}, nil
}
