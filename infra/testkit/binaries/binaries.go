// Package binaries builds the programs of this repository.
package binaries

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// architectures maps Go's names to the template's.
var architectures = map[string]string{"amd64": "x86_64", "arm64": "arm64"}

// Architecture returns the value of the template's parameter Architecture for the processor of this machine.
func Architecture() string { return architectures[runtime.GOARCH] }

// BuildFunction builds a function for the processor of this machine with the Makefile's target that sam build calls, and returns the
// path of the binary in folder. function is a logical ID of template.yaml or another one that the Makefile has a target for; root is
// the folder of the Makefile. Errors: make's, with its output.
func BuildFunction(ctx context.Context, root, function, folder string) (string, error) {
	args := []string{"-C", root, "build-" + function, "ARTIFACTS_DIR=" + folder, "ARCH=" + Architecture()}
	return filepath.Join(folder, "bootstrap"), run(exec.CommandContext(ctx, "make", args...)) //nolint:gosec // function is a word from the Makefile
}

// BuildProgram builds a main package of this module, such as ./cmd/pats, and returns the path of the binary in folder, an absolute path.
// The flags are the Makefile's, so that the compiler finds most packages in its cache. root is the folder of the module. Errors: go
// build's, with its output.
func BuildProgram(ctx context.Context, root, pkg, folder string) (string, error) {
	binary := filepath.Join(folder, path.Base(pkg))
	args := []string{"-C", root, "build", "-trimpath", "-tags=lambda.norpc,nethttpomithttp2", "-o", binary, pkg}
	command := exec.CommandContext(ctx, "go", args...) //nolint:gosec // the caller names a package
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	return binary, run(command)
}

// ZipSize returns the size, in bytes, of the archive that SAM CLI would upload of a function whose binary is at path. SAM CLI makes it
// with Python's zipfile, which compresses better than archive/zip. Errors: python3's, with its output.
func ZipSize(ctx context.Context, path string) (int64, error) {
	folder, err := os.MkdirTemp("", "pats-zip-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	archive := filepath.Join(folder, "function.zip")
	if err := run(exec.CommandContext(ctx, "python3", "-m", "zipfile", "-c", archive, path)); err != nil { //nolint:gosec // of this repository
		return 0, err
	}
	info, err := os.Stat(archive)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func run(command *exec.Cmd) error {
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, output)
	}
	return nil
}
