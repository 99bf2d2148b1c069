package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// stopTimeout is how long a process may take to end after SIGTERM before it is killed.
const stopTimeout = 45 * time.Second

// Process is a program with its arguments.
type Process struct {
	Args []string
	// Env is added to the environment, as KEY=VALUE.
	Env []string
	// In is standard input; nil is empty.
	In io.Reader
	// Out receives standard output.
	Out io.Writer
	// Err receives standard error; nil means Out.
	Err io.Writer
}

// Supervise runs a process to its end, in a process group that ends with it. When ctx is done, the group gets SIGTERM, and SIGKILL
// if that does not end it. Errors: how the process ended; ctx's.
func Supervise(ctx context.Context, p Process) error {
	command := exec.CommandContext(ctx, p.Args[0], p.Args[1:]...) //nolint:gosec // a step names it
	command.Env = append(os.Environ(), p.Env...)
	command.Stdin, command.Stdout, command.Stderr = p.In, p.Out, p.Err
	if p.Err == nil {
		command.Stderr = p.Out
	}
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGTERM) }
	command.WaitDelay = stopTimeout
	if err := command.Start(); err != nil {
		return err
	}
	err := command.Wait()
	_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) // the rest of the group, if any
	if err != nil {
		return fmt.Errorf("%s: %w", strings.Join(p.Args, " "), errors.Join(err, context.Cause(ctx)))
	}
	return nil
}
