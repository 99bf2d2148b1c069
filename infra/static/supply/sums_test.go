package supply_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pats/infra/testkit/figures"
	"pats/infra/testkit/must"
)

// TestModulesHaveTheirSums checks that each module in Go's cache has the sum in go.sum, and that nothing is missing or superfluous in
// go.mod and go.sum. It fetches what is not in the cache. Go cannot verify the cache for the module that measures, since it replaces pats
// with a folder; it compares the sums of that module whenever it fetches.
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

// TestSumsFindFaults plants faults in a project with one dependency.
func TestSumsFindFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, old, planted string
		args                     []string
		want                     string
	}{
		{"as it should be", "go.sum", "", "", []string{"tidy", "-diff"}, ""},
		{"another sum", "go.sum", "h1:", "h1:AAAA", []string{"download"}, "SECURITY ERROR"},
		{"a module that nothing needs", "main.go", `import _ "pgregory.net/rapid"`, "", []string{"tidy", "-diff"}, "-require pgregory.net/rapid"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			project := newProject(t)
			path := filepath.Join(project, test.file)
			text, err := os.ReadFile(path)
			must.Do(t, err)
			must.Do(t, os.WriteFile(path, []byte(strings.Replace(string(text), test.old, test.planted, 1)), 0o600))
			output, err := goMod(t, project, test.args...)
			if (err == nil) != (test.want == "") || !strings.Contains(output, test.want) {
				t.Errorf("got error %v and the output below, want %q\n%s", err, test.want, output)
			}
		})
	}
}

func newProject(t *testing.T) string {
	t.Helper()
	const dependency = "pgregory.net/rapid"
	version := goList(t, "-m", "-f", "{{.Version}}", dependency)[0]
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	must.Do(t, err)
	var own strings.Builder
	for line := range strings.Lines(string(sums)) {
		if strings.HasPrefix(line, dependency+" ") {
			own.WriteString(line)
		}
	}
	project := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":  fmt.Sprintf("module example\n\ngo 1.26\n\nrequire %s %s\n", dependency, version),
		"go.sum":  own.String(),
		"main.go": fmt.Sprintf("package main\n\nimport _ %q\n\nfunc main() {}\n", dependency),
	} {
		must.Do(t, os.WriteFile(filepath.Join(project, name), []byte(text), 0o600))
	}
	return project
}
