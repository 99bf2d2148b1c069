package pat

import (
	"time"
)

// DefaultRetention is how long an expired token is listed, and counts, by default.
const DefaultRetention = 30 * 24 * time.Hour

// Service applies the rules to a Store. It is safe for concurrent use.
type Service struct {
	store     Store
	retention time.Duration
	env       Env
	imported  bool
}

// NewService makes a Service on store. Expired tokens are listed, and count, until retention after their end.
func NewService(store Store, retention time.Duration, env Env) *Service {
	return &Service{store: store, retention: retention, env: env}
}

// AcceptImported returns a Service that accepts imported tokens if on is true. Otherwise Authenticate refuses them without a read,
// and every method with a caller refuses a caller who presented one. Accepting them costs one more read for each made-up or
// revoked token.
func (s *Service) AcceptImported(on bool) *Service {
	accepting := *s
	accepting.imported = on
	return &accepting
}

func (s *Service) now() time.Time { return s.env.Now().UTC().Truncate(time.Millisecond) }
