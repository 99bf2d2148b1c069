package protect_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pats/infra/testkit/binaries"
	"pats/infra/testkit/must"
	"pats/pkg/pat"
)

const page = "docs/protect-your-api.md"

var (
	shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")
	// wantStatus is the status that the page says a command prints, and gotStatus one that it printed.
	wantStatus = regexp.MustCompile(`(?m)# (\d{3})$`)
	gotStatus  = regexp.MustCompile(`(?m)^(\d{3})$`)
)

// checkWalkthrough runs the commands under "In ten minutes", in a copy of what they need, except the first two blocks: these start an
// emulator, and this test has one.
func (e *env) checkWalkthrough(t *testing.T) {
	t.Helper()
	script := walkthrough(t)
	folder := e.copyRepository(t)
	command := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", "source .pats/deployed/env\n"+script)
	command.Dir, command.Env = folder, e.emulator.Env()
	var output, log bytes.Buffer
	command.Stdout, command.Stderr = &output, &log
	if err := command.Run(); err != nil {
		t.Fatalf("%s: %v\n%s\n%s", page, err, output.Bytes(), log.Bytes())
	}
	want, got := statuses(wantStatus, script), statuses(gotStatus, output.String())
	if len(want) == 0 || !slices.Equal(want, got) {
		t.Errorf("%s: got the statuses %q, want %q\n%s", page, got, want, output.Bytes())
	}
}

// walkthrough returns the commands of the page's first section that follow those that start pats.
func walkthrough(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), page))
	must.Do(t, err)
	_, section, _ := strings.Cut(string(text), "\n## In ten minutes\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var commands []string
	for _, block := range shellBlock.FindAllStringSubmatch(section, -1) {
		commands = append(commands, block[1])
	}
	if len(commands) < 3 || !strings.HasPrefix(commands[0], "make deployed") || !strings.HasPrefix(commands[1], "source .pats/deployed/env") {
		t.Fatalf("%s: got %q, want commands that follow `make deployed` and `source .pats/deployed/env`", page, commands)
	}
	return strings.Join(commands[2:], "")
}

func statuses(expression *regexp.Regexp, text string) []string {
	var all []string
	for _, match := range expression.FindAllStringSubmatch(text, -1) {
		all = append(all, match[1])
	}
	return all
}

// copyRepository returns a folder with what the commands use of the repository, and with what `make deployed` leaves in it.
func (e *env) copyRepository(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"pkg", "examples/protect/rest"} {
		must.Do(t, os.CopyFS(filepath.Join(folder, name), os.DirFS(filepath.Join(root(t), name))))
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root(t), name))
		must.Do(t, err)
		must.Do(t, os.WriteFile(filepath.Join(folder, name), text, 0o600))
	}
	must.Do(t, os.MkdirAll(filepath.Join(folder, "bin"), 0o700))
	_, err := binaries.BuildProgram(t.Context(), root(t), "./cmd/pats", filepath.Join(folder, "bin"))
	must.Do(t, err)
	e.writeDeployed(t, filepath.Join(folder, ".pats/deployed"))
	return folder
}

// writeDeployed writes the files of `make deployed` that the commands use.
func (e *env) writeDeployed(t *testing.T, folder string) {
	t.Helper()
	must.Do(t, os.MkdirAll(folder, 0o700))
	token := e.newToken(t, e.newUser(t, pat.Admin), pat.Unscoped())
	must.Do(t, os.WriteFile(filepath.Join(folder, "token"), []byte(token+"\n"), 0o600))
	must.Do(t, os.WriteFile(filepath.Join(folder, "env"), []byte(e.pats.Environment(e.emulator)), 0o600))
}
