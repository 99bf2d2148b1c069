package pattest

import (
	"sync"
	"time"
)

// Start is the time at which every Clock starts: in UTC and whole milliseconds, as all times of the domain.
var Start = time.Date(2026, time.January, 2, 3, 4, 5, 678*int(time.Millisecond), time.UTC)

// Clock stands still until it is advanced. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a Clock at Start.
func NewClock() *Clock { return &Clock{now: Start} }

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock forward by d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
