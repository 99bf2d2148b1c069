package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"pats/infra/bench/result"
	"pats/infra/bench/scale"
	"pats/infra/bench/startup"
	"pats/infra/bench/throughput"
	"pats/infra/bench/warm"
)

// table describes how the quantities of a part are arranged, by fields of their keys.
type table struct {
	part string
	// row and column return the header of a quantity's row and column.
	row, column func(result.Key) string
	// unitInRow means that the quantities of a row share a unit; otherwise those of a column do.
	unitInRow bool
}

var tables = []table{
	{startup.Part, whatUnder, subject, true},
	{warm.Part, subject, what, false},
	{throughput.Part, whatUnder, subject, true},
	{scale.Part, subjectWhat, under, true},
}

func what(k result.Key) string    { return k.What }
func under(k result.Key) string   { return k.Under }
func subject(k result.Key) string { return k.Subject }

func whatUnder(k result.Key) string {
	if k.Under == "" {
		return k.What
	}
	return k.What + ", " + k.Under
}

func subjectWhat(k result.Key) string { return k.Subject + ": " + k.What }

// rows returns each quantity as its median with the quartiles in parentheses, below a header, or nil if the part was not run.
func (t table) rows(run *result.Run) [][]string {
	var rowNames, columnNames []string
	cells := map[[2]string]string{}
	for _, q := range run.Quantities {
		if q.Part != t.part {
			continue
		}
		row, column := t.names(q)
		if !slices.Contains(rowNames, row) {
			rowNames = append(rowNames, row)
		}
		if !slices.Contains(columnNames, column) {
			columnNames = append(columnNames, column)
		}
		cells[[2]string{row, column}] = cell(q.Summary)
	}
	if len(rowNames) == 0 {
		return nil
	}
	rows := [][]string{append([]string{""}, columnNames...)}
	for _, row := range rowNames {
		line := []string{row}
		for _, column := range columnNames {
			line = append(line, cells[[2]string{row, column}])
		}
		rows = append(rows, line)
	}
	return rows
}

func (t table) names(q result.Quantity) (row, column string) {
	row, column = t.row(q.Key), t.column(q.Key)
	switch {
	case t.unitInRow:
		row += ", " + q.Unit
	case column != q.Unit:
		column += ", " + q.Unit
	}
	return row, column
}

func cell(s result.Summary) string {
	text := spread(s, "")
	if text == "" {
		return number(s.Median)
	}
	return fmt.Sprintf("%s (%s)", number(s.Median), text)
}

// ratios returns the ratios of a part as rows below a header, or nil if there are none.
func ratios(run *result.Run, part string) [][]string {
	rows := [][]string{{"", "of", "against", "ratio", "quartiles", "runs"}}
	for _, r := range run.Ratios {
		if r.Part != part {
			continue
		}
		against := cmp.Or(r.AgainstUnder, r.Against)
		rows = append(rows, []string{
			whatUnder(r.Key), r.Subject, against, value(r.Median, times), spread(r.Summary, times), strconv.Itoa(r.Runs),
		})
	}
	if len(rows) == 1 {
		return nil
	}
	return rows
}

// Print writes all results of run as text.
func Print(w io.Writer, run *result.Run) error {
	aligned := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, t := range tables {
		for _, rows := range [][][]string{t.rows(run), ratios(run, t.part)} {
			printRows(aligned, t.part, rows)
		}
	}
	printRows(aligned, "goals", Goals(run))
	return aligned.Flush()
}

func printRows(w io.Writer, title string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	_, _ = fmt.Fprintf(w, "\n%s\n", title) // a tabwriter reports errors at Flush
	for _, row := range rows {
		_, _ = fmt.Fprintln(w, strings.ReplaceAll(strings.Join(row, "\t"), "**", ""))
	}
}

// markdown formats rows as a table.
func markdown(rows [][]string) string {
	if len(rows) == 0 {
		return ""
	}
	var text strings.Builder
	for i, row := range rows {
		_, _ = fmt.Fprintf(&text, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			text.WriteString("|" + strings.Repeat("---|", len(row)) + "\n")
		}
	}
	return text.String()
}
