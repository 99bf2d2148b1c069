package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"pats/infra/bench/result"
)

// results is the file with the figures of a run, in its folder.
const results = "results.json"

// Write writes run and its charts into the folder, which it creates if necessary.
func Write(folder string, run *result.Run) error {
	files, err := Charts(run)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(run, "", "  ")
	if err != nil {
		return err
	}
	files[results] = append(text, '\n')
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // figures are for everybody
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil { //nolint:gosec // as above
			return err
		}
	}
	return nil
}

// Read reads the run that Write wrote into the folder.
func Read(folder string) (*result.Run, error) {
	text, err := os.ReadFile(filepath.Join(folder, results)) //nolint:gosec // a file of this repository
	if err != nil {
		return nil, err
	}
	var run result.Run
	return &run, json.Unmarshal(text, &run)
}

// Record copies the figures of the run in folder from to docs/bench of the repository at root, draws their charts there, and writes
// them into docs/benchmarks.md. All figures come from one run of one commit, so a run of some parts, or of files that differ from the
// commit, is refused. Errors: those refusals, a file that cannot be read or written, and a block with an unknown name.
func Record(root, from string) error {
	run, err := Read(from)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if t.rows(run) == nil {
			return fmt.Errorf("the last run did not measure %s: run `make bench` without PARTS", t.part)
		}
	}
	if strings.HasSuffix(run.Commit, result.Modified) {
		return fmt.Errorf("the last run measured files that differ from commit %s: commit, then run `make bench`", run.Commit)
	}
	path := filepath.Join(root, "docs", "benchmarks.md")
	text, err := os.ReadFile(path) //nolint:gosec // a document of this repository
	if err != nil {
		return err
	}
	filled, err := Fill(string(text), run)
	if err != nil {
		return err
	}
	return errors.Join(
		Write(filepath.Join(root, "docs", "bench"), run),
		os.WriteFile(path, []byte(filled), 0o644), //nolint:gosec // a document for everybody
	)
}

var block = regexp.MustCompile(`(?s)(<!-- bench ([a-z-]+): begin -->\n).*?(<!-- bench [a-z-]+: end -->)`)

// Fill returns text with run's figures between <!-- bench NAME: begin --> and <!-- bench NAME: end -->. It returns an error for an
// unknown name.
func Fill(text string, run *result.Run) (string, error) {
	blocks := map[string]string{"machine": machine(run), "goals": markdown(Goals(run))}
	for _, t := range tables {
		name := strings.ReplaceAll(t.part, " ", "-")
		blocks[name], blocks[name+"-ratios"] = markdown(t.rows(run)), markdown(ratios(run, t.part))
	}
	var unknown error
	filled := block.ReplaceAllStringFunc(text, func(whole string) string {
		match := block.FindStringSubmatch(whole)
		content, ok := blocks[match[2]]
		if !ok {
			unknown = errors.Join(unknown, fmt.Errorf("unknown block %q", match[2]))
		}
		return match[1] + content + match[3]
	})
	return filled, unknown
}

// machine returns a sentence about the origin of the figures.
func machine(run *result.Run) string {
	m := run.Machine
	return fmt.Sprintf("Measured on %s by `make bench` (commit %s, %s): %d cores of %s, %d GiB, %s, %s.\n", run.Date.UTC().Format(time.DateOnly),
		run.Commit, time.Duration(run.Seconds)*time.Second, m.Cores, m.Processor, m.MemoryGiB, m.System, m.Go)
}
