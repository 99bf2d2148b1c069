package pat

import "time"

// DefaultRetention is how long an expired token stays listed, and counts toward the limit, by default.
const DefaultRetention = 30 * 24 * time.Hour

// Service applies the rules to the accounts in a Store. It is safe for concurrent use.
type Service struct {
	store     Store
	retention time.Duration
	env       Env
	imported  bool
}

// NewService returns a Service on store. A token stays listed, and counts toward the limit, until retention after it expires.
// Imported tokens are refused.
func NewService(store Store, retention time.Duration, env Env) *Service {
	return &Service{store: store, retention: retention, env: env}
}

// AcceptImported returns a copy of s that accepts imported tokens if on is true. If it is false, Authenticate refuses them without a
// read, and every method with a caller refuses callers who presented one. If it is true, each made-up or revoked token costs one
// more read.
func (s *Service) AcceptImported(on bool) *Service {
	accepting := *s
	accepting.imported = on
	return &accepting
}

// now returns the time in whole milliseconds, as it is stored.
func (s *Service) now() time.Time { return s.env.Now().UTC().Truncate(time.Millisecond) }
