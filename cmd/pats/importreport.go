package main

import (
	"cmp"
	"slices"
	"strconv"

	"pats/pkg/pat"
)

// importReport is the outcome of an import, or the expected one of a dry run.
type importReport struct {
	DryRun   bool            `json:"dryRun"`
	Users    importCounts    `json:"users"`
	Tokens   importCounts    `json:"tokens"`
	Imported []importedUser  `json:"imported"`
	Refused  []importRefusal `json:"refused"`
	Seconds  float64         `json:"seconds"`
}

type importCounts struct {
	Imported int `json:"imported"`
	// Present is the number of those that the store had before.
	Present int `json:"present"`
	Refused int `json:"refused"`
}

// importedUser is a user who is new in the store, or has new tokens.
type importedUser struct {
	User     pat.UserID `json:"user"`
	Username string     `json:"username,omitempty"`
	Email    string     `json:"email,omitempty"`
	Role     string     `json:"rootRole"`
	// New reports that the store did not have the user.
	New bool `json:"new"`
	// Tokens is the number of tokens that the store did not have.
	Tokens int `json:"tokens"`
}

// importRefusal is a user, or one token of a user, that was not imported.
type importRefusal struct {
	User   pat.UserID  `json:"user"`
	Token  pat.TokenID `json:"token,omitempty"`
	Reason string      `json:"reason"`
}

func newImportReport(dry bool) importReport {
	return importReport{DryRun: dry, Imported: []importedUser{}, Refused: []importRefusal{}}
}

// count adds the outcome for a user.
func (r *importReport) count(user pat.Account, result pat.Imported) {
	if result.Refusal != "" {
		r.Users.Refused++
		r.Tokens.Refused += len(user.Tokens)
		r.Refused = append(r.Refused, importRefusal{User: user.ID, Reason: result.Refusal})
		return
	}
	r.Users.add(result.Made)
	imported := importedUser{User: user.ID, Username: user.Username, Email: user.Email, Role: user.Role.String(), New: result.Made}
	for _, token := range result.Tokens {
		if token.Refusal != "" {
			r.Tokens.Refused++
			r.Refused = append(r.Refused, importRefusal{user.ID, token.ID, token.Refusal})
			continue
		}
		r.Tokens.add(token.Added)
		if token.Added {
			imported.Tokens++
		}
	}
	if imported.New || imported.Tokens > 0 {
		r.Imported = append(r.Imported, imported)
	}
}

func (c *importCounts) add(imported bool) {
	if imported {
		c.Imported++
	} else {
		c.Present++
	}
}

// sort orders the lists by user and token, since users are imported in parallel.
func (r *importReport) sort() {
	slices.SortFunc(r.Imported, func(a, b importedUser) int { return cmp.Compare(a.User, b.User) })
	slices.SortFunc(r.Refused, func(a, b importRefusal) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Token, b.Token))
	})
}

// importReport prints the refused rows with their reasons, and the counts. For a dry run it also prints what would be imported.
func (p *printer) importReport(report importReport) error {
	report.sort()
	if p.format == formatJSON {
		return writeJSON(p.stdout, report)
	}
	var lists []table
	if report.DryRun {
		lists = append(lists, report.importedRows())
	}
	lists = append(lists, report.refusedRows())
	for _, rows := range lists {
		if len(rows) == 1 {
			continue // it has a header only
		}
		if err := append(rows, []string{}).write(p.stdout); err != nil {
			return err
		}
	}
	return report.countRows().write(p.stdout)
}

func (r *importReport) importedRows() table {
	rows := table{{"USER", "NAME", "ROLE", "TOKENS TO IMPORT"}}
	for _, user := range r.Imported {
		rows = append(rows, []string{formatID(user.User), cmp.Or(user.Username, user.Email), user.Role, strconv.Itoa(user.Tokens)})
	}
	return rows
}

func (r *importReport) refusedRows() table {
	rows := table{{"NOT IMPORTED", "REASON"}}
	for _, refused := range r.Refused {
		what := "user " + formatID(refused.User)
		if refused.Token != 0 {
			what += ", token " + formatID(refused.Token)
		}
		rows = append(rows, []string{what, refused.Reason})
	}
	return rows
}

func (r *importReport) countRows() table {
	imported := "IMPORTED"
	if r.DryRun {
		imported = "TO IMPORT"
	}
	return table{{"", imported, "ALREADY HERE", "NOT IMPORTED"}, r.Users.cells("Users"), r.Tokens.cells("Tokens")}
}

func (c importCounts) cells(what string) []string {
	return []string{what, strconv.Itoa(c.Imported), strconv.Itoa(c.Present), strconv.Itoa(c.Refused)}
}
