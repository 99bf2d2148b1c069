package crash_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pats/infra/testkit/figures"
	"pats/infra/testkit/skip"
)

const (
	// roundsOfDisk is for how many rounds asked for one more disk is filled.
	roundsOfDisk = 50
	// refusalsWanted is how many changes are to be refused for want of space before the disk counts as full.
	refusalsWanted = 10
	// attempts bounds how many changes are tried for that.
	attempts = 1000
)

// TestFullDisk serves from a disk that has no space left.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	rounds, seed := 1+figures.Rounds(t, 5)/roundsOfDisk, figures.Seed(t)
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

// mount gives a small file system in memory, for the length of the test.
func mount(t *testing.T) string {
	t.Helper()
	path := t.TempDir()
	err := syscall.Mount("tmpfs", path, "tmpfs", 0, "size=1m,mode=0700")
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		skip.Test(t, "a full disk needs root, where mounting is permitted")
	}
	if err != nil {
		t.Fatal(err)
	}
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

// fill has the disk filled up under a server that is at work, and another server started on it.
func (d *fullDisk) fill() {
	d.t.Helper()
	serve(d.t, d.folder.path).stop()
	d.folder.setUp(d.t, 2)
	s := serve(d.t, d.folder.path)
	c := newClient(s)
	defer c.close()
	d.folder.change(d.t, s, c, d.seed, 60)
	if c.refused.Load() != 0 {
		d.t.Errorf("seed %d: %d changes were refused before the disk was full", d.seed, c.refused.Load())
	}
	d.takeSpace()
	d.untilRefused(c)
	d.audit(s, "on the full disk")
	s.kill()
	d.inspect("killed on the full disk")
	d.noFirstStart()
	s = serve(d.t, d.folder.path)
	c = newClient(s)
	defer c.close()
	d.audit(s, "started on the full disk")
	d.untilRefused(c)
	d.audit(s, "on the full disk again")
	s.kill()
	d.inspect("killed on the full disk again")
}

// free gives the space back to a server that runs, and wants every change made.
func (d *fullDisk) free() {
	d.t.Helper()
	s := serve(d.t, d.folder.path)
	c := newClient(s)
	defer c.close()
	if err := os.Remove(d.filler()); err != nil {
		d.t.Fatal(err)
	}
	d.folder.change(d.t, s, c, d.seed, 60)
	if c.refused.Load() != 0 {
		d.t.Errorf("seed %d: %d changes were refused although there was space", d.seed, c.refused.Load())
	}
	d.audit(s, "with space again")
	s.kill()
	d.inspect("killed with space again")
	s = serve(d.t, d.folder.path)
	d.audit(s, "at the end")
	s.stop()
	serve(d.t, folderIn(d.other()).path).stop()
}

// takeSpace leaves none.
func (d *fullDisk) takeSpace() {
	d.t.Helper()
	file, err := os.Create(d.filler())
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if err := file.Chmod(0o600); err != nil {
		d.t.Fatal(err)
	}
	if _, err := io.Copy(file, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		d.t.Fatalf("filling the disk: got %v, want ENOSPC", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// untilRefused makes users and tokens, and revokes some, until enough of that was refused: the file has some space of its own.
func (d *fullDisk) untilRefused(c *client) {
	d.t.Helper()
	users, h := &memberWorker{d.folder.ledger.members, d.folder.ledger.admin.anchor}, d.folder.ledger.holders[0]
	tokens := &tokenWorker{h, "a"}
	for i := 0; c.refused.Load() < refusalsWanted && i < attempts; i++ {
		more, err := users.create(d.t.Context(), c, strings.Repeat("x", 200))
		if own := tokens.own(); more && err == nil && i%4 == 0 {
			if len(own) > 3 {
				more, err = h.revoke(d.t.Context(), c, own[0])
			} else {
				more, err = h.create(d.t.Context(), c, "a")
			}
		}
		if err != nil || !more {
			d.t.Fatalf("seed %d: answered %v, %v", d.seed, more, err)
		}
	}
	if got := c.refused.Load(); got < refusalsWanted {
		d.t.Errorf("seed %d: %d changes were refused on a full disk, want %d", d.seed, got, refusalsWanted)
	}
	d.refused += c.refused.Load()
}

func (d *fullDisk) other() string { return filepath.Join(filepath.Dir(d.folder.path), "other") }

// noFirstStart wants a server that cannot make its data file to end with a reason, and to leave nothing.
func (d *fullDisk) noFirstStart() {
	d.t.Helper()
	f := folderIn(d.other())
	s := launch(d.t, f.path).start(d.t)
	select {
	case <-s.ended:
	case <-s.ready:
		s.kill()
	}
	if log := s.log.String(); s.ProcessState.ExitCode() <= 0 || !strings.Contains(log, "no space left") || strings.Contains(log, "goroutine") {
		d.t.Errorf("got %v and\n%s\nwant an exit code and the reason", s.ProcessState, log)
	}
	if entries, err := os.ReadDir(f.path); err == nil && len(entries) > 0 {
		d.t.Errorf("got %v left, want nothing", entries)
	}
}

func (d *fullDisk) audit(s *server, when string) {
	d.t.Helper()
	d.report(d.folder.audit(d.t, s), when)
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
