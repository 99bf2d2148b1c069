package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pats/cmd/pats/failure"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// fakeTokens creates token 7 after calling onCreate, and records what is revoked.
type fakeTokens struct {
	onCreate  func() error
	revokeErr error
	revoked   pat.TokenID
}

func (f *fakeTokens) List(context.Context) (apitypes.TokenList, error) {
	return apitypes.TokenList{}, nil
}

func (f *fakeTokens) Create(context.Context, pat.Draft) (apitypes.CreatedToken, error) {
	return apitypes.CreatedToken{Token: apitypes.Token{ID: 7}, Secret: "user:secret"}, f.onCreate()
}

func (*fakeTokens) Rotate(context.Context, pat.TokenID, pat.Rotation) (apitypes.CreatedToken, error) {
	at := apitypes.Time{Time: pattest.Start}
	return apitypes.CreatedToken{Token: apitypes.Token{ID: 7, RotatedAt: &at}, Secret: "user:secret"}, nil
}

func (*fakeTokens) RevokeDescendants(context.Context, pat.TokenID) error { return nil }

func (f *fakeTokens) Revoke(ctx context.Context, id pat.TokenID) error {
	f.revoked = id
	return errors.Join(f.revokeErr, ctx.Err())
}

func TestTokenThatCannotBeWrittenIsRevoked(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "token")
	fake := &fakeTokens{onCreate: func() error { return os.MkdirAll(filepath.Join(path, "full"), 0o700) }}
	err := createInFile(t.Context(), fake, pattest.Draft("x"), path, &printer{io.Discard, io.Discard, ""})
	if err == nil || !strings.Contains(err.Error(), "could not be delivered and was revoked") {
		t.Errorf("got error %v, want one that says that the token was revoked", err)
	}
	if fake.revoked != 7 {
		t.Errorf("got token %d revoked, want 7", fake.revoked)
	}
	wantFiles(t, folder, "token")
}

func TestUndeliveredTokenThatCannotBeRevokedIsReported(t *testing.T) {
	t.Parallel()
	fake := &fakeTokens{onCreate: func() error { return nil }, revokeErr: errors.New("store is gone")}
	err := createAndPrint(t.Context(), fake, pattest.Draft("x"), &printer{fullDisk{}, io.Discard, ""})
	var got *failure.Error
	if !errors.As(err, &got) {
		t.Fatalf("got %v, want a failure", err)
	}
	wantContains(t, "message", got.Message, "token 7", "disk is full", "nor revoked", "store is gone")
	wantContains(t, "advice", got.Advice, "`pats token revoke 7`")
}

// TestUndeliveredTokenIsRevokedAfterASignal: the signal may be why no one reads the output.
func TestUndeliveredTokenIsRevokedAfterASignal(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	fake := &fakeTokens{onCreate: func() error { cancel(); return nil }}
	err := createAndPrint(ctx, fake, pattest.Draft("x"), &printer{fullDisk{}, io.Discard, ""})
	if err == nil || !strings.Contains(err.Error(), "was revoked") {
		t.Errorf("got error %v, want one that says that the token was revoked", err)
	}
}

// fullDisk is a stream that accepts nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk is full") }

func TestFailedOutput(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			sh := populated(t)
			var stderr output
			args := []string{"token", "create", "--user", "1", "--description", "lost", "--data", sh.data(), "--output", format}
			if code := run(t.Context(), args, sh.env(fullDisk{}, &stderr)); code != failure.Failed {
				t.Errorf("got exit code %d, want %d", code, failure.Failed)
			}
			wantContains(t, "stderr", stderr.String(), "token 2 could not be delivered and was revoked", "disk is full")
			if strings.Contains(stderr.String(), "Keep the token") {
				t.Errorf("got advice to keep a token that was not printed:\n%s", stderr.String())
			}
			if list := sh.must(t, "token", "list", "--user", "1"); strings.Contains(list, "lost") {
				t.Errorf("the token is still there:\n%s", list)
			}
		})
	}
}

func TestFailedOutputOfTheAdminToken(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	var stderr output
	if code := run(t.Context(), []string{"admin-token", "new"}, sh.env(fullDisk{}, &stderr)); code != failure.Failed {
		t.Errorf("got exit code %d, want %d", code, failure.Failed)
	}
	wantText(t, "stderr", stderr.String(), "pats: disk is full\n")
}

func TestTokenFile(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.must(t, "user", "create", "--username", "ada")
	path := filepath.Join(sh.folder, "new", "ada.token")
	got := sh.run(t, "token", "create", "--user", "1", "--description", "one", "--token-file", path)
	wantText(t, "stdout", got.Stdout, `
Id           1
Description  one
Expires      2026-04-02T03:04:05Z
`)
	wantText(t, "stderr", got.Stderr, "The token is in "+path+".\n")
	wantText(t, "file", readFile(t, path), "<token>\n")
	wantMode(t, path, 0o600)
	wantMode(t, filepath.Dir(path), os.ModeDir|0o700)
}

func TestTokenFileReplacesARegularFile(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.must(t, "user", "create", "--username", "ada")
	path := filepath.Join(sh.folder, "ada.token")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	sh.must(t, "token", "create", "--user", "1", "--description", "one", "--token-file", path)
	wantText(t, "file", readFile(t, path), "<token>\n")
	wantMode(t, path, 0o600)
	wantFiles(t, sh.folder, "ada.token", "data")
}

// wantFiles compares the names in a folder.
func wantFiles(t *testing.T, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s: got %v, want %v", folder, got, want)
	}
}

func TestTokenFileIsNotWrittenThroughALink(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.must(t, "user", "create", "--username", "ada")
	target, link := filepath.Join(sh.folder, "target"), filepath.Join(sh.folder, "link")
	if err := errors.Join(os.WriteFile(target, []byte("precious"), 0o600), os.Symlink(target, link)); err != nil {
		t.Fatal(err)
	}
	got := sh.run(t, "token", "create", "--user", "1", "--description", "one", "--token-file", link)
	wantCode(t, got, failure.Failed)
	wantContains(t, "stderr", got.Stderr, link)
	wantText(t, "target", readFile(t, target), "precious")
	if list := sh.must(t, "token", "list", "--user", "1"); strings.Contains(list, "one") {
		t.Errorf("got a token whose secret was lost:\n%s", list)
	}
}

func TestTokenPrefix(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		variable string
		args     []string
		want     string
	}{
		"the default":           {"", nil, "user:v2_"},
		"a flag":                {"", []string{"--token-prefix", "pats_"}, "pats_"},
		"the variable":          {"pats_", nil, "pats_"},
		"a flag, not the other": {"pats_", []string{"--token-prefix", "user:v2_"}, "user:v2_"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sh := newShell(t)
			sh.vars["TOKEN_PREFIX"] = c.variable
			sh.must(t, "user", "create", "--username", "vera")
			create := func(description string, more ...string) string {
				args := append([]string{"token", "create", "--user", "1", "--description", description}, c.args...)
				return sh.must(t, append(args, more...)...)
			}
			wantContains(t, "printed", create("printed"), "Token        "+c.want)
			wantContains(t, "printed as JSON", create("JSON", "--output", "json"), `"secret": "`+c.want)
			file := filepath.Join(t.TempDir(), "ci.token")
			create("in a file", "--token-file", file)
			if !strings.HasPrefix(readFile(t, file), c.want) {
				t.Errorf("in a file: got a token that does not begin with %s", c.want)
			}
		})
	}
}

func TestTokenPrefixIsChecked(t *testing.T) {
	t.Parallel()
	sh := populated(t)
	got := sh.run(t, "token", "create", "--user", "1", "--description", "ci", "--token-prefix", "ghp_")
	wantCode(t, got, failure.Usage)
	wantContains(t, "another prefix", got.Stderr, "--token-prefix", "pats_")
	got = sh.runBare(t, "token", "create", "--description", "ci", "--url", "http://127.0.0.1:1", "--token-prefix", "pats_")
	wantCode(t, got, failure.Usage)
	wantContains(t, "with a server", got.Stderr, "--token-prefix is for a store")
}
