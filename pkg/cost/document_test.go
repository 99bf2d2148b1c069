package cost_test

import (
	"flag"
	"testing"

	"pats/pkg/cost"
	"pats/pkg/cost/costtest"
)

var update = flag.Bool("update", false, "write the tables of docs/cost.md instead of comparing them")

// TestCostDocument compares the prices and assumptions in docs/cost.md with the code. The test of the same name in cmd/pats compares
// the bills.
func TestCostDocument(t *testing.T) {
	t.Parallel()
	costtest.CheckTables(t, *update, map[string][][]string{"prices": cost.PriceRows(), "inputs": cost.InputRows()})
}
