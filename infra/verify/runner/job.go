package runner

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

const (
	// tailLines is how many lines of the end of a failed step's log are shown.
	tailLines = 60
	// failedLines is how many lines of an earlier part that name a failed test are shown.
	failedLines = 20
)

// failedTest matches a line of go test that names a failed test or package.
var failedTest = regexp.MustCompile(`^\s*--- FAIL: |^FAIL\t`)

// failure returns the names of failed tests and the end of the log.
func (j *Job) failure() []string {
	lines := strings.Split(strings.TrimSuffix(j.text(), "\n"), "\n")
	end := max(0, len(lines)-tailLines)
	failed := slices.DeleteFunc(slices.Clone(lines[:end]), func(line string) bool { return !failedTest.MatchString(line) })
	return append(failed[:min(len(failed), failedLines)], lines[end:]...)
}

func (j *Job) text() string {
	text, _ := os.ReadFile(j.log.Name()) // a log that cannot be read has nothing to show
	return string(text)
}
