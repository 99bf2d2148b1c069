package crash_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/infra/testkit/partners"
	"pats/infra/testkit/service"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// client sends requests to a server.
type client struct {
	url  string
	http *http.Client
	// reporters report leaked tokens.
	reporters partners.Partners
	// unavailable counts the responses with status 503.
	unavailable atomic.Int64
}

func newClient(t *testing.T, s *service.Service) *client {
	t.Helper()
	return &client{url: s.Ready, http: apiclient.New(t, 16), reporters: partners.Fixed(t)}
}

// send sends a request. Errors: no whole response arrived.
func (c *client) send(ctx context.Context, method, path string, secret pat.Secret, body any) (apiclient.Response, error) {
	return c.exchange(ctx, apiclient.Request{Method: method, Path: path, Token: secret.Reveal(), Body: body})
}

func (c *client) exchange(ctx context.Context, r apiclient.Request) (apiclient.Response, error) {
	got, err := apiclient.Send(ctx, c.http, c.url, r)
	if got.Status == http.StatusServiceUnavailable {
		c.unavailable.Add(1)
	}
	return got, err
}

// state is what an audit compares with the history.
type state interface {
	// tokens returns the tokens of the holder.
	tokens(ctx context.Context, h *holder) ([]apitypes.Token, error)
	// accepts reports whether the secret authenticates its user.
	accepts(ctx context.Context, secret pat.Secret) (bool, error)
	// users returns users by rising ID: all but the service accounts, or all.
	users(ctx context.Context) ([]apitypes.User, error)
}

// remote is the state of a server.
type remote struct {
	*client
	admin pat.Secret
}

func (r remote) tokens(ctx context.Context, h *holder) ([]apitypes.Token, error) {
	var body apitypes.TokenList
	err := r.get(ctx, h.tokensPath(), h.own, &body)
	return body.Pats, err
}

func (r remote) users(ctx context.Context) ([]apitypes.User, error) {
	var body apitypes.UserList
	err := r.get(ctx, deployed.UsersPath, r.admin, &body)
	return body.Users, err
}

func (r remote) get(ctx context.Context, path string, secret pat.Secret, body any) error {
	got, err := r.send(ctx, http.MethodGet, path, secret, nil)
	if err != nil {
		return err
	}
	return got.Decode(http.StatusOK, body)
}

func (r remote) accepts(ctx context.Context, secret pat.Secret) (bool, error) {
	got, err := r.send(ctx, http.MethodGet, deployed.TokensPath, secret, nil)
	switch {
	case err != nil:
		return false, err
	case got.Status == http.StatusOK, got.Status == http.StatusUnauthorized:
		return got.Status == http.StatusOK, nil
	default:
		return false, fmt.Errorf("got %v, want 200 or 401", got)
	}
}
