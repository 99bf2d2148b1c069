package oauth

import (
	"context"
	"net/http"

	"pats/pkg/claims"
	"pats/pkg/pat"
)

// introspection is the response of RFC 7662 §2.2. The zero value is that for every token that is not valid, whatever the reason.
type introspection struct {
	Active bool `json:"active"`
	// Scope is absent if the token carries none: clients split the empty text into one scope without a name.
	Scope     string `json:"scope,omitempty"`
	Username  string `json:"username,omitempty"`
	TokenType string `json:"token_type,omitempty"`
	// ExpiresAt and IssuedAt are in seconds, rounded down, so that no client trusts a token longer than it is valid.
	ExpiresAt int64 `json:"exp,omitempty"`
	IssuedAt  int64 `json:"iat,omitempty"`
	// Subject is the user ID.
	Subject string `json:"sub,omitempty"`
	// TokenID and Role are not in the RFC, which allows such members. Role is absent for a token that is limited to scopes.
	TokenID pat.TokenID `json:"token_id,omitempty"`
	Role    string      `json:"role,omitempty"`
}

func (h *Handler) introspect(ctx context.Context, req request) (response, error) {
	sent, err := readSubmission(req)
	if err != nil {
		return response{}, err
	}
	if err := h.admit(ctx, sent.caller); err != nil {
		return response{}, err
	}
	holder, valid, err := h.service.Introspect(ctx, sent.token)
	if err != nil {
		return response{}, err
	}
	var found introspection
	if valid {
		found = h.describe(holder)
	}
	return jsonResponse(http.StatusOK, found)
}

// admit checks that the caller may introspect tokens. Errors: a *problem, KindUnavailable.
func (h *Handler) admit(ctx context.Context, caller credential) error {
	holder, err := h.authenticate(ctx, caller)
	if err != nil {
		return err
	}
	if h.service.RequireIntrospection(holder) != nil {
		return caller.forbidden(pat.ScopeTokensIntrospect)
	}
	return nil
}

// describe returns what the shared authorizer claims of the token, in the terms of RFC 7662.
func (h *Handler) describe(holder pat.Holder) introspection {
	of := claims.Of(holder, h.service.Granted(holder)).Strings()
	return introspection{
		Active:    true,
		Scope:     of.Scope,
		Username:  of.Username,
		TokenType: "Bearer",
		ExpiresAt: holder.Token.ExpiresAt.Unix(),
		IssuedAt:  holder.IssuedAt().Unix(),
		Subject:   of.UserID,
		TokenID:   holder.Token.ID,
		Role:      of.Role,
	}
}
