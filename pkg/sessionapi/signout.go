package sessionapi

import (
	"context"
	"net/http"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/pat"
	"pats/pkg/proxy"
	"pats/pkg/session"
)

// signOut makes the browser forget the session, and with ?everywhere=true ends all of the user's sessions. Without a session, the
// latter fails, since it cannot end the others.
func (h *Handler) signOut(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	caller, err := h.caller(event)
	everywhere := proxy.Query(event).Get("everywhere") == "true"
	switch {
	case err == nil && everywhere:
		err = h.service.EndSessions(ctx, caller)
	case pat.KindOf(err) == pat.KindUnauthenticated && !everywhere:
		err = nil
	}
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	headers := http.Header{}
	session.SessionCookie(h.settings.Client, h.site(event)).Clear(headers)
	return proxy.Response(http.StatusNoContent, headers, nil, ""), nil
}
