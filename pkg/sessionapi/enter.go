package sessionapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/pat"
	"pats/pkg/proxy"
	"pats/pkg/session"
)

// enter begins the session of a user who comes from the identity provider with a ticket.
func (h *Handler) enter(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	if h.settings.Client.Issuer == "" {
		return events.APIGatewayProxyResponse{}, errSignInOff
	}
	now, site, headers := h.env.Now(), h.site(event), http.Header{}
	cookie := session.TicketCookie(h.settings.Client, site)
	cookie.Clear(headers)
	ticket, err := cookie.Read(proxy.Header(event), now)
	if err != nil {
		h.logger(event).InfoContext(ctx, "refused a ticket", "cause", err)
		return notice(http.StatusBadRequest, headers, "The sign-in took too long or was begun in another browser.", site), nil
	}
	identity, err := h.begin(ctx, ticket)
	if err != nil {
		return h.refuseEntry(ctx, event, headers, err), nil
	}
	signed := session.Signed{User: identity.User, Facts: ticket.Started}
	err = session.SessionCookie(h.settings.Client, site).Set(headers, h.env.Random, signed, now, identity.Session.ExpiresAt)
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	h.logger(event).InfoContext(ctx, "signed in", "user", identity.User)
	return session.Redirect(headers, site.Path(session.LocalPath(ticket.Next))), nil
}

// begin returns the Identity of the user of ticket in the session that it leads to. Errors: those of [pat.Service.SignIn] and
// [pat.Service.Admit].
func (h *Handler) begin(ctx context.Context, ticket session.Ticket) (pat.Identity, error) {
	started, err := ticket.Started.Session()
	if err != nil {
		return pat.Identity{}, err
	}
	account, err := h.service.SignIn(ctx, ticket.User)
	if err != nil {
		return pat.Identity{}, err
	}
	identity := pat.Identity{User: account.ID, Session: started}
	_, err = h.service.Admit(ctx, identity) // the sessions may have been ended since the provider completed the sign-in
	return identity, err
}

// refuseEntry returns a page that says why a user cannot sign in.
func (h *Handler) refuseEntry(
	ctx context.Context, event events.APIGatewayProxyRequest, headers http.Header, err error,
) events.APIGatewayProxyResponse {
	if e, known := errors.AsType[*pat.Error](err); known && (e.Kind == pat.KindForbidden || e.Kind == pat.KindUnauthenticated) {
		h.logger(event).InfoContext(ctx, "refused a sign-in", "cause", err)
		return notice(http.StatusForbidden, headers, e.Message, h.site(event))
	}
	h.logger(event).ErrorContext(ctx, "a sign-in failed", "cause", err)
	return notice(http.StatusServiceUnavailable, headers, "The service cannot be reached at the moment.", h.site(event))
}

func notice(status int, headers http.Header, message string, site session.Site) events.APIGatewayProxyResponse {
	return session.Notice(status, headers, "You are not signed in", message, site.Path(session.LoginPath))
}
