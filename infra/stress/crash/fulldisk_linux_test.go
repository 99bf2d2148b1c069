package crash_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pats/infra/testkit/figures"
	"pats/infra/testkit/must"
	"pats/infra/testkit/service"
	"pats/infra/testkit/skip"
)

const (
	// roundsPerDisk is the number of rounds for which one more disk is filled.
	roundsPerDisk = 50
	// refusalsWanted is the number of changes that must fail for lack of space.
	refusalsWanted = 10
	// attempts bounds the number of changes tried for that.
	attempts = 1000
)

// TestFullDisk serves from a disk without space.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	rounds, seed := 1+figures.Rounds(t, 5)/roundsPerDisk, figures.Seed(t)
	refused, faults := 0, 0
	for i := range rounds {
		d := &fullDisk{t: t, folder: folderIn(mount(t)), seed: seed + uint64(i)}
		d.fill()
		d.free()
		refused += int(d.refused)
		faults += d.faults
	}
	figures.Print(t, "disk", figures.Count{Name: "disks", N: rounds}, figures.Count{Name: "refused", N: refused},
		figures.Count{Name: "lost", N: faults})
}

// mount mounts a small file system in memory for the length of the test.
func mount(t *testing.T) string {
	t.Helper()
	path := t.TempDir()
	err := syscall.Mount("tmpfs", path, "tmpfs", 0, "size=1m,mode=0700")
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		skip.Test(t, "a full disk needs root, where mounting is permitted")
	}
	must.Do(t, err)
	t.Cleanup(func() {
		if err := syscall.Unmount(path, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return path
}

// fullDisk is a data folder on a disk that is filled and freed.
type fullDisk struct {
	t       *testing.T
	folder  *folder
	seed    uint64
	refused int64
	faults  int
}

func (d *fullDisk) filler() string { return filepath.Join(filepath.Dir(d.folder.path), "filler") }

// fill fills the disk while a server is at work, and starts another server on the full disk.
func (d *fullDisk) fill() {
	d.t.Helper()
	serveOnce(d.t, d.folder.path)
	d.folder.setUp(d.t, 2)
	s := serve(d.t, d.folder.path)
	c := newClient(d.t, s)
	d.folder.change(d.t, s, c, d.seed, 60)
	if c.unavailable.Load() != 0 {
		d.t.Errorf("seed %d: %d changes got a 503 before the disk was full", d.seed, c.unavailable.Load())
	}
	d.takeAllSpace()
	d.fillUntilRefused(c)
	d.audit(s, "on the full disk")
	s.Kill()
	d.inspect("killed on the full disk")
	d.checkNoFirstStart()
	s = serve(d.t, d.folder.path)
	c = newClient(d.t, s)
	d.audit(s, "started on the full disk")
	d.fillUntilRefused(c)
	d.audit(s, "on the full disk again")
	s.Kill()
	d.inspect("killed on the full disk again")
}

// free frees the space while a server runs, and expects every change to succeed.
func (d *fullDisk) free() {
	d.t.Helper()
	s := serve(d.t, d.folder.path)
	c := newClient(d.t, s)
	must.Do(d.t, os.Remove(d.filler()))
	d.folder.change(d.t, s, c, d.seed, 60)
	if c.unavailable.Load() != 0 {
		d.t.Errorf("seed %d: %d changes got a 503 although there was space", d.seed, c.unavailable.Load())
	}
	d.audit(s, "with space again")
	s.Kill()
	d.inspect("killed with space again")
	s = serve(d.t, d.folder.path)
	d.audit(s, "at the end")
	must.Do(d.t, s.Stop())
	serveOnce(d.t, folderIn(d.other()).path)
}

// takeAllSpace fills the disk with a file.
func (d *fullDisk) takeAllSpace() {
	d.t.Helper()
	file, err := os.Create(d.filler())
	must.Do(d.t, err)
	defer func() { _ = file.Close() }()
	must.Do(d.t, file.Chmod(0o600))
	if _, err := io.Copy(file, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		d.t.Fatalf("filling the disk: got %v, want ENOSPC", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// fillUntilRefused creates users and tokens, and revokes some, until enough requests failed: the data file has free pages.
func (d *fullDisk) fillUntilRefused(c *client) {
	d.t.Helper()
	users, h := &memberWorker{&d.folder.history}, d.folder.history.holders[0]
	tokens := &tokenWorker{h, "a"}
	for i := 0; c.unavailable.Load() < refusalsWanted && i < attempts; i++ {
		more, err := users.create(d.t.Context(), c, strings.Repeat("x", 200))
		if own := tokens.own(); more && err == nil && i%4 == 0 {
			if len(own) > 3 {
				more, err = h.revoke(d.t.Context(), c, own[0])
			} else {
				more, err = h.create(d.t.Context(), c, "a")
			}
		}
		if err != nil || !more {
			d.t.Fatalf("seed %d: got no response, error %v", d.seed, err)
		}
	}
	if got := c.unavailable.Load(); got < refusalsWanted {
		d.t.Errorf("seed %d: %d changes got a 503 on a full disk, want %d", d.seed, got, refusalsWanted)
	}
	d.refused += c.unavailable.Load()
}

func (d *fullDisk) other() string { return filepath.Join(filepath.Dir(d.folder.path), "other") }

// checkNoFirstStart expects a server that cannot create its data file to end with the reason and to leave no file.
func (d *fullDisk) checkNoFirstStart() {
	d.t.Helper()
	f := folderIn(d.other())
	err := launch(d.t, serveCommand(d.t, f.path)).AwaitReady()
	if text := fmt.Sprint(err); !strings.Contains(text, "exit status") || !strings.Contains(text, "no space left") || strings.Contains(text, "goroutine") {
		d.t.Errorf("got %v, want an exit code and the reason", err)
	}
	if entries, err := os.ReadDir(f.path); err == nil && len(entries) > 0 {
		d.t.Errorf("got the files %v, want none", entries)
	}
}

func (d *fullDisk) audit(s *service.Service, when string) {
	d.t.Helper()
	d.report(d.folder.audit(d.t, s, true), when)
}

func (d *fullDisk) inspect(when string) {
	d.t.Helper()
	d.report(d.folder.inspect(d.t, false), when)
}

func (d *fullDisk) report(findings []finding, when string) {
	d.t.Helper()
	for _, f := range findings {
		d.faults++
		d.t.Errorf("seed %d, %s: %v", d.seed, when, f)
	}
}
