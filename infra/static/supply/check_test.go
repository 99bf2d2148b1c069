package supply_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sound is a project of one dependency, file by file, without go.sum.
var sound = map[string]string{
	"go.mod":  "module example\n\ngo 1.26\n\nrequire pgregory.net/rapid %s\n",
	"main.go": "package main\n\nimport _ \"pgregory.net/rapid\"\n\nfunc main() {}\n",
}

// TestCheckFindsFaults gives the check projects that are not as they should be.
func TestCheckFindsFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		plant  func(t *testing.T, project string)
		passes bool
		says   string
	}{
		{"as it should be", func(*testing.T, string) {}, true, "FIGURE supply: modules=1 direct=1 untidy=0 unverified=0"},
		{"another sum", func(t *testing.T, project string) {
			t.Helper()
			change(t, filepath.Join(project, "go.sum"), "h1:", "h1:AAAA")
		}, false, "the modules above are not those whose sums go.sum has"},
		{"a module that was changed in the cache", func(t *testing.T, project string) {
			t.Helper()
			if output, err := inProject(t, project, "go", "mod", "download"); err != nil {
				t.Fatalf("%v: %s", err, output)
			}
			files, err := filepath.Glob(filepath.Join(project, "modules", "pgregory.net", "*", "README.md"))
			if err != nil || len(files) != 1 {
				t.Fatalf("got %q and error %v, want one file to change", files, err)
			}
			change(t, files[0], "rapid", "slow")
		}, false, "dir has been modified"},
		{"a module that nothing needs", func(t *testing.T, project string) {
			t.Helper()
			change(t, filepath.Join(project, "main.go"), "import _ \"pgregory.net/rapid\"\n", "")
		}, false, "-require pgregory.net/rapid"},
		{"what vet finds", func(t *testing.T, project string) {
			t.Helper()
			change(t, filepath.Join(project, "main.go"), "func main() {}", "func main() { for { }; println() }")
		}, false, "unreachable code"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			project := newProject(t)
			test.plant(t, project)
			output, err := inProject(t, project, filepath.Join(project, "infra/static/supply/check"))
			if passes := err == nil; passes != test.passes || !strings.Contains(output, test.says) {
				t.Errorf("got error %v and the lines below, want %q\n%s", err, test.says, output)
			}
		})
	}
}

// newProject writes the sound project with the check in it.
func newProject(t *testing.T) string {
	t.Helper()
	project := t.TempDir()
	files := map[string]string{"infra/static/supply/check": read(t, "check")}
	maps.Copy(files, sound)
	files["go.mod"] = fmt.Sprintf(sound["go.mod"], strings.Join(goList(t, "-m", "-f", "{{.Version}}", "pgregory.net/rapid"), ""))
	for line := range strings.Lines(read(t, filepath.Join(root, "go.sum"))) {
		if strings.HasPrefix(line, "pgregory.net/rapid ") {
			files["go.sum"] += line
		}
	}
	for name, text := range files {
		path := filepath.Join(project, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return project
}

// inProject runs a program in the project, with a module cache of its own that is filled from the usual one. With -trimpath Go
// knows what it has compiled before, wherever the cache is.
func inProject(t *testing.T, project, program string, args ...string) (string, error) {
	t.Helper()
	usual, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, args...)
	command.Dir = project
	command.Env = append(os.Environ(), "GOMODCACHE="+filepath.Join(project, "modules"), "GOFLAGS=-modcacherw -trimpath",
		"GOPROXY=file://"+filepath.Join(strings.TrimSpace(string(usual)), "cache", "download"))
	output, err := command.CombinedOutput()
	return string(output), err
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// change puts planted for the first old in a file.
func change(t *testing.T, path, old, planted string) {
	t.Helper()
	text := read(t, path)
	if !strings.Contains(text, old) {
		t.Fatalf("%s has no %q to put a fault in the place of", path, old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(text, old, planted, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}
