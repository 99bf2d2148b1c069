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
	// Stderr takes standard error instead, without a pipe that this process would have to read.
	Stderr *os.File
	// Ready is found in the first line that the program prints, once it serves; nil means [URL].
	Ready *regexp.Regexp
	// Files are open in the program from descriptor 3 on.
	Files []*os.File
}

// Service is a running program. Its standard input stays open until it is stopped, so a program that ends with its standard
// input (--with-parent) does not outlive this process.
type Service struct {
	// Ready is the text that Command.Ready matched, once the program is ready.
	Ready string

	process *exec.Cmd
	out     *output
	cancel  context.CancelFunc
	ended   chan struct{}
	err     error
}

// ErrNotReady is wrapped by the error of a program that ended, or printed another line, before the one that says it is ready.
var ErrNotReady = errors.New("it did not become ready")

// Start runs the program and returns when it is ready. It is stopped when ctx is done. Errors: those of [Launch] and
// [Service.AwaitReady].
func Start(ctx context.Context, c Command) (*Service, error) {
	s, err := Launch(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := s.AwaitReady(); err != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	return s, nil
}

// Launch runs the program and returns at once. It is stopped when ctx is done. Errors: those of starting a process.
func Launch(ctx context.Context, c Command) (*Service, error) {
	running, cancel := context.WithCancel(ctx)
	s := &Service{out: newOutput(c), cancel: cancel, ended: make(chan struct{})}
	stdin, err := s.launch(running, c)
	if err != nil {
		cancel()
		return nil, err
	}
	go s.wait(stdin)
	return s, nil
}

// AwaitReady returns when the program is ready. Call it once. Errors: [ErrNotReady], with the end of what the program wrote;
// the program has ended then.
func (s *Service) AwaitReady() error {
	select {
	case s.Ready = <-s.out.ready:
	case <-s.ended:
		select {
		case s.Ready = <-s.out.ready: // it was ready before it ended
		default:
		}
	}
	if s.Ready != "" {
		return nil
	}
	s.cancel()
	<-s.ended
	return fmt.Errorf("%s: %w\n%s", s.process.Path, errors.Join(ErrNotReady, s.err), s.Output())
}

func (s *Service) launch(ctx context.Context, c Command) (io.Closer, error) {
	s.process = exec.CommandContext(ctx, c.Args[0], c.Args[1:]...) //nolint:gosec // the caller names a program of this repository
	s.process.Env, s.process.Dir, s.process.ExtraFiles = append(os.Environ(), c.Env...), c.Dir, c.Files
	s.process.Stdout, s.process.Stderr = s.out, s.out.log
	if c.Stderr != nil {
		s.process.Stderr = c.Stderr
	}
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

// Output returns the last 2,000 bytes that the program wrote.
func (s *Service) Output() string { return string(s.out.log.last()) }

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
