package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pats/cmd/pats/failure"
	"pats/pkg/cost"
	"pats/pkg/pat"
)

// requestsAToken is how many requests a token makes in a month where the command line does not say: one in four minutes.
const requestsAToken = 10_000

type costCommand struct {
	Requests   []float64     `arg:"" optional:"" help:"Requests a month, such as 1e7 (default: 1e4 1e7 1e9)."`
	Tokens     float64       `placeholder:"N" help:"Tokens that make them, all alike (default: one for each 10,000 requests)."`
	Writes     float64       `default:"0.01" placeholder:"SHARE" help:"Share of requests that create or delete a token (default: 0.01)."`
	TTL        time.Duration `name:"ttl" default:"60s" placeholder:"DURATION" help:"How long API Gateway keeps the authorizer's answer, up to 1h (default: 60s)."`
	Operations bool          `help:"Print what a million requests of each kind cost instead."`
}

// Help is what `pats cost --help` ends with.
func (*costCommand) Help() string {
	return fmt.Sprintf(`List prices of %s, %s, without free tiers; what they are multiplied with stands in docs/cost.md.
"pats, idle" is the month after such a month, without a request.

Examples:
  What a month costs, and what turns it:
    pats cost 1e8 --tokens 500 --ttl 5m
  A table of 5,000 tokens that nobody uses:
    pats cost 0 --tokens 5000
  A million lists, creates, refused tokens and so on:
    pats cost --operations`, cost.Region, cost.Dated)
}

// Run prints a table for each load, or the operations.
func (c *costCommand) Run(out *printer, typed typedFlags) error {
	if c.Operations {
		return c.operations(out, typed)
	}
	if err := c.check(); err != nil {
		return err
	}
	if len(c.Requests) == 0 {
		c.Requests = usualLoads
	}
	return c.months(out)
}

func (c *costCommand) operations(out *printer, typed typedFlags) error {
	if len(c.Requests) > 0 || typed.any([]string{"tokens", "writes", "ttl"}) {
		return failure.Misuse("--operations prices a million requests of each kind, whatever the load", "Leave out the requests, --tokens, --writes and --ttl.")
	}
	bills := cost.Operations()
	return out.print(bills, slices.Concat(operationRows(bills, false), table{{""}}, operationRows(bills, true)))
}

// usualLoads are those that are shown where the command line names none.
var usualLoads = []float64{1e4, 1e7, 1e9}

func (c *costCommand) months(out *printer) error {
	type answer struct {
		Load  costLoad    `json:"load"`
		Bills []cost.Bill `json:"bills"`
	}
	var body []answer
	var rows table
	for _, requests := range c.Requests {
		load := c.load(requests)
		bills := cost.Bills(load)
		body = append(body, answer{newCostLoad(load), bills})
		rows = append(rows, costRows(load, bills)...)
	}
	return out.print(body, rows)
}

func (c *costCommand) check() error {
	switch {
	case slices.ContainsFunc(c.Requests, func(n float64) bool { return !(n >= 0 && n <= 1e12) }):
		return failure.Misuse("the requests are 0 to 1e12 a month", "")
	case !(c.Tokens >= 0 && c.Tokens <= 1e12):
		return failure.Misuse("--tokens is 0 to 1e12", "")
	case !(c.Writes >= 0 && c.Writes <= 1):
		return failure.Misuse("--writes is a share from 0 to 1", "")
	case c.TTL < 0 || c.TTL > time.Hour:
		return failure.Misuse("--ttl is 0s to 1h", "API Gateway keeps an answer no longer.")
	}
	return nil
}

func (c *costCommand) load(requests float64) cost.Load {
	tokens := c.Tokens
	if tokens == 0 {
		tokens = max(1, requests/requestsAToken)
	}
	return cost.Load{Requests: requests, Tokens: tokens, Writes: c.Writes, TTL: c.TTL, SeenInterval: pat.SeenInterval}
}

// costLoad is a load as JSON has it.
type costLoad struct {
	Requests   float64 `json:"requests"`
	Tokens     float64 `json:"tokens"`
	Writes     float64 `json:"writes"`
	TTLSeconds float64 `json:"ttlSeconds"`
}

func newCostLoad(l cost.Load) costLoad {
	return costLoad{l.Requests, l.Tokens, l.Writes, l.TTL.Seconds()}
}

// costRows has a row for each service and a column for each design.
func costRows(load cost.Load, bills []cost.Bill) table {
	head := []string{fmt.Sprintf("%s requests a month, %s tokens", grouped(load.Requests), grouped(load.Tokens))}
	total := []string{"Total, dollars a month"}
	var services []string
	for _, bill := range bills {
		head = append(head, bill.Design)
		total = append(total, dollars(bill.Total()))
		for _, line := range bill.Lines {
			if !slices.Contains(services, line.Service) {
				services = append(services, line.Service)
			}
		}
	}
	rows := table{head}
	for _, service := range services {
		row := []string{service}
		for _, bill := range bills {
			row = append(row, costOf(bill, service))
		}
		rows = append(rows, row)
	}
	return append(rows, total, []string{""})
}

func costOf(bill cost.Bill, service string) string {
	i := slices.IndexFunc(bill.Lines, func(line cost.Line) bool { return line.Service == service })
	if i < 0 {
		return "-"
	}
	return dollars(bill.Lines[i].Dollars)
}

// operationRows has a row for each operation with the authorizer's answer cached, or not, and a column for each service.
func operationRows(bills []cost.OperationBill, cached bool) table {
	head := "dollars a million, authorizer asked"
	if cached {
		head = "dollars a million, its answer cached"
	}
	rows := table{{head}}
	for _, line := range bills[0].Lines {
		_, what, short := strings.Cut(line.Service, ", ")
		if !short {
			what = line.Service
		}
		rows[0] = append(rows[0], what)
	}
	rows[0] = append(rows[0], "total")
	for _, bill := range bills {
		if bill.Cached == cached {
			rows = append(rows, operationRow(bill))
		}
	}
	return rows
}

func operationRow(bill cost.OperationBill) []string {
	row := []string{bill.Operation}
	for _, line := range bill.Lines {
		row = append(row, fine(line.Dollars))
	}
	return append(row, fine(bill.Total()))
}

// fine has the tenths of a cent that a million cheap things cost.
func fine(amount float64) string {
	if amount == 0 {
		return "0"
	}
	return strconv.FormatFloat(amount, 'f', 3, 64)
}

func dollars(amount float64) string {
	switch {
	case amount == 0:
		return "0"
	case amount < 0.005:
		return "<0.01"
	case amount >= 100:
		return grouped(amount)
	}
	return strconv.FormatFloat(amount, 'f', 2, 64)
}

// grouped is a whole number with commas between thousands.
func grouped(n float64) string {
	digits := strconv.FormatFloat(n, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
