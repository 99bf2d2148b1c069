package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestTokenCommandsInText(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.must(t, "user", "create", "--username", "ada", "--role", "admin")
	made := d.run(t, "token", "create", "--user", "1", "--description", "laptop")
	wantText(t, "create", made.Stdout, `
Id           1
Description  laptop
Expires      2026-04-02T03:04:05Z
Token        <token>
`)
	wantText(t, "create's note", made.Stderr, "Keep the token: it cannot be shown again.\n")
	d.must(t, "token", "create", "--user", "1", "--description", "ci", "--expires", "12h")
	d.clock.Advance(24 * time.Hour)
	wantText(t, "list", d.must(t, "token", "list", "--user", "1"), `
ID  DESCRIPTION  CREATED               EXPIRES               LAST USED  STATE
1   laptop       2026-01-02T03:04:05Z  2026-04-02T03:04:05Z  never      valid
2   ci           2026-01-02T03:04:05Z  2026-01-02T15:04:05Z  never      expired
`)
	wantText(t, "revoke", d.must(t, "token", "revoke", "--user", "1", "1"), "Token 1 works no more.\n")
	wantText(t, "list after revoke", d.must(t, "token", "list", "--user", "1"), `
ID  DESCRIPTION  CREATED               EXPIRES               LAST USED  STATE
2   ci           2026-01-02T03:04:05Z  2026-01-02T15:04:05Z  never      expired
`)
}

func TestTokenCommandsInJSON(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.env["PATS_OUTPUT"] = "json"
	d.must(t, "user", "create", "--username", "ada", "--role", "admin")
	wantText(t, "create", d.must(t, "token", "create", "--user", "1", "--description", "laptop", "--expires", "2026-02-01T00:00:00+01:00"), `
{
  "id": 1,
  "description": "laptop",
  "expiresAt": "2026-01-31T23:00:00.000Z",
  "userId": 1,
  "createdAt": "2026-01-02T03:04:05.678Z",
  "seenAt": null,
  "secret": "<token>"
}
`)
	wantText(t, "list", d.must(t, "token", "list", "--user", "1"), `
{
  "pats": [
    {
      "id": 1,
      "description": "laptop",
      "expiresAt": "2026-01-31T23:00:00.000Z",
      "userId": 1,
      "createdAt": "2026-01-02T03:04:05.678Z",
      "seenAt": null
    }
  ]
}
`)
	wantText(t, "revoke", d.must(t, "token", "revoke", "--user", "1", "1"), "{\n  \"id\": 1,\n  \"userId\": 1\n}\n")
	wantText(t, "empty list", d.must(t, "token", "list", "--user", "1"), "{\n  \"pats\": []\n}\n")
}

// TestRetentionIsTheStacks: a token that ended is there until the retention is over, which a deployed stack may have set.
func TestRetentionIsTheStacks(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.must(t, "user", "create", "--username", "ada")
	d.must(t, "token", "create", "--user", "1", "--description", "old", "--expires", "1h")
	d.clock.Advance(40 * 24 * time.Hour)
	d.env["EXPIRED_RETENTION_DAYS"] = "60"
	wantContains(t, "with a retention of 60 days", d.must(t, "token", "list", "--user", "1"), "old")
	delete(d.env, "EXPIRED_RETENTION_DAYS")
	if got := d.must(t, "token", "list", "--user", "1"); strings.Contains(got, "old") {
		t.Errorf("with the default of 30 days: got\n%s\nwant no token", got)
	}
}

func TestTokenFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.must(t, "user", "create", "--username", "ada")
	path := filepath.Join(d.folder, "new", "ada.token")
	got := d.run(t, "token", "create", "--user", "1", "--description", "one", "--token-file", path)
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

func TestTokenFileTakesThePlaceOfAnother(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.must(t, "user", "create", "--username", "ada")
	path := filepath.Join(d.folder, "ada.token")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	d.must(t, "token", "create", "--user", "1", "--description", "one", "--token-file", path)
	wantText(t, "file", readFile(t, path), "<token>\n")
	wantMode(t, path, 0o600)
	wantFiles(t, d.folder, "ada.token", "data")
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
	d := newDesk(t)
	d.must(t, "user", "create", "--username", "ada")
	target, link := filepath.Join(d.folder, "target"), filepath.Join(d.folder, "link")
	if err := errors.Join(os.WriteFile(target, []byte("precious"), 0o600), os.Symlink(target, link)); err != nil {
		t.Fatal(err)
	}
	got := d.run(t, "token", "create", "--user", "1", "--description", "one", "--token-file", link)
	wantCode(t, got, exitFailed)
	wantContains(t, "stderr", got.Stderr, link)
	wantText(t, "target", readFile(t, target), "precious")
	if list := d.must(t, "token", "list", "--user", "1"); strings.Contains(list, "one") {
		t.Errorf("got a token that nobody holds:\n%s", list)
	}
}

// blocker is a keeper that puts something into the way of the token file while the token is made.
type blocker struct {
	keeper
	path    string
	revoked pat.TokenID
}

func (b *blocker) create(context.Context, pat.Draft) (tokenView, error) {
	return tokenView{ID: 7, Secret: "user:secret"}, os.MkdirAll(filepath.Join(b.path, "full"), 0o700)
}

func (b *blocker) revoke(_ context.Context, id pat.TokenID) error {
	b.revoked = id
	return nil
}

func TestTokenThatCannotBeWrittenIsRevoked(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	k := &blocker{path: filepath.Join(folder, "token")}
	if _, err := issueToFile(t.Context(), k, pattest.Draft("x"), k.path); err == nil {
		t.Error("got no error, want that of the renaming")
	}
	if k.revoked != 7 {
		t.Errorf("got token %d revoked, want 7", k.revoked)
	}
	wantFiles(t, folder, "token")
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	cases := map[string]time.Time{
		"90d":                       pattest.Start.Add(90 * 24 * time.Hour),
		"12h":                       pattest.Start.Add(12 * time.Hour),
		"1h30m":                     pattest.Start.Add(90 * time.Minute),
		"2027-01-31T12:00:00Z":      time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC),
		"2027-01-31T12:00:00+02:00": time.Date(2027, 1, 31, 10, 0, 0, 0, time.UTC),
		"2001-01-01T00:00:00Z":      time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	for text, want := range cases {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			var e expiry
			if err := e.UnmarshalText([]byte(text)); err != nil {
				t.Fatal(err)
			}
			if got := e.from(pattest.Start); !got.Equal(want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestExpiryRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "90", "d", "0d", "-1d", "0h", "-2h", "1.5d", "100001d", "99999999999999999999d", "tomorrow", "2027-01-31", "90 d"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if err := new(expiry).UnmarshalText([]byte(text)); err == nil {
				t.Error("got no error")
			}
		})
	}
}

func TestAdminTokenNew(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made := d.runBare(t, "admin-token", "new", "--output", "json")
	wantCode(t, made, exitOK)
	var got struct{ Secret, Hash, Parameter string }
	if err := json.Unmarshal([]byte(made.Stdout), &got); err != nil {
		t.Fatal(err)
	}
	key, err := pat.ParseAdminKey(got.Hash)
	if err != nil || !key.Matches(got.Secret) {
		t.Errorf("the hash %q does not recognise the token (%v)", got.Hash, err)
	}
	if want := "AdminTokenHash=" + got.Hash; got.Parameter != want {
		t.Errorf("got parameter %q, want %q", got.Parameter, want)
	}
	if strings.Contains(made.Stderr, got.Secret) {
		t.Error("the token is on stderr")
	}
	text := d.runBare(t, "admin-token", "new")
	wantContains(t, "text", text.Stdout, "Token      *:*.", "Parameter  AdminTokenHash=")
}
