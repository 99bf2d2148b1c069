package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pats/cmd/pats/failure"
	"pats/pkg/cost"
	"pats/pkg/pat"
)

func TestCost(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	wantContains(t, "three loads", sh.runBare(t, "cost").Stdout,
		"10,000 requests a month, 1 tokens", "10,000,000 requests a month, 1,000 tokens", "1,000,000,000 requests a month, 100,000 tokens",
		"API Gateway", "Function URL", "Total, dollars a month")
	wantContains(t, "one load", sh.runBare(t, "cost", "1e6", "--tokens", "7").Stdout, "1,000,000 requests a month, 7 tokens", "3.50")
	wantContains(t, "operations", sh.runBare(t, "cost", "--operations").Stdout,
		"authorizer called", "authorizer cached", "list tokens", "a made-up token", "delete a user", "record a use", "3.500")
}

func TestCostAsJSON(t *testing.T) {
	t.Parallel()
	var months []struct {
		Load  struct{ Requests, Tokens, TTLSeconds float64 }
		Bills []struct {
			Design string
			Lines  []struct{ Dollars float64 }
		}
	}
	readJSON(t, newShell(t).runBare(t, "cost", "1e6", "2e6", "--ttl", "5m", "--output", "json").Stdout, &months)
	if len(months) != 2 || months[1].Load.Requests != 2e6 || months[1].Load.TTLSeconds != 300 || len(months[0].Bills) != 5 {
		t.Errorf("got %+v, want two loads with five bills each", months)
	}
}

func TestOperationsAsJSON(t *testing.T) {
	t.Parallel()
	var bills []struct {
		Operation string
		Cached    bool
		Lines     []struct {
			Service string
			Dollars float64
		}
	}
	readJSON(t, newShell(t).runBare(t, "cost", "--operations", "--output", "json").Stdout, &bills)
	if len(bills) != len(cost.Operations()) || bills[0].Operation != "list tokens" || bills[0].Cached || bills[0].Lines[0].Dollars != 3.5 {
		t.Errorf("got %+v, want the operations, with the list first, at 3.5 dollars of the gateway", bills)
	}
}

func readJSON(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func TestCostMisuse(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"a load with --operations": {"1e6", "--operations"},
		"a TTL with --operations":  {"--operations", "--ttl", "5m"},
		"a TTL above an hour":      {"--ttl", "61m"},
		"a negative load":          {"--", "-1"},
		"a share above one":        {"--writes", "1.5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := newShell(t).runBare(t, append([]string{"cost"}, args...)...).Code; got != failure.Usage {
				t.Errorf("got exit code %d, want %d", got, failure.Usage)
			}
		})
	}
}

const costDocument = "../../docs/cost.md"

var update = flag.Bool("update", false, "write the tables of docs/cost.md instead of comparing them")

// TestCostDocument compares the tables of docs/cost.md with the model. To update them:
//
//	go test -run TestCostDocument ./cmd/pats -update
func TestCostDocument(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(costDocument)
	if err != nil {
		t.Fatal(err)
	}
	got := string(raw)
	want := got
	for name, rows := range costTables() {
		block := regexp.MustCompile(`(?s)(<!-- ` + name + `: begin -->\n).*?(<!-- ` + name + `: end -->)`)
		if len(block.FindAllString(want, -1)) != 1 {
			t.Errorf("the document does not have exactly one block %q", name)
		}
		want = block.ReplaceAllString(want, "${1}"+markdown(rows)+"${2}")
	}
	switch {
	case got == want:
	case *update:
		if err := os.WriteFile(costDocument, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("the tables are out of date; update them with: go test -run TestCostDocument ./cmd/pats -update")
	}
}

func markdown(rows table) string {
	var text strings.Builder
	for i, row := range rows {
		fmt.Fprintf(&text, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintf(&text, "|%s\n", strings.Repeat("---|", len(row)))
		}
	}
	return text.String()
}

// costTables returns the tables of the document, by the names of their blocks.
func costTables() map[string]table {
	operations := cost.Operations()
	return map[string]table{
		"asked":    operationRows(operations, false),
		"cached":   operationRows(operations, true),
		"designs":  designRows(),
		"services": serviceRows(),
		"idle":     idleRows(),
		"variants": variantRows(),
		"prices":   priceRows(),
		"inputs":   inputRows(),
	}
}

// usual returns the load of `pats cost` without flags.
func usual(requests float64) cost.Load {
	return (&costCommand{Writes: 0.01, TTL: 60e9}).load(requests)
}

// designRows returns a row for each load, with a column for each design.
func designRows() table {
	rows := table{{"dollars a month"}}
	for _, bill := range cost.Bills(usual(1)) {
		rows[0] = append(rows[0], bill.Design)
	}
	for _, requests := range usualLoads {
		row := []string{grouped(requests) + " requests"}
		for _, bill := range cost.Bills(usual(requests)) {
			row = append(row, dollars(bill.Total()))
		}
		rows = append(rows, row)
	}
	return rows
}

// serviceRows returns a row for each service, with a column for each load.
func serviceRows() table {
	var bills []cost.Bill
	head := []string{"dollars a month"}
	for _, requests := range usualLoads {
		head = append(head, grouped(requests)+" requests")
		bills = append(bills, cost.Bills(usual(requests))[0])
	}
	return billRows(head, bills)
}

// idleRows returns a column for each size of an unused table.
func idleRows() table {
	var bills []cost.Bill
	head := []string{"dollars a month"}
	for _, users := range []float64{100, 10_000, 1_000_000} {
		head = append(head, grouped(users)+" users")
		bills = append(bills, cost.Bills(cost.Load{Tokens: users * 5})[0])
	}
	rows := billRows(head, bills)
	return slices.DeleteFunc(rows, func(row []string) bool {
		return !slices.ContainsFunc(row[1:], func(cell string) bool { return cell != "0" })
	})
}

// variantRows has a row for each thing turned, at the largest load.
func variantRows() table {
	moved := []string{"Lambda, invocations", "Lambda, time", "DynamoDB, reads", "DynamoDB, recorded uses"}
	rows := table{slices.Concat([]string{"dollars a month"}, moved, []string{"total"})}
	for _, variant := range cost.Variants(usual(usualLoads[len(usualLoads)-1])) {
		row := []string{variant.Change}
		for _, service := range moved {
			row = append(row, costOf(variant.Bill, service))
		}
		rows = append(rows, append(row, dollars(variant.Bill.Total())))
	}
	return rows
}

func billRows(head []string, bills []cost.Bill) table {
	rows, total := table{head}, []string{"total"}
	for _, line := range bills[0].Lines {
		row := []string{line.Service}
		for _, bill := range bills {
			row = append(row, costOf(bill, line.Service))
		}
		rows = append(rows, row)
	}
	for _, bill := range bills {
		total = append(total, dollars(bill.Total()))
	}
	return append(rows, total)
}

func priceRows() table {
	rows := table{{"price", "dollars", "source"}}
	for _, p := range cost.Prices() {
		rows = append(rows, []string{p.Of, p.Dollars, "<" + p.Source + ">"})
	}
	return rows
}

func inputRows() table {
	rows := table{
		{"input", "value", "from"},
		{"requests of a token", grouped(requestsAToken) + " a month, at random moments", "assumed"},
		{"changes", "1 in 100 requests creates or deletes a token, as many of each; the others list", "assumed"},
		{"recorded uses", fmt.Sprintf("at most one in %v for each token", pat.SeenInterval), "the code: `pat.SeenInterval`"},
	}
	for _, in := range cost.Inputs() {
		rows = append(rows, []string{in.Of, in.Value, in.From})
	}
	return rows
}
