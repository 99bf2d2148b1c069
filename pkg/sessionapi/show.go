package sessionapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// shown is who is signed in, and what the user can choose from for a new token.
type shown struct {
	User      apitypes.User `json:"user"`
	Mode      string        `json:"mode"`
	SignIn    bool          `json:"signIn"`
	ExpiresAt time.Time     `json:"expiresAt"`
	// MaxTokenDays is absent if there is no longest lifetime.
	MaxTokenDays int     `json:"maxTokenDays,omitempty"`
	Scopes       []scope `json:"scopes"`
}

type scope struct {
	Name string `json:"name"`
}

// show returns who is signed in, or a 401 that reports whether sign-in is available.
func (h *Handler) show(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	var holder pat.Holder
	caller, err := h.caller(event)
	if err == nil {
		holder, err = h.service.Admit(ctx, caller)
	}
	switch {
	case errors.Is(err, errSignInOff), pat.KindOf(err) == pat.KindUnauthenticated:
		return respond(http.StatusUnauthorized, map[string]bool{"signIn": h.settings.Client.Issuer != ""})
	case err != nil:
		return events.APIGatewayProxyResponse{}, err
	}
	return respond(http.StatusOK, shown{
		User: apitypes.NewUser(holder.Account), Mode: "session", SignIn: true, ExpiresAt: caller.Session.ExpiresAt,
		MaxTokenDays: h.settings.Limits.MaxTokenDays, Scopes: h.scopes(holder.Account),
	})
}

// scopes returns the scopes that tokens of account can carry.
func (h *Handler) scopes(account pat.Account) []scope {
	scopes := []scope{}
	for _, s := range h.settings.Limits.Scopes.Carried(account) {
		scopes = append(scopes, scope{string(s)})
	}
	return scopes
}
