// Package runner runs the steps of a verification: side by side where they allow it, each with a log and a time limit, and with
// nothing left running at the end.
package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// Step is a part of a verification.
type Step struct {
	Name string
	// Tools are the commands that it needs.
	Tools []string
	// Alone keeps other steps from running beside it: it measures time, uses every core or reads what the others write.
	Alone bool
	// Figures matches the parts of its log that are worth showing, besides the lines of package figures.
	Figures *regexp.Regexp
	// Run does the work. Errors: its failures, and [Unavailable].
	Run func(context.Context, *Job) error
}

// Unavailable is the error of a step that cannot run for a reason outside this machine. It never fails a run.
type Unavailable string

func (u Unavailable) Error() string { return string(u) }

// Runner runs steps.
type Runner struct {
	// Logs is the folder for the steps' logs.
	Logs string
	// Out receives the progress.
	Out io.Writer
	// Limit is the time that a step may take.
	Limit time.Duration
	// Strict counts a step whose tools are missing as failed.
	Strict bool
}

// run is one call of [Runner.Run].
type run struct {
	Runner
	begin time.Time

	mu      sync.Mutex
	counts  Counts
	running []string
	// failed are the steps that failed, in the order in which they ended.
	failed []failedStep
}

// failedStep is a failed step with the part of its log that is repeated at the end.
type failedStep struct {
	name    string
	summary []string
}

// Counts counts steps by their end.
type Counts struct{ Passed, Failed, Skipped int }

func (c Counts) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.Passed, c.Failed, c.Skipped)
}

// lanes is how many steps run side by side.
const lanes = 2

// Run runs the steps, and starts them in the order given. At the end it repeats the failures. Errors: ctx's, and those of the folder of
// logs. A failed step is not an error.
func (r Runner) Run(ctx context.Context, steps []Step) (Counts, error) {
	if err := os.MkdirAll(r.Logs, 0o755); err != nil { //nolint:gosec // logs without secrets
		return Counts{}, err
	}
	n := &run{Runner: r, begin: time.Now()}
	err := n.all(ctx, steps)
	if len(steps) > 1 {
		n.repeatFailures()
	}
	return n.counts, err
}

func (r *run) all(ctx context.Context, steps []Step) error {
	free := semaphore.NewWeighted(lanes)
	var group errgroup.Group
	for _, step := range steps {
		if missing := missingTools(step.Tools); len(missing) > 0 {
			r.skip(step, missing)
			continue
		}
		if err := free.Acquire(ctx, step.lanes()); err != nil {
			break // ctx's, which is returned below
		}
		r.started(step)
		group.Go(func() error {
			defer free.Release(step.lanes())
			return r.step(ctx, step)
		})
	}
	return errors.Join(group.Wait(), ctx.Err())
}

func (s Step) lanes() int64 {
	if s.Alone {
		return lanes
	}
	return 1
}

func missingTools(tools []string) []string {
	return slices.DeleteFunc(slices.Clone(tools), func(tool string) bool {
		_, err := exec.LookPath(tool)
		return err == nil
	})
}

func (r *run) skip(step Step, missing []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	reason := "install " + strings.Join(missing, ", ") + " (.ci/install.sh installs them on Debian)"
	if r.Strict {
		r.counts.Failed++
		r.say("FAILED", "%s: %s", step.Name, reason)
		return
	}
	r.counts.Skipped++
	r.say("skipped", "%s: %s", step.Name, reason)
}

func (r *run) step(ctx context.Context, step Step) error {
	job, err := r.open(step)
	if err != nil {
		return err
	}
	begin := time.Now()
	limited, cancel := context.WithTimeout(ctx, r.Limit)
	defer cancel()
	err = step.Run(limited, job)
	if limited.Err() != nil && ctx.Err() == nil {
		err = errors.Join(fmt.Errorf("it took longer than %v", r.Limit), err)
	}
	if closeErr := job.close(); closeErr != nil {
		return closeErr
	}
	r.ended(step, job, time.Since(begin), err)
	return nil
}

func (r *run) open(step Step) (*Job, error) {
	log, err := os.Create(filepath.Join(r.Logs, step.Name+".log"))
	if err != nil {
		return nil, err
	}
	return &Job{log: log, figures: step.Figures, name: step.Name, Logs: r.Logs}, nil
}

func (r *run) started(step Step) {
	r.mu.Lock()
	defer r.mu.Unlock()
	beside := ""
	if len(r.running) > 0 {
		beside = " beside " + strings.Join(r.running, ", ")
	}
	r.running = append(r.running, step.Name)
	r.say("started", "%s%s", step.Name, beside)
}

func (r *run) ended(step Step, job *Job, took time.Duration, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running = slices.DeleteFunc(r.running, func(name string) bool { return name == step.Name })
	seconds := int(took.Seconds() + 0.5)
	unavailable, isUnavailable := errors.AsType[Unavailable](err)
	switch {
	case err == nil:
		r.counts.Passed++
		r.say("passed", "%s (%d s)", step.Name, seconds)
		r.indent(job.shown())
	case isUnavailable:
		r.counts.Skipped++
		r.say("skipped", "%s: %s (this does not fail a run in CI)", step.Name, unavailable)
	default:
		r.counts.Failed++
		r.say("FAILED", "%s (%d s): %v; the end of %s:", step.Name, seconds, err, job.log.Name())
		r.indent(job.failure())
		r.failed = append(r.failed, failedStep{step.Name, job.summary()})
	}
}

// repeatFailures prints the failed steps again: who sees only the end of a long output sees them too.
func (r *run) repeatFailures() {
	for _, step := range r.failed {
		r.say("FAILED", "%s, as above:", step.name)
		r.indent(step.summary)
	}
}

// say prints a line with the time since the run began.
func (r *run) say(what, format string, args ...any) {
	elapsed := time.Since(r.begin).Round(time.Second)
	_, _ = fmt.Fprintf(r.Out, "%3d:%02d  %-8s %s\n", int(elapsed.Minutes()), int(elapsed.Seconds())%60, what, fmt.Sprintf(format, args...))
}

func (r *run) indent(lines []string) {
	for _, line := range lines {
		_, _ = fmt.Fprintf(r.Out, "                 %s\n", line)
	}
}
