package scale

import (
	"iter"

	"pats/pkg/pat"
)

// Crowd is crowd.
type Crowd struct{ crowd }

// NewCrowd returns the crowd of a seed.
func NewCrowd(seed uint64) Crowd { return Crowd{crowd{seed}} }

// Accounts returns users 1 to n.
func (c Crowd) Accounts(n int) iter.Seq[pat.Account] { return c.accounts(n) }

// Secrets returns the secrets of a user's tokens.
func (c Crowd) Secrets(id pat.UserID) []pat.Secret { return c.secrets(id) }

// Environment returns the environment of the measured services.
var Environment = environment
