package procfs_test

import (
	"io"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"pats/infra/testkit/must"
	"pats/infra/testkit/procfs"
)

func TestMemoryOfAProcess(t *testing.T) {
	t.Parallel()
	procfs.Need(t)
	const size = 64 << 20
	before := resident(t)
	held := make([]byte, size)
	for i := range held {
		held[i] = 1
	}
	now := resident(t)
	if got := now - before; got < 32 || got > 1024 {
		t.Errorf("resident: got %v MiB more after allocating 64 MiB", got)
	}
	if pss, err := procfs.Proportional(os.Getpid()); err != nil || pss < 64 || pss > now+64 {
		t.Errorf("proportional: got %v MiB, %v, want at least the 64 that are held and hardly more than the %v resident", pss, err, now)
	}
	if peak, err := procfs.PeakResident(os.Getpid()); err != nil || peak < now-1 {
		t.Errorf("peak: got %v MiB, %v, want at least the %v resident", peak, err, now)
	}
	if held[size-1] != 1 {
		t.Error("the memory was released")
	}
}

func resident(t *testing.T) float64 {
	t.Helper()
	got, err := procfs.Resident(os.Getpid())
	must.Do(t, err)
	return got
}

// shell starts a script and returns its process ID, its standard output and a function that closes its standard input and waits.
func shell(t *testing.T, script string) (int, io.Reader, func()) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "sh", "-c", script)
	stdin, err := command.StdinPipe()
	must.Do(t, err)
	stdout, err := command.StdoutPipe()
	must.Do(t, err)
	must.Do(t, command.Start())
	return command.Process.Pid, stdout, func() {
		_ = stdin.Close()
		must.Do(t, command.Wait())
	}
}

// TestCPUTimeIncludesEndedChildren: a backend of PostgreSQL that ends during a measurement must not take its time along.
func TestCPUTimeIncludesEndedChildren(t *testing.T) {
	t.Parallel()
	procfs.Need(t)
	pid, stdout, wait := shell(t, `sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'; echo; exec cat`)
	_, err := stdout.Read(make([]byte, 1)) // the child has ended
	must.Do(t, err)
	if got, err := procfs.CPUTime(pid); err != nil || got == 0 {
		t.Errorf("got %v, %v; want the time of the child", got, err)
	}
	wait()
	if _, err := procfs.CPUTime(pid); err == nil {
		t.Error("got no error for a process that has ended, want one")
	}
}

func TestThreadTime(t *testing.T) {
	t.Parallel()
	procfs.Need(t)
	before := procfs.ThreadTime(os.Getpid())
	for begin := time.Now(); procfs.ThreadTime(os.Getpid())-before < time.Millisecond; {
		if time.Since(begin) > time.Minute {
			t.Fatal("got less than a millisecond for a minute of work")
		}
	}
	if got := procfs.ThreadTime(os.Getpid()) - before; got > time.Minute {
		t.Errorf("got %v for milliseconds of work", got)
	}
}

func TestFamily(t *testing.T) {
	t.Parallel()
	procfs.Need(t)
	pid, stdout, wait := shell(t, "echo; cat; :")
	defer wait()
	_, err := stdout.Read(make([]byte, 1))
	must.Do(t, err)
	isCat := func(pid int) bool { return procfs.Program(pid) == "cat" }
	for {
		members, err := procfs.Family(os.Getpid())
		must.Do(t, err)
		if slices.Contains(members, pid) && slices.ContainsFunc(members, isCat) {
			return
		}
		if t.Context().Err() != nil {
			t.Fatal("the child's child is not in the family")
		}
	}
}
