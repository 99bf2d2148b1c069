// Package signin signs users in at an identity provider by OpenID Connect: the authorization code flow with PKCE. It has no access to
// the table. What it learns about a user leaves in a sealed cookie, from which the function for sessions finds or creates the account.
package signin

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/pat"
	"pats/pkg/proxy"
	"pats/pkg/session"
)

// Settings are the settings of signing in.
type Settings struct {
	Client session.Client
	// Domains and Groups decide who can sign in: users with a verified address at one of the domains, in lower case, and members of one of
	// the groups. Without either, only users who have an account can.
	Domains []string
	Groups  []string
	// AdminGroup is the group whose members are Admins, or empty.
	AdminGroup string
	// GroupsClaim is the claim with the user's groups.
	GroupsClaim string
	// Lifetime is that of a session.
	Lifetime time.Duration
	// PublicURL is the address of the stack, or empty for the one that a request is sent to.
	PublicURL string
}

// Handler handles the events of the routes of signing in. It is safe for concurrent use.
type Handler struct {
	settings Settings
	env      pat.Env
	provider *provider
}

// New returns the handler. client sends the requests to the provider, each with its time limit.
func New(settings Settings, client *http.Client, env pat.Env) *Handler {
	return &Handler{settings, env, newProvider(settings, client, env.Now)}
}

// Handle handles one event. It never returns an error: an error becomes a page, with its cause in the log.
func (h *Handler) Handle(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	ctx, cancel := pat.WithTimeToRespond(ctx)
	defer cancel()
	site := session.SiteOf(event, h.settings.PublicURL)
	headers := session.SecurityHeaders()
	response, err := h.serve(ctx, event, site, headers)
	if err != nil {
		response = h.refuse(ctx, event, site, headers, err)
	}
	return response, nil
}

func (h *Handler) serve(
	ctx context.Context, event events.APIGatewayProxyRequest, site session.Site, headers http.Header,
) (events.APIGatewayProxyResponse, error) {
	switch {
	case h.settings.Client.Issuer == "":
		return events.APIGatewayProxyResponse{}, errOff
	case event.HTTPMethod != http.MethodGet:
		return events.APIGatewayProxyResponse{}, errMethod
	case event.Resource == session.LoginPath:
		return h.login(ctx, event, site, headers)
	case event.Resource == session.CallbackPath:
		return h.callback(ctx, event, site, headers)
	}
	return events.APIGatewayProxyResponse{}, errNoPage
}

// login sends the browser to the provider. A browser at another address of the stack than the one that the provider knows is sent to that
// one first, since the cookie would be missing there. It is sent once only: a proxy in front of API Gateway can hide the address.
func (h *Handler) login(
	ctx context.Context, event events.APIGatewayProxyRequest, site session.Site, headers http.Header,
) (events.APIGatewayProxyResponse, error) {
	query := proxy.Query(event)
	next := session.LocalPath(query.Get("next"))
	if !site.Serves(event) && !query.Has(redirected) {
		return session.Redirect(headers, site.URL(redirectedPath(next))), nil
	}
	begun, err := newLogin(h.env.Random, next)
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	address, err := h.provider.authorize(ctx, site, begun)
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	now := h.env.Now()
	cookie := session.LoginCookie(h.settings.Client, site)
	if err := cookie.Set(headers, h.env.Random, begun, now, now.Add(session.LoginLifetime)); err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	return session.Redirect(headers, address), nil
}

// callback takes the user's code back from the provider, and leaves a ticket.
func (h *Handler) callback(
	ctx context.Context, event events.APIGatewayProxyRequest, site session.Site, headers http.Header,
) (events.APIGatewayProxyResponse, error) {
	now, cookie := h.env.Now(), session.LoginCookie(h.settings.Client, site)
	begun, err := cookie.Read(proxy.Header(event), now)
	if err != nil {
		return events.APIGatewayProxyResponse{}, errNotBegun.because(err)
	}
	code, err := codeOf(proxy.Query(event), begun, h.settings.Client.Issuer)
	if err != nil { // the cookie stays, so that no other page ends a sign-in
		return events.APIGatewayProxyResponse{}, err
	}
	cookie.Clear(headers)
	claims, err := h.provider.redeem(ctx, site, code, begun)
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	user, err := h.settings.admit(claims)
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	ticket, err := h.ticket(user, begun.Next)
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	err = session.TicketCookie(h.settings.Client, site).Set(headers, h.env.Random, ticket, now, now.Add(session.TicketLifetime))
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	return session.Redirect(headers, site.Path(session.EnterPath)), nil
}

func (h *Handler) ticket(user pat.ProvenUser, next string) (session.Ticket, error) {
	key, err := pat.NewSessionKey(h.env.Random)
	if err != nil {
		return session.Ticket{}, err
	}
	now := h.env.Now().UTC().Truncate(time.Millisecond)
	started := pat.Session{StartedAt: now, ExpiresAt: now.Add(h.settings.Lifetime), Key: key}
	return session.Ticket{User: user, Started: session.FactsOf(started), Next: next}, nil
}

func (h *Handler) refuse(
	ctx context.Context, event events.APIGatewayProxyRequest, site session.Site, headers http.Header, err error,
) events.APIGatewayProxyResponse {
	r := refusalOf(err)
	level := slog.LevelInfo
	if r.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	proxy.Logger(h.env.Log, event).Log(ctx, level, "refused a sign-in", "resource", event.Resource, "status", r.status, "cause", err)
	return session.Notice(r.status, headers, "You are not signed in", r.message, site.Path(session.LoginPath))
}
