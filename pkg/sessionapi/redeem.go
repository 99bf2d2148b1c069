package sessionapi

import (
	"context"
	"errors"
	"mime"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
	"pats/pkg/proxy"
)

// approvedLogin is a pat.Login in JSON.
type approvedLogin struct {
	User         pat.UserID         `json:"u"`
	SessionStart int64              `json:"t"` // times are in milliseconds since 1970 UTC
	SessionEnd   int64              `json:"e"`
	ApprovedAt   int64              `json:"a"`
	Challenge    pat.LoginChallenge `json:"c"`
	Draft        draft              `json:"d"`
}

// sealLogin returns the code of login.
func (h *Handler) sealLogin(login pat.Login) (string, error) {
	return h.codeSealer().Seal(h.env.Random, approvedLogin{
		login.User, login.SessionStart.UnixMilli(), login.SessionEnd.UnixMilli(), login.ApprovedAt.UnixMilli(), login.Challenge, newDraft(login.Draft),
	}, login.ApprovedAt.Add(pat.LoginLifetime))
}

// openLogin returns the login of code. Errors: KindInvalid.
func (h *Handler) openLogin(code string) (pat.Login, error) {
	var a approvedLogin
	if err := h.codeSealer().Open(code, h.env.Now(), &a); err != nil {
		return pat.Login{}, &pat.Error{Kind: pat.KindInvalid, Message: "The code is not valid, or it has expired: it is valid for a minute. Run `pats login` again.", Err: err}
	}
	d, err := a.Draft.draft()
	at := func(milliseconds int64) time.Time { return time.UnixMilli(milliseconds).UTC() }
	return pat.Login{
		User: a.User, SessionStart: at(a.SessionStart), SessionEnd: at(a.SessionEnd), ApprovedAt: at(a.ApprovedAt), Challenge: a.Challenge, Draft: d,
	}, err
}

// redeem returns the token of a login to the command that began it. Neither a cookie nor a token is needed: the code and the verifier
// together are the credential. It can be repeated, and returns the same token.
func (h *Handler) redeem(ctx context.Context, event events.APIGatewayProxyRequest) (any, error) {
	switch {
	case !h.settings.TokensEnabled:
		return nil, errTokensOff
	case h.settings.Client.Issuer == "":
		return nil, errSignInOff
	}
	login, verifier, previous, err := h.readRedemption(event)
	if err != nil {
		return nil, err
	}
	token, secret, err := h.service.RedeemLogin(ctx, login, verifier, previous)
	if err != nil {
		return nil, explainSpent(err)
	}
	h.logger(event).InfoContext(ctx, "login redeemed", "user", login.User, "token", token.ID)
	return apitypes.NewCreatedToken(login.User, token, secret), nil
}

func (h *Handler) readRedemption(event events.APIGatewayProxyRequest) (login pat.Login, verifier pat.LoginVerifier, previous pat.Secret, err error) {
	if kind, _, _ := mime.ParseMediaType(proxy.Header(event).Get("Content-Type")); kind != "application/json" {
		return pat.Login{}, pat.LoginVerifier{}, pat.Secret{}, errNotJSON
	}
	var body apitypes.RedeemLogin
	if err := readJSON(event, &body); err != nil {
		return pat.Login{}, pat.LoginVerifier{}, pat.Secret{}, err
	}
	if verifier, err = pat.ParseLoginVerifier(body.Verifier); err != nil {
		return pat.Login{}, pat.LoginVerifier{}, pat.Secret{}, err
	}
	previous, _ = pat.ParseSecret(body.Previous) // whatever is no token of ours is not rotated
	login, err = h.openLogin(body.Code)
	return login, verifier, previous, err
}

// explainSpent returns err in the terms of a login, whose requests have no Idempotency-Key.
func explainSpent(err error) error {
	if e, ok := errors.AsType[*pat.Error](err); ok && e.Kind == pat.KindKeySpent {
		return &pat.Error{Kind: e.Kind, Message: "The code has been redeemed, and the token revoked or rotated since. Run `pats login` again.", Err: err}
	}
	return err
}
