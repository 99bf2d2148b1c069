package crash_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"pats/infra/testkit/binaries"
	"pats/infra/testkit/must"
	"pats/infra/testkit/partners"
	"pats/infra/testkit/service"
)

// The names of the files in the program's data folder.
const (
	dataName  = "pats.db"
	tokenName = "token"
)

// scratch is a folder for the program, removed at the end.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "pats-crash-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	m.Run()
}

// build returns the path of the program.
var build = sync.OnceValues(func() (string, error) {
	return binaries.BuildProgram(context.Background(), "../../..", "./cmd/pats", scratch)
})

func program(t *testing.T) string {
	t.Helper()
	path, err := build()
	must.Do(t, err)
	return path
}

// serveCommand is `pats serve` on a data folder. The server accepts reports of leaked tokens.
func serveCommand(t *testing.T, data string) service.Command {
	t.Helper()
	args := []string{program(t), "serve", "--listen", "127.0.0.1:0", "--data", data}
	parameters, err := partners.Fixed(t).Parameters()
	must.Do(t, err)
	for name, value := range parameters {
		args = append(args, "--parameter", name+"="+value)
	}
	return service.Command{Args: args}
}

// launch starts a server and does not wait for it. It is killed at the end of the test.
func launch(t *testing.T, c service.Command) *service.Service {
	t.Helper()
	s, err := service.Launch(t.Context(), c)
	must.Do(t, err)
	t.Cleanup(s.Kill)
	return s
}

// serve returns a server that is ready.
func serve(t *testing.T, data string) *service.Service {
	t.Helper()
	s := launch(t, serveCommand(t, data))
	must.Do(t, s.AwaitReady())
	return s
}

// serveOnce starts a server and stops it when it is ready.
func serveOnce(t *testing.T, data string) {
	t.Helper()
	must.Do(t, serve(t, data).Stop())
}

// run runs a command of the program and returns its exit code and its output.
func run(t *testing.T, args ...string) (int, string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program(t), args...).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), string(out)
	}
	must.Do(t, err)
	return 0, string(out)
}
