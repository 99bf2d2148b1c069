package boltstore_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// dataFile returns the path of a test's data file, which does not exist yet.
func dataFile(tb testing.TB) string {
	tb.Helper()
	return filepath.Join(tb.TempDir(), "pats.db")
}

// open opens the data file until the test ends.
func open(t *testing.T, path string) *boltstore.Store {
	t.Helper()
	store, err := boltstore.Open(path)
	if err != nil {
		t.Fatalf("Open(%s): %v", path, err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return store
}

// openLoose opens a store that the test closes itself.
func openLoose(t *testing.T, path string) *boltstore.Store {
	t.Helper()
	store, err := boltstore.Open(path)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return store
}

// sample returns the path of a closed data file of small pages with n users, some with tokens and recorded uses, some deleted, and the
// accounts that a Store must read there.
func sample(t *testing.T, n int) (path string, want []pat.Account) {
	t.Helper()
	path = dataFile(t)
	if err := boltstore.CreateSmall(path); err != nil {
		t.Fatalf("CreateSmall: %v", err)
	}
	if err := boltstore.Change(path, func(tx *bolt.Tx) error { return fill(tx, n) }); err != nil {
		t.Fatalf("filling the file: %v", err)
	}
	store, err := boltstore.Open(path)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	live(t, store)
	want, err = readAll(t, store)
	if err != nil {
		t.Fatalf("reading the sample: %v", err)
	}
	if err := store.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	return path, want
}

func fill(tx *bolt.Tx, n int) error {
	for i := range n {
		draft := pat.Account{Profile: pattest.Profile(fmt.Sprintf("user-%d", i), pat.Role(1+i%3)), CreatedAt: pattest.Start, NextTokenID: 1}
		if err := boltstore.Add(tx, draft); err != nil {
			return err
		}
	}
	return nil
}

// live makes changes of every kind, which leave free pages.
func live(t *testing.T, store *boltstore.Store) {
	t.Helper()
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(pattest.NewClock()))
	holder := pattest.NewHolder(t, store, service, pattest.Profile("holder", pat.Editor))
	for _, draft := range pattest.Drafts(pat.MaxTokens - 1) {
		if _, _, err := service.CreateToken(t.Context(), holder.Identity(), draft); err != nil {
			t.Fatalf("CreateToken: %v", err)
		}
	}
	if _, err := service.Authenticate(t.Context(), holder.Secret); err != nil {
		t.Fatalf("Authenticate: %v", err)
	}
	gone := pattest.NewHolder(t, store, service, pattest.Profile("gone", pat.Viewer))
	if err := service.DeleteUser(t.Context(), gone.Account.ID); err != nil {
		t.Fatalf("DeleteUser: %v", err)
	}
}

// readAll returns all accounts of a Store.
func readAll(t *testing.T, store *boltstore.Store) ([]pat.Account, error) {
	t.Helper()
	listed, err := store.Accounts(t.Context(), 0, 1<<20)
	if err != nil {
		return nil, err
	}
	accounts := make([]pat.Account, len(listed))
	for i := range listed {
		if accounts[i], err = store.Account(t.Context(), listed[i].ID); err != nil {
			return nil, err
		}
	}
	return accounts, nil
}

func mustReadAll(t *testing.T, store *boltstore.Store) []pat.Account {
	t.Helper()
	accounts, err := readAll(t, store)
	if err != nil {
		t.Fatalf("reading: %v", err)
	}
	return accounts
}

// state has a file's checksum and the time of its last change.
type state struct {
	Sum      [sha256.Size]byte
	Modified time.Time
}

func stateOf(t *testing.T, path string) state {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatalf("Stat: %v", err)
	}
	return state{sha256.Sum256(read(t, path)), info.ModTime()}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("ReadFile: %v", err)
	}
	return content
}

// patch overwrites a part of a file.
func patch(t *testing.T, path string, at int64, content ...byte) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatalf("OpenFile: %v", err)
	}
	if _, err := file.WriteAt(content, at); err != nil {
		t.Fatalf("WriteAt: %v", err)
	}
	if err := file.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatalf("WriteFile: %v", err)
	}
}
