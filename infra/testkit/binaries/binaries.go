// Package binaries builds the programs of this repository.
package binaries

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
)

// architectures maps Go's names to the template's.
var architectures = map[string]string{"amd64": "x86_64", "arm64": "arm64"}

// BuildFunction builds a function for the processor of this machine with the Makefile's target that sam build calls, and returns the
// path of the binary in folder. function is a logical ID of template.yaml or another one that the Makefile has a target for; root is
// the folder of the Makefile. Errors: make's, with its output.
func BuildFunction(ctx context.Context, root, function, folder string) (string, error) {
	err := run(ctx, "make", "-C", root, "build-"+function, "ARTIFACTS_DIR="+folder, "ARCH="+architectures[runtime.GOARCH])
	return filepath.Join(folder, "bootstrap"), err
}

// BuildCommand builds the command pats and returns the path of the binary in folder. The working directory is in this module.
// Errors: go build's, with its output.
func BuildCommand(ctx context.Context, folder string) (string, error) {
	path := filepath.Join(folder, "pats")
	return path, run(ctx, "go", "build", "-trimpath", "-o", path, "pats/cmd/pats")
}

func run(ctx context.Context, name string, args ...string) error {
	if output, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil { //nolint:gosec // make or go
		return fmt.Errorf("%s %s: %w\n%s", name, args, err, output)
	}
	return nil
}
