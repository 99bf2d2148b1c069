package boltstore_test

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestFillConformance(t *testing.T) {
	t.Parallel()
	pattest.RunFill(t, func(t *testing.T) pattest.Place {
		t.Helper()
		path := dataFile(t)
		var store *boltstore.Store
		return pattest.Place{
			Fill: func(ctx context.Context, accounts iter.Seq[pat.Account]) error {
				return boltstore.Fill(ctx, path, accounts)
			},
			Open: func(t *testing.T) pat.Store {
				t.Helper()
				store = open(t, path)
				return store
			},
			Content: func(t *testing.T) map[string]string {
				t.Helper()
				if store != nil {
					if err := store.Close(); err != nil {
						t.Fatalf("Close: %v", err)
					}
				}
				return content(t, path)
			},
		}
	})
}

// content is every record of a data file that no Store has open.
func content(t *testing.T, path string) map[string]string {
	t.Helper()
	records := map[string]string{}
	if err := boltstore.Change(path, func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, bucket *bolt.Bucket) error {
			records[string(name)] = ""
			return bucket.ForEach(func(key, value []byte) error {
				records[fmt.Sprintf("%s %x", name, key)] = string(value)
				return nil
			})
		})
	}); err != nil {
		t.Fatalf("reading %s: %v", path, err)
	}
	return records
}

// users are n users without tokens.
func users(n int) iter.Seq[pat.Account] {
	return func(yield func(pat.Account) bool) {
		for i := range n {
			profile := pattest.Profile(fmt.Sprintf("user%d", i), pat.Viewer)
			account := pat.Account{ID: pat.UserID(i + 1), Profile: profile, CreatedAt: pattest.Start, NextTokenID: 1, Version: 1}
			if !yield(account) {
				return
			}
		}
	}
}

// TestFillInSteps fills more than one transaction takes.
func TestFillInSteps(t *testing.T) {
	t.Parallel()
	const n = 2*boltstore.FillStep + 1
	path := dataFile(t)
	if err := boltstore.Fill(t.Context(), path, users(n)); err != nil {
		t.Fatalf("Fill: %v", err)
	}
	report, err := boltstore.Check(t.Context(), path, nil)
	if err != nil {
		t.Fatalf("Check: %v", err)
	}
	if diff := cmp.Diff(boltstore.Report{Bytes: report.Bytes, Users: n}, report); diff != "" {
		t.Errorf("report, -want +got:\n%s", diff)
	}
	if made := pattest.Account(t, open(t, path), pattest.Profile("ann", pat.Viewer)); made.ID != n+1 {
		t.Errorf("got ID %d, want %d", made.ID, n+1)
	}
}

// TestFillThatFailsLeavesNothing stops a Fill between two transactions, and breaks a rule in the last one.
func TestFillThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at   func(cancel func()) pat.Account
		want pat.Kind
	}{
		"an account twice": {func(func()) pat.Account { return slices.Collect(users(1))[0] }, pat.KindInvalid},
		"a stop": {func(cancel func()) pat.Account {
			cancel()
			return slices.Collect(users(boltstore.FillStep + 1))[boltstore.FillStep]
		}, pat.KindUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := dataFile(t)
			ctx, cancel := context.WithCancel(t.Context())
			err := boltstore.Fill(ctx, path, func(yield func(pat.Account) bool) {
				for account := range users(boltstore.FillStep) {
					yield(account)
				}
				yield(c.at(cancel))
			})
			pattest.WantKind(t, err, c.want)
			if got := names(t, filepath.Dir(path)); len(got) != 0 {
				t.Errorf("got files %v, want none", got)
			}
		})
	}
}

// TestFillReplacesNothing has somebody else make the file meanwhile.
func TestFillReplacesNothing(t *testing.T) {
	t.Parallel()
	path := dataFile(t)
	var before state
	err := boltstore.Fill(t.Context(), path, func(yield func(pat.Account) bool) {
		if err := boltstore.Create(path); err != nil {
			t.Errorf("Create: %v", err)
		}
		before = stateOf(t, path)
		users(1)(yield)
	})
	pattest.WantKind(t, err, pat.KindInvalid)
	if after := stateOf(t, path); after != before {
		t.Error("the file was changed")
	}
}
