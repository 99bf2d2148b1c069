package skip_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"pats/infra/testkit/skip"
)

// TestWithoutMissingCommand runs itself again in an environment with and without CI=true.
func TestWithoutMissingCommand(t *testing.T) {
	t.Parallel()
	if os.Getenv("PATS_SKIP_INSIDE") != "" {
		skip.Without(t, "pats-no-such-command", "no-such-package")
		t.Fatal("the test went on")
	}
	for name, c := range map[string]struct{ ci, want string }{
		"on a laptop": {"", "--- SKIP"},
		"in CI":       {"true", "--- FAIL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inside := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run=^TestWithoutMissingCommand$")
			inside.Env = append(os.Environ(), "PATS_SKIP_INSIDE=1", "CI="+c.ci)
			out, _ := inside.CombinedOutput() // the output shows whether it failed
			for _, want := range []string{c.want, "pats-no-such-command is missing: install it (Debian: apt-get install no-such-package)"} {
				if !strings.Contains(string(out), want) {
					t.Errorf("got %s\nwant %q in it", out, want)
				}
			}
		})
	}
}

func TestWithoutPresentCommand(t *testing.T) {
	t.Parallel()
	skip.Without(t, "go", "golang")
}
