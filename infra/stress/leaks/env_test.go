package leaks_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pats/infra/stress/leaks"
	"pats/infra/testkit/must"
	"pats/infra/testkit/skip"
)

// TestEnvironmentKeepsWhatIsRemoved covers scripts, which remove their logs and data folders.
func TestEnvironmentKeepsWhatIsRemoved(t *testing.T) {
	t.Parallel()
	skip.Without(t, "bash", "bash")
	folder, token := t.TempDir(), newToken(t)
	const script = `set -eu
		./env "$1" && source "$1/env"
		PATH=$1/tools:$PATH
		data=$(mktemp -d)
		echo "the token is $2" >"$data/log"
		rm -r "$data"
		rm "$1/other"
		[[ ! -e $data && ! -e $1/other ]]
		go env GOFLAGS`
	must.Do(t, os.Mkdir(filepath.Join(folder, "kept"), 0o700))
	write(t, folder, "register", 0o600, "of an earlier run")
	write(t, folder, "kept/old", 0o600, "token "+token)
	write(t, folder, "other", 0o600, "outside of the temporary folder")
	out, err := exec.CommandContext(t.Context(), "bash", "-c", script, "bash", folder, token).CombinedOutput()
	if err != nil {
		t.Fatalf("got %v\n%s", err, out)
	}
	if want := "-overlay=" + folder + "/overlay/overlay.json"; !strings.Contains(string(out), want) {
		t.Errorf("GOFLAGS: got %s, want %s in them", out, want)
	}
	result := search(t, leaks.NewScanner([]string{token}), folder)
	if len(result.Hits) != 2 || filepath.Base(result.Hits[0].Path) != "log" {
		t.Errorf("got %+v, want the removed log found, and nothing of the earlier run", result.Hits)
	}
}

func TestEnvironmentRefusesAFolderInUse(t *testing.T) {
	t.Parallel()
	skip.Without(t, "bash", "bash")
	folder := t.TempDir()
	kept := write(t, folder, "tmp/work", 0o600, "of another program")
	if out, err := exec.CommandContext(t.Context(), "./env", folder).CombinedOutput(); err == nil {
		t.Errorf("got no error, want one:\n%s", out)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
}
