package throughput_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pats/infra/bench/throughput"
)

// start runs a shell script as a server.
func start(ctx context.Context, t *testing.T, script string) (*throughput.Service, string, error) {
	t.Helper()
	return throughput.Start(ctx, filepath.Join(t.TempDir(), "log"), "sh", "-c", script)
}

func TestServiceEnds(t *testing.T) {
	t.Parallel()
	for name, interrupted := range map[string]bool{"when stopped": false, "when interrupted": true} {
		script := `echo "curl http://127.0.0.1:1234/path -H x"; while read -r line; do :; done`
		if !interrupted { // otherwise it may end in any way
			script = "trap 'exit 0' TERM; " + script
		}
		ctx, interrupt := context.WithCancel(t.Context())
		service, url, err := start(ctx, t, script)
		if err != nil {
			t.Fatal(err)
		}
		if url != "http://127.0.0.1:1234" {
			t.Errorf("got the URL %q", url)
		}
		if interrupted {
			interrupt()
		}
		if err := service.Stop(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		interrupt()
		if err := syscall.Kill(service.PID(), 0); err == nil {
			t.Errorf("%s: the process is still running", name)
		}
	}
}

func TestServiceThatFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ script, want string }{
		"a complaint": {"echo 'no room' >&2; exit 3", "no room"},
		"no address":  {"echo hello; exec cat", "did not start"},
	} {
		if _, _, err := start(t.Context(), t, c.script); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}
	service, _, err := start(t.Context(), t, "trap 'exit 4' TERM; echo http://127.0.0.1:1; while read -r line; do :; done")
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Stop(t.Context()); err == nil {
		t.Error("exit code 4: got no error, want one")
	}
}

// TestRunLeavesNothing checks that a failed start leaves no folder with tokens.
func TestRunLeavesNothing(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	if err := throughput.Run(t.Context(), nil, throughput.Options{Root: temp, Rounds: 1, Seconds: 1}); err == nil {
		t.Fatal("got no error without programs, want one")
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) != 0 {
		t.Errorf("got %v, %v; want nothing", left, err)
	}
}
