// Command verify runs the whole verification of this repository, or parts of it: go run ./infra/verify --help
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"pats/infra/verify/runner"
)

const description = `Runs the verification of this repository: linters, tests, the built functions, sam local, the harnesses, the benchmarks.

A step whose tools are missing is skipped, or fails where the environment has CI=true. Logs are in .cache/verify.`

type commands struct {
	Run        runCommand    `cmd:"" default:"withargs" help:"Run all steps, or only the ones named."`
	Soak       soakCommand   `cmd:"" help:"Run the harnesses for races, kills, faults and attacks again and again with other seeds."`
	Fuzz       fuzzCommand   `cmd:"" help:"Run every fuzz target."`
	WithServer serverCommand `cmd:"" help:"Run a command beside a pats serve on a free port, with PATS_URL and an Admin's PATS_TOKEN in its environment."`
	WithDB     dbCommand     `cmd:"" name:"with-dynamodb" help:"Run a command beside a DynamoDB Local, with PATS_DYNAMODB_LOCAL in its environment. Without Java and Maven it runs alone."`
	Record     recordCommand `cmd:"" help:"Write the figures of the last run into docs/reliability.md."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(ctx)
	go cancelWithoutParent(ctx, cancel)
	var c commands
	parsed := kong.Parse(&c, kong.Name("verify"), kong.Description(description), kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Vars{"steps": strings.Join(stepNames(), ", ")})
	err := enterRoot()
	if err == nil {
		err = parsed.Run()
	}
	stop()
	if err == nil {
		return
	}
	if failed, ok := errors.AsType[commandFailed](err); ok {
		os.Exit(int(failed))
	}
	if !errors.Is(err, errFailed) {
		fmt.Fprintln(os.Stderr, "verify:", err)
	}
	os.Exit(1)
}

// errFailed is the error of a run that has said what failed.
var errFailed = errors.New("the verification failed")

// commandFailed is the exit code of a command that was run for the caller. It has said what failed.
type commandFailed int

func (c commandFailed) Error() string { return fmt.Sprintf("the command's exit code is %d", int(c)) }

// runCommandLine runs the rest of the command line. Errors: commandFailed, and those of starting it.
func runCommandLine(ctx context.Context, args, env []string) error {
	err := runner.Supervise(ctx, runner.Process{Args: args, Env: env, In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	if failed, ok := errors.AsType[*exec.ExitError](err); ok && failed.Exited() {
		return commandFailed(failed.ExitCode())
	}
	return err
}

// cancelWithoutParent ends the run when its parent ends: a signal to go run does not reach this process.
func cancelWithoutParent(ctx context.Context, cancel context.CancelFunc) {
	parent := os.Getppid()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if os.Getppid() != parent {
				cancel()
			}
		}
	}
}

// enterRoot makes the folder of the module's go.mod the working directory.
func enterRoot() error {
	folder, err := os.Getwd()
	if err != nil {
		return err
	}
	for ; ; folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, "template.yaml")); err == nil {
			return os.Chdir(folder)
		}
		if folder == filepath.Dir(folder) {
			return errors.New("the working directory is not in the repository")
		}
	}
}
