package runner_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pats/infra/testkit/must"
	"pats/infra/testkit/procfs"
	"pats/infra/verify/runner"
)

// shell is a step that runs a script.
func shell(name, script string) runner.Step {
	return runner.Step{Name: name, Run: func(ctx context.Context, job *runner.Job) error {
		return job.Run(ctx, "sh", "-c", script)
	}}
}

// run runs the steps and returns the counts and what the run printed.
func run(t *testing.T, r runner.Runner, steps ...runner.Step) (runner.Counts, string) {
	t.Helper()
	var out bytes.Buffer
	r.Logs, r.Out = t.TempDir(), &out
	if r.Limit == 0 {
		r.Limit = time.Minute
	}
	counts, err := r.Run(t.Context(), steps)
	must.Do(t, err)
	return counts, out.String()
}

func TestSteps(t *testing.T) {
	t.Parallel()
	missing := shell("planted", "exit 0")
	missing.Tools = []string{"sh", "pats-no-such-tool"}
	shown := shell("planted", "echo nothing; echo 12 cases ran; echo 'FIGURE crash: kills=3 lost=0'")
	shown.Figures = regexp.MustCompile(`\d+ cases.*`)
	unavailable := runner.Step{Name: "planted", Run: func(context.Context, *runner.Job) error {
		return fmt.Errorf("wrapped: %w", runner.Unavailable("the database cannot be reached"))
	}}
	for name, c := range map[string]struct {
		runner runner.Runner
		step   runner.Step
		want   runner.Counts
		prints []string
	}{
		"passing":            {runner.Runner{}, shell("planted", "echo fine"), runner.Counts{Passed: 1}, []string{"started  planted\n", "passed   planted (0 s)"}},
		"with figures":       {runner.Runner{}, shown, runner.Counts{Passed: 1}, []string{" 12 cases ran\n", " FIGURE crash: kills=3 lost=0\n"}},
		"failing":            {runner.Runner{}, shell("planted", "echo broken >&2; exit 3"), runner.Counts{Failed: 1}, []string{"FAILED   planted", "exit status 3", " broken\n"}},
		"failing early":      {runner.Runner{}, shell("planted", "echo '--- FAIL: TestPlanted (0.00s)'; yes more | head -n 100; exit 1"), runner.Counts{Failed: 1}, []string{" --- FAIL: TestPlanted (0.00s)\n                 more\n"}},
		"hanging":            {runner.Runner{Limit: 50 * time.Millisecond}, shell("planted", "sleep 1000"), runner.Counts{Failed: 1}, []string{"it took longer than 50ms"}},
		"missing tool":       {runner.Runner{}, missing, runner.Counts{Skipped: 1}, []string{"skipped  planted: install pats-no-such-tool (.ci"}},
		"missing tool in CI": {runner.Runner{Strict: true}, missing, runner.Counts{Failed: 1}, []string{"FAILED   planted: install pats-no-such-tool"}},
		"unavailable in CI":  {runner.Runner{Strict: true}, unavailable, runner.Counts{Skipped: 1}, []string{"skipped  planted: the database cannot be reached (this does not fail a run in CI)"}},
		"missing program":    {runner.Runner{}, runner.Step{Name: "planted", Run: absent}, runner.Counts{Failed: 1}, []string{"pats-no-such-program"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, out := run(t, c.runner, c.step)
			if got != c.want {
				t.Errorf("got %v, want %v\n%s", got, c.want, out)
			}
			for _, want := range c.prints {
				if !strings.Contains(out, want) {
					t.Errorf("got %s\nwant %q in it", out, want)
				}
			}
		})
	}
}

func absent(ctx context.Context, job *runner.Job) error { return job.Run(ctx, "pats-no-such-program") }

func TestAFailureDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	got, out := run(t, runner.Runner{}, shell("one", "exit 1"), shell("two", "exit 0"), shell("three", "exit 0"))
	if want := "2 passed, 1 failed, 0 skipped"; got.String() != want {
		t.Errorf("got %v, want %s\n%s", got, want, out)
	}
}

// TestAloneStepsRunAlone also shows that other steps do run side by side.
func TestAloneStepsRunAlone(t *testing.T) {
	t.Parallel()
	var running, mostBeside, mostAlone atomic.Int32
	both := make(chan struct{}, 2)
	step := func(name string, alone bool, most *atomic.Int32) runner.Step {
		return runner.Step{Name: name, Alone: alone, Run: func(ctx context.Context, _ *runner.Job) error {
			now := running.Add(1)
			defer running.Add(-1)
			most.Store(max(most.Load(), now))
			if alone {
				return nil
			}
			both <- struct{}{}
			for len(both) < 2 && ctx.Err() == nil {
				most.Store(max(most.Load(), running.Load()))
			}
			return ctx.Err()
		}}
	}
	got, out := run(t, runner.Runner{},
		step("first", true, &mostAlone), step("left", false, &mostBeside), step("right", false, &mostBeside), step("last", true, &mostAlone))
	if got.Passed != 4 || mostAlone.Load() != 1 {
		t.Errorf("got %v with %d steps beside an alone one, want 4 passed with none\n%s", got, mostAlone.Load()-1, out)
	}
	if !strings.Contains(out, "right beside left") {
		t.Errorf("got %s\nwant left and right side by side", out)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	r := runner.Runner{Logs: t.TempDir(), Out: new(bytes.Buffer), Limit: time.Minute}
	step := runner.Step{Name: "planted", Run: func(ctx context.Context, job *runner.Job) error {
		cancel()
		return job.Run(ctx, "sleep", "1000")
	}}
	if _, err := r.Run(ctx, []runner.Step{step, step}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

// TestSuperviseEndsTheGroup: a process that a command leaves in the background ends with it.
func TestSuperviseEndsTheGroup(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pid")
	must.Do(t, runner.Supervise(t.Context(), runner.Process{Args: []string{"sh", "-c", `sleep 1000 & echo $! >"$0"`, file}}))
	text, err := os.ReadFile(file)
	must.Do(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	must.Do(t, err)
	for !gone(pid) {
		if t.Context().Err() != nil {
			t.Fatalf("process %d still runs", pid)
		}
	}
}

// gone reports whether the process has ended, be it that its parent has not waited for it.
func gone(pid int) bool {
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || procfs.Program(pid) == ""
}
