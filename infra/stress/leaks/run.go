package leaks

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// secretsAllowed are the files in which a run's secrets are allowed.
var secretsAllowed = []Allowance{
	{inName(`^stdout-token-`), "the output of a command that issues a secret"},
	{
		func(f File) bool { return f.Token && tokenFile.MatchString(filepath.Base(f.Path)) },
		"a token file with nothing but the token",
	},
	{
		func(f File) bool { return f.Data && inTest("TestSecretsStayOutOfTheLog")(f) },
		"the data file of a test whose client uses a token as its own description",
	},
	{
		inTest(`TestForeignFilesInTheDataFolderStay|TestLeftovers[^/]*|TestRead(two_lines|blanks_around_it)`),
		"a file that a test plants as another program's, or as a malformed token file",
	},
	{inTest(`TestRevokeFromFile[^/]*|TestLeakedTokensAreNotSentElsewhere|TestReadFile`), "a list of leaked tokens that a test writes"},
	{
		func(f File) bool { return unleashDatabase.MatchString(filepath.ToSlash(f.Path)) },
		"the tables of the imported Unleash, which keeps tokens in plain text",
	},
}

// modesAllowed are the files that may be open to others.
var modesAllowed = []Allowance{
	{
		inTest(`TestAuditFindsPlantedFaultsthe_file_has_mode_0640|TestExposed(DataFile|TokenFile)[^/]*|` +
			`TestLeftoversanother_mode|TestRead(writable_by_others|readable_by_group|readable_by_all|read-only)`),
		"a mode that a test plants",
	},
}

// tokenFile matches the laptop's token, a file that --token-file names in a test, and the draft of either, which a crash leaves behind.
var tokenFile = regexp.MustCompile(`^token$|\.token$|^\.token-[0-9]+\.draft$`)

// unleashDatabase matches the tables and the log of a PostgreSQL that infra/contract/unleashimport starts.
var unleashDatabase = regexp.MustCompile(`/pats-postgres-[^/]*/data/(base|pg_wal)/`)

func inName(pattern string) func(File) bool {
	expression := regexp.MustCompile(pattern)
	return func(f File) bool { return expression.MatchString(filepath.Base(f.Path)) }
}

// inTest matches files in the temporary folder of a test. The pattern is of the test's name, without characters that t.TempDir omits.
func inTest(pattern string) func(File) bool {
	expression := regexp.MustCompile(`/(` + pattern + `)[0-9]*/`)
	return func(f File) bool { return expression.MatchString(filepath.ToSlash(f.Path)) }
}

// Run searches dir, which infra/stress/leaks/env made, and other paths, and writes the findings and a line of figures. It reports whether
// there were none. Errors: those of reading, and a run without secrets, which proves nothing.
func Run(out io.Writer, dir string, others ...string) (bool, error) {
	register := filepath.Join(dir, "register")
	text, err := os.ReadFile(register) //nolint:gosec // the caller names what is to be searched
	if err != nil {
		return false, err
	}
	scanner := NewScanner(strings.Fields(string(text)))
	if scanner.Secrets() == 0 {
		return false, fmt.Errorf("%s has no secrets: the run was not instrumented", register)
	}
	rules := Rules{secretsAllowed, modesAllowed, []string{register, filepath.Join(dir, "overlay"), filepath.Join(dir, "bin")}}
	result, err := scanner.Search(rules, append([]string{dir}, others...)...)
	if err != nil {
		return false, err
	}
	result.print(out, scanner.Secrets())
	return len(result.Hits) == 0 && len(result.Modes) == 0, nil
}

func (r Result) print(out io.Writer, secrets int) {
	paths := r.byPath()
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		hits := paths[path]
		_, _ = fmt.Fprintf(out, "LEAK %s: at byte %d, %s: %s (and %d more there)\n",
			path, hits[0].Offset, hits[0].Form, hits[0].Name, len(hits)-1)
	}
	for _, file := range r.Modes {
		_, _ = fmt.Fprintf(out, "MODE %s: %v, want -rw-------\n", file.Path, file.Mode)
	}
	for _, why := range slices.Sorted(maps.Keys(r.Allowed)) {
		_, _ = fmt.Fprintf(out, "allowed: %d in %s\n", r.Allowed[why], why)
	}
	_, _ = fmt.Fprintf(out, "FIGURE leaks: secrets=%d files=%d bytes=%d hits=%d modes=%d\n",
		secrets, r.Files, r.Bytes, len(r.Hits), len(r.Modes))
}

func (r Result) byPath() map[string][]Hit {
	paths := map[string][]Hit{}
	for _, hit := range r.Hits {
		paths[hit.Path] = append(paths[hit.Path], hit)
	}
	return paths
}
