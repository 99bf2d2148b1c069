package main_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"pats/infra/testkit/binaries"
	"pats/infra/testkit/must"
	"pats/infra/testkit/procfs"
)

// scratch is a folder for the program, removed at the end.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "pats-verify-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	m.Run()
}

// build returns the path of the program.
var build = sync.OnceValues(func() (string, error) {
	return binaries.BuildProgram(context.Background(), "../..", "./infra/verify", scratch)
})

// repository is a folder that the program takes for this repository, with tools that are scripts.
type repository struct {
	folder string
	path   []string
}

// lintTools are those that the step lint looks for. It runs make.
var lintTools = []string{"golangci-lint", "shellcheck", "cfn-lint", "sam"}

func newRepository(t *testing.T, tools ...string) *repository {
	t.Helper()
	r := &repository{folder: t.TempDir()}
	r.write(t, "template.yaml", "")
	for _, tool := range tools {
		r.script(t, tool, "exit 0")
	}
	r.path = []string{filepath.Join(r.folder, "tools"), os.Getenv("PATH")}
	return r
}

func (r *repository) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(r.folder, name)
	must.Do(t, os.MkdirAll(filepath.Dir(path), 0o700))
	must.Do(t, os.WriteFile(path, []byte(text), 0o600))
}

func (r *repository) script(t *testing.T, name, script string) {
	t.Helper()
	r.write(t, "tools/"+name, "#!/bin/sh\n"+script+"\n")
	must.Do(t, os.Chmod(filepath.Join(r.folder, "tools", name), 0o700))
}

func (r *repository) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	program, err := build()
	must.Do(t, err)
	command := exec.CommandContext(t.Context(), program, args...)
	command.Dir = r.folder
	command.Env = append(os.Environ(), "PATH="+strings.Join(r.path, ":"), "CI=")
	return command
}

// run returns the exit code and what the program printed.
func (r *repository) run(t *testing.T, command *exec.Cmd) (int, string) {
	t.Helper()
	out, err := command.CombinedOutput()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return failed.ExitCode(), string(out)
	}
	must.Do(t, err)
	return 0, string(out)
}

func TestRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		make, ci string
		tools    []string
		code     int
		want     string
	}{
		"a passing step":       {"exit 0", "", lintTools, 0, "\n1 passed, 0 failed, 0 skipped\n"},
		"a failing step":       {"echo untidy; exit 2", "", lintTools, 1, " untidy\n0 passed, 1 failed, 0 skipped\n"},
		"a missing tool":       {"exit 0", "", nil, 0, "\n0 passed, 0 failed, 1 skipped\n"},
		"a missing tool in CI": {"exit 0", "true", nil, 1, "\n0 passed, 1 failed, 0 skipped\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t, c.tools...)
			r.script(t, "make", c.make)
			if c.tools == nil {
				r.path = r.path[:1]
			}
			command := r.command(t, "lint")
			command.Env = append(command.Env, "CI="+c.ci)
			if code, out := r.run(t, command); code != c.code || !strings.HasSuffix(out, c.want) {
				t.Errorf("got code %d and %q, want %d and %q at the end", code, out, c.code, c.want)
			}
		})
	}
}

func TestRunRefusesAnUnknownStep(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	if code, out := r.run(t, r.command(t, "lint", "planted")); code == 0 || !strings.Contains(out, `no step "planted"; the steps are lint, `) {
		t.Errorf("got code %d and %q, want an error that lists the steps", code, out)
	}
}

// TestSignalsLeaveNothingBehind stops a step that has a process in the background.
func TestSignalsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	procfs.Need(t)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			r := newRepository(t, lintTools...)
			pipe := filepath.Join(r.folder, "pid")
			must.Do(t, syscall.Mkfifo(pipe, 0o600))
			r.script(t, "make", `{ sleep 1000 >/dev/null & echo $!; } >pid; wait`)
			command := r.command(t, "lint")
			must.Do(t, command.Start())
			text, err := os.ReadFile(pipe)
			must.Do(t, err)
			pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
			must.Do(t, err)
			must.Do(t, command.Process.Signal(signal))
			_ = command.Wait() // its exit code is 1
			for procfs.Program(pid) != "" {
				if t.Context().Err() != nil {
					t.Fatalf("process %d still runs", pid)
				}
			}
		})
	}
}

// TestWithServer serves with a script that behaves as pats does.
func TestWithServer(t *testing.T) {
	t.Parallel()
	const server = `while [ "$1" != --data ]; do shift; done; echo secret >"$2/token"; trap 'exit 0' TERM; echo "curl http://127.0.0.1:1/path"; while :; do read -r line || :; done`
	for name, c := range map[string]struct {
		server, command, want string
		code                  int
	}{
		"a passing command":        {server, `echo "$PATS_URL $PATS_TOKEN"`, "http://127.0.0.1:1 secret\n", 0},
		"a failing command":        {server, "exit 7", "", 7},
		"a server that cannot run": {"echo 'no disk' >&2; exit 1", "exit 0", "no disk", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t)
			r.script(t, "pats", c.server)
			code, out := r.run(t, r.command(t, "with-server", "--program", "tools/pats", "sh", "-c", c.command))
			if code != c.code || !strings.Contains(out, c.want) {
				t.Errorf("got code %d and %q, want %d and %q", code, out, c.code, c.want)
			}
		})
	}
}

func TestWithDynamoDBWithoutItsTools(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	r.script(t, "planted", "exit 5")
	r.path = r.path[:1]
	command := r.command(t, "with-dynamodb", filepath.Join(r.folder, "tools", "planted"))
	command.Env = append(command.Env, "PATS_DYNAMODB_LOCAL=")
	code, out := r.run(t, command)
	if want := "skipped: DynamoDB Local tests (need Java and Maven)\n"; code != 5 || out != want {
		t.Errorf("got code %d and %q, want 5 and %q", code, out, want)
	}
}

func TestFuzzCountsAndFails(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	r.write(t, "go.mod", "module planted\n\ngo 1.26\n")
	r.write(t, "planted_test.go", `package planted

import "testing"

func FuzzRight(f *testing.F) { f.Fuzz(func(t *testing.T, text string) {}) }

func FuzzWrong(f *testing.F) { f.Fuzz(func(t *testing.T, text string) { t.Fatal("planted") }) }
`)
	git := exec.CommandContext(t.Context(), "git", "init", "--quiet")
	git.Dir = r.folder
	must.Do(t, git.Run())
	code, out := r.run(t, r.command(t, "fuzz", "10x"))
	for _, want := range []string{"FuzzRight in .: ", "FuzzWrong in . FAILED", "FIGURE fuzz: targets=2 executions=", " crashes=1\n"} {
		if code != 1 || !strings.Contains(out, want) {
			t.Errorf("got code %d and %s\nwant 1 and %q", code, out, want)
		}
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	r.script(t, "git", "echo abc1234")
	r.write(t, ".cache/verify/crash.figures", "FIGURE crash: kills=20 half_done=0\n")
	r.write(t, "docs/reliability.md", "before\n<!-- verify: begin -->\nold\n<!-- verify: end -->\nafter\n")
	if code, out := r.run(t, r.command(t, "record", "verify")); code != 0 {
		t.Fatalf("got code %d and %s, want 0", code, out)
	}
	text, err := os.ReadFile(filepath.Join(r.folder, "docs", "reliability.md"))
	must.Do(t, err)
	page := string(text)
	for _, want := range []string{"before\n<!-- verify: begin -->\nOn ", ", commit abc1234: ", "| crash | 20 kills, 0 half done |\n<!-- verify: end -->\nafter\n"} {
		if !strings.Contains(page, want) {
			t.Errorf("got %s\nwant %q in it", page, want)
		}
	}
}
