package crash_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"pats/infra/testkit/binaries"
)

// The names that pats gives to what is in its data folder.
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
var build = sync.OnceValues(func() (string, error) { return binaries.BuildProgram(context.Background(), "../../..", "./cmd/pats", scratch) })

func program(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// server is `pats serve` in a process of its own.
type server struct {
	*exec.Cmd
	url   string
	ready chan struct{}
	ended chan struct{}
	log   bytes.Buffer
}

// launch starts the server and does not wait for it. wrapper is a command that runs it, if there is one.
func launch(t *testing.T, data string, wrapper ...string) *server {
	t.Helper()
	s := &server{ready: make(chan struct{}), ended: make(chan struct{})}
	words := append(wrapper, program(t), "serve", "--listen", "127.0.0.1:0", "--data", data)
	s.Cmd = exec.CommandContext(t.Context(), words[0], words[1:]...)
	s.Stdout, s.Stderr = &announcement{server: s}, &s.log
	return s
}

// start starts what launch has prepared.
func (s *server) start(t *testing.T) *server {
	t.Helper()
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.ended)
		_ = s.Wait() // most end by a kill
	}()
	t.Cleanup(s.kill)
	return s
}

// serve gives a server that answers.
func serve(t *testing.T, data string) *server {
	t.Helper()
	s := launch(t, data).start(t)
	s.await(t)
	return s
}

// await returns when the server has said where it is.
func (s *server) await(t *testing.T) {
	t.Helper()
	select {
	case <-s.ready:
	case <-s.ended:
		select {
		case <-s.ready:
		default:
			t.Fatalf("pats serve ended before it was ready: %v\n%s", s.ProcessState, s.log.String())
		}
	}
}

// kill ends the process at once, and returns when it is gone.
func (s *server) kill() { s.end(syscall.SIGKILL) }

// stop lets the server finish what is under way.
func (s *server) stop() { s.end(syscall.SIGTERM) }

func (s *server) end(signal os.Signal) {
	_ = s.Process.Signal(signal) // it may have ended by itself
	<-s.ended
}

var address = regexp.MustCompile(`http://[0-9.:]+`)

// announcement is the server's standard output, up to its ready line.
type announcement struct {
	*server
	text bytes.Buffer
}

func (a *announcement) Write(p []byte) (int, error) {
	if a.url == "" {
		a.text.Write(p)
		if line, _, whole := strings.Cut(a.text.String(), "\n"); whole {
			a.url = address.FindString(line)
			close(a.ready)
		}
	}
	return len(p), nil
}

// run runs a command of the program and gives its exit code and what it wrote.
func run(t *testing.T, args ...string) (int, string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program(t), args...).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), string(out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, string(out)
}
