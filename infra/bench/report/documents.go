package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"pats/infra/bench/result"
)

// documents have blocks of figures, between <!-- bench NAME: begin --> and <!-- bench NAME: end -->.
var documents = []string{"README.md", "docs/benchmarks.md"}

// kept is where the figures in the documents come from, and their charts are.
const kept = "docs/bench"

// Record keeps the figures of the run in folder from, as those of the largest sizes where asLarge says so, and writes the figures that
// are kept into the documents of the repository at root. Parts that the run does not have stay as they are kept. Errors: a file that cannot be read or written, and a block of a name that is
// not known.
func Record(root, from string, asLarge bool) error {
	run, err := read(filepath.Join(from, results))
	if err != nil {
		return err
	}
	name := results
	if asLarge {
		name = large
	}
	path := filepath.Join(root, kept, name)
	if before, err := read(path); err == nil {
		run.Complete(before)
	}
	if err := writeJSON(path, run); err != nil {
		return err
	}
	figures, err := Kept(root)
	if err != nil {
		return err
	}
	return errors.Join(writeCharts(filepath.Join(root, kept), figures.all()), figures.writeDocuments(root))
}

// Figures are those that are kept.
type Figures struct {
	run, large result.Run
}

// Kept reads the figures that are kept in the repository at root.
func Kept(root string) (Figures, error) {
	run, err := read(filepath.Join(root, kept, results))
	if err != nil {
		return Figures{}, err
	}
	largest, err := read(filepath.Join(root, kept, large))
	if errors.Is(err, fs.ErrNotExist) {
		return Figures{run: *run}, nil
	}
	if err != nil {
		return Figures{}, err
	}
	return Figures{*run, *largest}, nil
}

// all are the figures of both runs; what both have is the ordinary one's.
func (f Figures) all() *result.Run {
	all := f.run
	all.Quantities, all.Ratios = slices.Clone(all.Quantities), slices.Clone(all.Ratios)
	for _, q := range f.large.Quantities {
		if _, ok := all.Quantity(q.Key); !ok {
			all.Quantities = append(all.Quantities, q)
		}
	}
	for _, r := range f.large.Ratios {
		if _, ok := all.Ratio(r.Key, r.Against, r.AgainstUnder); !ok {
			all.Ratios = append(all.Ratios, r)
		}
	}
	return &all
}

func (f Figures) writeDocuments(root string) error {
	for _, name := range documents {
		path := filepath.Join(root, name)
		text, err := os.ReadFile(path) //nolint:gosec // one of the two
		if err != nil {
			return err
		}
		filled, err := f.Fill(string(text))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(path, []byte(filled), 0o644); err != nil { //nolint:gosec // a document for everybody
			return err
		}
	}
	return nil
}

var block = regexp.MustCompile(`(?s)(<!-- bench ([a-z-]+): begin -->\n).*?(<!-- bench [a-z-]+: end -->)`)

// Fill puts the figures into the blocks of a document. Errors: a block of a name that is not known.
func (f Figures) Fill(document string) (string, error) {
	var unknown error
	filled := block.ReplaceAllStringFunc(document, func(whole string) string {
		match := block.FindStringSubmatch(whole)
		text, ok := f.block(match[2])
		if !ok {
			unknown = errors.Join(unknown, fmt.Errorf("there is no block %q", match[2]))
		}
		return match[1] + text + match[3]
	})
	return filled, unknown
}

// block is the text of a block.
func (f Figures) block(name string) (string, bool) {
	all := f.all()
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

// slug is a part's name in a block's.
func slug(part string) string { return strings.ReplaceAll(part, " ", "-") }

// machine says where the figures come from.
func (f Figures) machine() string {
	m := f.run.Machine
	var text strings.Builder
	_, _ = fmt.Fprintf(&text, "Measured on %s by `make bench` (commit %s, %s): %d cores of %s, %d GiB, %s, %s.\n", day(f.run.Date), f.run.Commit,
		(time.Duration(f.run.Seconds) * time.Second).String(), m.Cores, m.Processor, m.MemoryGiB, m.System, m.Go)
	for _, e := range f.run.Earlier {
		_, _ = fmt.Fprintf(&text, "The part %s is of %s (commit %s).\n", e.Part, day(e.Date), e.Commit)
	}
	if len(f.large.Quantities) > 0 {
		_, _ = fmt.Fprintf(&text, "The figures at 10⁶ users are of %s, by `make bench PARTS=scale LARGE=1` (commit %s).\n", day(f.large.Date), f.large.Commit)
	}
	return text.String()
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
