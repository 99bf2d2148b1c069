package boltstore_test

import (
	"fmt"
	"testing"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// BenchmarkAccount reads users with n tokens each: the same one each time, and 1,000 in turn.
func BenchmarkAccount(b *testing.B) {
	for _, tokens := range []int{1, pat.MaxTokens, 100} {
		for _, users := range []int{1, 1000} {
			b.Run(fmt.Sprintf("tokens=%d/users=%d", tokens, users), func(b *testing.B) {
				store, ids := populated(b, users, tokens)
				for i := 0; b.Loop(); i++ {
					if _, err := store.Account(b.Context(), ids[i%users]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// populated returns a store of users with n tokens each.
func populated(b *testing.B, users, n int) (*boltstore.Store, []pat.UserID) {
	b.Helper()
	store, err := boltstore.Open(dataFile(b))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	ids := make([]pat.UserID, users)
	for i := range ids {
		before := pattest.Account(b, store, pattest.Profile(fmt.Sprintf("user%d", i), pat.Editor))
		after := before
		after.Tokens = make([]pat.Token, n)
		for k := range after.Tokens {
			secret, err := pat.NewSecret(pattest.NewRandom(), before.ID)
			if err != nil {
				b.Fatal(err)
			}
			after.Tokens[k] = pat.Token{
				ID: pat.TokenID(k + 1), Description: fmt.Sprintf("deploys the shop from pipeline %09d", k),
				Scopes: pat.Unscoped(), Selector: secret.Selector(), Verifier: secret.Verifier(), CreatedAt: pattest.Start, ExpiresAt: pattest.Start.Add(pattest.Lifetime),
			}
		}
		after.NextTokenID = pat.TokenID(n + 1)
		if err := store.ReplaceAccount(b.Context(), before, after); err != nil {
			b.Fatal(err)
		}
		ids[i] = before.ID
	}
	return store, ids
}
