package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"pats/infra/bench/result"
)

const (
	// document has blocks of figures between <!-- bench NAME: begin --> and <!-- bench NAME: end -->.
	document = "docs/benchmarks.md"
	// kept has the recorded figures, and their charts.
	kept = "docs/bench"
)

// Record copies the figures of the run in folder from to docs/bench of the repository at root, draws their charts there, and writes
// them into the documents. All figures come from one run of one commit, so a run of some parts, or of files that differ from the
// commit, is refused. Errors: those refusals, a file that cannot be read or written, and a block with an unknown name.
func Record(root, from string) error {
	run, err := read(filepath.Join(from, results))
	if err != nil {
		return err
	}
	if err := recordable(run); err != nil {
		return err
	}
	if err := Write(filepath.Join(root, kept), run); err != nil {
		return err
	}
	return Figures{*run}.writeDocument(root)
}

func recordable(run *result.Run) error {
	for _, t := range tables {
		if !slices.Contains(run.Parts(), t.part) {
			return fmt.Errorf("the last run did not measure %s: run `make bench` without PARTS", t.part)
		}
	}
	if strings.HasSuffix(run.Commit, result.Modified) {
		return fmt.Errorf("the last run measured files that differ from commit %s: commit, then run `make bench`", run.Commit)
	}
	return nil
}

// Figures are the recorded figures.
type Figures struct {
	run result.Run
}

// Kept reads the figures recorded in the repository at root.
func Kept(root string) (Figures, error) {
	run, err := read(filepath.Join(root, kept, results))
	if err != nil {
		return Figures{}, err
	}
	return Figures{*run}, nil
}

func (f Figures) writeDocument(root string) error {
	path := filepath.Join(root, document)
	text, err := os.ReadFile(path) //nolint:gosec // a document of this repository
	if err != nil {
		return err
	}
	filled, err := f.Fill(string(text))
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(filled), 0o644) //nolint:gosec // a document for everybody
}

var block = regexp.MustCompile(`(?s)(<!-- bench ([a-z-]+): begin -->\n).*?(<!-- bench [a-z-]+: end -->)`)

// Fill returns text with the figures in its blocks. It returns an error for a block with an unknown name.
func (f Figures) Fill(text string) (string, error) {
	var unknown error
	filled := block.ReplaceAllStringFunc(text, func(whole string) string {
		match := block.FindStringSubmatch(whole)
		text, ok := f.block(match[2])
		if !ok {
			unknown = errors.Join(unknown, fmt.Errorf("unknown block %q", match[2]))
		}
		return match[1] + text + match[3]
	})
	return filled, unknown
}

// block returns the text of a block, and reports whether there is such a block.
func (f Figures) block(name string) (string, bool) {
	all := &f.run
	switch name {
	case "machine":
		return f.machine(), true
	case "goals":
		return Markdown(Goals(all)), true
	}
	for _, t := range tables {
		switch name {
		case slug(t.part):
			return Markdown(t.rows(all)), true
		case slug(t.part) + "-ratios":
			return Markdown(Ratios(all, t.part)), true
		}
	}
	return "", false
}

// slug returns a part's name as it is in block names.
func slug(part string) string { return strings.ReplaceAll(part, " ", "-") }

// machine returns a sentence about the origin of the figures.
func (f Figures) machine() string {
	m := f.run.Machine
	return fmt.Sprintf("Measured on %s by `make bench` (commit %s, %s): %d cores of %s, %d GiB, %s, %s.\n", day(f.run.Date), f.run.Commit,
		(time.Duration(f.run.Seconds) * time.Second).String(), m.Cores, m.Processor, m.MemoryGiB, m.System, m.Go)
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
