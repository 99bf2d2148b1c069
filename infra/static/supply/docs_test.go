package supply_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pats/infra/testkit/must"
)

// table returns the rows of the table in docs/dependencies.md whose first column has this title, each by column title.
func table(t *testing.T, first string) []map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "dependencies.md"))
	must.Do(t, err)
	var titles []string
	var rows []map[string]string
	for line := range strings.Lines(string(text)) {
		cells := cellsOf(line)
		switch {
		case len(cells) == 0:
			titles = nil
		case titles == nil:
			titles = cells
		case titles[0] == first && !strings.HasPrefix(cells[0], "---"):
			rows = append(rows, row(t, titles, cells))
		}
	}
	if len(rows) == 0 {
		t.Fatalf("docs/dependencies.md has no table of %q", first)
	}
	return rows
}

// cellsOf returns the cells of a table's line without backticks, or nil for another line.
func cellsOf(line string) []string {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "|") {
		return nil
	}
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i, cell := range cells {
		cells[i] = strings.Trim(strings.TrimSpace(cell), "`")
	}
	return cells
}

func row(t *testing.T, titles, cells []string) map[string]string {
	t.Helper()
	if len(cells) != len(titles) {
		t.Fatalf("docs/dependencies.md: got %q, want a cell for each of %q", cells, titles)
	}
	named := map[string]string{}
	for i, title := range titles {
		named[title] = cells[i]
	}
	return named
}
