package throughput_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"pats/infra/bench/throughput"
)

func TestMemoryOfAProcess(t *testing.T) {
	t.Parallel()
	needProc(t)
	const size = 64 << 20
	before := rss(t)
	held := make([]byte, size)
	for i := range held {
		held[i] = 1
	}
	if got := rss(t) - before; got < 32 || got > 1024 {
		t.Errorf("64 MiB more are %v MiB more", got)
	}
	pss, err := throughput.PSSOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if now := rss(t); pss < 64 || pss > now+64 {
		t.Errorf("got %v MiB, want at least the 64 that are held and hardly more than the %v that are resident", pss, now)
	}
	if held[size-1] != 1 {
		t.Error("the memory was let go of")
	}
}

func rss(t *testing.T) float64 {
	t.Helper()
	got, err := throughput.RSSOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// needProc leaves a test out where there is no /proc as Linux has it.
func needProc(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/proc/self/smaps_rollup"); err != nil {
		t.Skip("it needs Linux's /proc")
	}
}

// TestProcessorTimeOfEndedChildren: a backend of PostgreSQL that ends while it is measured must not take its time along.
func TestProcessorTimeOfEndedChildren(t *testing.T) {
	t.Parallel()
	needProc(t)
	shell := exec.CommandContext(t.Context(), "sh", "-c", `sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'; echo; exec cat`)
	stdin, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stdout.Read(make([]byte, 1)); err != nil { // the child has ended
		t.Fatal(err)
	}
	if got, err := throughput.CPUTicks(shell.Process.Pid); err != nil || got == 0 {
		t.Errorf("got %v ticks, %v; want those of the child", got, err)
	}
	_ = stdin.Close()
	if err := shell.Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := throughput.CPUTicks(shell.Process.Pid); err == nil {
		t.Error("got no error for a process that has ended, want one")
	}
}

func TestFamily(t *testing.T) {
	t.Parallel()
	needProc(t)
	shell := exec.CommandContext(t.Context(), "sh", "-c", "cat; :")
	stdin, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	if err := throughput.Until(t.Context(), time.Millisecond, time.Minute, func() (bool, error) {
		members, err := throughput.Family(os.Getpid())
		return slices.Contains(members, shell.Process.Pid) &&
			slices.ContainsFunc(members, func(pid int) bool { return throughput.Program(pid) == "cat" }), err
	}); err != nil {
		t.Errorf("the child's child among all: %v", err)
	}
	_ = stdin.Close()
	if err := shell.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestSteady(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		last throughput.Memory
		want bool
	}{
		"the same":            {throughput.NewMemory(100, 200), true},
		"a little more":       {throughput.NewMemory(100.9, 200), true},
		"resident rises":      {throughput.NewMemory(102, 200), false},
		"proportional falls":  {throughput.NewMemory(100, 196), false},
		"proportional shakes": {throughput.NewMemory(100, 199), true},
	} {
		samples := slices.Repeat([]throughput.Memory{throughput.NewMemory(100, 200)}, throughput.RestSamples-1)
		if got := throughput.Steady(append(samples, c.last)); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestUntil(t *testing.T) {
	t.Parallel()
	holds := func() (bool, error) { return true, nil }
	fails := func() (bool, error) { return true, os.ErrInvalid }
	never := func() (bool, error) { return false, nil }
	if err := throughput.Until(t.Context(), time.Microsecond, time.Minute, holds); err != nil {
		t.Errorf("it holds: got %v, want no error", err)
	}
	if err := throughput.Until(t.Context(), time.Microsecond, time.Minute, fails); !errors.Is(err, os.ErrInvalid) {
		t.Errorf("it fails: got %v, want its error", err)
	}
	if err := throughput.Until(t.Context(), time.Microsecond, time.Millisecond, never); err == nil {
		t.Error("it never holds: got no error, want one")
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if err := throughput.Until(stopped, time.Microsecond, time.Minute, never); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: got %v, want the context's error", err)
	}
}
