package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"pats/infra/testkit/figures"
	"pats/infra/verify/runner"
)

type fuzzCommand struct {
	Time string `arg:"" default:"20000x" help:"Executions of each target, such as 20000x, or a time, such as 1m (default: ${default})."`
}

func (c *fuzzCommand) Run(ctx context.Context) error { return fuzz(ctx, os.Stdout, c.Time) }

// fuzzStep runs fewer executions than make fuzz.
func fuzzStep(ctx context.Context, job *runner.Job) error {
	time := os.Getenv("FUZZTIME")
	if time == "" {
		time = "5000x"
	}
	return fuzz(ctx, job, time)
}

// fuzzTarget is a function of a package, given by its folder.
type fuzzTarget struct{ folder, name string }

// fuzz runs every fuzz target, one after the other, and writes a line for each and one of figures. Go keeps an input that fails in the
// package's testdata/fuzz. At the end of a time, Go may report a slow target's last execution as a failure with "context deadline
// exceeded". Errors: a target failed.
func fuzz(ctx context.Context, out io.Writer, time string) error {
	targets, err := fuzzTargets(ctx)
	if err != nil {
		return err
	}
	executions, crashes := 0, 0
	for _, target := range targets {
		log, err := target.run(ctx, time)
		executed := lastExecutions(log)
		executions += executed
		if err != nil {
			crashes++
			_, _ = fmt.Fprintf(out, "%s%s in %s FAILED after %d executions: %v\n", log, target.name, target.folder, executed, err)
			continue
		}
		_, _ = fmt.Fprintf(out, "%s in %s: %d executions, no failure\n", target.name, target.folder, executed)
	}
	_, _ = fmt.Fprintln(out, figures.Line{Subject: "fuzz", Counts: []figures.Count{
		{Name: "targets", N: len(targets)}, {Name: "executions", N: executions}, {Name: "crashes", N: crashes},
	}})
	if crashes > 0 {
		return fmt.Errorf("%d fuzz targets failed", crashes)
	}
	return ctx.Err()
}

func (t fuzzTarget) run(ctx context.Context, time string) (string, error) {
	var log strings.Builder
	err := runner.Supervise(ctx, runner.Process{
		Args: []string{"go", "test", "-run=^$", "-fuzz=^" + t.name + "$", "-fuzztime=" + time, "./" + t.folder}, Out: &log,
	})
	return log.String(), err
}

var fuzzFunction = regexp.MustCompile(`(?m)^func (Fuzz\w+)`)

// fuzzTargets returns the targets in all test files that git does not ignore.
func fuzzTargets(ctx context.Context) ([]fuzzTarget, error) {
	files, err := exec.CommandContext(ctx, "git", "ls-files", "--cached", "--others", "--exclude-standard", "*_test.go").Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	var targets []fuzzTarget
	for file := range strings.Lines(string(files)) {
		file = strings.TrimSpace(file)
		text, err := os.ReadFile(file) //nolint:gosec // a file of this repository
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted and not yet committed
		}
		if err != nil {
			return nil, err
		}
		for _, match := range fuzzFunction.FindAllSubmatch(text, -1) {
			targets = append(targets, fuzzTarget{filepath.Dir(file), string(match[1])})
		}
	}
	return targets, nil
}

var executionsSoFar = regexp.MustCompile(`execs: (\d+)`)

func lastExecutions(log string) int {
	all := executionsSoFar.FindAllStringSubmatch(log, -1)
	if len(all) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(all[len(all)-1][1]) // digits
	return n
}
