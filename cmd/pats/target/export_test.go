package target

import "github.com/cenkalti/backoff/v5"

// MaxTries is maxTries.
const MaxTries = maxTries

// WithoutPauses makes s repeat its requests at once.
func (s *Server) WithoutPauses() *Server {
	s.pauses = func() backoff.BackOff { return &backoff.ZeroBackOff{} }
	return s
}

// LocalRegion is localRegion.
const LocalRegion = localRegion

// Client is Table.client.
var Client = Table.client
