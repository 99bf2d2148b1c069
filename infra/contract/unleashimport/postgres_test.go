package unleashimport_test

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"pats/infra/testkit/must"
	"pats/infra/testkit/service"
	"pats/infra/testkit/skip"
)

//go:embed unleash-8.2.0.sql
var tables string

// startPostgres starts a PostgreSQL until the end of the test, and returns the URL of its empty database.
func startPostgres(t *testing.T) string {
	t.Helper()
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if _, err := exec.LookPath("initdb"); err != nil && len(debian) == 0 {
		skip.Test(t, "PostgreSQL is missing: install it (Debian: apt-get install postgresql)")
	}
	postgres, err := service.Start(t.Context(), service.Command{
		Args: []string{"../../services/postgres/start", "--with-parent"}, Ready: regexp.MustCompile(`postgres://.*`), Stderr: os.Stderr,
	})
	must.Do(t, err)
	t.Cleanup(func() { _ = postgres.Stop() }) // the data is not needed, so how it ends does not matter
	return postgres.Ready
}
