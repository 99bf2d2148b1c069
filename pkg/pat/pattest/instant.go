package pattest

import (
	"context"
	"fmt"
	"testing"

	"pats/pkg/pat"
)

// Instant is a Store for benchmarks, with one user in memory. ReplaceAccount has no effect, so every call finds the same account. It
// has no other methods than those below.
type Instant struct {
	pat.Store
	account pat.Account
}

// NewInstant returns a Store whose user, with ID 1, has n tokens, all last used at Start. The Holder has the last one.
func NewInstant(t testing.TB, n int) (*Instant, Holder) {
	t.Helper()
	account := pat.Account{ID: 1, Profile: Profile("ann", pat.Editor), CreatedAt: Start, NextTokenID: pat.TokenID(n + 1), Version: 1}
	var last pat.Secret
	random := NewRandom()
	for i := range n {
		secret, err := pat.NewSecret(random, account.ID)
		if err != nil {
			t.Fatalf("NewSecret: %v", err)
		}
		account.Tokens, last = append(account.Tokens, inUse(pat.TokenID(i+1), secret)), secret
	}
	return &Instant{account: account}, Holder{Account: account, Token: account.Tokens[n-1], Secret: last}
}

// inUse returns the record of a token that was created and last used at Start.
func inUse(id pat.TokenID, secret pat.Secret) pat.Token {
	return pat.Token{
		ID:          id,
		Description: fmt.Sprintf("token %d", id),
		Scopes:      pat.Unscoped(),
		Selector:    secret.Selector(),
		Verifier:    secret.Verifier(),
		CreatedAt:   Start,
		ExpiresAt:   Start.Add(Lifetime),
		SeenAt:      Start,
	}
}

// Account returns the one user.
func (s *Instant) Account(_ context.Context, id pat.UserID) (pat.Account, error) {
	if id != s.account.ID {
		return pat.Account{}, pat.NoUser(nil)
	}
	return s.account, nil
}

// ReplaceAccount accepts every change.
func (s *Instant) ReplaceAccount(context.Context, pat.Account, pat.Account) error { return nil }

// Sizes are the accounts that benchmarks use.
var Sizes = []struct {
	Name   string
	Tokens int
}{{"one token", 1}, {"ten tokens", 10}}
