package local

import (
	"container/list"
	"crypto/sha256"
	"sync"
	"time"
)

// maxCached is how many answers of an authorizer are kept at most.
const maxCached = 1024

// cache keeps an authorizer's answers by token for ttl. It is safe for concurrent use.
type cache struct {
	ttl   time.Duration
	limit int

	mu      sync.Mutex
	entries map[cacheKey]*list.Element
	// order has the oldest entry in front. As ttl is the same for all, it is also the first to end.
	order list.List
}

// cacheKey is the hash of a token, so that the cache holds no secret.
type cacheKey [sha256.Size]byte

type cached struct {
	key    cacheKey
	answer verdict
	until  time.Time
}

func newCache(ttl time.Duration, limit int) *cache {
	return &cache{ttl: ttl, limit: limit, entries: map[cacheKey]*list.Element{}}
}

func (c *cache) get(token string, now time.Time) (verdict, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.entries[sha256.Sum256([]byte(token))]
	if !ok {
		return verdict{}, false
	}
	entry := element.Value.(*cached)
	return entry.answer, now.Before(entry.until)
}

func (c *cache) put(token string, answer verdict, now time.Time) {
	if c.ttl == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	entry := &cached{key: sha256.Sum256([]byte(token)), answer: answer, until: now.Add(c.ttl)}
	if old, ok := c.entries[entry.key]; ok {
		c.order.Remove(old)
	}
	c.entries[entry.key] = c.order.PushBack(entry)
	for c.order.Len() > c.limit || !now.Before(c.order.Front().Value.(*cached).until) {
		oldest := c.order.Remove(c.order.Front()).(*cached)
		delete(c.entries, oldest.key)
	}
}
