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

// quantity is a measured quantity of one start.
type quantity struct {
	what, unit string
	value      float64
}

var errEnded = errors.New("the process ended early")

// start runs a subject from exec to its last response. The subject has the whole CPU until it requests its first event, and then the
// speed's share.
func (b bench) start(ctx context.Context, s subject, at speed, who caller) (got []quantity, err error) {
	api, err := runtimeapi.Start(ctx, patience)
	if err != nil {
		return nil, err
	}
	defer func() { _ = api.Close() }()
	group, err := at.newGroup()
	if err != nil {
		return nil, err
	}
	process := exec.CommandContext(ctx, s.command[0], s.command[1:]...) //nolint:gosec // a program that was built for this
	process.Env = append(b.db.environment(), "AWS_LAMBDA_RUNTIME_API="+api.Address())
	var stderr bytes.Buffer
	process.Stderr = &stderr
	begin := time.Now()
	if err := process.Start(); err != nil {
		return nil, errors.Join(err, group.remove())
	}
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = process.Wait() // the error says that it was killed
		cancel(errEnded)
	}()
	defer func() {
		_ = process.Process.Kill()
		<-ended
		if err != nil {
			err = fmt.Errorf("%s at %s: %w; its output: %s", s.name, at.name, err, stderr.Bytes())
		}
		err = errors.Join(err, group.remove())
	}()
	return running{api, s, s.event(who), process.Process.Pid, group}.measure(ctx, begin)
}

// running is a started subject.
type running struct {
	api     *runtimeapi.Server
	subject subject
	event   []byte
	pid     int
	group   group
}

// measure returns the quantities in the order in which they are shown.
func (r running) measure(ctx context.Context, begin time.Time) ([]quantity, error) {
	ready, err := r.awaitReady(ctx, begin)
	if err != nil {
		return nil, err
	}
	if err := r.group.add(r.pid); err != nil {
		return nil, err
	}
	spentReady := procfs.ThreadTime(r.pid)
	first, err := r.invoke(ctx)
	if err != nil {
		return nil, err
	}
	spentFirst := procfs.ThreadTime(r.pid)
	warm, err := r.invokeWarm(ctx)
	if err != nil {
		return nil, err
	}
	spentWarm := procfs.ThreadTime(r.pid)
	memory, _ := procfs.PeakResident(r.pid) // other systems have no /proc
	return []quantity{
		{Ready, "ms", milliseconds(ready)},
		{First, "ms", milliseconds(first)},
		{Response, "ms", milliseconds(ready + first)},
		{Warm, "ms", milliseconds(median(warm))},
		{Billed, "ms", billed(warm)},
		{ReadyProcessor, "ms", milliseconds(spentReady)},
		{FirstProcessor, "ms", milliseconds(spentFirst - spentReady)},
		{WarmProcessor, "ms", milliseconds(spentWarm-spentFirst) / float64(len(warm))},
		{Memory, "MiB", memory},
	}, nil
}

func (r running) awaitReady(ctx context.Context, begin time.Time) (time.Duration, error) {
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

func (r running) invokeWarm(ctx context.Context) ([]time.Duration, error) {
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
