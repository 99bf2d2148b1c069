package supply_test

import (
	"encoding/json"
	"encoding/xml"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sources are the files that name tools, by pattern, with what reads the names from a file's text.
var sources = map[string]func(t *testing.T, text []byte) []string{
	".ci/install.sh":                                      installed,
	"infra/static/supply/*":                               goTools,
	"infra/services/*/pom.xml":                            artifacts,
	"examples/*/pom.xml":                                  artifacts,
	"infra/services/*/package.json":                       npmPackages,
	"infra/bench/*/*/package.json":                        npmPackages,
	"examples/*/package.json":                             npmPackages,
	"infra/*/*/requirements.in":                           pythonPackages,
	"infra/contract/openapi/generators/*/go.mod":          moduleTools,
	"infra/contract/openapi/generators/*/package.json":    npmPackages,
	"infra/contract/openapi/generators/*/requirements.in": pythonPackages,
	"examples/*/requirements.in":                          pythonPackages,
}

func TestToolsAreInTheDocs(t *testing.T) {
	t.Parallel()
	var want, got []string
	for pattern, read := range sources {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			want = append(want, namedIn(t, file, read)...)
		}
	}
	for _, row := range table(t, "tool") {
		got = append(got, row["tool"]+" from "+row["from"])
		if row["licence"] == "" || row["for"] == "" {
			t.Errorf("%s: got no licence or no reason, want both", row["tool"])
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(slices.Compact(want), got); diff != "" {
		t.Errorf("docs/dependencies.md (-files +docs):\n%s", diff)
	}
}

func namedIn(t *testing.T, file string, read func(*testing.T, []byte) []string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Rel(root, file)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, name := range read(t, text) {
		names = append(names, name+" from "+path)
	}
	return names
}

var (
	goTool = regexp.MustCompile(`\bgo (?:run|install) "?([^\s"@]+)@`)
	// packageList is the list of commands with Debian's packages in .ci/install.sh, and morePackages are those that it adds.
	packageList  = regexp.MustCompile(`(?s)<<'PACKAGES'\n(.*?)\nPACKAGES\n`)
	morePackages = regexp.MustCompile(`(?m)\|\| echo ([a-z][a-z0-9-]*)$`)
)

func goTools(_ *testing.T, text []byte) []string { return matches(goTool, string(text)) }

// installed are Debian's packages and Go's tools.
func installed(t *testing.T, text []byte) []string {
	t.Helper()
	list := matches(packageList, string(text))
	if len(list) != 1 {
		t.Fatalf(".ci/install.sh: got %d lists of packages, want 1", len(list))
	}
	names := append(goTools(t, text), matches(morePackages, string(text))...)
	for line := range strings.Lines(list[0]) {
		names = append(names, strings.Fields(line)[1])
	}
	return names
}

// matches are the first groups of all matches.
func matches(expression *regexp.Regexp, text string) []string {
	var groups []string
	for _, match := range expression.FindAllStringSubmatch(text, -1) {
		groups = append(groups, match[1])
	}
	return groups
}

// moduleTools returns the tools of a go.mod.
func moduleTools(_ *testing.T, text []byte) []string {
	return matches(regexp.MustCompile(`(?m)^tool (\S+)$`), string(text))
}

func pythonPackages(_ *testing.T, text []byte) []string {
	var names []string
	for line := range strings.Lines(string(text)) {
		name, _, _ := strings.Cut(line, "==")
		names = append(names, strings.TrimSpace(name))
	}
	return names
}

func npmPackages(t *testing.T, text []byte) []string {
	t.Helper()
	var file struct {
		Dependencies, DevDependencies, OptionalDependencies map[string]string
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return slices.Concat(keys(file.Dependencies), keys(file.DevDependencies), keys(file.OptionalDependencies))
}

func keys(values map[string]string) []string { return slices.Collect(maps.Keys(values)) }

// artifacts are those of a pom.xml, plugins included, as group:artifact.
func artifacts(t *testing.T, text []byte) []string {
	t.Helper()
	type artifact struct {
		Group string `xml:"groupId"`
		ID    string `xml:"artifactId"`
	}
	var file struct {
		Dependencies []artifact `xml:"dependencies>dependency"`
		Plugins      []artifact `xml:"build>plugins>plugin"`
	}
	if err := xml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range slices.Concat(file.Dependencies, file.Plugins) {
		names = append(names, a.Group+":"+a.ID)
	}
	return names
}
