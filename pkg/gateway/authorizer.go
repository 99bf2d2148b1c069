package gateway

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// API Gateway's limits for an authorizer's invocation and for the ARN of an authorized method:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
const (
	authorizerTimeout = 10 * time.Second
	maxARNBytes       = 1600
)

// authorizer is a TOKEN authorizer.
type authorizer struct {
	authorizerSettings
	invoker invoker[events.APIGatewayCustomAuthorizerRequest, events.APIGatewayCustomAuthorizerResponse]
	cache   *cache
}

var uriTooLong = &refusal{kind: default4XX, standard: standard{http.StatusRequestURITooLong, "Request URI too long"}}

// authorize returns nil if the authorizer allows the request, and otherwise a refusal. It sets the request's claims.
func (g *Gateway) authorize(ctx context.Context, req *request, a *authorizer) error {
	methodARN := g.methodARN(req)
	if len(methodARN) > maxARNBytes {
		return uriTooLong
	}
	token, ok := a.token(req.Header)
	if !ok {
		return refuse(unauthorized, nil)
	}
	granted, err := g.authorizationOf(ctx, req, a, events.APIGatewayCustomAuthorizerRequest{
		Type: "TOKEN", AuthorizationToken: token, MethodArn: methodARN,
	})
	if err != nil {
		return err
	}
	req.claims = granted.claims
	if !granted.policy.allows(methodARN) {
		return refuse(accessDenied, nil)
	}
	return nil
}

// methodARN returns the name of the request's method in policies.
func (g *Gateway) methodARN(req *request) string {
	return "arn:aws:execute-api:" + region + ":" + account + ":" + apiID + "/" + g.api.stage + "/" + req.Method + req.path
}

// token returns the value of the header that identifies the caller, if there is one. If there are several headers, it takes none,
// since AWS does not document which of them counts.
func (a *authorizer) token(header http.Header) (string, bool) {
	values := header[a.header]
	if len(values) != 1 || values[0] == "" {
		return "", false
	}
	return values[0], true
}

// mayBeToken reports whether value has the form of a token.
func (a *authorizer) mayBeToken(value string) bool {
	return a.expression == nil || a.expression.MatchString(value)
}

// authorizationOf returns the cached authorization of the event's token, or invokes the authorizer if it has the form of a token. A
// cached one had it. Failures are not cached.
func (g *Gateway) authorizationOf(ctx context.Context, req *request, a *authorizer, event events.APIGatewayCustomAuthorizerRequest) (authorization, error) {
	key := keyOf(event.AuthorizationToken)
	if granted, ok := a.cache.get(key, g.options.Now()); ok {
		return granted, nil
	}
	if !a.mayBeToken(event.AuthorizationToken) {
		return authorization{}, refuse(unauthorized, nil)
	}
	var err error
	if req.authorizerRequestID, err = g.newID(); err != nil {
		return authorization{}, refuse(authorizerFailure, err)
	}
	response, err := a.invoker.invoke(ctx, req.authorizerRequestID, authorizerTimeout, event)
	switch {
	case err != nil && err.Error() == "Unauthorized":
		return authorization{}, refuse(unauthorized, errUnauthorized)
	case err != nil:
		return authorization{}, refuse(authorizerFailure, err)
	}
	granted, err := newAuthorization(response)
	if err != nil {
		return authorization{}, refuse(authorizerConfig, err)
	}
	a.cache.put(key, granted, g.options.Now())
	return granted, nil
}

var errUnauthorized = errors.New(`the authorizer failed with "Unauthorized"`)

// maxCached is the maximum number of cached authorizations.
const maxCached = 1024

// cache keeps authorizations by token for ttl. It is safe for concurrent use.
type cache struct {
	ttl time.Duration

	mu      sync.Mutex
	entries map[cacheKey]cacheEntry
	// expiries has the earliest expiry first: ttl is the same for all entries.
	expiries []expiry
}

// cacheKey is the hash of a token, so that the cache holds no secret.
type cacheKey [sha256.Size]byte

func keyOf(token string) cacheKey { return sha256.Sum256([]byte(token)) }

type cacheEntry struct {
	authorization authorization
	until         time.Time
}

type expiry struct {
	key   cacheKey
	until time.Time
}

func newCache(ttl time.Duration) *cache {
	return &cache{ttl: ttl, entries: map[cacheKey]cacheEntry{}}
}

func (c *cache) get(key cacheKey, now time.Time) (authorization, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry, ok := c.entries[key]
	return entry.authorization, ok && now.Before(entry.until)
}

func (c *cache) put(key cacheKey, added authorization, now time.Time) {
	if c.ttl == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	until := now.Add(c.ttl)
	c.entries[key] = cacheEntry{authorization: added, until: until}
	c.expiries = append(c.expiries, expiry{key: key, until: until})
	for len(c.expiries) > maxCached || !now.Before(c.expiries[0].until) {
		c.drop(c.expiries[0])
		c.expiries = c.expiries[1:]
	}
}

// drop removes an entry, unless a later one for the same token has replaced it.
func (c *cache) drop(oldest expiry) {
	if c.entries[oldest.key].until.Equal(oldest.until) {
		delete(c.entries, oldest.key)
	}
}
