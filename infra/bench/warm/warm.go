// Package warm runs the Go benchmarks of the product: the code that every request runs, without network and disk.
package warm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/perf/benchfmt"

	"pats/infra/bench/progress"
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

// packages matches the packages with benchmarks.
const packages = "pats/pkg/..."

// Options determine how long the benchmarks run.
type Options struct {
	// Rounds is the number of runs of each benchmark.
	Rounds int
	// Time is the duration of each run, in the form of go test's -benchtime.
	Time string
	// Progress receives a progress bar.
	Progress io.Writer
}

// Run runs all benchmarks in each round. The working directory must be in this module, which requires the product's. If a benchmark
// fails, the error contains its output.
func Run(ctx context.Context, run *result.Run, options Options) error {
	bar := progress.New(options.Progress, Part+", rounds", options.Rounds)
	var outputs []io.Reader
	for range options.Rounds {
		output, err := benchmarks(ctx, options.Time)
		if err != nil {
			return err
		}
		outputs = append(outputs, bytes.NewReader(output))
		bar.Add(1)
	}
	return Collect(run, outputs...)
}

func benchmarks(ctx context.Context, time string) ([]byte, error) {
	args := []string{"test", "-run", "^$", "-bench", ".", "-benchmem", "-benchtime", time, packages}
	output, err := exec.CommandContext(ctx, "go", args...).CombinedOutput() //nolint:gosec // time is a flag of this program
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	return output, nil
}

// Collect adds the results that go test printed, one output per round. It returns an error for a malformed benchmark line.
func Collect(run *result.Run, outputs ...io.Reader) error {
	t := table{values: map[result.Key][]float64{}}
	for _, output := range outputs {
		if err := t.read(output); err != nil {
			return err
		}
	}
	for _, key := range t.keys {
		run.Add(key, units[key.What].unit, t.values[key]...)
	}
	return nil
}

// table holds the samples of each key, and the keys in the order of their first samples.
type table struct {
	keys   []result.Key
	values map[result.Key][]float64
}

// units maps quantities to the units of Go's benchmark format.
var units = map[string]struct {
	format string
	factor float64
	unit   string
}{
	Time:        {"sec/op", 1e6, "µs"},
	Allocations: {"allocs/op", 1, "allocations"},
	Memory:      {"B/op", 1.0 / 1024, "KiB"},
}

func (t *table) read(output io.Reader) error {
	reader := benchfmt.NewReader(output, "go test")
	for reader.Scan() {
		switch record := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			return record
		case *benchfmt.Result:
			t.add(record)
		}
	}
	return reader.Err()
}

func (t *table) add(r *benchfmt.Result) {
	for _, what := range []string{Time, Allocations, Memory} {
		value, ok := r.Value(units[what].format)
		if !ok {
			continue
		}
		key := result.Key{Part: Part, What: what, Subject: subject(r.Name)}
		if _, known := t.values[key]; !known {
			t.keys = append(t.keys, key)
		}
		t.values[key] = append(t.values[key], value*units[what].factor)
	}
}

// subject returns a benchmark's name without the number of processors, such as "Authorizer" or "List/ten tokens".
func subject(name benchfmt.Name) string {
	text := string(name)
	if i := strings.LastIndexByte(text, '-'); i > 0 {
		if _, err := strconv.Atoi(text[i+1:]); err == nil {
			text = text[:i]
		}
	}
	return strings.ReplaceAll(text, "_", " ")
}
