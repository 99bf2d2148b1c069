package pattest

import (
	"sync"
	"time"
)

// Start is when every Clock begins. Like all times of the domain it is UTC in whole milliseconds.
var Start = time.Date(2026, time.January, 2, 3, 4, 5, 678*int(time.Millisecond), time.UTC)

// Clock stands still until it is advanced. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock is a Clock at Start.
func NewClock() *Clock { return &Clock{now: Start} }

// Now is the time that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on by d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
