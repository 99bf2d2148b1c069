package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"pats/infra/testkit/figures"
	"pats/infra/verify/runner"
)

type recordCommand struct {
	What string `arg:"" enum:"verify,soak" help:"verify or soak."`
}

// recorded maps the argument of the command to the files with the figures.
var recorded = map[string]string{"verify": logs + "/*" + runner.FiguresSuffix, "soak": soakLogs + "/sums"}

const reliability = "docs/reliability.md"

// Run writes the figures between the marks <!-- WHAT: begin --> and <!-- WHAT: end -->.
func (c *recordCommand) Run(ctx context.Context) error {
	lines, err := lastFigures(recorded[c.What])
	if err != nil {
		return err
	}
	origin, err := origin(ctx)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(reliability)
	if err != nil {
		return err
	}
	begin, end := fmt.Sprintf("<!-- %s: begin -->\n", c.What), fmt.Sprintf("<!-- %s: end -->\n", c.What)
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s has no marks for %s", reliability, c.What)
	}
	return os.WriteFile(reliability, []byte(before+begin+origin+"\n\n"+table(lines)+end+after), 0o644) //nolint:gosec // a page of the docs
}

func lastFigures(pattern string) ([]figures.Line, error) {
	files, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	var lines []figures.Line
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // in .cache
		if err != nil {
			return nil, err
		}
		lines = append(lines, figures.Parse(string(text))...)
	}
	if len(lines) == 0 {
		return nil, errors.New("there are no figures yet: run make verify or make soak")
	}
	return lines, nil
}

// table returns a row such as "| crash | 200 kills, 0 lost |" for each line.
func table(lines []figures.Line) string {
	var text strings.Builder
	text.WriteString("| harness | counts |\n|---|---|\n")
	for _, line := range lines {
		var counts []string
		for _, count := range line.Counts {
			counts = append(counts, fmt.Sprintf("%d %s", count.N, strings.ReplaceAll(count.Name, "_", " ")))
		}
		fmt.Fprintf(&text, "| %s | %s |\n", line.Subject, strings.Join(counts, ", "))
	}
	return text.String()
}

// origin returns a sentence with the date, the commit and the machine.
func origin(ctx context.Context) (string, error) {
	commit, err := exec.CommandContext(ctx, "git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "", fmt.Errorf("git rev-parse: %w", err)
	}
	return fmt.Sprintf("On %s, commit %s: %d cores of %s, %s.", time.Now().UTC().Format(time.DateOnly),
		strings.TrimSpace(string(commit)), runtime.NumCPU(), processor(), runtime.Version()), nil
}

var modelName = regexp.MustCompile(`(?m)^model name\s*: (.*)$`)

// processor returns the name of the processor, which only Linux reports.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	if match := modelName.FindSubmatch(text); match != nil {
		return string(match[1])
	}
	return "an unnamed processor"
}
