package import_test

import (
	"context"
	_ "embed"
	"fmt"
	"net"
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

	"pats/infra/testkit/skip"
)

//go:embed unleash-8.2.0.sql
var tables string

// startPostgres gives the URL of a PostgreSQL of the test's own, which ends with the test. Root runs it as the user postgres,
// since PostgreSQL does not run as root.
func startPostgres(t *testing.T) string {
	t.Helper()
	initdb, postgres := tool(t, "initdb"), tool(t, "postgres")
	folder, err := os.MkdirTemp("", "pats-postgres-") // in a folder that every user may enter, unlike t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	as := owner(t, folder)
	data := filepath.Join(folder, "data")
	setUp := exec.CommandContext(t.Context(), initdb, "--pgdata", data, "--username", "unleash", "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C")
	setUp.SysProcAttr, setUp.Dir = as, folder
	if out, err := setUp.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	port := freePort(t)
	server := exec.CommandContext(context.Background(), postgres, "-D", data, "-p", port, "-k", folder,
		"-c", "listen_addresses=127.0.0.1", "-c", "fsync=off")
	server.SysProcAttr, server.Dir = as, folder
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(os.Interrupt) // a fast shutdown
		_ = server.Wait()
	})
	url := fmt.Sprintf("postgres://unleash@127.0.0.1:%s/postgres?sslmode=disable", port)
	awaitPostgres(t, url)
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

// owner hands folder to the user who is to run PostgreSQL.
func owner(t *testing.T, folder string) *syscall.SysProcAttr {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(folder, int(uid), int(gid)); err != nil {
		t.Fatal(err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it binds at once
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func awaitPostgres(t *testing.T, url string) {
	t.Helper()
	waitUntil(t, "PostgreSQL answers", func() bool {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			return false
		}
		return conn.Close(t.Context()) == nil
	})
}

// waitUntil asks again and again, for two minutes at most.
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
