package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestCheckOfASoundFile(t *testing.T) {
	t.Parallel()
	d := populated(t)
	wantContains(t, "text", d.must(t, "check"), "Users   1\nTokens  1\n")
	var got checkView
	if err := json.Unmarshal([]byte(d.must(t, "check", "--output", "json")), &got); err != nil {
		t.Fatal(err)
	}
	want := checkView{File: filepath.Join(d.data(), "pats.db"), Users: 1, Tokens: 1, Findings: []string{}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(checkView{}, "Bytes")); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	if got.Bytes == 0 {
		t.Error("got 0 bytes")
	}
}

func TestCheckOfADamagedFile(t *testing.T) {
	t.Parallel()
	cases := map[string]func(file []byte) []byte{
		"cut off": func(file []byte) []byte { return file[:len(file)/2] },
		"not one of ours": func([]byte) []byte {
			return []byte("something else")
		},
		"a changed letter": func(file []byte) []byte {
			return []byte(strings.ReplaceAll(string(file), "laptop", "laptoP"))
		},
	}
	for name, damage := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := populated(t)
			path := filepath.Join(d.data(), "pats.db")
			damaged := damage([]byte(readFile(t, path)))
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			got := d.run(t, "check")
			wantCode(t, got, exitFailed)
			wantContains(t, "stdout", got.Stdout, "Damage  ")
			wantContains(t, "stderr", got.Stderr, path)
			for _, args := range []string{"user list", "serve --listen 127.0.0.1:0"} {
				got := d.run(t, strings.Fields(args)...)
				wantCode(t, got, exitUnavailable)
				wantContains(t, args, got.Stderr, path, "`pats check`")
			}
			if readFile(t, path) != string(damaged) {
				t.Error("the damaged file was written to")
			}
		})
	}
}

func TestCheckShowsProgressToAPersonOnly(t *testing.T) {
	t.Parallel()
	d := populated(t)
	var stdout, stderr output
	w := d.world(&stdout, &stderr)
	w.terminal = true
	if got := run(t.Context(), []string{"check", "--data", d.data()}, w); got != exitOK {
		t.Fatalf("got exit code %d, want 0", got)
	}
	wantContains(t, "stderr of a terminal", stderr.String(), "checking "+filepath.Join(d.data(), "pats.db"), "100%", "\n")
	wantText(t, "stderr of a pipe", d.run(t, "check").Stderr, "")
}
