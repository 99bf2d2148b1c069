package races_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pats/pkg/gateway"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// front is a way to the account of user. The secret is that of the token whose holder asks, and the zero Secret for an operator;
// the one that comes back is that of a token that was created.
type target interface {
	do(ctx context.Context, user pat.UserID, c request, secret pat.Secret) (response, pat.Secret)
}

// tokenLife is how long the tokens last.
const tokenLife = 30 * 24 * time.Hour

// beneath is the Service, without a transport.
type direct struct{ service *pat.Service }

func (b direct) do(ctx context.Context, user pat.UserID, c request, secret pat.Secret) (response, pat.Secret) {
	who := pat.Identity{User: user, Selector: secret.Selector()}
	var a response
	var made pat.Secret
	var err error
	switch c.action {
	case create:
		var token pat.Token
		token, made, err = b.service.CreateToken(ctx, who, pat.Draft{Description: c.description, ExpiresAt: time.Now().Add(tokenLife)})
		a.id = token.ID
	case remove:
		err = b.service.RevokeToken(ctx, who, c.token)
	case use:
		_, err = b.service.Authenticate(ctx, secret)
	case list:
		a.tokens, err = b.list(ctx, c, who)
	case disable, enable:
		err = pattest.SetDisabled(ctx, b.service, user, c.action == disable)
	default:
		return response{outcome: unexpected, detail: "no way to " + string(c.action)}, pat.Secret{}
	}
	a.outcome, a.detail = outcomeOf(err)
	return a, made
}

func (b direct) list(ctx context.Context, c request, who pat.Identity) ([]listedToken, error) {
	if c.as == operator {
		return listedTokens(b.service.UserTokens(ctx, who.User))
	}
	return listedTokens(b.service.Tokens(ctx, who))
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
	verdicts := map[pat.Kind]outcome{
		pat.KindUnauthenticated: refused, pat.KindLimit: full, pat.KindDuplicate: taken, pat.KindUnavailable: busy,
	}
	if v, ok := verdicts[pat.KindOf(err)]; ok {
		return v, ""
	}
	return unexpected, err.Error()
}

// wire is the API over HTTP. What has no route goes to the Service beneath.
type overHTTP struct {
	server *laptoptest.Server
	client *http.Client
	clock  *clock
}

// newWire serves the store, with authorizer's answers cached for ttl seconds. It keeps a connection for each of n clients.
func newOverHTTP(tb testing.TB, store pat.Store, ttl string, n int, wrap wrapper) overHTTP {
	tb.Helper()
	clock := &clock{}
	server := laptoptest.Serve(tb, store, laptoptest.Options{
		Parameters: map[string]string{"AuthorizerTtlSeconds": ttl}, Now: clock.now, Wrap: wrap,
	})
	transport := &http.Transport{MaxIdleConns: n, MaxIdleConnsPerHost: n}
	tb.Cleanup(transport.CloseIdleConnections)
	return overHTTP{server, &http.Client{Transport: transport, Timeout: patience}, clock}
}

// wrapper puts something between the gateway and the functions.
type wrapper = func(gateway.Functions) gateway.Functions

// clock is the system's, some hours ahead.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// patience bounds one exchange, well above the gateway's own.
const patience = 60 * time.Second

const (
	tokensPath = "/api/admin/user/tokens"
	selfPath   = "/api/admin/user"
	usersPath  = "/api/admin/user-admin"
)

func (w overHTTP) do(ctx context.Context, user pat.UserID, c request, secret pat.Secret) (response, pat.Secret) {
	credentials := secret.Reveal()
	switch c.action {
	case create:
		body := fmt.Sprintf(`{"description":%q,"expiresAt":%q}`, c.description, time.Now().Add(tokenLife).Format(time.RFC3339))
		return createdBy(w.send(ctx, http.MethodPost, tokensPath, credentials, body))
	case remove:
		return w.send(ctx, http.MethodDelete, fmt.Sprint(tokensPath, "/", c.token), credentials, "").plain(http.StatusOK), pat.Secret{}
	case use:
		return w.send(ctx, http.MethodGet, selfPath, credentials, "").plain(http.StatusOK), pat.Secret{}
	case list:
		if c.as != operator {
			return w.send(ctx, http.MethodGet, tokensPath, credentials, "").listed(), pat.Secret{}
		}
	case disable:
		return w.setDisabled(ctx, user, true), pat.Secret{}
	case enable:
		defer w.clock.ahead.Add(int64(time.Hour)) // the longest time for which a denial is cached
		return w.setDisabled(ctx, user, false), pat.Secret{}
	}
	return direct{w.server.Service}.do(ctx, user, c, secret)
}

func (w overHTTP) setDisabled(ctx context.Context, user pat.UserID, disabled bool) response {
	body := `{"disabled":` + strconv.FormatBool(disabled) + `}`
	return w.send(ctx, http.MethodPut, fmt.Sprint(usersPath, "/", user), w.server.AdminToken, body).plain(http.StatusOK)
}

// reply is what came back over HTTP, or why nothing did.
type reply struct {
	status     int
	retryAfter string
	body       []byte
	err        error
}

func (w overHTTP) send(ctx context.Context, method, path, credentials, body string) reply {
	request, err := http.NewRequestWithContext(ctx, method, w.server.URL+path, strings.NewReader(body))
	if err != nil {
		return reply{err: err}
	}
	request.Header.Set("Authorization", credentials)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := w.client.Do(request)
	if err != nil {
		return reply{err: err}
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header.Get("Retry-After"), text, err}
}

// outcomes are the refusals that a client is to see, by status and name.
var outcomes = map[string]outcome{
	"401 AuthenticationRequired":  refused,
	"403 OperationDeniedError":    full,
	"409 NameExistsError":         taken,
	"503 ServiceUnavailableError": busy,
}

// plain is the answer if success is all that there is to tell.
func (r reply) plain(success int) response {
	if r.err != nil {
		return response{outcome: unexpected, detail: r.err.Error()}
	}
	if r.status == success {
		return response{outcome: done}
	}
	var refusal struct {
		Name string `json:"name"`
	}
	err := json.Unmarshal(r.body, &refusal)
	text := strconv.Itoa(r.status) + " " + refusal.Name
	v, known := outcomes[text]
	if err != nil || !known || v == busy && r.retryAfter == "" {
		return response{outcome: unexpected, detail: text + " with Retry-After: " + strconv.Quote(r.retryAfter)}
	}
	return response{outcome: v}
}

type tokenBody struct {
	ID          pat.TokenID `json:"id"`
	Description string      `json:"description"`
	Secret      string      `json:"secret"`
}

func createdBy(r reply) (response, pat.Secret) {
	a := r.plain(http.StatusCreated)
	if a.outcome != done {
		return a, pat.Secret{}
	}
	var made tokenBody
	if err := json.Unmarshal(r.body, &made); err != nil {
		return response{outcome: unexpected, detail: "a 201 that is not to be read"}, pat.Secret{}
	}
	secret, err := pat.ParseSecret(made.Secret)
	if err != nil {
		return response{outcome: unexpected, detail: "a 201 without a token"}, pat.Secret{}
	}
	a.id = made.ID
	return a, secret
}

func (r reply) listed() response {
	a := r.plain(http.StatusOK)
	if a.outcome != done {
		return a
	}
	var body struct {
		Pats []tokenBody `json:"pats"`
	}
	if err := json.Unmarshal(r.body, &body); err != nil {
		return response{outcome: unexpected, detail: "a list that is not to be read"}
	}
	a.tokens = make([]listedToken, len(body.Pats))
	for i, token := range body.Pats {
		a.tokens[i] = listedToken{token.ID, token.Description}
	}
	return a
}
