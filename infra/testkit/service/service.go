// Package service runs a program that keeps serving after it has printed that it is ready.
package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"time"
)

// stopTimeout is how long a program may take to end after SIGTERM before it is killed.
const stopTimeout = time.Minute

// URL matches the base address in a line such as "Unleash http://127.0.0.1:4242".
var URL = regexp.MustCompile(`http://[0-9.]+:[0-9]+`)

// Command describes a program to start.
type Command struct {
	// Args are the program and its arguments.
	Args []string
	// Env is added to the environment, as KEY=VALUE.
	Env []string
	// Dir is the working directory; empty means that of this process.
	Dir string
	// Log receives all that the program writes; nil discards it.
	Log io.Writer
	// Ready is found in the first line that the program prints, once it serves; nil means [URL].
	Ready *regexp.Regexp
}

// Service is a running program. Its standard input stays open until it is stopped, so a program that ends with its standard
// input (--with-parent) does not outlive this process.
type Service struct {
	// Ready is the text that Command.Ready matched.
	Ready string

	process *exec.Cmd
	cancel  context.CancelFunc
	ended   chan struct{}
	err     error
}

// ErrNotReady is wrapped by the error of a program that ended, or printed another line, before the one that says it is ready.
var ErrNotReady = errors.New("it did not become ready")

// Start runs the program and returns when it is ready. It is stopped when ctx is done. Errors: [ErrNotReady], with the end of
// what the program wrote; ctx's; those of starting a process.
func Start(ctx context.Context, c Command) (*Service, error) {
	running, cancel := context.WithCancel(ctx)
	s := &Service{cancel: cancel, ended: make(chan struct{})}
	out := newOutput(c)
	stdin, err := s.launch(running, c, out)
	if err != nil {
		cancel()
		return nil, err
	}
	go s.wait(stdin)
	select {
	case s.Ready = <-out.ready:
	case <-s.ended:
	}
	if s.Ready == "" {
		cancel()
		<-s.ended
		return nil, fmt.Errorf("%s: %w: %w\n%s", c.Args[0], ErrNotReady, errors.Join(s.err, ctx.Err()), out.log.last())
	}
	return s, nil
}

func (s *Service) launch(ctx context.Context, c Command, out *output) (io.Closer, error) {
	s.process = exec.CommandContext(ctx, c.Args[0], c.Args[1:]...) //nolint:gosec // the caller names a program of this repository
	s.process.Env, s.process.Dir = append(os.Environ(), c.Env...), c.Dir
	s.process.Stdout, s.process.Stderr = out, out.log
	s.process.Cancel = func() error { return s.process.Process.Signal(syscall.SIGTERM) }
	s.process.WaitDelay = stopTimeout
	stdin, err := s.process.StdinPipe()
	if err != nil {
		return nil, err
	}
	return stdin, s.process.Start()
}

func (s *Service) wait(stdin io.Closer) {
	defer close(s.ended)
	s.err = s.process.Wait()
	_ = stdin.Close() // Wait has closed it
	s.cancel()
}

// PID returns the process's ID.
func (s *Service) PID() int { return s.process.Process.Pid }

// Ended is closed when the process has ended.
func (s *Service) Ended() <-chan struct{} { return s.ended }

// Stop sends SIGTERM and waits for the end. Errors: the program had ended already, or ended with another exit code than 0.
func (s *Service) Stop() error {
	s.cancel()
	<-s.ended
	if errors.Is(s.err, context.Canceled) { // the exit code was 0, see [exec.Cmd.Cancel]
		return nil
	}
	if s.err == nil {
		return fmt.Errorf("%s ended before it was stopped", s.process.Path)
	}
	return fmt.Errorf("%s: %w", s.process.Path, s.err)
}

// Kill ends the process with SIGKILL and waits for its end.
func (s *Service) Kill() {
	_ = s.process.Process.Kill() // it may have ended
	<-s.ended
}
