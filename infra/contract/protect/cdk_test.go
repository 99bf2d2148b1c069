package protect_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"pats/infra/testkit/must"
)

// synthesize returns the path of the template that the CDK app in folder describes. Its packages are installed outside the repository.
func synthesize(t *testing.T, folder string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "protect")
	must.Do(t, os.CopyFS(filepath.Join(copied, "cdk"), os.DirFS(folder)))
	must.Do(t, os.CopyFS(filepath.Join(copied, "http-1.0"), os.DirFS(filepath.Join(folder, "../http-1.0"))))
	run(t, filepath.Join(copied, "cdk"), "npm", "ci", "--no-audit", "--no-fund", "--prefer-offline")
	run(t, filepath.Join(copied, "cdk"), "npm", "run", "synth")
	return filepath.Join(copied, "cdk/cdk.out/orders.template.json")
}

func run(t *testing.T, folder, name string, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir = folder
	command.Env = append(os.Environ(), "CDK_OUTDIR=cdk.out", "CDK_DISABLE_CLI_TELEMETRY=true")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, output)
	}
}
