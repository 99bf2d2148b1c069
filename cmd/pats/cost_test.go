package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"pats/cmd/pats/failure"
	"pats/pkg/cost"
	"pats/pkg/cost/costtest"
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

var update = flag.Bool("update", false, "write the tables of docs/cost.md instead of comparing them")

// TestCostDocument compares the bills and the loads in docs/cost.md with the command's.
func TestCostDocument(t *testing.T) {
	t.Parallel()
	costtest.CheckTables(t, *update, costTables())
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
		"loads":    loadRows(),
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

// variantRows returns a row for each changed setting, at the largest load. pat.SeenInterval is a constant of the code.
func variantRows() table {
	services := []string{"Lambda, invocations", "Lambda, time", "DynamoDB, reads", "DynamoDB, recorded uses"}
	rows := table{slices.Concat([]string{"dollars a month"}, services, []string{"total"})}
	for _, variant := range []struct {
		change string
		apply  func(*cost.Load)
	}{
		{"as it is", func(*cost.Load) {}},
		{"AuthorizerTtlSeconds 0", func(l *cost.Load) { l.TTL = 0 }},
		{"AuthorizerTtlSeconds 300", func(l *cost.Load) { l.TTL = 5 * time.Minute }},
		{"AuthorizerTtlSeconds 3600", func(l *cost.Load) { l.TTL = time.Hour }},
		{"SeenInterval 1 h", func(l *cost.Load) { l.SeenInterval = time.Hour }},
		{"SeenInterval 24 h", func(l *cost.Load) { l.SeenInterval = 24 * time.Hour }},
	} {
		load := usual(usualLoads[len(usualLoads)-1])
		variant.apply(&load)
		bill := cost.Bills(load)[0]
		row := []string{variant.change}
		for _, service := range services {
			row = append(row, costOf(bill, service))
		}
		rows = append(rows, append(row, dollars(bill.Total())))
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

// loadRows returns what the loads assume.
func loadRows() table {
	return table{
		{"load", "value", "from"},
		{"requests of a token", grouped(requestsAToken) + " a month, at random moments", "assumed"},
		{"changes", "1 in 100 requests creates or deletes a token, as many of each; the others list", "assumed"},
		{"recorded uses", fmt.Sprintf("at most one in %v for each token", pat.SeenInterval), "the code: `pat.SeenInterval`"},
	}
}
