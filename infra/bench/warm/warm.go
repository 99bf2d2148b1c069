// Package warm measures the code that every request runs, without network and disk: the Go benchmarks of the packages that are on
// a request's way, each on a store that answers at once.
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

// Part is the name of this part.
const Part = "warm path"

// What is measured of each benchmark, for one operation.
const (
	Time        = "time"
	Allocations = "allocations"
	Memory      = "memory"
)

// packages have the benchmarks.
const packages = "pats/pkg/..."

// Options say how long it shall take.
type Options struct {
	// Rounds is how often each benchmark runs.
	Rounds int
	// Time is how long each run takes, as go test's -benchtime.
	Time string
	// Progress gets a line for each round.
	Progress io.Writer
}

// Run runs the benchmarks, all of them in each round. The working directory is in this module, which requires the product's. Errors: a benchmark that
// fails, with what it printed.
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

// Collect adds what go test printed in one round after the other. Errors: a line that begins as a benchmark's and is none.
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

// table has the samples of each key, and the keys in the order of their first samples.
type table struct {
	keys   []result.Key
	values map[result.Key][]float64
}

// units are those of Go's benchmark format, by what they measure here.
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

// subject is a benchmark's name without the number of processors, such as "Authorizer" or "List/ten tokens".
func subject(name benchfmt.Name) string {
	text := string(name)
	if i := strings.LastIndexByte(text, '-'); i > 0 {
		if _, err := strconv.Atoi(text[i+1:]); err == nil {
			text = text[:i]
		}
	}
	return strings.ReplaceAll(text, "_", " ")
}
