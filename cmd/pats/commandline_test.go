package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// words returns the words into which a shell splits a command line.
func words(t *testing.T, command string) []string {
	t.Helper()
	text, err := exec.CommandContext(t.Context(), "sh", "-c", `printf '%s\0' `+command).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
}

func TestQuote(t *testing.T) {
	t.Parallel()
	want := []string{"plain", "with space", "it's", `back\slash`, "$HOME", "`id`", "a;b", "*", "", `"x"`, "#c", "~"}
	var quoted []string
	for _, text := range want {
		quoted = append(quoted, quote(text))
	}
	if diff := cmp.Diff(want, words(t, strings.Join(quoted, " "))); diff != "" {
		t.Errorf("what the shell read (-want +got):\n%s", diff)
	}
}
