package ministack

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"pats/infra/testkit/binaries"
)

// stopTimeout is how long SAM CLI may take to end after SIGTERM before it is killed.
const stopTimeout = 20 * time.Second

// Stack describes a stack to deploy.
type Stack struct {
	Name string
	// Template is the path of a template with relative paths to code as `sam build` left it, or that needs no build.
	Template string
	// Parameters are the template's parameters that do not have their default.
	Parameters map[string]string
}

// Build runs `sam build` for the processor of this machine into folder, and returns the path of the built template. It builds where the
// source is, since SAM CLI would copy the whole repository for each function otherwise. Errors: SAM CLI's, with its output.
func (e *Emulator) Build(ctx context.Context, template, folder string) (string, error) {
	err := e.sam(ctx, []string{"ARCH=" + binaries.Architecture()}, "build", "--build-in-source", "--template-file", template,
		"--build-dir", folder, "--parameter-overrides", "Architecture="+binaries.Architecture())
	return filepath.Join(folder, "template.yaml"), err
}

// Deploy creates or updates a stack with `sam deploy`, and returns its outputs. Errors: SAM CLI's, with its output.
func (e *Emulator) Deploy(ctx context.Context, stack Stack) (Outputs, error) {
	args := []string{
		"deploy", "--template-file", stack.Template, "--stack-name", stack.Name, "--resolve-s3", "--no-progressbar",
		"--no-confirm-changeset", "--no-fail-on-empty-changeset", "--capabilities", "CAPABILITY_IAM",
	}
	if len(stack.Parameters) > 0 {
		args = append(args, "--parameter-overrides")
		for _, name := range slices.Sorted(maps.Keys(stack.Parameters)) {
			args = append(args, name+"="+stack.Parameters[name])
		}
	}
	if err := e.sam(ctx, nil, args...); err != nil {
		return nil, err
	}
	return e.Outputs(ctx, stack.Name)
}

// Delete deletes a stack with `sam delete`. Errors: SAM CLI's, with its output.
func (e *Emulator) Delete(ctx context.Context, stack string) error {
	return e.sam(ctx, nil, "delete", "--stack-name", stack, "--no-prompts", "--region", Region)
}

// sam runs SAM CLI with the emulator as its AWS.
func (e *Emulator) sam(ctx context.Context, env []string, args ...string) error {
	command := exec.CommandContext(ctx, "sam", args...) //nolint:gosec // the arguments are this package's and its callers'
	command.Env, command.Dir = append(e.Env(), env...), e.options.Root
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = stopTimeout
	var output bytes.Buffer
	command.Stdout = io.MultiWriter(e.log(), &output)
	command.Stderr = command.Stdout
	if err := command.Run(); err != nil {
		return fmt.Errorf("sam %s: %w\n%s", args[0], err, output.Bytes())
	}
	return nil
}

func (e *Emulator) log() io.Writer {
	if e.options.Log == nil {
		return io.Discard
	}
	return e.options.Log
}
