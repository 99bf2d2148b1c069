package target

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"pats/cmd/pats/failure"
	"pats/pkg/api"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// requestTimeout bounds one attempt of a request. API Gateway responds within 29 seconds.
const requestTimeout = 35 * time.Second

// maxResponse is more than a page of tokens can take, in bytes: a Lambda's response has at most 6 MiB.
const maxResponse = 8 << 20

// maxTries bounds the attempts of a request whose response was lost or says that the server is busy.
const maxTries = 4

// Server is a server of the HTTP API. It implements Tokens for the holder of the token that it presents.
type Server struct {
	client http.Client
	// base is the URL of the API.
	base *url.URL
	// tokens is the URL of the token routes.
	tokens *url.URL
	// token is presented, unless it is empty.
	token string
	// pauses returns the pauses between the attempts of one request.
	pauses func() backoff.BackOff
}

// NewServer returns the server at base, to which token is presented, unless it is empty. Plain http is accepted for this machine only, unless
// allowHTTP is true. Errors: failure.Usage.
func NewServer(base, token string, allowHTTP bool) (*Server, error) {
	address, err := ParseURL(base)
	if err != nil {
		return nil, err
	}
	if address.Scheme == "http" && !isLoopback(address.Hostname()) && !allowHTTP {
		return nil, failure.Misuse("the token would travel unencrypted to "+address.Host,
			"Use https. On a network that you trust, --allow-http permits it.")
	}
	return &Server{
		client: http.Client{Timeout: requestTimeout, CheckRedirect: refuseRedirect},
		base:   address,
		tokens: address.JoinPath(api.ResourceTokens),
		token:  token,
		pauses: func() backoff.BackOff { return backoff.NewExponentialBackOff() },
	}, nil
}

// refuseRedirect follows no redirect: the token is for the server that the caller named.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// List lists the caller's tokens. Errors: those of a server's refusal, failure.Unavailable.
func (s *Server) List(ctx context.Context) (apitypes.TokenList, error) {
	var list apitypes.TokenList
	err := s.send(ctx, request{method: http.MethodGet, url: s.tokens}, &list)
	if err == nil && list.Pats == nil {
		err = s.notPats()
	}
	return list, err
}

// Show returns the token that is presented. Errors: as for List.
func (s *Server) Show(ctx context.Context) (apitypes.Token, error) {
	var token apitypes.Token
	err := s.send(ctx, request{method: http.MethodGet, url: s.url(0)}, &token)
	if err == nil && token.ID == 0 {
		err = s.notPats()
	}
	return token, err
}

// Create creates a token for the caller. An Idempotency-Key makes a repeated request return the same token.
// Errors: as for List. After failure.Unavailable there may be a token.
func (s *Server) Create(ctx context.Context, draft pat.Draft) (apitypes.CreatedToken, error) {
	body, err := json.Marshal(apitypes.NewCreateToken(draft))
	if err != nil {
		return apitypes.CreatedToken{}, err
	}
	var created apitypes.CreatedToken
	err = s.send(ctx, request{method: http.MethodPost, url: s.tokens, body: body, key: rand.Text()}, &created)
	if isTransient(err) {
		err = &failure.Error{Code: failure.Unavailable, Message: err.Error(), Err: err,
			Advice: "The token may have been created all the same: `pats token list` shows it. Its secret is lost, so revoke it."}
	}
	switch {
	case err != nil:
		return apitypes.CreatedToken{}, err
	case created.Secret == "":
		return apitypes.CreatedToken{}, s.notPats()
	case created.Scopes == nil && !draft.Scopes.Unscoped():
		return apitypes.CreatedToken{}, s.revokeUnscoped(ctx, created.ID)
	}
	return created, nil
}

// revokeUnscoped revokes a token that a server without scopes created without those asked for. Errors: failure.Failed.
func (s *Server) revokeUnscoped(ctx context.Context, id pat.TokenID) error {
	f := failure.New(failure.Failed, s.tokens.Redacted()+" does not support scopes: the token would act as its user, and was revoked", "Upgrade the server.")
	if err := s.Revoke(ctx, id); err != nil {
		f.Message = fmt.Sprintf("%s does not support scopes, and token %d, which acts as its user, could not be revoked: %v", s.tokens.Redacted(), id, err)
		f.Advice = fmt.Sprintf("Revoke it: `pats token revoke %d`.", id)
	}
	return f
}

// selfKey is the Idempotency-Key of a token that rotates itself. One key is enough, since keys belong to the secret that is presented,
// and each rotates its token once. So a command that was interrupted can be run again.
const selfKey = "pats-token-rotate"

// Rotate rotates one of the caller's tokens, or with id 0 the one presented. An Idempotency-Key makes a repeated request return the
// same secret. Errors: as for List. After failure.Unavailable the token may have been rotated.
func (s *Server) Rotate(ctx context.Context, id pat.TokenID, r pat.Rotation) (apitypes.CreatedToken, error) {
	body, err := json.Marshal(apitypes.NewRotateToken(r))
	if err != nil {
		return apitypes.CreatedToken{}, err
	}
	key := rand.Text()
	advice := "The token may have been rotated all the same, and its new secret is lost. Rotate it again, which ends the old token at once."
	if id == 0 {
		key = selfKey
		advice = "The token may have been rotated all the same. Run the same command again before the overlap ends: it returns the same new token."
	}
	var rotated apitypes.CreatedToken
	err = s.send(ctx, request{method: http.MethodPost, url: s.url(id).JoinPath("rotate"), body: body, key: key}, &rotated)
	if isTransient(err) {
		err = &failure.Error{Code: failure.Unavailable, Message: err.Error(), Err: err, Advice: advice}
	}
	switch {
	case err != nil:
		return apitypes.CreatedToken{}, err
	case rotated.Secret == "":
		return apitypes.CreatedToken{}, s.notPats()
	}
	return rotated, nil
}

// Revoke revokes one of the caller's tokens. An id that the caller does not have is not an error. Errors: as for List.
func (s *Server) Revoke(ctx context.Context, id pat.TokenID) error {
	return s.send(ctx, request{method: http.MethodDelete, url: s.url(id)}, nil)
}

// RevokeDescendants revokes one of the caller's tokens and all that descend from it. Errors: as for List.
func (s *Server) RevokeDescendants(ctx context.Context, id pat.TokenID) error {
	path := s.url(id)
	path.RawQuery = "descendants=true"
	return s.send(ctx, request{method: http.MethodDelete, url: path}, nil)
}

// url returns the URL of the token with id, or with id 0 of the one presented.
func (s *Server) url(id pat.TokenID) *url.URL {
	if id == 0 {
		return s.tokens.JoinPath("self")
	}
	return s.tokens.JoinPath(strconv.FormatInt(int64(id), 10))
}

// admin returns the URL of a route for Admins.
func (s *Server) admin(query url.Values, path ...string) *url.URL {
	address := s.base.JoinPath(path...)
	address.RawQuery = query.Encode()
	return address
}

// presentsAdminToken reports whether the token is an admin API token, by its form.
func (s *Server) presentsAdminToken() bool {
	return strings.HasPrefix(pat.BareToken(s.token), pat.AdminPrefix)
}

// request is a request of the HTTP API.
type request struct {
	method string
	url    *url.URL
	// body is JSON, or nil.
	body []byte
	// form is sent in place of body, without the token to present, or nil.
	form url.Values
	// key is the Idempotency-Key, or empty.
	key string
	// header receives the header of the response, unless it is nil.
	header *http.Header
}

// send sends the request, repeats it while its response is lost, and decodes the response into result unless that is nil. Every
// request of this client can be repeated.
func (s *Server) send(ctx context.Context, r request, result any) error {
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := s.attempt(ctx, r, result)
		if err != nil && !isTransient(err) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithMaxTries(maxTries), backoff.WithBackOff(s.pauses()))
	if err != nil && ctx.Err() != nil {
		return lost(err)
	}
	return err
}

func (s *Server) attempt(ctx context.Context, r request, result any) error {
	request, err := s.newRequest(ctx, r)
	if err != nil {
		return err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return explainTransport(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	if err != nil {
		return lost(fmt.Errorf("the response broke off: %w", err))
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return refusal(response, body)
	}
	if result != nil && json.Unmarshal(body, result) != nil {
		return s.notPats()
	}
	if r.header != nil {
		*r.header = response.Header
	}
	return nil
}

func (s *Server) newRequest(ctx context.Context, r request) (*http.Request, error) {
	body := r.body
	if r.form != nil {
		body = []byte(r.form.Encode())
	}
	request, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	switch {
	case r.form != nil:
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return request, nil
	case r.body != nil:
		request.Header.Set("Content-Type", "application/json")
	}
	if s.token != "" {
		request.Header.Set("Authorization", s.token)
	}
	if r.key != "" {
		request.Header.Set("Idempotency-Key", r.key)
	}
	return request, nil
}

func (s *Server) notPats() error {
	return failure.New(failure.Failed, s.tokens.Redacted()+" does not look like a pats server", "Is --url the base address, without /api?")
}
