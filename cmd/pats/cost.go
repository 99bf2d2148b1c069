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

// requestsAToken is the default number of requests that a token makes in a month: one in four minutes.
const requestsAToken = 10_000

type costCommand struct {
	Requests   []float64     `arg:"" optional:"" help:"Requests a month, such as 1e7 (default: 1e4 1e7 1e9)."`
	Tokens     float64       `placeholder:"N" help:"Number of tokens that make the requests (default: one for each 10,000 requests)."`
	Writes     float64       `default:"0.01" placeholder:"SHARE" help:"Share of the requests that create or delete a token (default: 0.01)."`
	TTL        time.Duration `name:"ttl" default:"60s" placeholder:"DURATION" help:"How long API Gateway caches the authorizer's response, up to 1h (default: 60s)."`
	Operations bool          `help:"Print the cost of a million requests of each kind instead."`
}

// Help returns the end of `pats cost --help`.
func (*costCommand) Help() string {
	return fmt.Sprintf(`List prices of %s, %s, without free tiers. docs/cost.md lists the assumptions.
"pats, idle" is a month without requests that follows such a month.

Examples:
  A month with 100 million requests of 500 tokens:
    pats cost 1e8 --tokens 500 --ttl 5m
  A month with 5,000 tokens that are not used:
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
		return failure.Misuse("--operations does not depend on the load", "Leave out the requests, --tokens, --writes and --ttl.")
	}
	bills := cost.Operations()
	return out.print(bills, slices.Concat(operationRows(bills, false), table{{""}}, operationRows(bills, true)))
}

// usualLoads are the default numbers of requests.
var usualLoads = []float64{1e4, 1e7, 1e9}

func (c *costCommand) months(out *printer) error {
	type month struct {
		Load  costLoad    `json:"load"`
		Bills []cost.Bill `json:"bills"`
	}
	var body []month
	var rows table
	for _, requests := range c.Requests {
		load := c.load(requests)
		bills := cost.Bills(load)
		body = append(body, month{newCostLoad(load), bills})
		rows = append(rows, costRows(load, bills)...)
	}
	return out.print(body, rows)
}

func (c *costCommand) check() error {
	switch {
	case slices.ContainsFunc(c.Requests, func(n float64) bool { return !(n >= 0 && n <= 1e12) }):
		return failure.Misuse("the number of requests must be 0 to 1e12", "")
	case !(c.Tokens >= 0 && c.Tokens <= 1e12):
		return failure.Misuse("--tokens must be 0 to 1e12", "")
	case !(c.Writes >= 0 && c.Writes <= 1):
		return failure.Misuse("--writes must be a share from 0 to 1", "")
	case c.TTL < 0 || c.TTL > time.Hour:
		return failure.Misuse("--ttl must be 0s to 1h", "API Gateway caches for an hour at most.")
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

// costLoad is the JSON of a load.
type costLoad struct {
	Requests   float64 `json:"requests"`
	Tokens     float64 `json:"tokens"`
	Writes     float64 `json:"writes"`
	TTLSeconds float64 `json:"ttlSeconds"`
}

func newCostLoad(l cost.Load) costLoad {
	return costLoad{l.Requests, l.Tokens, l.Writes, l.TTL.Seconds()}
}

// costRows returns a row for each service, with a column for each design.
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

// operationRows returns a row for each operation, with the authorizer's response cached or not, and a column for each service.
func operationRows(bills []cost.OperationBill, cached bool) table {
	head := "dollars a million, authorizer called"
	if cached {
		head = "dollars a million, authorizer cached"
	}
	rows := table{{head}}
	for _, line := range bills[0].Lines {
		_, detail, ok := strings.Cut(line.Service, ", ")
		if !ok {
			detail = line.Service
		}
		rows[0] = append(rows[0], detail)
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

// fine formats an amount in dollars to tenths of a cent.
func fine(amount float64) string {
	if amount == 0 {
		return "0"
	}
	return strconv.FormatFloat(amount, 'f', 3, 64)
}

// dollars formats an amount in dollars to cents, and to whole dollars from 100.
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

// grouped formats a whole number with commas between thousands.
func grouped(n float64) string {
	digits := strconv.FormatFloat(n, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
