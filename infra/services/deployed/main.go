// Command deployed deploys template.yaml to an emulator of AWS on this machine and keeps it until Ctrl-C: make deployed
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

	"github.com/alecthomas/kong"
)

const description = `Deploys template.yaml with SAM CLI to ministack, an emulator of AWS on this machine, and creates user 1 and a token.

Everything is in memory and ends with this command. It needs Go, Python 3 and SAM CLI, but neither Docker nor an AWS account.`

type options struct {
	Port       int               `default:"4566" help:"Port of the emulator on 127.0.0.1."`
	Scopes     string            `default:"orders:read,orders:write@Editor" help:"The template's parameter Scopes: those of the examples by default."`
	Parameters map[string]string `placeholder:"NAME=VALUE" help:"Parameter of the template; repeatable."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	var o options
	kong.Parse(&o, kong.Name("deployed"), kong.Description(description))
	err := deploy(ctx, o)
	interrupted := ctx.Err() != nil
	stop()
	if err != nil && !interrupted {
		fmt.Fprintln(os.Stderr, "deployed:", strings.TrimSpace(err.Error()))
		os.Exit(1)
	}
}

// deploy deploys the stack, and returns when ctx is done. Errors: a missing command, those of each step, and an end of the emulator
// before ctx is done.
func deploy(ctx context.Context, o options) error {
	if err := findCommands(); err != nil {
		return err
	}
	folder, err := filepath.Abs(".pats/deployed")
	if err != nil {
		return err
	}
	lock, err := claim(folder)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	log, err := os.Create(filepath.Join(folder, "log")) //nolint:gosec // a fixed name
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	d := deployment{options: o, folder: folder, log: log}
	return errors.Join(d.run(ctx), d.close())
}

// findCommands checks that the commands are on the PATH. Errors: one is missing, with how to install it.
func findCommands() error {
	for command, how := range map[string]string{
		"sam":     "install SAM CLI: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/install-sam-cli.html",
		"python3": "install Python 3 with its module venv (Debian: apt-get install python3-venv)",
	} {
		if _, err := exec.LookPath(command); err != nil {
			return fmt.Errorf("%s is missing: %s, or run .ci/install.sh", command, how)
		}
	}
	return nil
}

// claim makes the folder, and reserves it for this process until the file that it returns is closed. Errors: another process has it.
func claim(folder string) (*os.File, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	lock, err := os.Create(filepath.Join(folder, "lock")) //nolint:gosec // a fixed name
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close() // it was not written
		return nil, errors.New("another make deployed runs in this folder: stop it first")
	}
	return lock, nil
}
