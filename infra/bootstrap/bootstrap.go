// Package bootstrap builds a function's binary for tests, by the target of the Makefile that sam build calls.
package bootstrap

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// architectures are the template's names for Go's.
var architectures = map[string]string{"amd64": "x86_64", "arm64": "arm64"}

// Build gives the path of the binary of function, a logical id of template.yaml, for the processor of this machine.
func Build(tb testing.TB, function string) string {
	tb.Helper()
	artifacts := tb.TempDir()
	target := []string{"-C", "../..", "build-" + function, "ARTIFACTS_DIR=" + artifacts, "ARCH=" + architectures[runtime.GOARCH]}
	command := exec.CommandContext(tb.Context(), "make", target...) //nolint:gosec // function is a word from the template
	if output, err := command.CombinedOutput(); err != nil {
		tb.Fatalf("make build-%s: %v\n%s", function, err, output)
	}
	return filepath.Join(artifacts, "bootstrap")
}
