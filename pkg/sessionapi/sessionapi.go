// Package sessionapi serves the API to users in a session in the browser, and begins and ends their sessions.
package sessionapi

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/api"
	"pats/pkg/pat"
	"pats/pkg/proxy"
	"pats/pkg/session"
)

// Settings are the settings of sessions.
type Settings struct {
	// Client is this service at the identity provider. Without an issuer, nobody can sign in.
	Client session.Client
	// PublicURL is the address of the stack, or empty for the one that a request is sent to.
	PublicURL string
	Limits    Limits
	// TokensEnabled is the kill switch: if false, `pats login` gets no token.
	TokensEnabled bool
	// AllowPastedCode lets `pats login` get its code from the user's hands.
	AllowPastedCode bool
}

// Handler handles the events of the routes of sessions. It is safe for concurrent use.
type Handler struct {
	service  *pat.Service
	settings Settings
	env      pat.Env
	log      *slog.Logger
	// routes has the routes of sessions themselves by method and resource.
	routes map[string]route
	api    *api.Handler
}

type route func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error)

// New returns the handler of sessions and of the resources of handlers for users in one.
func New(service *pat.Service, settings Settings, env pat.Env, handlers ...*api.Handler) *Handler {
	h := NewAPI(service, settings, env, handlers...)
	h.routes = map[string]route{
		http.MethodGet + session.EnterPath:    h.enter,
		http.MethodGet + session.SessionPath:  h.show,
		http.MethodPost + session.SignOutPath: h.signOut,

		http.MethodGet + session.ConsentRequestPath:  jsonRoute(http.StatusOK, h.showConsent),
		http.MethodPost + session.ConsentRequestPath: jsonRoute(http.StatusOK, h.approve),
		http.MethodPost + session.RedeemPath:         jsonRoute(http.StatusCreated, h.redeem),
	}
	return h
}

// NewAPI returns the handler of the resources of handlers for users in a session.
func NewAPI(service *pat.Service, settings Settings, env pat.Env, handlers ...*api.Handler) *Handler {
	h := &Handler{service: service, settings: settings, env: env, log: env.Log}
	h.api = api.Under(session.APIPrefix, h.identify, handlers...)
	return h
}

// Handle handles one event. It never returns an error.
func (h *Handler) Handle(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	serve, found := h.routes[event.HTTPMethod+event.Resource]
	if !found {
		response, err := h.api.Handle(ctx, event)
		return withSecurityHeaders(response), err
	}
	timed, cancel := pat.WithTimeToRespond(ctx)
	defer cancel()
	response, err := serve(timed, event)
	if err != nil {
		response = h.api.Refuse(ctx, event, err)
	}
	return withSecurityHeaders(response), nil
}

func withSecurityHeaders(response events.APIGatewayProxyResponse) events.APIGatewayProxyResponse {
	maps.Copy(response.MultiValueHeaders, session.SecurityHeaders())
	return response
}

var (
	errSignInOff   = &pat.Error{Kind: pat.KindNotFound, Message: "Nobody can sign in here, since no identity provider is set up."}
	errCrossOrigin = "Only this service's own pages can send this request."
)

// identify returns the caller whose session cookie the request has, if a page of the stack has sent it.
func (h *Handler) identify(event events.APIGatewayProxyRequest) (pat.Principal, error) {
	caller, err := h.caller(event)
	return pat.Principal{Kind: pat.HolderUser, Identity: caller}, err
}

func (h *Handler) caller(event events.APIGatewayProxyRequest) (pat.Identity, error) {
	if h.settings.Client.Issuer == "" {
		return pat.Identity{}, errSignInOff
	}
	if err := session.CheckOrigin(event); err != nil {
		return pat.Identity{}, &pat.Error{Kind: pat.KindForbidden, Message: errCrossOrigin, Err: err}
	}
	return session.Caller(event, h.settings.Client, h.site(event), h.env.Now())
}

func (h *Handler) site(event events.APIGatewayProxyRequest) session.Site {
	return session.SiteOf(event, h.settings.PublicURL)
}

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
	status, message := http.StatusForbidden, "The service cannot be reached at the moment."
	e, known := errors.AsType[*pat.Error](err)
	switch {
	case known && (e.Kind == pat.KindForbidden || e.Kind == pat.KindUnauthenticated):
		message = e.Message
		h.logger(event).InfoContext(ctx, "refused a sign-in", "cause", err)
	default:
		status = http.StatusServiceUnavailable
		h.logger(event).ErrorContext(ctx, "a sign-in failed", "cause", err)
	}
	return notice(status, headers, message, h.site(event))
}

func notice(status int, headers http.Header, message string, site session.Site) events.APIGatewayProxyResponse {
	return session.Notice(status, headers, "You are not signed in", message, site.Path(session.LoginPath))
}

// signOut makes the browser forget the session, and with ?everywhere=true ends all of the user's sessions. Signing out succeeds also
// without a session.
func (h *Handler) signOut(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	caller, err := h.caller(event)
	if err != nil && pat.KindOf(err) != pat.KindUnauthenticated {
		return events.APIGatewayProxyResponse{}, err
	}
	if err == nil && proxy.Query(event).Get("everywhere") == "true" {
		if err := h.service.EndSessions(ctx, caller); err != nil && pat.KindOf(err) != pat.KindUnauthenticated {
			return events.APIGatewayProxyResponse{}, err
		}
	}
	headers := http.Header{}
	session.SessionCookie(h.settings.Client, h.site(event)).Clear(headers)
	return proxy.Response(http.StatusNoContent, headers, nil, ""), nil
}

func (h *Handler) logger(event events.APIGatewayProxyRequest) *slog.Logger {
	return proxy.Logger(h.log, event)
}

// Limits are what a user can choose from for a new token.
type Limits struct {
	// MaxTokenDays is the longest lifetime of a token in days, or 0 for none.
	MaxTokenDays int
	Scopes       pat.ScopeCatalog
}
