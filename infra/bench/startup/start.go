package startup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"slices"
	"time"

	"pats/infra/services/runtimeapi"
	"pats/infra/testkit/procfs"
)

const (
	// patience is the maximum time of one invocation, and of becoming ready.
	patience = time.Minute
	// warmMost and warmFewest bound the number of invocations after the first: as many as fit into warmTime.
	warmMost   = 20
	warmFewest = 3
	warmTime   = time.Second
)

// sample is the measurement of one start.
type sample struct {
	ready, first time.Duration
	// warm are the times of the invocations after the first.
	warm []time.Duration
	// spent is the CPU time, and memory the peak in MiB. Both are zero on systems without /proc.
	spent  spent
	memory float64
}

// spent is the CPU time until a subject was ready, in its first invocation, and in all others.
type spent struct{ ready, first, warm time.Duration }

// start runs a subject from exec to its last response. The subject has the whole CPU until it requests its first event, and then the
// speed's share.
func (b bench) start(ctx context.Context, s subject, at speed, who caller) (got sample, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s at %s: %w", s.name, at.name, err)
		}
	}()
	api, err := runtimeapi.Start(ctx, patience)
	if err != nil {
		return sample{}, err
	}
	defer func() { _ = api.Close() }()
	group, err := at.newGroup()
	if err != nil {
		return sample{}, err
	}
	process := exec.CommandContext(ctx, s.command[0], s.command[1:]...) //nolint:gosec // a program that was built for this
	process.Env = append(b.db.environment(), "AWS_LAMBDA_RUNTIME_API="+api.Address())
	var complaint bytes.Buffer
	process.Stderr = &complaint
	begin := time.Now()
	if err := process.Start(); err != nil {
		return sample{}, errors.Join(err, group.remove())
	}
	ctx, ended := wait(ctx, process)
	defer func() {
		_ = process.Process.Kill()
		<-ended
		if err != nil {
			err = fmt.Errorf("%w; its output: %s", err, complaint.Bytes())
		}
		err = errors.Join(err, group.remove())
	}()
	r := running{api: api, subject: s, event: s.event(who), pid: process.Process.Pid, group: group}
	return r.measure(ctx, begin)
}

var errEnded = errors.New("the process ended early")

// wait returns a context that is cancelled when the process ends, and a channel that is closed then.
func wait(ctx context.Context, process *exec.Cmd) (context.Context, <-chan struct{}) {
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = process.Wait() // the error says that it was killed
		cancel(errEnded)
	}()
	return ctx, ended
}

// running is a started subject.
type running struct {
	api     *runtimeapi.Server
	subject subject
	event   []byte
	pid     int
	group   group
}

func (r running) measure(ctx context.Context, begin time.Time) (got sample, err error) {
	if got.ready, err = r.ready(ctx, begin); err != nil {
		return sample{}, err
	}
	if err := r.group.add(r.pid); err != nil {
		return sample{}, err
	}
	got.spent.ready = procfs.ThreadTime(r.pid)
	if got.first, err = r.invoke(ctx); err != nil {
		return sample{}, err
	}
	got.spent.first = procfs.ThreadTime(r.pid) - got.spent.ready
	if got.warm, err = r.warm(ctx); err != nil {
		return sample{}, err
	}
	got.spent.warm = procfs.ThreadTime(r.pid) - got.spent.ready - got.spent.first
	got.memory, _ = procfs.PeakResident(r.pid) // other systems have no /proc
	return got, nil
}

func (r running) ready(ctx context.Context, begin time.Time) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := r.api.AwaitReady(ctx); err != nil {
		return 0, fmt.Errorf("starting: %w", errors.Join(err, context.Cause(ctx)))
	}
	return time.Since(begin), nil
}

// invoke returns an error for a wrong response, so that none is measured.
func (r running) invoke(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	begin := time.Now()
	body, err := r.api.Invoke(ctx, r.event)
	took := time.Since(begin)
	if err != nil {
		return 0, fmt.Errorf("invoking: %w", errors.Join(err, context.Cause(ctx)))
	}
	return took, r.subject.check(body)
}

func (r running) warm(ctx context.Context) ([]time.Duration, error) {
	var all []time.Duration
	for begin := time.Now(); len(all) < warmFewest || len(all) < warmMost && time.Since(begin) < warmTime; {
		took, err := r.invoke(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, took)
	}
	return all, nil
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// billed returns the mean billed time in milliseconds: Lambda rounds each invocation up to whole milliseconds.
// https://aws.amazon.com/lambda/pricing/
func billed(all []time.Duration) float64 {
	sum := 0.0
	for _, took := range all {
		sum += math.Ceil(milliseconds(took))
	}
	return sum / float64(len(all))
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
