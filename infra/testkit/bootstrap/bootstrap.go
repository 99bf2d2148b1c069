// Package bootstrap builds a function's binary by the target of the Makefile that sam build calls.
package bootstrap

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
)

// architectures are the template's names for Go's.
var architectures = map[string]string{"amd64": "x86_64", "arm64": "arm64"}

// Build builds function, a logical id of template.yaml or another that the Makefile has, for the processor of this machine, and
// gives the path of the binary in folder. root is the folder of the Makefile. Errors: what make said.
func Build(ctx context.Context, root, function, folder string) (string, error) {
	target := []string{"-C", root, "build-" + function, "ARTIFACTS_DIR=" + folder, "ARCH=" + architectures[runtime.GOARCH]}
	command := exec.CommandContext(ctx, "make", target...) //nolint:gosec // function is a word from the Makefile
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make build-%s: %w\n%s", function, err, output)
	}
	return filepath.Join(folder, "bootstrap"), nil
}
