package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"pats/pkg/claims"
	"pats/pkg/pat"
)

const (
	defaultTimeout = 5 * time.Second
	// MaxCacheFor is the largest Introspection.CacheFor.
	MaxCacheFor = time.Minute
	// maxIntrospection is the largest response, in bytes. One with 20 scopes has less than 2 KiB.
	maxIntrospection = 16 << 10
)

// Introspection is how an IntrospectionChecker asks whether a token is valid.
type Introspection struct {
	// Endpoint is the URL of the service's /oauth/introspect. It must be https, unless it is on this machine.
	Endpoint string
	// Token is the token that introspects others. It has the scope tokens:introspect.
	Token string
	// Timeout bounds one check. Zero means 5 seconds.
	Timeout time.Duration
	// CacheFor is how long a response about a valid token is used again, up to MaxCacheFor and never past the token's end. A revoked token
	// is accepted until then. By default every check sends a request.
	CacheFor time.Duration
}

// IntrospectionChecker is a TokenChecker that asks the service of the tokens (RFC 7662). It fails closed: a failure to get a response that
// it understands is an error. It is safe for concurrent use.
type IntrospectionChecker struct {
	endpoint string
	token    pat.Secret
	timeout  time.Duration
	client   *http.Client
	cache    *claimsCache
	now      func() time.Time
}

// NewIntrospectionChecker returns an IntrospectionChecker. The error says which setting is invalid, without quoting it.
func NewIntrospectionChecker(settings Introspection) (*IntrospectionChecker, error) {
	if !isSafeEndpoint(settings.Endpoint) {
		return nil, errors.New("the endpoint must be a URL with https, or with http on this machine, and without a user and a query")
	}
	token, err := pat.ParseSecret(settings.Token)
	if err != nil {
		return nil, fmt.Errorf("the token: %w", err)
	}
	if settings.Timeout < 0 || settings.CacheFor < 0 || settings.CacheFor > MaxCacheFor {
		return nil, fmt.Errorf("the timeout must not be negative, and the time in the cache must be from 0 to %s", MaxCacheFor)
	}
	timeout := settings.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	// A redirect is not followed: it would send the tokens elsewhere.
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &IntrospectionChecker{settings.Endpoint, token, timeout, client, newClaimsCache(settings.CacheFor), time.Now}, nil
}

// isSafeEndpoint reports whether tokens sent to the URL stay secret on the way.
func isSafeEndpoint(endpoint string) bool {
	parsed, err := url.Parse(endpoint)
	if err != nil || parsed.Host == "" || parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" {
		return false
	}
	host := parsed.Hostname()
	local := host == "localhost" || net.ParseIP(host).IsLoopback()
	return parsed.Scheme == "https" || parsed.Scheme == "http" && local
}

// WithClock returns c with the clock now instead of the system's, for what it caches.
func (c *IntrospectionChecker) WithClock(now func() time.Time) *IntrospectionChecker {
	changed := *c
	changed.now = now
	return &changed
}

// Check implements [TokenChecker]. It accepts no admin API token, and refuses a text without the form of a token without asking.
func (c *IntrospectionChecker) Check(ctx context.Context, token string) (Claims, error) {
	secret, err := pat.ParseForeignSecret(token)
	if err != nil {
		return Claims{}, refusalOf(err)
	}
	asked := c.now()
	if cached, found := c.cache.get(secret.Verifier(), asked); found {
		return cached, nil
	}
	found, err := c.introspect(ctx, secret)
	if err != nil {
		return Claims{}, err
	}
	c.cache.put(secret.Verifier(), found, asked)
	return found, nil
}

// introspect asks about a token. Errors: a *Refusal if it is not valid; the service cannot be reached, or its response is not understood.
func (c *IntrospectionChecker) introspect(ctx context.Context, token pat.Secret) (Claims, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	form := url.Values{"token": {token.Reveal()}, "token_type_hint": {"access_token"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, strings.NewReader(form.Encode())) //nolint:gosec // the service's own setting
	if err != nil {
		return Claims{}, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	response, err := c.client.Do(request) //nolint:gosec // the service's own setting
	if err != nil {
		return Claims{}, fmt.Errorf("introspection: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return Claims{}, fmt.Errorf("introspection: got status %d, want 200", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxIntrospection+1))
	switch {
	case err != nil:
		return Claims{}, fmt.Errorf("introspection: %w", err)
	case len(body) > maxIntrospection:
		return Claims{}, errIntrospection
	}
	return parseIntrospection(body)
}

var errIntrospection = errors.New("introspection: the response is not that of RFC 7662 with the members of this service")

// parseIntrospection returns the claims in a response. Errors: a *Refusal for a token that is not active; errIntrospection.
func parseIntrospection(body []byte) (Claims, error) {
	var found struct {
		Active    *bool  `json:"active"`
		Scope     string `json:"scope"`
		Username  string `json:"username"`
		Subject   string `json:"sub"`
		ExpiresAt int64  `json:"exp"`
		TokenID   int64  `json:"token_id"`
		Role      string `json:"role"`
	}
	if err := json.Unmarshal(body, &found); err != nil || found.Active == nil {
		return Claims{}, errIntrospection // err may quote the response
	}
	if !*found.Active {
		return Claims{}, InvalidToken(pat.ReasonInvalid, nil)
	}
	parsed, err := claims.Parse(map[string]any{
		"userId": found.Subject, "username": found.Username, "scope": found.Scope, "tokenId": strconv.FormatInt(found.TokenID, 10),
		"expiresAt": time.Unix(found.ExpiresAt, 0).UTC().Format(time.RFC3339), "role": found.Role,
	})
	if err != nil || found.ExpiresAt <= 0 {
		return Claims{}, errIntrospection
	}
	return parsed, nil
}
