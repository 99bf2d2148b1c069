package supply_test

import (
	"encoding/json"
	"encoding/xml"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/infra/testkit/must"
)

// sources are the files that name tools, by their name, with the function that returns the tools in a file. Locked dependencies of a tool, as
// in package-lock.json, are not tools.
var sources = map[string]func(t *testing.T, text []byte) []string{
	"install.sh":      installed,
	"go.mod":          moduleTools,
	"pom.xml":         artifacts,
	"package.json":    npmPackages,
	"requirements.in": pythonPackages,
	scripts:           goTools,
}

func TestToolsAreInTheDocs(t *testing.T) {
	t.Parallel()
	var want, got []string
	for name, tools := range sources {
		for path, text := range filesNamed(t, name) {
			for _, tool := range tools(t, text) {
				want = append(want, tool+" from "+path)
			}
		}
	}
	for _, row := range table(t, "tool") {
		got = append(got, row["tool"]+" from "+row["from"])
		if row["licence"] == "" || row["for"] == "" {
			t.Errorf("%s: licence and purpose are %q and %q, want both", row["tool"], row["licence"], row["for"])
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(slices.Compact(want), got); diff != "" {
		t.Errorf("docs/dependencies.md (-files +docs):\n%s", diff)
	}
}

// scripts stands for the name of every script.
const scripts = "#!"

// filesNamed returns the repository's files with a name, by path.
func filesNamed(t *testing.T, name string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	must.Do(t, filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		base := entry.Name()
		if err != nil || entry.IsDir() {
			if file != root && (base == "node_modules" || base == "bin" || base[0] == '.' && base != ".ci") {
				return fs.SkipDir
			}
			return err
		}
		if base != name && (name != scripts || strings.Contains(strings.TrimSuffix(base, ".sh"), ".")) {
			return nil
		}
		text, err := os.ReadFile(file)
		if base == name || strings.HasSuffix(base, ".sh") || strings.HasPrefix(string(text), scripts) {
			found[strings.TrimPrefix(file, root+"/")] = text
		}
		return err
	}))
	if len(found) == 0 {
		t.Errorf("%s: got no file, want some", name)
	}
	return found
}

var (
	goTool = regexp.MustCompile(`\bgo (?:run|install) "?([^\s"@]+)@`)
	// packageList is the list of commands with their Debian packages in .ci/install.sh, and morePackages are the packages it adds.
	packageList  = regexp.MustCompile(`(?s)<<'PACKAGES'\n(.*?)\nPACKAGES\n`)
	morePackages = regexp.MustCompile(`(?m)\|\| echo ([a-z][a-z0-9-]*)$`)
)

// moduleTools returns the tools of a go.mod.
func moduleTools(_ *testing.T, text []byte) []string {
	return matches(regexp.MustCompile(`(?m)^tool (\S+)$`), string(text))
}

func goTools(_ *testing.T, text []byte) []string { return matches(goTool, string(text)) }

// installed returns Debian's packages and Go's tools.
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

// matches returns the first group of each match.
func matches(expression *regexp.Regexp, text string) []string {
	var groups []string
	for _, match := range expression.FindAllStringSubmatch(text, -1) {
		groups = append(groups, match[1])
	}
	return groups
}

func pythonPackages(_ *testing.T, text []byte) []string {
	return matches(regexp.MustCompile(`(?m)^([A-Za-z0-9._-]+)`), string(text))
}

func npmPackages(t *testing.T, text []byte) []string {
	t.Helper()
	var file struct {
		Dependencies, DevDependencies, OptionalDependencies map[string]string
	}
	must.Do(t, json.Unmarshal(text, &file))
	return slices.Concat(keys(file.Dependencies), keys(file.DevDependencies), keys(file.OptionalDependencies))
}

func keys(values map[string]string) []string { return slices.Collect(maps.Keys(values)) }

// pom is a pom.xml.
type pom struct {
	Dependencies []artifact `xml:"dependencies>dependency"`
	Plugins      []artifact `xml:"build>plugins>plugin"`
}

type artifact struct {
	Group   string `xml:"groupId"`
	ID      string `xml:"artifactId"`
	Version string `xml:"version"`
}

func readPOM(t *testing.T, text []byte) []artifact {
	t.Helper()
	var file pom
	must.Do(t, xml.Unmarshal(text, &file))
	return slices.Concat(file.Dependencies, file.Plugins)
}

// artifacts returns those of a pom.xml, including plugins, as group:artifact.
func artifacts(t *testing.T, text []byte) []string {
	t.Helper()
	var names []string
	for _, a := range readPOM(t, text) {
		names = append(names, a.Group+":"+a.ID)
	}
	return names
}
