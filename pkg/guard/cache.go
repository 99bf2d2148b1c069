package guard

import (
	"slices"
	"sync"
	"time"

	"pats/pkg/pat"
)

// maxCached is the largest number of tokens in a claimsCache.
const maxCached = 1024

// claimsCache keeps the claims of valid tokens for a time, by their verifiers, so it contains no token. It is safe for concurrent use.
type claimsCache struct {
	// keep is 0 if nothing is kept.
	keep time.Duration

	mu      sync.Mutex
	entries map[pat.Verifier]cachedClaims
	// order has the keys of entries, the oldest first.
	order []pat.Verifier
}

type cachedClaims struct {
	claims Claims
	until  time.Time
}

func newClaimsCache(keep time.Duration) *claimsCache {
	return &claimsCache{keep: keep, entries: map[pat.Verifier]cachedClaims{}}
}

func (c *claimsCache) get(token pat.Verifier, now time.Time) (Claims, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry, found := c.entries[token]
	entry.claims.Scopes = slices.Clone(entry.claims.Scopes)
	return entry.claims, found && now.Before(entry.until)
}

// put keeps claims that were found at now, until the token's end at the latest (RFC 7662 §4).
func (c *claimsCache) put(token pat.Verifier, found Claims, now time.Time) {
	if c.keep == 0 {
		return
	}
	until := now.Add(c.keep)
	if found.ExpiresAt.Before(until) {
		until = found.ExpiresAt
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, replaced := c.entries[token]; !replaced {
		c.order = append(c.order, token)
	}
	c.entries[token] = cachedClaims{found, until}
	if len(c.order) > maxCached {
		delete(c.entries, c.order[0])
		c.order = c.order[1:]
	}
}
