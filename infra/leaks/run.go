package leaks

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// allowances are where a run's secrets may be.
var allowances = []Allowance{
	{
		In:  func(f File) bool { return strings.HasPrefix(filepath.Base(f.Path), "stdout-token-") },
		Why: "the answer of a command that makes a token",
	},
	{
		In: func(f File) bool {
			return f.Token && (filepath.Base(f.Path) == "token" || filepath.Ext(f.Path) == ".token")
		},
		Why: "a token file, with nothing but the token",
	},
}

// Run searches dir, which infra/leaks/env gathered, and other paths, and writes what it found and a line of figures. It says
// whether all is well. Errors: those of reading, and a run without secrets, which proves nothing.
func Run(out io.Writer, dir string, others ...string) (bool, error) {
	register := filepath.Join(dir, "register")
	text, err := os.ReadFile(register) //nolint:gosec // the caller names what is to be searched
	if err != nil {
		return false, err
	}
	scanner := NewScanner(strings.Fields(string(text)))
	if scanner.Secrets() == 0 {
		return false, fmt.Errorf("%s has no secrets: the run was not watched", register)
	}
	skip := []string{register, filepath.Join(dir, "overlay"), filepath.Join(dir, "bin")}
	result, err := scanner.Search(allowances, skip, append([]string{dir}, others...)...)
	if err != nil {
		return false, err
	}
	result.print(out, scanner.Secrets())
	return len(result.Hits) == 0 && len(result.Modes) == 0, nil
}

// most is how many hits are shown.
const most = 100

func (r Result) print(out io.Writer, secrets int) {
	for i, hit := range r.Hits {
		if i == most {
			_, _ = fmt.Fprintf(out, "and %d more\n", len(r.Hits)-most)
			break
		}
		_, _ = fmt.Fprintf(out, "LEAK %s: at byte %d, %s: %s\n", hit.Path, hit.Offset, hit.Form, hit.Name)
	}
	for _, file := range r.Modes {
		_, _ = fmt.Fprintf(out, "MODE %s: %v, want -rw-------\n", file.Path, file.Mode)
	}
	for why, n := range r.Allowed {
		_, _ = fmt.Fprintf(out, "allowed: %d in %s\n", n, why)
	}
	_, _ = fmt.Fprintf(out, "FIGURE leaks: secrets=%d files=%d bytes=%d hits=%d modes=%d\n",
		secrets, r.Files, r.Bytes, len(r.Hits), len(r.Modes))
}
