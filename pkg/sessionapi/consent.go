package sessionapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
	"pats/pkg/proxy"
	"pats/pkg/session"
)

// consentLifetime is how long the user can take to approve a login.
const consentLifetime = 10 * time.Minute

// maxLoginBody is the largest body of a request here, in bytes: more than the longest description and scopes take.
const maxLoginBody = 16 << 10

// Ports below are those of the system's services, which are not `pats login`.
const minPort = 1024

// consentRequest is a request of `pats login` for the consent of a user, sealed from the page that shows it to the user's approval, so
// that what the user approves is what the page showed.
type consentRequest struct {
	User      pat.UserID         `json:"u"`
	Challenge pat.LoginChallenge `json:"c"`
	Draft     draft              `json:"d"`
	Answer    answer             `json:"a"`
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

// answer is where the user's answer goes: to a port of the user's machine, or if Port is 0, into the user's hands.
type answer struct {
	Port  int    `json:"p,omitempty"`
	State string `json:"s,omitempty"`
}

// location returns the address on the user's machine with a parameter of the answer, whose value needs no escapes, nor does the state. No
// other machine can be named.
func (a answer) location(name, value string) string {
	return fmt.Sprintf("http://127.0.0.1:%d/?%s=%s&state=%s", a.Port, name, value, a.State)
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
	errPasted    = &pat.Error{Kind: pat.KindForbidden, Message: "This service does not allow to paste codes. " +
		"Run `pats login` without --no-browser on the machine that has your browser."}
)

// readLogin reads a login from the query of the consent page. Errors: KindInvalid, KindForbidden for a login without a port if those are
// not allowed.
func (h *Handler) readLogin(query url.Values) (to answer, challenge pat.LoginChallenge, d pat.Draft, err error) {
	values, err := singles(query)
	if err != nil {
		return answer{}, "", pat.Draft{}, err
	}
	if to, err = h.readAnswer(values); err != nil {
		return answer{}, "", pat.Draft{}, err
	}
	if challenge, err = pat.ParseLoginChallenge(values["challenge"]); err != nil {
		return answer{}, "", pat.Draft{}, err
	}
	d, err = readLoginDraft(values)
	return to, challenge, d, err
}

// singles returns the query, in which no name can be repeated.
func singles(query url.Values) (map[string]string, error) {
	single := map[string]string{}
	for name, values := range query {
		if len(values) != 1 {
			return nil, badLogin("It has a parameter twice.")
		}
		single[name] = values[0]
	}
	return single, nil
}

// stateChars are those of base64url and base32.
const stateChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

const maxState = 128

func (h *Handler) readAnswer(values map[string]string) (answer, error) {
	text, found := values["port"]
	if !found {
		if !h.settings.AllowPastedCode {
			return answer{}, errPasted
		}
		return answer{}, nil
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port < minPort || strconv.FormatUint(port, 10) != text {
		return answer{}, badLogin("Its port is not a number from 1024 to 65535.")
	}
	state := values["state"]
	if state == "" || len(state) > maxState || strings.Trim(state, stateChars) != "" {
		return answer{}, badLogin("Its state is not 1 to 128 characters of base64url.")
	}
	return answer{int(port), state}, nil
}

func readLoginDraft(values map[string]string) (pat.Draft, error) {
	d := pat.Draft{Description: values["description"], Scopes: pat.Unscoped()}
	if names, found := values["scope"]; found {
		scopes, err := pat.NewScopes(strings.Fields(names))
		if err != nil {
			return pat.Draft{}, err
		}
		d.Scopes = scopes
	}
	if text, found := values["expires"]; found {
		end, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return pat.Draft{}, badLogin("Its end is not a time in RFC 3339.")
		}
		d.ExpiresAt = end
	}
	return d, nil
}

func badLogin(reason string) error {
	return &pat.Error{Kind: pat.KindInvalid, Message: "The address is not one of `pats login`. " + reason}
}

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
	h.logger(event).InfoContext(ctx, "login approved", "user", login.User, "pasted", request.Answer.Port == 0)
	if request.Answer.Port == 0 {
		return apitypes.ConfirmedLogin{Code: code}, nil
	}
	return apitypes.ConfirmedLogin{Location: request.Answer.location("code", code)}, nil
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
		return consentRequest{}, &pat.Error{Kind: pat.KindForbidden, Message: "Somebody else is signed in here than when this page was opened.", Err: errOtherUser}
	case request.Answer.Port == 0 && !h.settings.AllowPastedCode:
		return consentRequest{}, errPasted
	}
	return request, nil
}

// jsonRoute returns the route that responds with status and the JSON of what act returns.
func jsonRoute(status int, act func(context.Context, events.APIGatewayProxyRequest) (any, error)) route {
	return func(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		body, err := act(ctx, event)
		if err != nil {
			return events.APIGatewayProxyResponse{}, err
		}
		return respond(status, body)
	}
}

var errNotJSON = &pat.Error{Kind: pat.KindInvalid, Message: "The request body is not the JSON that is expected."}

// readJSON decodes the body into value. Errors: KindInvalid.
func readJSON(event events.APIGatewayProxyRequest, value any) error {
	body, err := proxy.Body(event, maxLoginBody)
	if err != nil || json.Unmarshal(body, value) != nil {
		return errNotJSON
	}
	return nil
}
