package boltstore_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestCheckOfSoundFile(t *testing.T) {
	t.Parallel()
	path, want := sample(t, 60)
	before := stateOf(t, path)
	var last, total int64
	report, err := boltstore.Check(t.Context(), path, func(done, all int64) {
		if done <= last || done > all {
			t.Errorf("progress went from %d to %d of %d", last, done, all)
		}
		last, total = done, all
	})
	if err != nil {
		t.Fatalf("Check: %v", err)
	}
	if diff := cmp.Diff(boltstore.Report{Bytes: total, Users: len(want), Tokens: pat.MaxTokens}, report); diff != "" {
		t.Errorf("report, -want +got:\n%s", diff)
	}
	if last != total {
		t.Errorf("progress ended at %d of %d", last, total)
	}
	if after := stateOf(t, path); after != before {
		t.Error("the file was changed")
	}
}

// holderKey is the key of the user with tokens: the two before come from fill.
var holderKey = boltstore.UserKey(3)

// damages are changes that bbolt accepts, and a part of the finding that each must cause.
var damages = map[string]struct {
	change func(tx *bolt.Tx) error
	want   string
}{
	"a record without checksum": {func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("accounts")).Put(holderKey, []byte(`{"username":"eve"}`))
	}, "does not match its checksum"},
	"a record that is cut off": {func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("accounts")).Put(holderKey, []byte{1})
	}, "missing or cut off"},
	"a record of another user": {func(tx *bolt.Tx) error {
		accounts := tx.Bucket([]byte("accounts"))
		return accounts.Put(holderKey, append([]byte(nil), accounts.Get(boltstore.UserKey(1))...))
	}, "does not match its checksum"},
	"a record that is not an account": {func(tx *bolt.Tx) error {
		return boltstore.Put(tx, "accounts", holderKey, "text")
	}, "cannot unmarshal"},
	"a key that is not an ID": {func(tx *bolt.Tx) error {
		return boltstore.Put(tx, "accounts", []byte("x"), map[string]any{})
	}, "bad key"},
	"an account that is gone": {func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("accounts")).Delete(holderKey)
	}, "who does not have it"},
	"a user above the last one made": {func(tx *bolt.Tx) error {
		return boltstore.Put(tx, "accounts", boltstore.UserKey(99), map[string]any{"role": 3})
	}, "user 99 is above the last user ID, 4"},
	"a token above the next one": {func(tx *bolt.Tx) error {
		return boltstore.Put(tx, "accounts", holderKey, map[string]any{
			"username": "holder", "email": "holder@example.org", "role": 2, "nextToken": 2, "tokens": []map[string]any{{"id": 2}},
		})
	}, "token 2 of user 3 is out of order"},
	"a unique key that is gone": {func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("unique")).Delete([]byte("username:holder"))
	}, `"username:holder" of user 3 is not recorded as unique`},
	"a unique key of somebody else": {func(tx *bolt.Tx) error {
		return boltstore.Put(tx, "unique", []byte("username:holder"), 1)
	}, `"username:holder" is recorded for user 1`},
	"a unique key too many": {func(tx *bolt.Tx) error {
		return boltstore.Put(tx, "unique", []byte("username:nobody"), 3)
	}, `"username:nobody" is recorded for user 3`},
	"a use of a token that never was": {func(tx *bolt.Tx) error {
		return boltstore.Put(tx, "seen", boltstore.SeenKey(3, 11), 1)
	}, "never existed"},
	"a use by a missing user": {func(tx *bolt.Tx) error {
		return boltstore.Put(tx, "seen", boltstore.SeenKey(99, 1), 1)
	}, "never existed"},
	"a use under a bad key": {func(tx *bolt.Tx) error {
		return boltstore.Put(tx, "seen", []byte("x"), 1)
	}, "never existed"},
	"a wrong number of Admins": {func(tx *bolt.Tx) error {
		return boltstore.Put(tx, "meta", []byte("state"), map[string]any{"lastUser": 4, "admins": 0})
	}, "says 0 enabled Admins, but there are 1"},
	"no counters": {func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("meta")).Delete([]byte("state"))
	}, "missing or cut off"},
	"a missing bucket": {func(tx *bolt.Tx) error {
		return tx.DeleteBucket([]byte("seen"))
	}, "cut off"},
	"a missing bucket of imports": {func(tx *bolt.Tx) error {
		return tx.DeleteBucket([]byte("imported"))
	}, "cut off"},
	"an import under a bad selector": {func(tx *bolt.Tx) error {
		return boltstore.Put(tx, "imported", []byte("x"), 1)
	}, "not a selector"},
	"an import for a missing user": {func(tx *bolt.Tx) error {
		return boltstore.Put(tx, "imported", []byte(strings.Repeat("A", 43)), 0)
	}, "for user 0"},
	"a service account that is not recorded as one": {func(tx *bolt.Tx) error {
		return errors.Join(boltstore.Put(tx, "meta", []byte("format"), 3), boltstore.Put(tx, "accounts", holderKey, map[string]any{
			"type": "Service", "username": "holder", "email": "holder@example.org", "role": 2, "nextToken": 11,
		}))
	}, "service account 3 is not recorded as one"},
	"a person recorded as a service account": {func(tx *bolt.Tx) error {
		_, err := tx.CreateBucket([]byte("services"))
		return errors.Join(err, boltstore.Put(tx, "meta", []byte("format"), 3), boltstore.Put(tx, "services", holderKey, true))
	}, "is recorded as a service account, which it is not"},
	"a service account under a bad key": {func(tx *bolt.Tx) error {
		_, err := tx.CreateBucket([]byte("services"))
		return errors.Join(err, boltstore.Put(tx, "meta", []byte("format"), 3), boltstore.Put(tx, "services", []byte("x"), true))
	}, "is recorded as a service account, which it is not"},
	"an unknown type of account": {func(tx *bolt.Tx) error {
		return errors.Join(boltstore.Put(tx, "meta", []byte("format"), 3), boltstore.Put(tx, "accounts", holderKey, map[string]any{
			"type": "Robot", "username": "holder", "email": "holder@example.org", "role": 2, "nextToken": 11,
		}))
	}, `the account type "Robot" is unknown`},
	"a service account in an earlier format": {func(tx *bolt.Tx) error {
		return errors.Join(boltstore.Put(tx, "meta", []byte("format"), 2), boltstore.Put(tx, "accounts", holderKey, map[string]any{
			"type": "Service", "username": "holder", "email": "holder@example.org", "role": 2, "nextToken": 11,
		}))
	}, "user 3 has what only format 3 has"},
	"a bucket for a record": {func(tx *bolt.Tx) error {
		_, err := tx.Bucket([]byte("accounts")).CreateBucket([]byte("x"))
		return err
	}, "is a bucket"},
}

// TestCheckFinds plants damage that bbolt accepts.
func TestCheckFinds(t *testing.T) {
	t.Parallel()
	for name, c := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, _ := sample(t, 2)
			if err := boltstore.Change(path, c.change); err != nil {
				t.Fatalf("Change: %v", err)
			}
			report, err := boltstore.Check(t.Context(), path, nil)
			if err != nil || !strings.Contains(strings.Join(report.Findings, "\n"), c.want) {
				t.Errorf("got %q and %v, want a finding with %q", report.Findings, err, c.want)
			}
			_, err = boltstore.Open(path)
			wantDamaged(t, path, err)
		})
	}
}

func TestCheckBoundsItsFindings(t *testing.T) {
	t.Parallel()
	path, _ := sample(t, 150)
	if err := boltstore.Change(path, func(tx *bolt.Tx) error {
		return tx.DeleteBucket([]byte("accounts"))
	}); err != nil {
		t.Fatalf("Change: %v", err)
	}
	report, err := boltstore.Check(t.Context(), path, nil)
	if err != nil || len(report.Findings) != 100 {
		t.Errorf("got %d findings and %v, want 100", len(report.Findings), err)
	}
}

func TestUsesAreForgotten(t *testing.T) {
	t.Parallel()
	path := dataFile(t)
	store := openLoose(t, path)
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(pattest.NewClock()))
	for _, name := range []string{"ann", "bob"} {
		holder := pattest.NewHolder(t, store, service, pattest.Profile(name, pat.Viewer))
		if _, err := service.Authenticate(t.Context(), holder.Secret); err != nil {
			t.Fatalf("Authenticate: %v", err)
		}
	}
	if err := service.RevokeUserToken(t.Context(), 1, 1); err != nil {
		t.Fatalf("RevokeUserToken: %v", err)
	}
	if err := service.DeleteUser(t.Context(), 2); err != nil {
		t.Fatalf("DeleteUser: %v", err)
	}
	if err := store.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if err := boltstore.Change(path, func(tx *bolt.Tx) error {
		if got := boltstore.Keys(tx, "seen"); got != 0 {
			t.Errorf("got %d uses on record, want none", got)
		}
		return nil
	}); err != nil {
		t.Fatalf("Change: %v", err)
	}
}

func TestCheckStopsWithItsContext(t *testing.T) {
	t.Parallel()
	path, _ := sample(t, 60)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := boltstore.Check(ctx, path, func(done, _ int64) {
		if done > 5*boltstore.SmallPage {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want context.Canceled and the name of the file", err)
	}
}

func TestCheckCreatesNoFile(t *testing.T) {
	t.Parallel()
	path := dataFile(t)
	if _, err := boltstore.Check(t.Context(), path, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want that the file does not exist", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want that the file does not exist", err)
	}
}

// TestCheckAgreesWithBolt checks that whatever happens to a store, neither Check nor bbolt's check finds damage.
func TestCheckAgreesWithBolt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		path := dataFile(t)
		if err := boltstore.CreateSmall(path); err != nil {
			r.Fatalf("CreateSmall: %v", err)
		}
		for range rapid.IntRange(1, 4).Draw(r, "changes") {
			n, without := rapid.IntRange(0, 120).Draw(r, "users"), rapid.IntRange(1, 9).Draw(r, "without one in")
			if err := boltstore.Change(path, func(tx *bolt.Tx) error { return churn(tx, n, without) }); err != nil {
				r.Fatalf("Change: %v", err)
			}
		}
		report, err := boltstore.Check(t.Context(), path, nil)
		if err != nil || len(report.Findings) > 0 {
			r.Errorf("Check finds %q and %v, want nothing", report.Findings, err)
		}
		wantSoundForBolt(r, path)
	})
}

// churn adds n users and deletes every oneIn-th of all.
func churn(tx *bolt.Tx, n, oneIn int) error {
	for i := range n {
		// Names of many lengths, and texts larger than a page, make uneven pages with overflow.
		draft := pat.Account{NextTokenID: 1, CreatedAt: pattest.Start, Profile: pat.Profile{
			Username: fmt.Sprintf("%s-%d-%d", strings.Repeat("n", i%50), tx.ID(), i),
			Name:     strings.Repeat("x", i*37%2000),
			Role:     pat.Viewer,
		}}
		if err := boltstore.Add(tx, draft); err != nil {
			return err
		}
	}
	return boltstore.RemoveOneIn(tx, oneIn)
}

func wantSoundForBolt(r *rapid.T, path string) {
	r.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		r.Fatalf("bolt.Open: %v", err)
	}
	defer func() { _ = db.Close() }()
	if err := db.View(func(tx *bolt.Tx) error {
		var found []error
		for err := range tx.Check() {
			found = append(found, err)
		}
		return errors.Join(found...)
	}); err != nil {
		r.Errorf("bbolt finds %v, want nothing", err)
	}
}

// TestCheckFindsInOrder plants damage all over a file that is decoded in many concurrent batches.
func TestCheckFindsInOrder(t *testing.T) {
	t.Parallel()
	path, _ := sample(t, 9*boltstore.DecodeStep)
	var want []string
	if err := boltstore.Change(path, func(tx *bolt.Tx) error {
		for id := pat.UserID(1); id <= 9*boltstore.DecodeStep; id += boltstore.DecodeStep / 10 {
			key := boltstore.UserKey(id)
			want = append(want, fmt.Sprintf("record %q of accounts does not match its checksum", key))
			if err := tx.Bucket([]byte("accounts")).Put(key, []byte("not sealed")); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatalf("Change: %v", err)
	}
	report, err := boltstore.Check(t.Context(), path, nil)
	if err != nil || len(report.Findings) < len(want) {
		t.Fatalf("got %d findings and %v, want at least %d", len(report.Findings), err, len(want))
	}
	if diff := cmp.Diff(want, report.Findings[:len(want)]); diff != "" {
		t.Errorf("findings, -want +got:\n%s", diff)
	}
}
