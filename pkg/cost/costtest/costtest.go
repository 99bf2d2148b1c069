// Package costtest compares the tables of docs/cost.md with the model.
package costtest

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Document is the path of docs/cost.md from the packages whose tests compare it.
const Document = "../../docs/cost.md"

// CheckTables compares tables, which have rows of cells, with the document's blocks of the same names. If update is true, it writes
// them there instead.
func CheckTables[Table ~[][]string](t *testing.T, update bool, tables map[string]Table) {
	t.Helper()
	raw, err := os.ReadFile(Document)
	if err != nil {
		t.Fatal(err)
	}
	want := string(raw)
	for name, rows := range tables {
		block := regexp.MustCompile(`(?s)(<!-- ` + name + `: begin -->\n).*?(<!-- ` + name + `: end -->)`)
		if len(block.FindAllString(want, -1)) != 1 {
			t.Errorf("the document does not have exactly one block %q", name)
		}
		want = block.ReplaceAllString(want, "${1}"+markdown(rows)+"${2}")
	}
	switch {
	case string(raw) == want:
	case update:
		if err := os.WriteFile(Document, []byte(want), 0o644); err != nil { //nolint:gosec // a document that everyone may read
			t.Fatal(err)
		}
	default:
		t.Error("the tables are out of date; update them with: go test -p 1 -run TestCostDocument ./pkg/cost ./cmd/pats -update")
	}
}

func markdown[Table ~[][]string](rows Table) string {
	var text strings.Builder
	for i, row := range rows {
		fmt.Fprintf(&text, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintf(&text, "|%s\n", strings.Repeat("---|", len(row)))
		}
	}
	return text.String()
}
