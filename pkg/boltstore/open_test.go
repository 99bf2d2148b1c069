package boltstore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestOpenCreatesWhatIsMissing(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(folder, "pats.db")
	store := open(t, path)
	pattest.Account(t, store, pattest.Profile("ann", pat.Admin))
	for name, want := range map[string]os.FileMode{folder: 0o700, path: 0o600, path + ".pid": 0o600} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got %v and %v, want mode %o", name, info, err, want)
		}
	}
	if got := names(t, folder); len(got) != 2 {
		t.Errorf("got files %v, want the data file and its .pid", got)
	}
}

func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatalf("ReadDir: %v", err)
	}
	var result []string
	for _, entry := range entries {
		result = append(result, entry.Name())
	}
	return result
}

func TestContentOutlivesTheStore(t *testing.T) {
	t.Parallel()
	path, want := sample(t, 60)
	for range 3 {
		store, err := boltstore.Open(path)
		if err != nil {
			t.Fatalf("Open: %v", err)
		}
		wantContent(t, store, want)
	}
	if got := names(t, filepath.Dir(path)); len(got) != 1 {
		t.Errorf("got files %v, want the data file only", got)
	}
}

func TestFileInUseIsLocked(t *testing.T) {
	t.Parallel()
	path := dataFile(t)
	store := open(t, path)
	_, openErr := boltstore.Open(path)
	_, checkErr := boltstore.Check(t.Context(), path, nil)
	for name, err := range map[string]error{"Open": openErr, "Check": checkErr} {
		locked, ok := errors.AsType[*boltstore.LockedError](err)
		if !ok || locked.Path != path || locked.PID != os.Getpid() {
			t.Fatalf("%s: got %v, want a *LockedError with %s and process %d", name, err, path, os.Getpid())
		}
		if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
			t.Errorf("%s: got %q, want it to name file and process", name, err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	open(t, path)
}

// TestChangesAreSynced checks the settings, since only a power cut would show the effect.
func TestChangesAreSynced(t *testing.T) {
	t.Parallel()
	if !open(t, dataFile(t)).Syncs() {
		t.Error("changes are not synced to the disk")
	}
}

// TestFileInUseIsNotDamaged checks that a file which another store may be changing is reported as locked, not as damaged.
func TestFileInUseIsNotDamaged(t *testing.T) {
	t.Parallel()
	path := dataFile(t)
	open(t, path)
	patch(t, path, 16, 0xff)
	_, openErr := boltstore.Open(path)
	_, checkErr := boltstore.Check(t.Context(), path, nil)
	for name, err := range map[string]error{"Open": openErr, "Check": checkErr} {
		if _, locked := errors.AsType[*boltstore.LockedError](err); !locked {
			t.Errorf("%s: got %v, want a *LockedError", name, err)
		}
	}
}

func TestHolderMayBeUnknown(t *testing.T) {
	t.Parallel()
	path := dataFile(t)
	open(t, path)
	write(t, path+".pid", []byte("what"))
	_, err := boltstore.Open(path)
	locked, ok := errors.AsType[*boltstore.LockedError](err)
	if !ok || locked.PID != 0 || !strings.Contains(err.Error(), "another process") {
		t.Errorf("got %v, want a *LockedError of another process", err)
	}
}

func TestCreateReplacesNothing(t *testing.T) {
	t.Parallel()
	path, _ := sample(t, 2)
	before := stateOf(t, path)
	if err := boltstore.Create(path); err != nil {
		t.Errorf("Create: %v", err)
	}
	if after := stateOf(t, path); after != before {
		t.Error("the file was changed")
	}
}

// TestOneOfManyOpens has many callers open a file that does not exist yet.
func TestOneOfManyOpens(t *testing.T) {
	t.Parallel()
	path := dataFile(t)
	stores, errs := make([]*boltstore.Store, 8), make([]error, 8)
	var all sync.WaitGroup
	for i := range stores {
		all.Go(func() { stores[i], errs[i] = boltstore.Open(path) })
	}
	all.Wait()
	opened := 0
	for i, store := range stores {
		if store != nil {
			opened++
			if err := store.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		} else if _, locked := errors.AsType[*boltstore.LockedError](errs[i]); !locked {
			t.Errorf("got %v, want a *LockedError", errs[i])
		}
	}
	if opened != 1 {
		t.Errorf("%d stores were opened, want 1", opened)
	}
}

func TestClosedStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	store := open(t, dataFile(t))
	account := pattest.Account(t, store, pattest.Profile("ann", pat.Admin))
	for range 2 {
		if err := store.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	_, err := store.Account(t.Context(), account.ID)
	pattest.WantKind(t, err, pat.KindUnavailable)
	pattest.WantKind(t, store.DeleteAccount(t.Context(), account), pat.KindUnavailable)
}

func TestWaitingWriterStopsWithItsContext(t *testing.T) {
	t.Parallel()
	store := open(t, dataFile(t))
	account := pattest.Account(t, store, pattest.Profile("ann", pat.Viewer))
	release := store.HoldWriter()
	inner, cancel := context.WithCancel(t.Context())
	ctx := &watched{Context: inner, waiting: make(chan struct{})}
	done := make(chan error)
	go func() { done <- store.DeleteAccount(ctx, account) }()
	<-ctx.waiting
	if _, err := store.Account(t.Context(), account.ID); err != nil {
		t.Errorf("reading beside a writer: %v", err)
	}
	cancel()
	pattest.WantKind(t, <-done, pat.KindUnavailable)
	release()
	pattest.Read(t, store, account.ID)
}

// watched is a context that signals when a caller waits for its end.
type watched struct {
	context.Context //nolint:containedctx // it is one
	once            sync.Once
	waiting         chan struct{}
}

func (w *watched) Done() <-chan struct{} {
	w.once.Do(func() { close(w.waiting) })
	return w.Context.Done()
}

func TestUseThatIsNotDueWritesNothing(t *testing.T) {
	t.Parallel()
	path := dataFile(t)
	store := open(t, path)
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(pattest.NewClock()))
	holder := pattest.NewHolder(t, store, service, pattest.Profile("ann", pat.Viewer))
	if err := store.MarkSeen(t.Context(), holder.Account, 1, pattest.Start); err != nil {
		t.Fatalf("MarkSeen: %v", err)
	}
	before := stateOf(t, path)
	// the use of token 1 is on record, and there is no token 2
	for _, token := range []pat.TokenID{1, 2} {
		if err := store.MarkSeen(t.Context(), holder.Account, token, pattest.Start); err != nil {
			t.Fatalf("MarkSeen(%d): %v", token, err)
		}
	}
	if after := stateOf(t, path); after != before {
		t.Error("the file was written to")
	}
}
