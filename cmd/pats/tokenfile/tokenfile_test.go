package tokenfile_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pats/cmd/pats/tokenfile"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func newToken(t *testing.T) string {
	t.Helper()
	secret, err := pat.NewSecret(rand.Reader, 1)
	if err != nil {
		t.Fatal(err)
	}
	return secret.Reveal()
}

// write writes a file of mode, whatever the umask is.
func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := errors.Join(os.WriteFile(path, []byte(content), mode), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
}

func TestLeftovers(t *testing.T) {
	t.Parallel()
	token := newToken(t)
	inPats := pattest.InPats(token)
	cases := map[string]struct {
		name, content string
		mode          os.FileMode
		draft         bool
	}{
		"a complete draft":    {".token-123.draft", token + "\n", 0o600, true},
		"a partial draft":     {".token-123.draft", token[:40], 0o600, true},
		"a draft's beginning": {".token-123.draft", "user:", 0o600, true},
		"complete, pats_":     {".token-123.draft", inPats + "\n", 0o600, true},
		"partial, pats_":      {".token-123.draft", inPats[:40], 0o600, true},
		"beginning, pats_":    {".token-123.draft", "pat", 0o600, true},
		"another prefix":      {".token-123.draft", "patx_" + inPats[5:], 0o600, false},
		"an empty draft":      {".token-123.draft", "", 0o600, true},
		"somebody's token":    {".token-github", "github_pat_1", 0o600, false},
		"a token of ours":     {".token-github", token, 0o600, false},
		"no suffix":           {".token-123", token, 0o600, false},
		"no digits":           {".token-.draft", token, 0o600, false},
		"letters":             {".token-abc.draft", token, 0o600, false},
		"more after it":       {".token-1.draft~", token, 0o600, false},
		"another mode":        {".token-123.draft", token, 0o640, false},
		"other content":       {".token-123.draft", "notes", 0o600, false},
		"content after it":    {".token-123.draft", token + "\nnotes", 0o600, false},
		"a longer text":       {".token-123.draft", token + "AA\n", 0o600, false},
		"the token file":      {"token", token, 0o600, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			path := filepath.Join(folder, c.name)
			write(t, path, c.content, c.mode)
			drafts, err := tokenfile.Leftovers(folder)
			if err != nil {
				t.Fatal(err)
			}
			if got := len(drafts) == 1 && drafts[0] == path; got != c.draft {
				t.Errorf("got %v, want the file in it: %v", drafts, c.draft)
			}
		})
	}
}

func TestLeftoversAreRegularFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "precious")
	write(t, path, newToken(t), 0o600)
	err := errors.Join(os.Symlink(path, filepath.Join(folder, ".token-1.draft")), os.Mkdir(filepath.Join(folder, ".token-2.draft"), 0o700),
		syscall.Mkfifo(filepath.Join(folder, ".token-3.draft"), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	if drafts, err := tokenfile.Leftovers(folder); err != nil || len(drafts) > 0 {
		t.Errorf("got %v and %v, want nothing", drafts, err)
	}
}

// TestOwnDraftIsALeftover: Leftovers recognizes what Create leaves behind.
func TestOwnDraftIsALeftover(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if _, err := tokenfile.Create(filepath.Join(folder, "token")); err != nil {
		t.Fatal(err)
	}
	if drafts, err := tokenfile.Leftovers(folder); err != nil || len(drafts) != 1 {
		t.Errorf("got %v and %v, want one file", drafts, err)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	token := newToken(t)
	cases := map[string]struct {
		content string
		mode    os.FileMode
		warns   bool
		wantErr bool
	}{
		"a token":            {token + "\n", 0o600, false, false},
		"read-only":          {token, 0o400, false, false},
		"blanks around it":   {" \t" + token + "\r\n\n", 0o600, false, false},
		"readable by all":    {token, 0o644, true, false},
		"readable by group":  {token, 0o640, true, false},
		"writable by others": {token, 0o602, true, false},
		"empty":              {"", 0o600, false, true},
		"two lines":          {token + "\n" + token, 0o600, false, true},
		"not ASCII":          {"töken", 0o600, false, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "token")
			write(t, path, c.content, c.mode)
			got, warning, err := tokenfile.Read(t.Context(), path)
			if (err != nil) != c.wantErr {
				t.Fatalf("got error %v, want one: %v", err, c.wantErr)
			}
			if err == nil && got != token {
				t.Error("got another text than the token")
			}
			if warns := strings.Contains(warning, path) && strings.Contains(warning, "chmod 600"); warns != c.warns {
				t.Errorf("got warning %q, want one: %v", warning, c.warns)
			}
		})
	}
}

func newPipe(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadOfAPipeWithoutAWriter(t *testing.T) {
	t.Parallel()
	if _, _, err := tokenfile.Read(t.Context(), newPipe(t)); err == nil {
		t.Error("got no error")
	}
}

// TestReadOfAPipe reads the pipe of a shell's process substitution.
func TestReadOfAPipe(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/fd"); err != nil {
		t.Skip("this system has no /dev/fd")
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	token := newToken(t)
	if _, err := writer.WriteString(token + "\n"); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	got, warning, err := tokenfile.Read(t.Context(), fmt.Sprintf("/dev/fd/%d", reader.Fd()))
	if err != nil || got != token || warning != "" {
		t.Errorf("got warning %q and %v, want the token alone", warning, err)
	}
}

func TestReadOfASilentPipeEndsWithTheContext(t *testing.T) {
	t.Parallel()
	path := newPipe(t)
	writer, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = writer.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := tokenfile.Read(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
