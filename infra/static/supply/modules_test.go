// Package supply_test checks what the project is made of: the modules' sums and licences, pinned versions, docs/dependencies.md, and the
// documents that infra/static/supply/sbom writes.
package supply_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// root is the repository.
const root = "../../.."

// measuring is the folder of the module that only measures.
const measuring = root + "/infra/bench"

// goList returns the lines that `go list` prints in the product's module, sorted and without repetitions, with the build tags of the
// binaries.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	return goListIn(t, root, args...)
}

func goListIn(t *testing.T, folder string, args ...string) []string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", append([]string{"list", "-tags", "lambda.norpc,nethttpomithttp2"}, args...)...)
	command.Dir = folder
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	command.Stderr = t.Output()
	output, err := command.Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	lines := strings.FieldsFunc(string(output), func(r rune) bool { return r == '\n' })
	slices.Sort(lines)
	return slices.Compact(lines)
}

// modulesOf returns the Version or Dir of each module in the packages' binaries, by path.
func modulesOf(t *testing.T, field string, packages ...string) map[string]string {
	t.Helper()
	form := "{{with .Module}}{{if not .Main}}{{.Path}} {{." + field + "}}{{end}}{{end}}"
	return pairs(goList(t, append([]string{"-deps", "-f", form}, packages...)...))
}

// pairs cuts each line at its first space.
func pairs(lines []string) map[string]string {
	values := map[string]string{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, " ")
		values[name] = value
	}
	return values
}

// module is a row of docs/dependencies.md.
type module struct {
	Licence string
	Reaches string
}

func TestModulesAreInTheDocs(t *testing.T) {
	t.Parallel()
	functions, command := modulesOf(t, "Dir", "./functions/..."), modulesOf(t, "Dir", "./cmd/...")
	const direct = "{{if not (or .Main .Indirect)}}{{.Path}} {{.Dir}}{{end}}"
	want := map[string]module{}
	for path, folder := range pairs(goListIn(t, measuring, "-m", "-f", direct, "all")) {
		if path != "pats" {
			want[path] = module{Licence: licence(t, folder), Reaches: "measuring"}
		}
	}
	for path, folder := range pairs(goList(t, "-m", "-f", direct, "all")) {
		want[path] = module{Licence: licence(t, folder), Reaches: reaches(functions[path] != "", command[path] != "")}
	}
	got := map[string]module{}
	for _, row := range table(t, "module") {
		got[row["module"]] = module{Licence: row["licence"], Reaches: row["reaches"]}
		if row["for"] == "" {
			t.Errorf("%s: got no purpose, want one", row["module"])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/dependencies.md (-go.mod +docs):\n%s", diff)
	}
}

func reaches(functions, command bool) string {
	switch {
	case functions && command:
		return "functions, command"
	case functions:
		return "functions"
	case command:
		return "command"
	}
	return "tests"
}

func TestWhatShipsHasAPermissiveLicence(t *testing.T) {
	t.Parallel()
	permissive := []string{"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0 AND MIT"}
	for path, folder := range modulesOf(t, "Dir", "./functions/...", "./cmd/...") {
		if got := licence(t, folder); !slices.Contains(permissive, got) {
			t.Errorf("%s: got the licence %q, want one of %q", path, got, permissive)
		}
	}
}

// phrases are distinctive of a licence's text, without commas, by SPDX identifier.
var phrases = map[string]string{
	"Apache-2.0":   "Apache License Version 2.0",
	"BSD-2-Clause": "provided with the distribution. THIS SOFTWARE",
	"BSD-3-Clause": "Neither the name of",
	"MIT":          "Permission is hereby granted free of charge to any person obtaining a copy",
	"MPL-2.0":      "Mozilla Public License Version 2.0",
}

// licence returns the SPDX identifiers of the licences in a module's folder, joined by AND.
func licence(t *testing.T, folder string) string {
	t.Helper()
	var found []string
	for _, name := range []string{"LICENSE", "LICENSE.txt", "LICENSE.md", "COPYING"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			continue
		}
		flat := strings.ReplaceAll(strings.Join(strings.Fields(string(text)), " "), ",", "")
		for identifier, phrase := range phrases {
			if strings.Contains(flat, phrase) {
				found = append(found, identifier)
			}
		}
	}
	slices.Sort(found)
	return strings.Join(slices.Compact(found), " AND ")
}
