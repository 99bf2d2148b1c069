package throughput

import (
	"bufio"
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

// stopWithin is how long a server may take to exit before it is killed.
const stopWithin = time.Minute

// service is a program that runs until it is stopped or the context is cancelled.
type service struct {
	command *exec.Cmd
	stdin   io.Closer
	log     *os.File
}

var address = regexp.MustCompile(`http://[0-9.]+:[0-9]+`)

// start runs a command that logs to a file, and returns the base URL in the first line it prints.
func start(ctx context.Context, logFile, name string, args ...string) (*service, string, error) {
	log, err := os.Create(logFile) //nolint:gosec // in the folder of the benchmark
	if err != nil {
		return nil, "", err
	}
	s := &service{command: exec.CommandContext(ctx, name, args...), log: log} //nolint:gosec // a program of this repository
	s.command.Cancel = func() error { return s.command.Process.Signal(syscall.SIGTERM) }
	s.command.WaitDelay = stopWithin
	s.command.Stderr = log
	stdout, err := s.launch()
	if err != nil {
		return nil, "", errors.Join(err, log.Close())
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	url := address.FindString(line)
	if err != nil || url == "" {
		return nil, "", errors.Join(fmt.Errorf("%s did not start: %s", name, s.complaint()), s.stop(ctx), ctx.Err())
	}
	return s, url, nil
}

// launch keeps standard input open, so that a program with --with-parent exits when this process does.
func (s *service) launch() (stdout io.Reader, err error) {
	if s.stdin, err = s.command.StdinPipe(); err != nil {
		return nil, err
	}
	if stdout, err = s.command.StdoutPipe(); err != nil {
		return nil, err
	}
	return stdout, s.command.Start()
}

// complaint returns the end of the log.
func (s *service) complaint() []byte {
	const size = 2000
	text, _ := os.ReadFile(s.log.Name()) // without the log, the error says less
	return text[max(0, len(text)-size):]
}

func (s *service) pid() int { return s.command.Process.Pid }

// stop ends the program and waits for it. It returns an error if the program fails, unless ctx was cancelled.
func (s *service) stop(ctx context.Context) error {
	_ = s.command.Process.Signal(syscall.SIGTERM) // it may have exited already
	err := s.command.Wait()
	if ctx.Err() != nil {
		err = nil
	}
	return errors.Join(err, s.log.Close())
}
