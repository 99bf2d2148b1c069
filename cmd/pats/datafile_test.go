//go:build unix

package main

import (
	"os"
	"path/filepath"
	"testing"

	"pats/cmd/pats/failure"
)

// TestExposedDataFileIsReported warns of a data file that others can read, and refuses one that others can write.
func TestExposedDataFileIsReported(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.must(t, "user", "create", "--username", "ann", "--role", "admin")
	path := filepath.Join(sh.data(), "pats.db")
	for _, c := range []struct {
		mode os.FileMode
		code failure.Code
		want []string
	}{
		{0o600, failure.OK, nil},
		{0o644, failure.OK, []string{"pats: warning: other users of this machine can read " + path, "chmod 600"}},
		{0o666, failure.Unavailable, []string{"other users of this machine can write data file " + path, "chmod 600"}},
	} {
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		got := sh.run(t, "user", "list")
		wantCode(t, got, c.code)
		wantContains(t, "stderr", got.Stderr, c.want...)
		if c.want == nil {
			wantText(t, "stderr", got.Stderr, "")
		}
	}
}
