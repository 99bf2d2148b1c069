package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"pats/cmd/pats/target"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// outputFormat is the value of --output.
type outputFormat string

// The formats beside text.
const (
	formatJSON outputFormat = "json"
	// formatCSV is for lists of tokens.
	formatCSV outputFormat = "csv"
)

// printer prints results to stdout, and messages to stderr.
type printer struct {
	stdout, stderr io.Writer
	format         outputFormat
}

// print prints body as JSON, or rows as text or CSV.
func (p *printer) print(body any, rows table) error {
	switch p.format {
	case formatJSON:
		return writeJSON(p.stdout, body)
	case formatCSV:
		return writeCSV(csv.NewWriter(p.stdout), rows)
	}
	return rows.write(p.stdout)
}

// note prints a message that is not part of the result.
func (p *printer) note(format string, args ...any) {
	_, _ = fmt.Fprintf(p.stderr, format+"\n", args...)
}

// warn prints a warning, unless it is empty.
func (p *printer) warn(warning string) {
	if warning != "" {
		p.note("pats: warning: %s", warning)
	}
}

func writeJSON(w io.Writer, body any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(body)
}

// writeCSV writes rows, whose cells may come from anybody. One that a spreadsheet would take for a formula gets an apostrophe in front
// (https://owasp.org/www-community/attacks/CSV_Injection).
func writeCSV(w *csv.Writer, rows table) error {
	for _, row := range rows {
		for i, cell := range row {
			row[i] = target.Printable(cell)
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@") {
				row[i] = "'" + row[i]
			}
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// table is the text form of a result: rows of cells, aligned in columns.
type table [][]string

func (t table) write(w io.Writer) error {
	aligned := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range t {
		for i, cell := range row {
			row[i] = target.Printable(cell)
		}
		if _, err := fmt.Fprintln(aligned, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return aligned.Flush()
}

// formatTime returns t in RFC 3339 and UTC.
func formatTime(t apitypes.Time) string { return t.Time.UTC().Format(time.RFC3339) }

// formatSeen returns the time of the last use in RFC 3339 and UTC, or "never".
func formatSeen(t *apitypes.Time) string {
	if t == nil {
		return "never"
	}
	return formatTime(*t)
}

// formatScopes returns the scopes with commas, as --scope takes them.
func formatScopes(scopes []pat.Scope) string {
	switch {
	case scopes == nil:
		return "unscoped"
	case len(scopes) == 0:
		return "none"
	}
	names := make([]string, len(scopes))
	for i, scope := range scopes {
		names[i] = string(scope)
	}
	return strings.Join(names, ",")
}

func formatID[T ~int64](id T) string { return strconv.FormatInt(int64(id), 10) }
