// Package skip skips tests that the machine cannot run. Where the environment has CI=true everything has to be installed, so
// there such a test fails.
package skip

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Forbidden reports whether the environment has CI=true.
func Forbidden() bool { return os.Getenv("CI") == "true" }

// Test skips the test for the reason given, or fails it where skipping is forbidden.
func Test(tb testing.TB, reason string) {
	tb.Helper()
	if Forbidden() {
		tb.Fatal(reason)
	}
	tb.Skip(reason)
}

// Without skips the test, as [Test] does, unless the command is on the PATH. debian is the Debian package that has it.
func Without(tb testing.TB, command, debian string) {
	tb.Helper()
	if _, err := exec.LookPath(command); err != nil {
		Test(tb, fmt.Sprintf("%s is missing: install it (Debian: apt-get install %s)", command, debian))
	}
}
