// Package sessionapi serves the API to users in a session in the browser, and begins and ends their sessions.
package sessionapi

import (
	"context"
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
	// Client is this service at the identity provider. Without an issuer, no one can sign in.
	Client session.Client
	// PublicURL is the address of the stack, or empty for the one that a request is sent to.
	PublicURL string
	Limits    Limits
	// TokensEnabled is the kill switch: if false, `pats login` gets no token.
	TokensEnabled bool
	// AllowPastedCode lets users of `pats login --no-browser` paste its code.
	AllowPastedCode bool
}

// Limits are what a user can choose from for a new token.
type Limits struct {
	// MaxTokenDays is the longest lifetime of a token in days, or 0 for none.
	MaxTokenDays int
	Scopes       pat.ScopeCatalog
}

// Handler handles the events of the routes of sessions. It is safe for concurrent use.
type Handler struct {
	service  *pat.Service
	settings Settings
	env      pat.Env
	log      *slog.Logger
	// routes has the routes of sessions themselves by method and resource.
	routes map[string]proxy.Handler
	api    *api.Handler
}

// New returns the handler of sessions and of the resources of handlers for users in one.
func New(service *pat.Service, settings Settings, env pat.Env, handlers ...*api.Handler) *Handler {
	h := NewAPI(service, settings, env, handlers...)
	h.routes = map[string]proxy.Handler{
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

var errSignInOff = &pat.Error{Kind: pat.KindNotFound, Message: session.UnavailableMessage}

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
		return pat.Identity{}, &pat.Error{Kind: pat.KindForbidden, Message: "Only this service's own pages can send this request.", Err: err}
	}
	return session.Caller(event, h.settings.Client, h.site(event), h.env.Now())
}

func (h *Handler) site(event events.APIGatewayProxyRequest) session.Site {
	return session.SiteOf(event, h.settings.PublicURL)
}

func (h *Handler) logger(event events.APIGatewayProxyRequest) *slog.Logger {
	return proxy.Logger(h.log, event)
}
