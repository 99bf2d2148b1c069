package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// tokenWriter prints a list of all users' tokens as it comes, however long it is.
type tokenWriter interface {
	write(tokens []apitypes.UserToken) error
	// flush prints what was written so far.
	flush() error
	// end prints the rest, and what ends the list.
	end() error
}

// newTokenWriter returns the tokenWriter of the printer's format. now is the time at which a token is expired or not.
func newTokenWriter(p *printer, now time.Time) tokenWriter {
	switch p.format {
	case formatJSON:
		return &jsonTokens{w: p.stdout}
	case formatCSV:
		return &csvTokens{w: csv.NewWriter(p.stdout), now: now}
	}
	return &textTokens{w: p.stdout, now: now}
}

// textTokens prints a table. It aligns the columns of textBlock rows at a time.
type textTokens struct {
	w       io.Writer
	now     time.Time
	started bool
	rows    table
}

// textBlock is the number of rows that are aligned together.
const textBlock = 1000

var textHeader = []string{"USER", "USERNAME", "ID", "DESCRIPTION", "CREATED", "EXPIRES", "LAST USED", "STATE", "SCOPES", "CREATED BY", "OLD SECRET ENDS"}

func (t *textTokens) write(tokens []apitypes.UserToken) error {
	for _, token := range tokens {
		t.rows = append(t.rows, []string{
			formatID(token.UserID), nameOf(token.User), formatID(token.ID), token.Description, formatTime(token.CreatedAt),
			formatEnd(token.Token), formatSeen(token.SeenAt), stateOf(token, t.now), formatScopes(token.Scopes), formatMaker(token.CreatedBy), formatOverlap(token.OverlapEndsAt, t.now),
		})
	}
	if len(t.rows) < textBlock {
		return nil
	}
	return t.flush()
}

func (t *textTokens) flush() error {
	if len(t.rows) == 0 {
		return nil
	}
	return t.end()
}

func (t *textTokens) end() error {
	rows := t.rows
	if !t.started {
		rows = append(table{slices.Clone(textHeader)}, rows...)
	}
	t.started, t.rows = true, nil
	return rows.write(t.w)
}

// nameOf returns the username, or the email address of a user without one.
func nameOf(user apitypes.User) string {
	if user.Username == "" {
		return user.Email
	}
	return user.Username
}

// formatEnd returns the end of a token, with a mark if it exceeds the longest lifetime.
func formatEnd(token apitypes.Token) string {
	if token.ExceedsMaxLifetime {
		return formatTime(token.ExpiresAt) + " (too long)"
	}
	return formatTime(token.ExpiresAt)
}

func stateOf(token apitypes.UserToken, now time.Time) string {
	switch {
	case (pat.Token{ExpiresAt: token.ExpiresAt.Time}).ExpiredAt(now):
		return string(pat.TokenExpired)
	case token.User.Disabled:
		return string(pat.TokenDisabled)
	}
	return string(pat.TokenActive)
}

// formatMaker returns the user who created a token, with the token presented: 1/2. An operator is a dash.
func formatMaker(maker *apitypes.Maker) string {
	switch {
	case maker == nil:
		return "-"
	case maker.TokenID == 0:
		return formatID(maker.UserID)
	}
	return formatID(maker.UserID) + "/" + formatID(maker.TokenID)
}

// formatOverlap returns when the secret before the last rotation ends, or a dash if it does not work.
func formatOverlap(end *apitypes.Time, now time.Time) string {
	if end == nil || !now.Before(end.Time) {
		return "-"
	}
	return formatTime(*end)
}

// csvTokens prints CSV with the names of the HTTP API, and times as there.
type csvTokens struct {
	w       *csv.Writer
	now     time.Time
	started bool
}

var csvHeader = []string{
	"userId", "username", "email", "name", "accountType", "rootRole", "disabled", "id", "description", "state", "createdAt", "expiresAt", "seenAt", "scopes",
	"createdBy.userId", "createdBy.tokenId", "rotatedAt", "overlapEndsAt", "exceedsMaxLifetime",
}

func (c *csvTokens) write(tokens []apitypes.UserToken) error {
	var rows table
	if !c.started {
		rows = append(rows, slices.Clone(csvHeader))
		c.started = true
	}
	for _, token := range tokens {
		rows = append(rows, csvRow(token, c.now))
	}
	return writeCSV(c.w, rows)
}

func csvRow(token apitypes.UserToken, now time.Time) []string {
	var maker apitypes.Maker
	if token.CreatedBy != nil {
		maker = *token.CreatedBy
	}
	return []string{
		formatID(token.UserID), token.User.Username, token.User.Email, token.User.Name, token.User.AccountType, token.User.RootRole.String(),
		strconv.FormatBool(token.User.Disabled), formatID(token.ID), token.Description, stateOf(token, now), exact(&token.CreatedAt),
		exact(&token.ExpiresAt), exact(token.SeenAt), formatScopes(token.Scopes), unlessZero(maker.UserID), unlessZero(maker.TokenID),
		exact(token.RotatedAt), exact(token.OverlapEndsAt), strconv.FormatBool(token.ExceedsMaxLifetime),
	}
}

// exact returns a time as the API has it, or "" for nil.
func exact(at *apitypes.Time) string {
	if at == nil {
		return ""
	}
	text, _ := at.MarshalText() // which does not fail
	return string(text)
}

func unlessZero[T ~int64](id T) string {
	if id == 0 {
		return ""
	}
	return formatID(id)
}

func (*csvTokens) flush() error { return nil }

func (c *csvTokens) end() error { return c.write(nil) }

// jsonTokens prints the JSON of an apitypes.TokenPage, indented as other results.
type jsonTokens struct {
	w       io.Writer
	started bool
}

func (j *jsonTokens) write(tokens []apitypes.UserToken) error {
	for _, token := range tokens {
		var item bytes.Buffer
		encoder := json.NewEncoder(&item)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("    ", "  ")
		if err := encoder.Encode(token); err != nil {
			return err
		}
		before := ",\n    "
		if !j.started {
			before = "{\n  \"tokens\": [\n    "
		}
		j.started = true
		if _, err := fmt.Fprint(j.w, before, strings.TrimSuffix(item.String(), "\n")); err != nil {
			return err
		}
	}
	return nil
}

func (*jsonTokens) flush() error { return nil }

func (j *jsonTokens) end() error {
	after := "\n  ]\n}\n"
	if !j.started {
		after = "{\n  \"tokens\": []\n}\n"
	}
	_, err := io.WriteString(j.w, after)
	return err
}
