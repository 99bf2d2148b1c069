package gateway

import (
	"crypto/sha256"
	"sync"
	"time"
)

// maxCached is how many answers of an authorizer are kept at most.
const maxCached = 1024

// cache keeps an authorizer's answers by token for ttl. It is safe for concurrent use.
type cache struct {
	ttl time.Duration

	mu      sync.Mutex
	answers map[cacheKey]cached
	// ends has the oldest answer in front. As ttl is the same for all, it is also the first to end.
	ends []end
}

// cacheKey is the hash of a token, so that the cache holds no secret.
type cacheKey [sha256.Size]byte

type cached struct {
	answer verdict
	until  time.Time
}

type end struct {
	key   cacheKey
	until time.Time
}

func newCache(ttl time.Duration) *cache {
	return &cache{ttl: ttl, answers: map[cacheKey]cached{}}
}

func (c *cache) get(token string, now time.Time) (verdict, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry, ok := c.answers[sha256.Sum256([]byte(token))]
	return entry.answer, ok && now.Before(entry.until)
}

func (c *cache) put(token string, answer verdict, now time.Time) {
	if c.ttl == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	added := end{key: sha256.Sum256([]byte(token)), until: now.Add(c.ttl)}
	c.answers[added.key] = cached{answer: answer, until: added.until}
	c.ends = append(c.ends, added)
	for len(c.ends) > maxCached || !now.Before(c.ends[0].until) {
		c.drop(c.ends[0])
		c.ends = c.ends[1:]
	}
}

// drop removes an answer, unless a later one of the same token has taken its place.
func (c *cache) drop(oldest end) {
	if c.answers[oldest.key].until.Equal(oldest.until) {
		delete(c.answers, oldest.key)
	}
}
