package leakfile_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"pats/cmd/pats/leakfile"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func newToken(t testing.TB) string {
	t.Helper()
	secret, err := pat.NewSecret(pattest.NewRandom(), 7)
	if err != nil {
		t.Fatal(err)
	}
	return secret.Reveal()
}

func TestRead(t *testing.T) {
	t.Parallel()
	token := newToken(t)
	v1 := "user:" + strings.Repeat("0a", 28)
	for name, c := range map[string]struct {
		text   string
		tokens []string
		others []int
	}{
		"nothing":                   {"", nil, nil},
		"blank lines":               {"\n \n\r\n", nil, nil},
		"a token without a newline": {token, []string{token}, nil},
		"both spellings":            {token + "\n" + pattest.InPats(token) + "\n", []string{token}, nil},
		"an imported token":         {v1, []string{v1}, nil},
		"comments and others":       {"# found by ann\n" + token + "\nhunter2\n\n" + token + token + "\n", []string{token}, []int{3, 5}},
		"a token with a word":       {"Bearer " + token, nil, []int{1}},
		"an empty report":           {"[]", nil, nil},
		"a report":                  {`[{"Secret":"x"},{"Secret":"` + token + `","File":"a"},{"Secret":""}]`, []string{token}, []int{1, 3}},
	} {
		got, err := leakfile.Read(t.Context(), "-", strings.NewReader(c.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var tokens []string
		for _, secret := range got.Secrets {
			tokens = append(tokens, secret.Reveal())
		}
		if !cmp.Equal(tokens, c.tokens) || !cmp.Equal(got.Others, c.others) {
			t.Errorf("%s: got %d tokens and others %v, want %d and %v", name, len(tokens), got.Others, len(c.tokens), c.others)
		}
	}
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "leaked")
	if err := os.WriteFile(path, []byte(newToken(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := leakfile.Read(t.Context(), path, nil)
	if err != nil || len(got.Secrets) != 1 {
		t.Errorf("got %d tokens and error %v, want 1", len(got.Secrets), err)
	}
	if _, err := leakfile.Read(t.Context(), path+"x", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: got error %v", err)
	}
}

func TestReadFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	if _, err := leakfile.Read(t.Context(), "-", iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("a broken input: got error %v", err)
	}
	if _, err := leakfile.Read(t.Context(), "-", endless{}); err == nil || !strings.Contains(err.Error(), "larger than 100 MiB") {
		t.Errorf("an endless input: got error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	reader, writer := io.Pipe()
	t.Cleanup(func() { _ = writer.Close() })
	if _, err := leakfile.Read(ctx, "-", reader); !errors.Is(err, context.Canceled) {
		t.Errorf("a silent input: got error %v", err)
	}
}

// endless is a reader of line breaks.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '\n'
	}
	return len(p), nil
}

// FuzzRead checks that no text makes Read panic, that no error quotes a token, and that a token alone is found.
func FuzzRead(f *testing.F) {
	token := newToken(f)
	for _, text := range []string{"", "TOKEN", "[", "{}", `[{"Secret":"TOKEN"}]`, "[null]", "[[]]", "\ufeffTOKEN", "TOKEN\x00", "#TOKEN", `[{"Secret":null}]`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ReplaceAll(text, "TOKEN", token)
		got, err := leakfile.Read(t.Context(), "-", strings.NewReader(text))
		if err != nil {
			if strings.Contains(err.Error(), token) {
				t.Error("the error quotes the token")
			}
			return
		}
		if strings.TrimSpace(text) == token && len(got.Secrets) != 1 {
			t.Errorf("got %d tokens, want 1", len(got.Secrets))
		}
	})
}
