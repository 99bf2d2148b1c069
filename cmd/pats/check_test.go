package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pats/cmd/pats/failure"
)

func TestCheckOfASoundFile(t *testing.T) {
	t.Parallel()
	sh := populated(t)
	path := filepath.Join(sh.data(), "pats.db")
	wantContains(t, "text", sh.must(t, "check"), "File    "+path+"\n", "Users   1\nTokens  1\n")
	var got checkResult
	readJSON(t, sh.must(t, "check", "--output", "json"), &got)
	one := 1
	want := checkResult{File: path, Users: &one, Tokens: &one, Findings: []string{}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(checkResult{}, "Bytes")); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	if got.Bytes == 0 {
		t.Error("got 0 bytes")
	}
}

func TestCheckOfADamagedFile(t *testing.T) {
	t.Parallel()
	cases := map[string]func(file []byte) []byte{
		"cut off":          func(file []byte) []byte { return file[:len(file)/2] },
		"another format":   func([]byte) []byte { return []byte("something else") },
		"empty":            func([]byte) []byte { return nil },
		"a changed letter": func(file []byte) []byte { return []byte(strings.ReplaceAll(string(file), "laptop", "laptoP")) },
	}
	for name, damage := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sh := populated(t)
			path := filepath.Join(sh.data(), "pats.db")
			damaged := damage([]byte(readFile(t, path)))
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			got := sh.run(t, "check")
			wantCode(t, got, failure.Failed)
			wantContains(t, "stdout", got.Stdout, "Damage  ")
			wantContains(t, "stderr", got.Stderr, path)
			if readFile(t, path) != string(damaged) {
				t.Error("the check wrote to the file")
			}
		})
	}
}

// TestCheckOfAnUnreadableFile: where nothing can be counted, the size is the file's, and the counts are unknown rather than 0.
func TestCheckOfAnUnreadableFile(t *testing.T) {
	t.Parallel()
	sh := populated(t)
	path := filepath.Join(sh.data(), "pats.db")
	if err := os.WriteFile(path, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantContains(t, "text", sh.run(t, "check").Stdout, "Bytes   14\nUsers   unknown\nTokens  unknown\nDamage  ")
	wantContains(t, "JSON", sh.run(t, "check", "--output", "json").Stdout, `"bytes": 14,`, `"users": null,`, `"tokens": null,`)
}

// TestNamedPipeAsDataFile: no command waits for a writer.
func TestNamedPipeAsDataFile(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	if err := errors.Join(os.Mkdir(sh.data(), 0o700), syscall.Mkfifo(filepath.Join(sh.data(), "pats.db"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]failure.Code{"check": failure.Failed, "user list": failure.Unavailable, "serve --listen 127.0.0.1:0": failure.Unavailable} {
		got := sh.run(t, strings.Fields(args)...)
		wantCode(t, got, want)
		wantContains(t, args, got.Stderr, filepath.Join(sh.data(), "pats.db"))
	}
}

func TestDamagedFileIsNotOpened(t *testing.T) {
	t.Parallel()
	sh := populated(t)
	path := filepath.Join(sh.data(), "pats.db")
	if err := os.WriteFile(path, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"user list", "serve --listen 127.0.0.1:0"} {
		got := sh.run(t, strings.Fields(args)...)
		wantCode(t, got, failure.Unavailable)
		wantContains(t, args, got.Stderr, path, "`pats check`")
	}
	wantText(t, "file", readFile(t, path), "something else")
}

func TestCheckShowsProgressOnATerminalOnly(t *testing.T) {
	t.Parallel()
	sh := populated(t)
	var stdout, stderr output
	e := sh.env(&stdout, &stderr)
	e.terminal = true
	if got := run(t.Context(), []string{"check", "--data", sh.data()}, e); got != failure.OK {
		t.Fatalf("got exit code %d, want 0", got)
	}
	wantContains(t, "stderr of a terminal", stderr.String(), "checking "+filepath.Join(sh.data(), "pats.db"), "100%", "\n")
	wantText(t, "stderr of a pipe", sh.run(t, "check").Stderr, "")
}
