package sessionapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
	"pats/pkg/proxy"
	"pats/pkg/session"
)

// consentLifetime is how long the user can take to approve a login.
const consentLifetime = 10 * time.Minute

// consentRequest is a request of `pats login` for the consent of a user, sealed from the page that shows it to the user's approval, so
// that what the user approves is what the page showed.
type consentRequest struct {
	User      pat.UserID         `json:"u"`
	Challenge pat.LoginChallenge `json:"c"`
	Draft     draft              `json:"d"`
	Target    target             `json:"a"`
}

// draft is a pat.Draft in JSON.
type draft struct {
	Description string `json:"d"`
	Scopes      string `json:"s"` // pat.Scopes.Stored
	ExpiresAt   int64  `json:"e"` // milliseconds since 1970 UTC
}

func newDraft(d pat.Draft) draft {
	return draft{d.Description, d.Scopes.Stored(), d.ExpiresAt.UnixMilli()}
}

func (d draft) draft() (pat.Draft, error) {
	scopes, err := pat.StoredScopes(d.Scopes)
	return pat.Draft{Description: d.Description, Scopes: scopes, ExpiresAt: time.UnixMilli(d.ExpiresAt).UTC()}, err
}

// target is where the user's decision goes: to a port of the user's machine, or if Port is 0, to the user, who pastes it.
type target struct {
	Port  int    `json:"p,omitempty"`
	State string `json:"s,omitempty"`
}

// location returns the address on the user's machine with a parameter, whose value needs no escapes, nor does the state. No other machine
// can be named.
func (t target) location(name, value string) string {
	return fmt.Sprintf("http://127.0.0.1:%d/?%s=%s&state=%s", t.Port, name, value, t.State)
}

func (h *Handler) requestSealer() session.Sealer { return h.settings.Client.Sealer("login request") }

func (h *Handler) codeSealer() session.Sealer { return h.settings.Client.Sealer("login code") }

// showConsent returns what the page shows of the login in the query, for the user who is signed in.
func (h *Handler) showConsent(ctx context.Context, event events.APIGatewayProxyRequest) (any, error) {
	caller, err := h.loginCaller(event)
	if err != nil {
		return nil, err
	}
	to, challenge, wanted, err := h.readLogin(proxy.Query(event))
	if err != nil {
		return nil, err
	}
	login, account, err := h.service.ApproveLogin(ctx, caller, challenge, wanted)
	if err != nil {
		return nil, err
	}
	request := consentRequest{caller.User, challenge, newDraft(login.Draft), to}
	sealed, err := h.requestSealer().Seal(h.env.Random, request, h.env.Now().Add(consentLifetime))
	if err != nil {
		return nil, err
	}
	body := apitypes.NewLoginRequest(account, login)
	body.Request, body.Pasted = sealed, to.Port == 0
	if to.Port != 0 {
		body.DenyLocation = to.location("error", "access_denied")
	}
	return body, nil
}

// loginCaller returns the caller in a session, unless tokens are turned off.
func (h *Handler) loginCaller(event events.APIGatewayProxyRequest) (pat.Identity, error) {
	if !h.settings.TokensEnabled {
		return pat.Identity{}, errTokensOff
	}
	return h.caller(event)
}

var (
	errTokensOff = &pat.Error{Kind: pat.KindNotFound, Message: "PATs are disabled."}
	errPasted    = &pat.Error{Kind: pat.KindForbidden, Message: "This service does not accept pasted codes. " +
		"Run `pats login` without --no-browser on the machine that has your browser."}
)

// approve returns the code of a login that the user approves.
func (h *Handler) approve(ctx context.Context, event events.APIGatewayProxyRequest) (any, error) {
	caller, err := h.loginCaller(event)
	if err != nil {
		return nil, err
	}
	request, err := h.openRequest(event, caller)
	if err != nil {
		return nil, err
	}
	wanted, err := request.Draft.draft()
	if err != nil {
		return nil, err
	}
	login, _, err := h.service.ApproveLogin(ctx, caller, request.Challenge, wanted)
	if err != nil {
		return nil, err
	}
	code, err := h.sealLogin(login)
	if err != nil {
		return nil, err
	}
	h.logger(event).InfoContext(ctx, "login approved", "user", login.User, "pasted", request.Target.Port == 0)
	if request.Target.Port == 0 {
		return apitypes.ConfirmedLogin{Code: code}, nil
	}
	return apitypes.ConfirmedLogin{Location: request.Target.location("code", code)}, nil
}

var errOtherUser = errors.New("the page was shown to another user")

// openRequest returns the request that the page showed to the caller. Errors: KindInvalid, KindForbidden.
func (h *Handler) openRequest(event events.APIGatewayProxyRequest, caller pat.Identity) (consentRequest, error) {
	var body apitypes.ConfirmLogin
	if err := readJSON(event, &body); err != nil {
		return consentRequest{}, err
	}
	var request consentRequest
	if err := h.requestSealer().Open(body.Request, h.env.Now(), &request); err != nil {
		return consentRequest{}, &pat.Error{Kind: pat.KindInvalid, Message: "The page has expired. Run `pats login` again.", Err: err}
	}
	switch {
	case request.User != caller.User:
		return consentRequest{}, &pat.Error{Kind: pat.KindForbidden, Message: "Another user has signed in since this page was opened.", Err: errOtherUser}
	case request.Target.Port == 0 && !h.settings.AllowPastedCode:
		return consentRequest{}, errPasted
	}
	return request, nil
}
