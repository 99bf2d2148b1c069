package scale

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"pats/pkg/pat"
)

const (
	// recently is how long ago all tokens of a user were used, except the last, which is unused. It is too short for another use to be
	// recorded.
	recently = time.Minute
	lifetime = 90 * 24 * time.Hour
)

// now is the fixed time of the benchmark, so that recent uses stay recent.
var now = time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)

func clock() time.Time { return now }

// crowd generates users with pat.MaxTokens tokens each. A user depends on the seed and the ID only. User 1 is an Admin.
type crowd struct{ seed uint64 }

// accounts returns users 1 to n.
func (c crowd) accounts(n int) iter.Seq[pat.Account] {
	return func(yield func(pat.Account) bool) {
		for id := range pat.UserID(n) {
			if !yield(c.account(id + 1)) {
				return
			}
		}
	}
}

func (c crowd) account(id pat.UserID) pat.Account {
	account := pat.Account{
		ID: id, Profile: profile(id), CreatedAt: now.AddDate(-1, 0, 0), NextTokenID: pat.MaxTokens + 1, Version: pat.MaxTokens + 1,
		Tokens: make([]pat.Token, pat.MaxTokens),
	}
	for i, secret := range c.secrets(id) {
		account.Tokens[i] = token(i, secret)
	}
	return account
}

func profile(id pat.UserID) pat.Profile {
	role := pat.Editor
	if id == 1 {
		role = pat.Admin
	}
	name := fmt.Sprintf("user%09d", id)
	return pat.Profile{Username: name, Name: "Name of " + name, Email: name + "@example.org", Role: role}
}

// token returns the token at index i.
func token(i int, secret pat.Secret) pat.Token {
	t := pat.Token{
		ID: pat.TokenID(i + 1), Description: describe(i), Selector: secret.Selector(), Verifier: secret.Verifier(),
		CreatedAt: now.AddDate(0, -1, i), ExpiresAt: now.Add(lifetime), SeenAt: now.Add(-recently),
	}
	if i == pat.MaxTokens-1 {
		t.SeenAt = time.Time{}
	}
	return t
}

// describe returns a description of 40 characters that ends with i.
func describe(i int) string { return fmt.Sprintf("deploys the shop from pipeline %09d", i) }

// secrets returns the secrets of a user's tokens.
func (c crowd) secrets(id pat.UserID) []pat.Secret {
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[:], c.seed)
	binary.BigEndian.PutUint64(seed[8:], uint64(id)) //nolint:gosec // IDs are positive
	random := rand.NewChaCha8(seed)
	secrets := make([]pat.Secret, pat.MaxTokens)
	for i := range secrets {
		secrets[i], _ = pat.NewSecret(random, id) // whose error is that of random, which has none
	}
	return secrets
}
