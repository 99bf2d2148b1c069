package service_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/infra/testkit/service"
)

func shell(script string) service.Command {
	return service.Command{Args: []string{"sh", "-c", script}}
}

func TestStartWaitsForTheReadyLine(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	command := shell(`echo warning >&2; printf 'serving on http://127.0.0.1:12'; echo 34; exec cat`)
	command.Log = &log
	s, err := service.Start(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	if want := "http://127.0.0.1:1234"; s.Ready != want {
		t.Errorf("got %q, want %q", s.Ready, want)
	}
	s.Kill()
	if got := s.Output(); !strings.Contains(got, "warning\n") {
		t.Errorf("got output %q, want the warning in it", got)
	}
	if got := log.String(); !strings.Contains(got, "serving on http") || !strings.Contains(got, "warning") {
		t.Errorf("got log %q, want all output", got)
	}
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ script, want string }{
		"an early end":   {`echo "no disk" >&2; exit 3`, "no disk"},
		"another line":   {`echo hello; exec cat`, "hello"},
		"half of a line": {`printf http://127.0.0.1:1`, "http://127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := service.Start(t.Context(), shell(c.script))
			if !errors.Is(err, service.ErrNotReady) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want ErrNotReady with what the program wrote", err)
			}
		})
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := service.Start(ctx, shell(`exec cat`)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestLaunchPassesFilesAndDoesNotWait(t *testing.T) {
	t.Parallel()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	command := shell(`echo early >&3; exec sleep 60`)
	command.Files = []*os.File{write}
	s, err := service.Launch(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Kill()
	_ = write.Close()
	if line, err := bufio.NewReader(read).ReadString('\n'); err != nil || line != "early\n" {
		t.Errorf("got %q, %v, want what the program wrote to descriptor 3", line, err)
	}
}

func TestStderrReplacesTheLog(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	command := shell(`echo request >&2; echo http://127.0.0.1:1; exec cat`)
	command.Stderr = file
	s, err := service.Start(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Kill()
	if text, err := os.ReadFile(file.Name()); err != nil || string(text) != "request\n" {
		t.Errorf("got %q, error %v, want what the program wrote to standard error", text, err)
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	const ready, forever = `echo http://127.0.0.1:1; `, `while :; do read -r line || :; done`
	for name, c := range map[string]struct{ script, want string }{
		"an orderly end":   {`trap 'exit 0' TERM; ` + ready + forever, ""},
		"an exit code":     {`trap 'exit 4' TERM; ` + ready + forever, "exit status 4"},
		"ended by SIGTERM": {ready + `exec cat`, "signal: terminated"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := service.Start(t.Context(), shell(c.script))
			if err != nil {
				t.Fatal(err)
			}
			err = s.Stop()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestStopReportsAnEndBeforeIt(t *testing.T) {
	t.Parallel()
	s, err := service.Start(t.Context(), shell(`echo http://127.0.0.1:1`))
	if err != nil {
		t.Fatal(err)
	}
	<-s.Ended()
	if err := s.Stop(); err == nil {
		t.Error("got no error, want one")
	}
}

func TestReadVariables(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ready")
	if err := os.WriteFile(file, []byte("URL=http://127.0.0.1:1\nTOKEN='*:*.a=b'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := service.ReadVariables(file)
	if diff := cmp.Diff(map[string]string{"URL": "http://127.0.0.1:1", "TOKEN": "*:*.a=b"}, got); diff != "" || err != nil {
		t.Errorf("(-want +got) %s, error %v", diff, err)
	}
}
