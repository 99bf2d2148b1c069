package main

import (
	"strings"
	"testing"

	"pats/cmd/pats/failure"
)

// TestImportHidesThePassword also puts the database's password where it does not belong.
func TestImportHidesThePassword(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"an at sign in the password":   {"--database-url", "postgres://u:S3cret@Tail@h/x"},
		"a slash in the password":      {"--database-url", "postgres://u:S3cret/Tail@h/x"},
		"a space in the password":      {"--database-url", "postgres://u:S3cret Tail@h/x"},
		"spaces round the equals sign": {"--database-url", "host=h password = S3cret Tail"},
		"an open quote":                {"--database-url", "host=h password = 'S3cret Tail"},
		"no server":                    {"--database-url", "host=127.0.0.1 port=1 password = 'S3cret Tail'"},
		"URL without its flag":         {"postgres://u:S3cret@Tail@h/x"},
		"URL with a space, no flag":    {"postgres://u:S3cret Tail@h/x"},
		"no quotes":                    {"--database-url", "host=h", "password=S3cretTail"},
		"a mistyped flag":              {"--database-ulr=postgres://u:S3cret@Tail@h/x"},
		"two mistakes":                 {"--database-url", "postgres://u@h/x", "u:S3cretTail@h/x"},
		"the flag of another command":  {"--listen", "postgres://u:S3cretTail@h/x"},
		"the store":                    {"--database-url", "postgres://u@h/x", "--store", "postgres://u:S3cretTail@h/x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newShell(t).runBare(t, append([]string{"import", "unleash"}, args...)...)
			if got.Code == failure.OK {
				t.Errorf("got exit code 0, want a failure")
			}
			for _, part := range []string{"S3cr", "cret", "Tail"} {
				if strings.Contains(got.Stdout+got.Stderr, part) {
					t.Errorf("the output has %q of the password:\n%s%s", part, got.Stdout, got.Stderr)
				}
			}
		})
	}
}

func TestImportReportIsOrderedAndEndsWithCounts(t *testing.T) {
	t.Parallel()
	report := newImportReport(true)
	report.Users, report.Tokens = importCounts{Imported: 1, Present: 1, Refused: 1}, importCounts{Imported: 2, Refused: 3}
	report.Imported = []importedUser{{User: 10, Email: "b@example.org", Role: "Editor", Tokens: 1}, {User: 9, Username: "ann", Role: "Admin", New: true, Tokens: 1}}
	report.Refused = []importRefusal{{User: 11, Reason: "It was deleted in Unleash."}, {User: 9, Token: 12, Reason: "B."}, {User: 9, Token: 3, Reason: "A."}}
	var out strings.Builder
	p := &printer{stdout: &out}
	for dry, want := range map[bool]string{
		true: `USER  NAME           ROLE    TOKENS TO IMPORT
9     ann            Admin   1
10    b@example.org  Editor  1

NOT IMPORTED      REASON
user 9, token 3   A.
user 9, token 12  B.
user 11           It was deleted in Unleash.

        TO IMPORT  ALREADY HERE  NOT IMPORTED
Users   1          1             1
Tokens  2          0             3
`,
		false: `NOT IMPORTED      REASON
user 9, token 3   A.
user 9, token 12  B.
user 11           It was deleted in Unleash.

        IMPORTED  ALREADY HERE  NOT IMPORTED
Users   1         1             1
Tokens  2         0             3
`,
	} {
		out.Reset()
		report.DryRun = dry
		if err := p.importReport(report); err != nil {
			t.Fatal(err)
		}
		wantText(t, "the report", out.String(), want)
	}
}
