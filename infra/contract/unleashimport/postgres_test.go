package unleashimport_test

import (
	"context"
	_ "embed"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pats/infra/testkit/must"
	"pats/infra/testkit/skip"
)

//go:embed unleash-8.2.0.sql
var tables string

// startPostgres starts a PostgreSQL that listens on a socket only, and returns its URL. It stops at the end of the test. As root,
// the test runs it as the user postgres, because PostgreSQL refuses to run as root.
func startPostgres(t *testing.T) string {
	t.Helper()
	initdb, postgres := tool(t, "initdb"), tool(t, "postgres")
	folder, err := os.MkdirTemp("", "pats-postgres-") // t.TempDir is in a folder that the user postgres cannot enter
	must.Do(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	data := filepath.Join(folder, "data")
	run := asOwner(t, folder)
	if out, err := run(t.Context(), initdb, "--pgdata", data, "--username", "unleash", "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	server := run(context.Background(), postgres, "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off")
	must.Do(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Signal(os.Interrupt) // PostgreSQL's fast shutdown
		_ = server.Wait()
	})
	url := "postgres://unleash@/postgres?host=" + folder
	waitUntil(t, "PostgreSQL responds", func() bool {
		conn, err := pgx.Connect(t.Context(), url)
		return err == nil && conn.Close(t.Context()) == nil
	})
	return url
}

func tool(t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name) // where Debian keeps them
	if len(found) == 0 {
		skip.Test(t, name+" is missing: install PostgreSQL (Debian: apt-get install postgresql)")
	}
	return slices.Max(found)
}

// asOwner makes the user who runs PostgreSQL the owner of folder, and returns exec.CommandContext for that user.
func asOwner(t *testing.T, folder string) func(ctx context.Context, name string, args ...string) *exec.Cmd {
	t.Helper()
	var attributes *syscall.SysProcAttr
	if os.Getuid() == 0 {
		account, err := user.Lookup("postgres")
		must.Do(t, err)
		uid, err := strconv.ParseUint(account.Uid, 10, 32)
		must.Do(t, err)
		gid, err := strconv.ParseUint(account.Gid, 10, 32)
		must.Do(t, err)
		must.Do(t, os.Chown(folder, int(uid), int(gid)))
		attributes = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	return func(ctx context.Context, name string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.SysProcAttr, cmd.Dir = attributes, folder
		return cmd
	}
}

// waitUntil waits for a condition, for two minutes at most.
func waitUntil(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited too long until %s", what)
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}
