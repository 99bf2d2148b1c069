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

// asCommand in the environment makes the test binary run the command instead of the tests.
const asCommand = "PATS_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	m.Run()
}

// process is a command in its own process.
type process struct {
	*exec.Cmd
	stdout, stderr output
	ended          chan struct{}
	address        string
}

// newProcess returns the command, which is not started yet.
func newProcess(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{ended: make(chan struct{})}
	p.Cmd = exec.CommandContext(t.Context(), os.Args[0], args...)
	p.Env = append(os.Environ(), asCommand+"=1")
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	return p
}

// start starts the process and closes p.ended when it has ended.
func (p *process) start(t *testing.T) *process {
	t.Helper()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.Wait() // the tests check ProcessState
	}()
	return p
}

// startServer starts `pats serve` and waits until it is ready.
func startServer(t *testing.T, folder string) *process {
	t.Helper()
	p := newProcess(t, "serve", "--listen", "127.0.0.1:0", "--data", folder).start(t)
	p.address = strings.TrimPrefix(p.stdout.await(t, readyLine, p.ended)[1], "http://")
	return p
}

// wantEnd waits for the end of the process and checks its exit code.
func (p *process) wantEnd(t *testing.T, want failure.Code) {
	t.Helper()
	<-p.ended
	if got := failure.Code(p.ProcessState.ExitCode()); got != want {
		t.Errorf("got exit code %d (%v), want %d; stderr:\n%s", got, p.ProcessState, want, p.stderr.String())
	}
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
			p := startServer(t, folder)
			p.signal(t, signal)
			p.wantEnd(t, failure.OK)
			wantFiles(t, folder, "pats.db", "token")
		})
	}
}

// TestSecondSignalEndsAtOnce: a connection that sends only a part of a request keeps the server waiting.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	p := startServer(t, folder)
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
	// The server asks for the body: the request is in progress.
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
	sh := newShell(t)
	sh.folder = filepath.Dir(folder)
	wantContains(t, "check afterwards", sh.must(t, "check"), "Users   1")
}

// TestTokenForAClosedOutputIsRevoked has the inputs `>/dev/full` and `| true`.
func TestTokenForAClosedOutputIsRevoked(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		open func(t *testing.T) *os.File
		want string
	}{
		"full disk": {func(t *testing.T) *os.File {
			t.Helper()
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Skip("this system has no /dev/full")
			}
			return full
		}, "no space left"},
		"closed pipe": {func(t *testing.T) *os.File {
			t.Helper()
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			_ = reader.Close()
			return writer
		}, "broken pipe"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sh := populated(t)
			stdout := c.open(t)
			p := newProcess(t, "token", "create", "--user", "1", "--description", "lost", "--data", sh.data())
			p.Stdout = stdout
			p.start(t)
			_ = stdout.Close()
			p.wantEnd(t, failure.Failed)
			wantContains(t, "stderr", p.stderr.String(), "token 2 could not be delivered and was revoked", c.want)
			if list := sh.must(t, "token", "list", "--user", "1"); strings.Contains(list, "lost") {
				t.Errorf("the token is still there:\n%s", list)
			}
		})
	}
}

func TestListForAClosedPipeIsQuiet(t *testing.T) {
	t.Parallel()
	sh := populated(t)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = reader.Close()
	p := newProcess(t, "user", "list", "--data", sh.data())
	p.Stdout = writer
	p.start(t)
	_ = writer.Close()
	p.wantEnd(t, failure.Failed)
	wantText(t, "stderr", p.stderr.String(), "")
}

// TestSignalEndsTheWaitForAToken: the pipe of --token-file has a writer that writes nothing.
func TestSignalEndsTheWaitForAToken(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	p := newProcess(t, "token", "list", "--url", "http://127.0.0.1:1", "--token-file", path).start(t)
	// Opening the pipe for writing waits until the process has opened it for reading.
	writer, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = writer.Close() }()
	p.signal(t, syscall.SIGTERM)
	p.wantEnd(t, failure.Interrupted)
}
