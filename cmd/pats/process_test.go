package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pats/cmd/pats/failure"
)

// asCommand in the environment makes the test's binary the command itself.
const asCommand = "PATS_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	m.Run()
}

// process is `pats serve` in a process of its own.
type process struct {
	*exec.Cmd
	stdout, stderr output
	ended          chan struct{}
	address        string
}

func startProcess(t *testing.T, folder string) *process {
	t.Helper()
	p := &process{ended: make(chan struct{})}
	p.Cmd = exec.CommandContext(t.Context(), os.Args[0], "serve", "--listen", "127.0.0.1:0", "--data", folder)
	p.Env = append(os.Environ(), asCommand+"=1")
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.Wait() // the tests look at ProcessState
	}()
	p.address = strings.TrimPrefix(p.stdout.await(t, readyLine, p.ended)[1], "http://")
	return p
}

func (p *process) signal(t *testing.T, signal os.Signal) {
	t.Helper()
	if err := p.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

func TestSignalsStopTheServer(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(t.TempDir(), "data")
			p := startProcess(t, folder)
			p.signal(t, signal)
			<-p.ended
			if got := failure.Code(p.ProcessState.ExitCode()); got != failure.OK {
				t.Errorf("got exit code %d, want 0; stderr:\n%s", got, p.stderr.String())
			}
			wantFiles(t, folder, "pats.db", "token")
		})
	}
}

// TestSecondSignalEndsAtOnce: a connection that sends only a part of a request keeps the server waiting.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	p := startProcess(t, folder)
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	token := strings.TrimSpace(readFile(t, filepath.Join(folder, "token")))
	head := "POST " + tokensPath + " HTTP/1.1\r\nHost: x\r\nAuthorization: " + token +
		"\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"
	if _, err := connection.Write([]byte(head)); err != nil {
		t.Fatal(err)
	}
	// The server asks for the body: the request is under way.
	if _, err := connection.Read(make([]byte, len("HTTP/1.1 100"))); err != nil {
		t.Fatal(err)
	}
	p.signal(t, syscall.SIGTERM)
	p.stderr.await(t, "msg=stopping", p.ended)
	p.signal(t, syscall.SIGTERM)
	<-p.ended
	if status, ok := p.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("got %v, want an end by the second SIGTERM", p.ProcessState)
	}
	sh := &shell{folder: filepath.Dir(folder)}
	sh.clock = newShell(t).clock
	wantContains(t, "check afterwards", sh.must(t, "check"), "Users   1")
}
