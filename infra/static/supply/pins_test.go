package supply_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"pats/infra/testkit/must"
)

// requirement is a Python package with one version and at least one hash, as pip-compile --generate-hashes writes it.
const requirement = `[a-z0-9.-]+==[^\s\\]+( \\\n    --hash=sha256:[0-9a-f]{64})+\n`

var requirements = regexp.MustCompile(`^(` + requirement + `)+$`)

// TestPythonPackagesArePinned: every package that pip installs has a version and hashes, those that others need included.
func TestPythonPackagesArePinned(t *testing.T) {
	t.Parallel()
	short, err := filepath.Glob(filepath.Join(root, "*/*/requirements.in"))
	must.Do(t, err)
	long, err := filepath.Glob(filepath.Join(root, "*/*/*/requirements.in"))
	must.Do(t, err)
	longest, err := filepath.Glob(filepath.Join(root, "*/*/*/*/*/requirements.in"))
	must.Do(t, err)
	files := slices.Concat(short, long, longest)
	if len(files) < 4 {
		t.Fatalf("got %d lists of Python packages, want at least 4", len(files))
	}
	for _, file := range files {
		pinned := file[:len(file)-len(".in")] + ".txt"
		text, err := os.ReadFile(pinned)
		must.Do(t, err)
		if !requirements.Match(text) {
			t.Errorf("%s: got other lines than packages with a version and hashes; pip-compile --generate-hashes writes it", pinned)
		}
		for _, line := range regexp.MustCompile(`(?m)^[a-z].*$`).FindAllString(readFile(t, file), -1) {
			if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(line) + ` \\$`).Match(text) {
				t.Errorf("%s: %s is not pinned in requirements.txt as it is there", file, line)
			}
		}
	}
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	must.Do(t, err)
	return string(text)
}
