package scale

import (
	"encoding/binary"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"time"

	"pats/infra/testkit/crowd"
	"pats/pkg/pat"
)

// seed determines the users, and which of them are measured.
const seed = 20260102

// now is the fixed time of the benchmark, so that recent uses stay recent.
var now = time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)

func environment() pat.Env {
	env := pat.SystemEnv(slog.New(slog.DiscardHandler))
	env.Now = func() time.Time { return now }
	return env
}

// Accounts returns users 1 to n with pat.MaxTokens tokens each. A user depends on the ID only. User 1 is an Admin.
func Accounts(n int) iter.Seq[pat.Account] {
	return func(yield func(pat.Account) bool) {
		for id := range pat.UserID(n) {
			account, _ := user(id + 1)
			if !yield(account) {
				return
			}
		}
	}
}

// user returns a user and the secrets of their tokens. All tokens were used recently, except the last, which is unused.
func user(id pat.UserID) (pat.Account, []pat.Secret) {
	var bytes [32]byte
	binary.BigEndian.PutUint64(bytes[:], seed)
	binary.BigEndian.PutUint64(bytes[8:], uint64(id))                                                         //nolint:gosec // IDs are positive
	account, secrets, _ := crowd.NewAccount(rand.NewChaCha8(bytes), id, pat.MaxTokens, now.AddDate(0, -1, 0)) // its error is that of random, which has none
	if id == 1 {
		account.Role = pat.Admin
	}
	for i := range account.Tokens {
		account.Tokens[i].Description, account.Tokens[i].ExpiresAt = describe(i), now.Add(crowd.Lifetime)
		if i < pat.MaxTokens-1 {
			account.Tokens[i].SeenAt = now.Add(-time.Minute) // too recent for another use to be recorded
		}
	}
	return account, secrets
}

// describe returns a description of 40 characters that ends with i.
func describe(i int) string { return fmt.Sprintf("deploys the shop from pipeline %09d", i) }

func draft(i int) pat.Draft {
	return pat.Draft{Description: describe(i), Scopes: pat.Unscoped(), ExpiresAt: now.Add(crowd.Lifetime)}
}
