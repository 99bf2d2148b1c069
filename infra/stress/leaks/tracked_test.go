package leaks_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pats/infra/stress/leaks"
	"pats/infra/testkit/skip"
)

// TestNoTrackedFileContainsAToken tells a real token from an example by its checksum.
func TestNoTrackedFileContainsAToken(t *testing.T) {
	t.Parallel()
	const root = "../../.."
	out, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		skip.Test(t, "git cannot list the files of this folder: it must be a clone")
	}
	scanner := leaks.NewScanner(nil)
	for file := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		path := filepath.Join(root, file)
		if _, err := os.Lstat(path); os.IsNotExist(err) {
			continue // deleted but not committed
		}
		for _, hit := range search(t, scanner, path).Hits {
			t.Errorf("%s: at byte %d, %s: %s", file, hit.Offset, hit.Form, hit.Name)
		}
	}
}
