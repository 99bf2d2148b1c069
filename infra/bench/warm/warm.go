// Package warm runs the Go benchmarks of the product: the code that every request runs, without network and disk.
package warm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"

	"golang.org/x/perf/benchfmt"

	"pats/infra/bench/result"
)

// Part is the name of this part of the benchmarks.
const Part = "warm path"

// The quantities of each benchmark, per operation.
const (
	Time        = "time"
	Allocations = "allocations"
	Memory      = "memory"
)

// Options determine how long the benchmarks run.
type Options struct {
	// Root is the root of the repository.
	Root string
	// Rounds is the number of runs of each benchmark.
	Rounds int
	// Time is the duration of each run, in the form of go test's -benchtime.
	Time string
}

// Run runs all benchmarks in each round. If a benchmark fails, the error contains its output.
func Run(ctx context.Context, run *result.Run, options Options) error {
	args := []string{"test", "-run", "^$", "-bench", ".", "-benchmem", "-benchtime", options.Time, "./pkg/..."}
	for range options.Rounds {
		command := exec.CommandContext(ctx, "go", args...) //nolint:gosec // the time is a flag of this program
		command.Dir = options.Root
		output, err := command.CombinedOutput()
		if err != nil {
			return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, output)
		}
		if err := Collect(run, bytes.NewReader(output)); err != nil {
			return err
		}
	}
	return nil
}

// Collect adds the results that go test printed. It returns an error for a malformed benchmark line.
func Collect(run *result.Run, output io.Reader) error {
	reader := benchfmt.NewReader(output, "go test")
	for reader.Scan() {
		switch record := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			return record
		case *benchfmt.Result:
			add(run, record)
		}
	}
	return reader.Err()
}

// processors is the end of a benchmark's name.
var processors = regexp.MustCompile(`-\d+$`)

func add(run *result.Run, record *benchfmt.Result) {
	subject := strings.ReplaceAll(processors.ReplaceAllString(string(record.Name), ""), "_", " ")
	for _, q := range []struct {
		what, format string
		factor       float64
		unit         string
	}{
		{Time, "sec/op", 1e6, "µs"},
		{Allocations, "allocs/op", 1, "allocations"},
		{Memory, "B/op", 1.0 / 1024, "KiB"},
	} {
		if value, ok := record.Value(q.format); ok {
			run.Add(result.Key{Part: Part, What: q.what, Subject: subject}, q.unit, value*q.factor)
		}
	}
}
