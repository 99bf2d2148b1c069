package dynamostore_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pats/pkg/dynamostore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// memory is a Store of one user.
type memory struct {
	pat.Store
	account pat.Account
}

func (m *memory) Account(context.Context, pat.UserID) (pat.Account, error) { return m.account, nil }

func (m *memory) ReplaceAccount(_ context.Context, _, after pat.Account) error {
	m.account = after
	return nil
}

// TestRotationTakesNoMoreThanACreate: whatever an account has, its item is no larger after a rotation by a token than after a create by
// it, and so takes no more write units.
func TestRotationTakesNoMoreThanACreate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		store := &memory{account: pat.Account{ID: 1, Profile: pattest.Profile("ann", pat.Viewer), CreatedAt: pattest.Start, NextTokenID: 1}}
		service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention, MaxTokens: 20}, pattest.Env(pattest.NewClock()))
		_, own, err := service.CreateUserToken(r.Context(), 1, pattest.Draft("own"))
		if err != nil {
			r.Fatal(err)
		}
		caller := pat.Identity{User: 1, Selector: own.Selector()}
		key := func() *pat.IdempotencyKey {
			if rapid.Bool().Draw(r, "without a key") {
				return nil
			}
			key, err := pat.NewIdempotencyKey(own, strconv.Itoa(rapid.Int().Draw(r, "key")))
			if err != nil {
				r.Fatal(err)
			}
			return &key
		}
		create := func(key *pat.IdempotencyKey) {
			draft := pattest.Draft(strconv.Itoa(int(store.account.NextTokenID)) + strings.Repeat("x", rapid.IntRange(0, 200).Draw(r, "length")))
			if key == nil {
				_, _, err = service.CreateToken(r.Context(), caller, draft)
			} else {
				_, _, err = service.CreateTokenOnce(r.Context(), caller, draft, *key)
			}
		}
		rotate := func(key *pat.IdempotencyKey) {
			id := pat.TokenID(rapid.IntRange(2, len(store.account.Tokens)).Draw(r, "token"))
			_, _, err = service.RotateToken(r.Context(), caller, id, pat.Rotation{Overlap: pat.DefaultOverlap, Key: key})
		}
		create(key())
		for range rapid.IntRange(0, 12).Draw(r, "changes") {
			if rapid.Bool().Draw(r, "create") {
				create(key())
			} else {
				rotate(key())
			}
		}
		before, next := store.account, key()
		create(next)
		created := dynamostore.SizeOf(store.account)
		store.account = before
		if rotate(next); err != nil {
			r.Skip("the key was used before")
		}
		if rotated := dynamostore.SizeOf(store.account); rotated > created {
			r.Errorf("the item has %d bytes after a rotation, and %d after a create", rotated, created)
		}
	})
}
