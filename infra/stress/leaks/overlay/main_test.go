package main

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pats/infra/testkit/must"
)

// TestEveryWatchedDeclarationExists: secrets of a renamed function would go unseen.
func TestEveryWatchedDeclarationExists(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	must.Do(t, write(folder))
	text, err := os.ReadFile(filepath.Join(folder, "overlay.json"))
	must.Do(t, err)
	var overlay struct{ Replace map[string]string }
	must.Do(t, json.Unmarshal(text, &overlay))
	for original, copied := range overlay.Replace {
		if _, err := parser.ParseFile(token.NewFileSet(), copied, nil, parser.SkipObjectResolution); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(original); filepath.Base(original) == "pats_leaks.go" != os.IsNotExist(err) {
			t.Errorf("%s: got %v, want only the addition to be a new file", original, err)
		}
	}
}

func TestMissingDeclarationIsAnError(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"NewSecret", "Secret.Make", "made"} {
		if _, err := setAside(source(t), []string{name}); !errors.Is(err, errNotDeclared) {
			t.Errorf("%s: got %v, want errNotDeclared", name, err)
		}
	}
}

func TestDeclarationIsRenamed(t *testing.T) {
	t.Parallel()
	changed, err := setAside(source(t), []string{"Make", "Secret.Show", "Nowhere"})
	must.Do(t, err)
	text := string(changed["secret.go"])
	for _, want := range []string{"func MakeUnwatched() {}", "func (s *Secret) ShowUnwatched() { Make() }", "var NowhereUnwatched = 1"} {
		if !strings.Contains(text, want) {
			t.Errorf("got\n%s\nwant %q in it", text, want)
		}
	}
}

// source returns a folder with a package in it.
func source(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"secret.go":      "package p\n\ntype Secret int\n\nfunc Make() {}\n\nfunc (s *Secret) Show() { Make() }\n\nvar Nowhere = 1\n",
		"secret_test.go": "package p\n\nfunc NewSecret() {}\n",
	} {
		must.Do(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	return folder
}
