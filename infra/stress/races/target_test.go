package races_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/pkg/api/apitypes"
	"pats/pkg/gateway"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// target is a way to a user's account. secret is the caller's token, or the zero Secret for the operator; the Secret returned
// is that of a created or rotated token.
type target interface {
	do(ctx context.Context, user pat.UserID, r request, secret pat.Secret) (response, pat.Secret)
}

const (
	// tokenLife is how long tokens work, and maxLifetime how long they can.
	tokenLife   = 30 * 24 * time.Hour
	maxLifetime = 60 * 24 * time.Hour
)

// direct is the Service, without a transport.
type direct struct{ service *pat.Service }

func (d direct) do(ctx context.Context, user pat.UserID, r request, secret pat.Secret) (response, pat.Secret) {
	caller := pat.Identity{User: user, Selector: secret.Selector()}
	var got response
	var created pat.Secret
	var err error
	switch r.action {
	case create:
		var token pat.Token
		token, created, err = d.service.CreateToken(ctx, caller, r.draft())
		got.id = token.ID
	case remove:
		err = d.remove(ctx, caller, r)
	case endSecret:
		_, err = d.service.RevokeSecret(ctx, secret)
	case report:
		_, err = d.service.RevokeLeaked(ctx, user, []pat.Secret{secret})
	case removeScoped:
		_, err = d.service.RevokeUserTokens(ctx, user, pat.TokenFilter{Scope: pat.ScopePatsRead})
	case rotate:
		var token pat.Token
		token, created, err = d.rotate(ctx, caller, r)
		got.id = token.ID
	case use:
		_, err = d.service.Authenticate(ctx, secret)
	case list:
		got.tokens, err = d.list(ctx, r, caller)
	case disable, enable:
		err = pattest.SetDisabled(ctx, d.service, user, r.action == disable)
	default:
		return response{outcome: unexpected, detail: "cannot " + string(r.action)}, pat.Secret{}
	}
	got.outcome, got.detail = outcomeOf(err)
	return got, created
}

func (d direct) remove(ctx context.Context, caller pat.Identity, r request) (err error) {
	switch {
	case r.self && r.descendants:
		_, err = d.service.RevokeSelfAndDescendants(ctx, caller)
	case r.self:
		err = d.service.RevokeSelf(ctx, caller)
	case r.descendants:
		_, err = d.service.RevokeDescendants(ctx, caller, r.token)
	default:
		err = d.service.RevokeToken(ctx, caller, r.token)
	}
	return err
}

func (d direct) rotate(ctx context.Context, caller pat.Identity, r request) (pat.Token, pat.Secret, error) {
	if r.self {
		return d.service.RotateSelf(ctx, caller, r.rotation())
	}
	return d.service.RotateToken(ctx, caller, r.token, r.rotation())
}

// draft returns the token to create. One with scopes can create others like itself.
func (r request) draft() pat.Draft {
	draft := pat.Draft{Description: r.description, Scopes: pat.Unscoped(), ExpiresAt: r.until}
	if r.scoped {
		draft.Scopes, _ = pat.NewScopes([]string{string(pat.ScopePatsRead), string(pat.ScopePatsWrite)})
	}
	return draft
}

// rotation returns the rotation, whose overlap lasts longer than any test.
func (r request) rotation() pat.Rotation {
	rotation := pat.Rotation{}
	if r.overlap {
		rotation.Overlap = pat.MaxOverlap
	}
	if r.tooLong {
		rotation.ExpiresAt = r.until
	}
	return rotation
}

func (d direct) list(ctx context.Context, r request, caller pat.Identity) ([]listedToken, error) {
	if r.as == operator {
		return listedTokens(d.service.UserTokens(ctx, caller.User))
	}
	return listedTokens(d.service.Tokens(ctx, caller))
}

func listedTokens(tokens []pat.Token, err error) ([]listedToken, error) {
	listed := make([]listedToken, len(tokens))
	for i, token := range tokens {
		listed[i] = listedToken{token.ID, token.Description}
	}
	return listed, err
}

func outcomeOf(err error) (outcome, string) {
	if err == nil {
		return done, ""
	}
	outcomes := map[pat.Kind]outcome{
		pat.KindUnauthenticated: refused, pat.KindLimit: full, pat.KindDuplicate: taken, pat.KindUnavailable: busy,
		pat.KindForbidden: stronger, pat.KindRotated: replaced, pat.KindNotFound: missing, pat.KindInvalid: tooLong,
	}
	if o, ok := outcomes[pat.KindOf(err)]; ok {
		return o, ""
	}
	return unexpected, err.Error()
}

// overHTTP is the API. Requests without a route go to the Service.
type overHTTP struct {
	server *laptoptest.Server
	client *http.Client
	clock  *clock
}

// newOverHTTP serves the store to the clients of a setup.
func newOverHTTP(tb testing.TB, store pat.Store, s setup, wrap wrapper) overHTTP {
	tb.Helper()
	clock := &clock{}
	server := laptoptest.Serve(tb, store, laptoptest.Options{
		Parameters: map[string]string{
			"AuthorizerTtlSeconds": s.ttl, "MaxTokensPerUser": strconv.Itoa(s.limit), "MaxTokenDays": strconv.Itoa(int(maxLifetime / (24 * time.Hour))),
		},
		Now: clock.now, Wrap: wrap,
	})
	return overHTTP{server, apiclient.New(tb, s.clients), clock}
}

// wrapper replaces the functions that the gateway invokes.
type wrapper = func(gateway.Functions) gateway.Functions

// clock is the system's, moved ahead by some hours.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (o overHTTP) do(ctx context.Context, user pat.UserID, r request, secret pat.Secret) (response, pat.Secret) {
	sent := apiclient.Request{Method: http.MethodGet, Path: deployed.TokensPath, Token: secret.Reveal()}
	switch r.action {
	case create:
		sent.Method = http.MethodPost
		sent.Body = apitypes.NewCreateToken(r.draft())
		return o.create(ctx, sent, http.StatusCreated)
	case rotate:
		sent.Method, sent.Path = http.MethodPost, r.path()+"/rotate"
		sent.Body = apitypes.NewRotateToken(r.rotation())
		return o.create(ctx, sent, http.StatusOK)
	case remove:
		sent.Method, sent.Path = http.MethodDelete, r.path()
		if r.descendants {
			sent.Path += "?descendants=true"
		}
		return o.send(ctx, sent, http.StatusOK, nil), pat.Secret{}
	case use:
		sent.Path = deployed.ProfilePath
		if r.self {
			sent.Path = deployed.SelfPath
		}
		return o.send(ctx, sent, http.StatusOK, nil), pat.Secret{}
	case list:
		if r.as != operator {
			return o.list(ctx, sent), pat.Secret{}
		}
	case disable:
		return o.setDisabled(ctx, user, true), pat.Secret{}
	case enable:
		defer o.clock.ahead.Add(int64(time.Hour)) // the longest time for which a denial is cached
		return o.setDisabled(ctx, user, false), pat.Secret{}
	}
	return direct{o.server.Service}.do(ctx, user, r, secret)
}

// path returns the path of the token to delete or to rotate.
func (r request) path() string {
	if r.self {
		return deployed.SelfPath
	}
	return deployed.TokenPath(r.token)
}

func (o overHTTP) setDisabled(ctx context.Context, user pat.UserID, disabled bool) response {
	return o.send(ctx, apiclient.Request{
		Method: http.MethodPut, Path: deployed.UserPath(user), Token: o.server.AdminToken,
		Body: map[string]bool{"disabled": disabled},
	}, http.StatusOK, nil)
}

// outcomes are the errors that a client can get, by status and name.
var outcomes = map[string]outcome{
	"401 AuthenticationRequired":  refused,
	"403 OperationDeniedError":    full,
	"403 NoAccessError":           stronger,
	"409 NameExistsError":         taken,
	"409 TokenRotatedError":       replaced,
	"404 NotFoundError":           missing,
	"400 BadDataError":            tooLong,
	"503 ServiceUnavailableError": busy,
}

// send sends a request, and decodes the body of a response with the status success into value unless that is nil.
func (o overHTTP) send(ctx context.Context, r apiclient.Request, success int, value any) response {
	got, err := apiclient.Send(ctx, o.client, o.server.URL, r)
	if err == nil && got.Status == success {
		if value != nil {
			err = got.Decode(success, value)
		}
		if err == nil {
			return response{outcome: done}
		}
	}
	known := outcomes[fmt.Sprint(got.Status, " ", got.ErrorName())]
	if known == busy {
		err = got.CheckUnavailable()
	}
	if err != nil || known == "" {
		return response{outcome: unexpected, detail: fmt.Sprintf("%v, error %v", got, err)}
	}
	return response{outcome: known}
}

// create sends a create or a rotation.
func (o overHTTP) create(ctx context.Context, r apiclient.Request, success int) (response, pat.Secret) {
	var body apitypes.CreatedToken
	got := o.send(ctx, r, success, &body)
	if got.outcome != done {
		return got, pat.Secret{}
	}
	secret, err := pat.ParseSecret(body.Secret)
	if err != nil {
		return response{outcome: unexpected, detail: "a success without a token"}, pat.Secret{}
	}
	got.id = body.ID
	return got, secret
}

func (o overHTTP) list(ctx context.Context, r apiclient.Request) response {
	var body apitypes.TokenList
	got := o.send(ctx, r, http.StatusOK, &body)
	if got.outcome != done {
		return got
	}
	got.tokens = make([]listedToken, len(body.Pats))
	for i, token := range body.Pats {
		got.tokens[i] = listedToken{token.ID, token.Description}
	}
	return got
}
