package runner

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"pats/infra/testkit/figures"
)

// Job is a step that runs. What it writes goes to the step's log.
type Job struct {
	// Logs is the folder of all logs.
	Logs string

	name    string
	log     *os.File
	figures *regexp.Regexp
}

// Write appends to the log.
func (j *Job) Write(p []byte) (int, error) { return j.log.Write(p) }

// Run runs a command to its end. Errors: it failed, or ctx is done.
func (j *Job) Run(ctx context.Context, name string, args ...string) error {
	return j.RunWith(ctx, nil, name, args...)
}

// RunWith is Run with additions to the environment, as KEY=VALUE.
func (j *Job) RunWith(ctx context.Context, env []string, name string, args ...string) error {
	return Supervise(ctx, Process{Args: append([]string{name}, args...), Env: env, Out: j.log})
}

// Steps calls the functions one after the other, to the first that fails.
func Steps(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// close keeps the figures for a later record, and closes the log.
func (j *Job) close() error {
	var text strings.Builder
	for _, line := range figures.Parse(j.text()) {
		text.WriteString(line.String() + "\n")
	}
	if err := os.WriteFile(filepath.Join(j.Logs, j.name+FiguresSuffix), []byte(text.String()), 0o600); err != nil {
		return err
	}
	return j.log.Close()
}

// FiguresSuffix follows a step's name in the name of the file of its figures.
const FiguresSuffix = ".figures"

// shown returns the parts of the log that are worth showing.
func (j *Job) shown() []string {
	text := j.text()
	var lines []string
	if j.figures != nil {
		lines = j.figures.FindAllString(text, -1)
	}
	for _, line := range figures.Parse(text) {
		lines = append(lines, line.String())
	}
	return lines
}

// tailLines is how many lines of the end of a failed step's log are shown.
const tailLines = 60

// summaryLines is how many lines of it are repeated at the end of a run where no test of go test failed.
const summaryLines = 10

// failure returns the failed tests with their messages, and the end of the log.
func (j *Job) failure() []string {
	lines := j.lines()
	if len(lines) <= tailLines {
		return lines
	}
	return append(failedTests(lines), tail(lines, tailLines)...)
}

// summary returns the failed tests with their messages, or the end of the log.
func (j *Job) summary() []string {
	lines := j.lines()
	if failed := failedTests(lines); len(failed) > 0 {
		return failed
	}
	return tail(lines, summaryLines)
}

func (j *Job) lines() []string { return strings.Split(strings.TrimSuffix(j.text(), "\n"), "\n") }

func (j *Job) text() string {
	text, _ := os.ReadFile(j.log.Name()) // a log that cannot be read has nothing to show
	return string(text)
}
