package scale

import (
	"iter"

	"pats/pkg/pat"
)

// Crowd is the users of a seed, with the secrets of some.
type Crowd struct{ crowd }

// NewCrowd makes one.
func NewCrowd(seed uint64) Crowd { return Crowd{crowd{seed}} }

// Accounts are users 1 to n.
func (c Crowd) Accounts(n int) iter.Seq[pat.Account] { return c.accounts(n) }

// Secrets are the tokens of a user.
func (c Crowd) Secrets(id pat.UserID) []pat.Secret { return c.secrets(id) }

// Environment is that of the services that are measured.
var Environment = environment
