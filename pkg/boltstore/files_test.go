//go:build unix

package boltstore_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// pipe creates a named pipe, on which an ordinary open waits forever.
func pipe(t *testing.T, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatalf("Mkfifo: %v", err)
	}
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

// TestPIDFileOfAnotherKindIsLeftAlone opens a store beside something else under the name of its PID file.
func TestPIDFileOfAnotherKindIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(t *testing.T, path string){
		"a link to a file": func(t *testing.T, path string) {
			t.Helper()
			write(t, path+"-target", []byte("precious"))
			link(t, path+"-target", path)
		},
		"a link to nothing": func(t *testing.T, path string) { t.Helper(); link(t, path+"-target", path) },
		"a link to a pipe": func(t *testing.T, path string) {
			t.Helper()
			pipe(t, path+"-target")
			link(t, path+"-target", path)
		},
		"a named pipe": pipe,
		"a folder": func(t *testing.T, path string) {
			t.Helper()
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := dataFile(t)
			place(t, path+".pid")
			before := entries(t, filepath.Dir(path))
			store := openLoose(t, path)
			pattest.Account(t, store, pattest.Profile("ann", pat.Admin))
			_, err := boltstore.Open(path)
			if locked, ok := errors.AsType[*boltstore.LockedError](err); !ok || locked.PID != 0 {
				t.Errorf("second Open: got %v, want a *LockedError without a process", err)
			}
			if err := store.Close(); err != nil {
				t.Fatalf("Close: %v", err)
			}
			if got := entries(t, filepath.Dir(path)); !slices.Equal(got, append([]string{"pats.db: -rw-------"}, before...)) {
				t.Errorf("got files %q, want the data file and %q", got, before)
			}
			if name == "a link to a file" && string(read(t, path+".pid-target")) != "precious" {
				t.Error("the link's target was changed")
			}
		})
	}
}

// entries are the files of a folder, each with its mode.
func entries(t *testing.T, folder string) []string {
	t.Helper()
	found, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var result []string
	for _, entry := range found {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		result = append(result, entry.Name()+": "+info.Mode().String())
	}
	return result
}

// TestPIDFileOfAKilledProcessIsReplaced opens a store beside what another process has left, which others can read.
func TestPIDFileOfAKilledProcessIsReplaced(t *testing.T) {
	t.Parallel()
	path := dataFile(t)
	write(t, path+".pid", []byte("999999999\n"))
	chmod(t, path+".pid", 0o644)
	open(t, path)
	_, err := boltstore.Open(path)
	if locked, ok := errors.AsType[*boltstore.LockedError](err); !ok || locked.PID != os.Getpid() {
		t.Errorf("got %v, want a *LockedError of process %d", err, os.Getpid())
	}
	if info, err := os.Stat(path + ".pid"); err != nil || info.Mode() != 0o600 {
		t.Errorf("got %v and %v, want mode 600", info.Mode(), err)
	}
}

// TestPIDFileOfAnotherProcessStays closes a store whose PID file another process has replaced.
func TestPIDFileOfAnotherProcessStays(t *testing.T) {
	t.Parallel()
	path := dataFile(t)
	store := openLoose(t, path)
	write(t, path+".pid", []byte("999999999\n"))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if got := string(read(t, path+".pid")); got != "999999999\n" {
		t.Errorf("got %q, want it unchanged", got)
	}
}

// TestNamedPipeIsRefused opens what an ordinary open would wait for.
func TestNamedPipeIsRefused(t *testing.T) {
	t.Parallel()
	path := dataFile(t)
	pipe(t, path)
	_, openErr := boltstore.Open(path)
	_, checkErr := boltstore.Check(t.Context(), path, nil)
	for name, err := range map[string]error{"Open": openErr, "Check": checkErr} {
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want an error that names %s", name, err, path)
		}
	}
}

// TestLinkedDataFile follows a link to a data file, which is checked before it is written, and creates nothing at a link's target.
func TestLinkedDataFile(t *testing.T) {
	t.Parallel()
	path, want := sample(t, 2)
	folder := t.TempDir()
	linked, dangling := filepath.Join(folder, "linked.db"), filepath.Join(folder, "dangling.db")
	link(t, path, linked)
	wantContent(t, openLoose(t, linked), want)
	link(t, filepath.Join(folder, "target.db"), dangling)
	if _, err := boltstore.Open(dangling); err == nil || !strings.Contains(err.Error(), dangling) {
		t.Errorf("got %v, want an error that names %s", err, dangling)
	}
	if got := names(t, folder); len(got) != 2 {
		t.Errorf("got files %q, want the two links", got)
	}
}

func chmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

var exposures = map[string]struct {
	file, folder fs.FileMode
	// want is part of the only warning, or of the refusal.
	want    string
	refused bool
}{
	"private":                     {0o600, 0o700, "", false},
	"read-only for others too":    {0o644, 0o755, "can read", false},
	"readable by the group":       {0o640, 0o700, "mode 0640", false},
	"readable by all but a group": {0o604, 0o700, "chmod 600", false},
	"writable by all":             {0o666, 0o700, "mode 0666", true},
	"writable by the group":       {0o660, 0o700, "can write", true},
	"writable by others":          {0o602, 0o700, "create tokens", true},
	"a folder for all":            {0o600, 0o777, "chmod 700", false},
	"a folder for the group":      {0o600, 0o775, "mode 0775", false},
	"a folder like /tmp":          {0o600, 0o777 | fs.ModeSticky, "", false},
	"a folder that others read":   {0o600, 0o755, "", false},
}

// TestExposedDataFile opens data files that other users may read or write.
func TestExposedDataFile(t *testing.T) {
	t.Parallel()
	for name, c := range exposures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, _ := sample(t, 2)
			chmod(t, path, c.file)
			chmod(t, filepath.Dir(path), c.folder)
			before := stateOf(t, path)
			store, err := boltstore.Open(path)
			if c.refused {
				exposed, ok := errors.AsType[*boltstore.ExposedError](err)
				if !ok || exposed.Path != path || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want an *ExposedError with %q", err, c.want)
				}
				if stateOf(t, path) != before {
					t.Error("the file was changed")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(store.Warnings(), "\n"); !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
				t.Errorf("got warnings %q, want %q", got, c.want)
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
