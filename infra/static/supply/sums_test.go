package supply_test

import (
	"os/exec"
	"testing"

	"pats/infra/testkit/figures"
)

// TestModulesHaveTheirSums checks that each module in Go's cache has the sum in go.sum, and that nothing is missing or superfluous in
// go.mod and go.sum. It fetches what is not in the cache. Go cannot verify the cache for the benchmarks' module, which replaces pats with
// a folder; it checks that module's sums whenever it fetches.
func TestModulesHaveTheirSums(t *testing.T) {
	t.Parallel()
	untidy, unverified := 0, 0
	for _, step := range []string{"download", "verify"} { // against go.sum, then the unpacked modules
		if output, err := goMod(t, root, step); err != nil {
			unverified++
			t.Errorf("go mod %s: %v\n%s", step, err, output)
		}
	}
	for _, folder := range []string{root, measuring} {
		if output, err := goMod(t, folder, "tidy", "-diff"); err != nil {
			untidy++
			t.Errorf("%s: go mod tidy would change:\n%s", folder, output)
		}
	}
	modules := goList(t, "-m", "-f", "{{if not .Main}}{{.Path}}{{end}}", "all")
	direct := goList(t, "-m", "-f", "{{if not (or .Main .Indirect)}}{{.Path}}{{end}}", "all")
	figures.Print(t, "supply", figures.Count{Name: "modules", N: len(modules)}, figures.Count{Name: "direct", N: len(direct)},
		figures.Count{Name: "untidy", N: untidy}, figures.Count{Name: "unverified", N: unverified})
}

func goMod(t *testing.T, folder string, args ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", append([]string{"mod"}, args...)...)
	command.Dir = folder
	output, err := command.CombinedOutput()
	return string(output), err
}
