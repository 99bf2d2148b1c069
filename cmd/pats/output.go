package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// table is the text form of an answer: rows of cells, aligned in columns.
type table [][]string

// answer prints body as JSON or rows as text, as --output says.
func (a *app) answer(body any, rows table) error {
	if a.Output == "json" {
		return writeJSON(a.stdout, body)
	}
	return rows.write(a.stdout)
}

func writeJSON(w io.Writer, body any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(body)
}

func (t table) write(w io.Writer) error {
	aligned := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range t {
		for i, cell := range row {
			row[i] = visible(cell)
		}
		if _, err := fmt.Fprintln(aligned, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return aligned.Flush()
}

// visible leaves nothing in text that could steer a terminal: a server may send anything.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// note tells the person at the terminal what is no part of the answer.
func (a *app) note(format string, args ...any) {
	_, _ = fmt.Fprintf(a.stderr, format+"\n", args...)
}

// stamp is a time in an answer: RFC 3339 in UTC with three decimals in JSON, as in the HTTP API, or null if it is zero.
type stamp struct{ time.Time }

// MarshalJSON is described at stamp.
func (s stamp) MarshalJSON() ([]byte, error) {
	if s.IsZero() {
		return json.Marshal(nil)
	}
	return json.Marshal(s.UTC().Format("2006-01-02T15:04:05.000Z"))
}

func (s stamp) text() string {
	if s.IsZero() {
		return "never"
	}
	return s.UTC().Format(time.RFC3339)
}
