package leaks_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pats/infra/stress/leaks"
	"pats/infra/testkit/must"
	"pats/pkg/pat"
)

// TestMain keeps the output of these tests out of a run that is itself searched: they plant leaks.
func TestMain(m *testing.M) {
	for _, name := range []string{"PATS_LEAKS", "TMPDIR"} {
		if err := os.Unsetenv(name); err != nil {
			panic(err)
		}
	}
	m.Run()
}

func newToken(t *testing.T) string {
	t.Helper()
	secret, err := pat.NewSecret(rand.Reader, 7)
	must.Do(t, err)
	return secret.Reveal()
}

func newAdminToken(t *testing.T) string {
	t.Helper()
	secret, err := pat.NewAdminSecret(rand.Reader)
	must.Do(t, err)
	return secret.Reveal()
}

// write creates a file in folder and returns its path.
func write(t *testing.T, folder, name string, mode os.FileMode, content string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	must.Do(t, os.MkdirAll(filepath.Dir(path), 0o700))
	must.Do(t, os.WriteFile(path, []byte(content), mode))
	return path
}

// newRun returns a folder as a run leaves it, with secrets in its register.
func newRun(t *testing.T, secrets ...string) string {
	t.Helper()
	folder := t.TempDir()
	write(t, folder, "register", 0o600, strings.Join(append(secrets, ""), "\n"))
	for _, name := range []string{"dump", "kept", "tmp"} {
		must.Do(t, os.Mkdir(filepath.Join(folder, name), 0o700))
	}
	return folder
}

func search(t *testing.T, scanner *leaks.Scanner, path string) leaks.Result {
	t.Helper()
	result, err := scanner.Search(leaks.Rules{}, path)
	must.Do(t, err)
	return result
}
