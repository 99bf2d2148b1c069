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

func partNames() []string {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	return names
}

// measure runs the selected parts.
func (c *runCommand) measure(ctx context.Context, run *result.Run) error {
	for _, p := range parts {
		if !slices.Contains(c.Parts, p.name) {
			continue
		}
		missing := slices.DeleteFunc(slices.Clone(p.tools), func(tool string) bool {
			_, err := exec.LookPath(tool)
			return err == nil
		})
		if len(missing) > 0 {
			run.Skipped = append(run.Skipped, fmt.Sprintf("%s: install %s", p.name, strings.Join(missing, " ")))
			continue
		}
		fmt.Fprintln(os.Stderr, "measuring", p.name)
		if err := p.measure(ctx, c, run); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// reportSkipped prints the skipped parts. It returns an error if there are any and CI=true is set.
func reportSkipped(run *result.Run) error {
	for _, what := range run.Skipped {
		fmt.Fprintln(os.Stderr, "skipped:", what)
	}
	if len(run.Skipped) > 0 && skip.Forbidden() {
		return errors.New("parts were skipped, which CI=true forbids")
	}
	return nil
}

// rounds returns the number of rounds: whole, or 1 for a quick run.
func (c *runCommand) rounds(whole int) int {
	if c.Quick {
		return 1
	}
	return whole
}

func measureStart(ctx context.Context, c *runCommand, run *result.Run) error {
	return startup.Run(ctx, run, startup.Options{Root: root, Rounds: c.rounds(20)})
}

func measureWarm(ctx context.Context, c *runCommand, run *result.Run) error {
	options := warm.Options{Root: root, Rounds: c.rounds(10), Time: "0.2s"}
	if c.Quick {
		options.Time = "10x"
	}
	return warm.Run(ctx, run, options)
}

func measureThroughput(ctx context.Context, c *runCommand, run *result.Run) error {
	return throughput.Run(ctx, run, throughput.Options{Root: root, Rounds: c.rounds(5), Seconds: c.rounds(3)})
}

func measureScale(ctx context.Context, c *runCommand, run *result.Run) error {
	options := scale.Options{
		Tables: []int{1e2, 1e4}, Users: 20,
		Files: []int{1e2, 1e4}, Rounds: c.rounds(20), Batch: 500, Starts: c.rounds(5),
		Binary: root + "/bin/pats",
	}
	if c.Quick {
		options.Tables, options.Files, options.Users = []int{1e2, 1e3}, []int{1e2, 1e3}, 3
	}
	return scale.Run(ctx, run, options)
}
