package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"pats/infra/bench/result"
	"pats/infra/bench/scale"
	"pats/infra/bench/startup"
	"pats/infra/bench/throughput"
	"pats/infra/bench/warm"
	"pats/infra/testkit/skip"
)

// part is a part of the benchmarks.
type part struct {
	name string
	// tools are the commands that it needs.
	tools   []string
	measure func(ctx context.Context, c *runCommand, run *result.Run) error
}

var parts = []part{
	{"start-up", []string{"java", "mvn", "make"}, measureStart},
	{"warm-path", nil, measureWarm},
	{"throughput", []string{"wrk", "npm", "psql"}, measureThroughput},
	{"scale", []string{"java", "mvn"}, measureScale},
}

// measure runs the selected parts.
func (c *runCommand) measure(ctx context.Context, run *result.Run) error {
	for _, name := range c.Parts {
		if !slices.Contains(partNames(), name) {
			return fmt.Errorf("unknown part %q; the parts are %s", name, strings.Join(partNames(), ", "))
		}
	}
	for _, p := range parts {
		if !slices.Contains(c.Parts, p.name) {
			continue
		}
		if missing := p.missing(); len(missing) > 0 {
			run.Skipped = append(run.Skipped, fmt.Sprintf("%s: install %s", p.name, strings.Join(missing, " ")))
			continue
		}
		if err := p.measure(ctx, c, run); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

func partNames() []string {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	return names
}

func (p part) missing() []string {
	return slices.DeleteFunc(slices.Clone(p.tools), func(tool string) bool {
		_, err := exec.LookPath(tool)
		return err == nil
	})
}

// reportSkipped prints the skipped parts. If CI=true is set, it returns an error for each.
func reportSkipped(run *result.Run) error {
	var errs []error
	for _, what := range run.Skipped {
		fmt.Fprintln(os.Stderr, "skipped:", what)
		errs = append(errs, errors.New("skipped "+what))
	}
	if !skip.Forbidden() {
		return nil
	}
	return errors.Join(errs...)
}

// rounds returns the number of rounds: whole, or 1 for a quick run.
func (c *runCommand) rounds(whole int) int {
	if c.Quick {
		return 1
	}
	return whole
}

func measureStart(ctx context.Context, c *runCommand, run *result.Run) error {
	return startup.Run(ctx, run, startup.Options{Root: root, Rounds: c.rounds(20), Progress: os.Stderr})
}

func measureWarm(ctx context.Context, c *runCommand, run *result.Run) error {
	options := warm.Options{Rounds: c.rounds(10), Time: "0.2s", Progress: os.Stderr}
	if c.Quick {
		options.Time = "10x"
	}
	return warm.Run(ctx, run, options)
}

func measureThroughput(ctx context.Context, c *runCommand, run *result.Run) error {
	options := throughput.Options{Root: root, Rounds: c.rounds(5), Seconds: 3, Progress: os.Stderr}
	if c.Quick {
		options.Seconds = 1
	}
	return throughput.Run(ctx, run, options)
}

func measureScale(ctx context.Context, c *runCommand, run *result.Run) error {
	return scale.Run(ctx, run, c.scale())
}

func (c *runCommand) scale() scale.Options {
	options := scale.Options{
		Tables: []int{1e2, 1e4}, Users: 20,
		Files: []int{1e2, 1e4, 1e5}, Rounds: 20, Batch: 500, Starts: 5,
		Binary: binary, Progress: os.Stderr,
	}
	if c.Quick {
		options.Tables, options.Files, options.Users, options.Rounds, options.Starts = []int{1e2, 1e3}, []int{1e2, 1e3}, 3, 1, 1
	}
	return options
}
