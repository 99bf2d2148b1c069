//go:build unix

package boltstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// TestFileCutOffInUse truncates the file while a store has it mapped and many callers use it. A read of a missing page faults. No
// caller may wait forever, and the process must survive.
func TestFileCutOffInUse(t *testing.T) {
	t.Parallel()
	for _, left := range []int64{0, boltstore.SmallPage, 4 * boltstore.SmallPage} {
		t.Run(fmt.Sprintf("to %d bytes", left), func(t *testing.T) {
			t.Parallel()
			path, accounts := sample(t, 60)
			store := openLoose(t, path)
			if err := os.Truncate(path, left); err != nil {
				t.Fatalf("Truncate: %v", err)
			}
			useFrom(t, store, accounts, 32)
			_, err := store.Account(t.Context(), accounts[0].ID)
			wantBroken(t, path, err)
			wantBroken(t, path, store.DeleteAccount(t.Context(), accounts[0]))
			_ = store.Close()
			_, err = boltstore.Open(path)
			wantDamaged(t, path, err)
		})
	}
}

// useFrom reads and writes every account, from n goroutines.
func useFrom(t *testing.T, store *boltstore.Store, accounts []pat.Account, n int) {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			for _, account := range accounts {
				if i%2 == 0 {
					_, _ = store.Account(t.Context(), account.ID)
				} else {
					_ = store.ReplaceAccount(t.Context(), account, account)
				}
			}
		})
	}
	all.Wait()
}

// wantBroken fails the test unless err is internal and names the file only in its cause, since a client sees the message.
func wantBroken(t *testing.T, path string, err error) {
	t.Helper()
	pattest.WantKind(t, err, pat.KindInternal)
	wantDamagedCause(t, path, err)
}

func wantDamagedCause(t *testing.T, path string, err error) {
	t.Helper()
	public, _ := errors.AsType[*pat.Error](err)
	damaged, ok := errors.AsType[*boltstore.DamagedError](err)
	if !ok || damaged.Path != path {
		t.Fatalf("got %v, want a *DamagedError with %s in the chain", err, path)
	}
	if strings.Contains(public.Message, path) {
		t.Errorf("the message %q names the file", public.Message)
	}
}

// TestRecordDamagedInUse changes one account on the disk while a store is open. Only that account becomes an error.
func TestRecordDamagedInUse(t *testing.T) {
	t.Parallel()
	path := dataFile(t)
	store := open(t, path)
	ann := pattest.Account(t, store, pattest.Profile("ann", pat.Admin))
	bob := pattest.Account(t, store, pattest.Profile("bob", pat.Viewer))
	replaceInFile(t, path, "Name of bob", "Name of bub")
	_, err := store.Account(t.Context(), bob.ID)
	wantBroken(t, path, err)
	wantBroken(t, path, store.DeleteAccount(t.Context(), bob))
	_, err = store.Accounts(t.Context(), 0, 10)
	wantBroken(t, path, err)
	pattest.Read(t, store, ann.ID)
	pattest.Account(t, store, pattest.Profile("eve", pat.Viewer))
}

// replaceInFile overwrites every occurrence of a text in the file, in place.
func replaceInFile(t *testing.T, path, old, replacement string) {
	t.Helper()
	content := read(t, path)
	for at := bytes.Index(content, []byte(old)); at >= 0; at = bytes.Index(content, []byte(old)) {
		patch(t, path, int64(at), []byte(replacement)...)
		copy(content[at:], replacement)
	}
}

// TestFailedWriteIsUnavailable makes every write fail, as on a disk that is gone.
func TestFailedWriteIsUnavailable(t *testing.T) {
	t.Parallel()
	path := dataFile(t)
	store := openLoose(t, path)
	ann := pattest.Account(t, store, pattest.Profile("ann", pat.Admin))
	if err := store.File().Close(); err != nil {
		t.Fatalf("closing the file: %v", err)
	}
	_, err := store.CreateAccount(t.Context(), pat.Account{Profile: pattest.Profile("bob", pat.Viewer), NextTokenID: 1})
	pattest.WantKind(t, err, pat.KindUnavailable)
	if !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error that names %s", err, path)
	}
	pattest.Read(t, store, ann.ID)
	_ = store.Close()
	if got := len(mustReadAll(t, open(t, path))); got != 1 {
		t.Errorf("got %d users, want 1", got)
	}
}
