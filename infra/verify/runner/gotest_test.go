package runner_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"pats/infra/verify/runner"
)

// verbose is the output of go test -v, up to the line of the last test.
const verbose = `=== RUN   TestCases
=== RUN   TestCases/a
    x_test.go:3: planted log of a
=== RUN   TestCases/b
    x_test.go:3: got 1,
        want 2
=== RUN   TestCases/c
=== NAME  TestCases
    x_test.go:3: three cases
--- FAIL: TestCases (0.00s)
    --- PASS: TestCases/a (0.00s)
    --- FAIL: TestCases/b (0.00s)
`

// terse is the output of go test without -v, up to the line of the last test.
const terse = `--- FAIL: TestCases (0.00s)
    --- FAIL: TestCases/b (0.00s)
        x_test.go:3: got 1,
            want 2
`

// writes is a step that writes text to its log and fails.
func writes(text string) runner.Step {
	return runner.Step{Name: "planted", Run: func(_ context.Context, job *runner.Job) error {
		_, err := io.WriteString(job, text)
		return errors.Join(err, errors.New("planted failure"))
	}}
}

func TestAFailedTestIsShownWithItsMessages(t *testing.T) {
	t.Parallel()
	const passed = "    --- PASS: TestCases/c (1.05s)\n"
	for name, text := range map[string]string{"verbose": verbose, "terse": terse} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, out := run(t, runner.Runner{}, writes(text+strings.Repeat(passed, 100)+"FAIL\n"), shell("next", "exit 0"))
			failed, repeated, _ := strings.Cut(out, "as above")
			for where, part := range map[string]string{"at the failure": failed, "at the end": repeated} {
				lines := strings.Join(strings.Fields(part), " ")
				if !strings.Contains(lines, "--- FAIL: TestCases/b (0.00s) x_test.go:3: got 1, want 2") {
					t.Errorf("%s: got %s\nwant the failed test followed by its messages", where, part)
				}
			}
			if strings.Contains(out, "PASS") || strings.Contains(repeated, "planted log") {
				t.Errorf("got %s\nwant nothing about tests that passed", out)
			}
		})
	}
}

func TestFailuresWithoutATestAreRepeatedAtTheEnd(t *testing.T) {
	t.Parallel()
	_, out := run(t, runner.Runner{}, shell("planted", "echo broken; exit 1"), shell("next", "exit 0"))
	if _, repeated, _ := strings.Cut(out, "as above"); !strings.Contains(repeated, " broken\n") {
		t.Errorf("got %s\nwant the end of the log after all steps", out)
	}
}
