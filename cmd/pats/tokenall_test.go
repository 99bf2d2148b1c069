package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"pats/cmd/pats/failure"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// office is a data file with three users: an Admin with a token that is used, a Viewer with two that are not, and a disabled one. It is
// 100 days old.
func office(t *testing.T) *shell {
	t.Helper()
	sh := newShell(t)
	sh.must(t, "user", "create", "--username", "ada", "--role", "admin")
	sh.must(t, "user", "create", "--email", "bob@example.org")
	sh.must(t, "user", "create", "--username", "eve")
	for _, token := range [][]string{
		{"1", "laptop", "--token-file", sh.folder + "/ada.token"}, {"2", "=SUM(A1:A9)", "--scope", "pats:read"}, {"2", "ci, nightly"}, {"3", "old"},
	} {
		sh.must(t, append([]string{"token", "create", "--user", token[0], "--description", token[1], "--expires", "365d"}, token[2:]...)...)
	}
	sh.must(t, "token", "rotate", "1", "--user", "3", "--overlap", "168h")
	sh.must(t, "user", "disable", "3")
	sh.clock.Advance(100 * 24 * time.Hour)
	sh.must(t, "token", "create", "--user", "3", "--description", "soon", "--expires", "12h")
	return sh
}

func TestTokenListAll(t *testing.T) {
	t.Parallel()
	sh := office(t)
	wantText(t, "all", sh.must(t, "token", "list", "--all"), `
USER  USERNAME         ID  DESCRIPTION  CREATED               EXPIRES               LAST USED  STATE     SCOPES     CREATED BY  OLD SECRET ENDS
1     ada              1   laptop       2026-01-02T03:04:05Z  2027-01-02T03:04:05Z  never      active    unscoped   -           -
2     bob@example.org  1   =SUM(A1:A9)  2026-01-02T03:04:05Z  2027-01-02T03:04:05Z  never      active    pats:read  -           -
2     bob@example.org  2   ci, nightly  2026-01-02T03:04:05Z  2027-01-02T03:04:05Z  never      active    unscoped   -           -
3     eve              1   old          2026-01-02T03:04:05Z  2027-01-02T03:04:05Z  never      disabled  unscoped   -           -
3     eve              2   soon         2026-04-12T03:04:05Z  2026-04-12T15:04:05Z  never      disabled  unscoped   -           -
`)
	wantText(t, "CSV", sh.must(t, "token", "list", "--all", "--user", "2", "--output", "csv"), `
userId,username,email,name,accountType,rootRole,disabled,id,description,state,createdAt,expiresAt,seenAt,scopes,createdBy.userId,createdBy.tokenId,rotatedAt,overlapEndsAt,exceedsMaxLifetime
2,,bob@example.org,,User,Viewer,false,1,'=SUM(A1:A9),active,2026-01-02T03:04:05.678Z,2027-01-02T03:04:05.678Z,,pats:read,,,,,false
2,,bob@example.org,,User,Viewer,false,2,"ci, nightly",active,2026-01-02T03:04:05.678Z,2027-01-02T03:04:05.678Z,,unscoped,,,,,false
`)
	wantText(t, "JSON", sh.must(t, "token", "list", "--all", "--expires-before", "14d", "--output", "json"), `
{
  "tokens": [
    {
      "id": 2,
      "description": "soon",
      "expiresAt": "2026-04-12T15:04:05.678Z",
      "userId": 3,
      "createdAt": "2026-04-12T03:04:05.678Z",
      "seenAt": null,
      "user": {
        "accountType": "User",
        "id": 3,
        "username": "eve",
        "createdAt": "2026-01-02T03:04:05.678Z",
        "rootRole": 3,
        "disabled": true
      }
    }
  ]
}
`)
	for format, want := range map[string]string{
		"text": strings.Join(textHeader, "  ") + "\n", "csv": strings.Join(csvHeader, ",") + "\n", "json": "{\n  \"tokens\": []\n}\n",
	} {
		wantText(t, "none as "+format, sh.must(t, "token", "list", "--all", "--state", "expired", "--output", format), want)
	}
}

func TestTokenListAllMarksLongTokens(t *testing.T) {
	t.Parallel()
	sh := office(t)
	got := sh.must(t, "token", "list", "--all", "--user", "1", "--max-token-days", "90", "--enforce-max-lifetime", "true")
	wantContains(t, "list", got, "2026-04-02T03:04:05Z (too long)  never      expired")
}

// ids returns the user and the token of each row of JSON, such as 2/1.
func ids(t *testing.T, output string) string {
	t.Helper()
	var page apitypes.TokenPage
	if err := json.Unmarshal([]byte(output), &page); err != nil {
		t.Fatalf("%v in %s", err, output)
	}
	var list []string
	for _, token := range page.Tokens {
		list = append(list, formatID(token.UserID)+"/"+formatID(token.ID))
	}
	return strings.Join(list, " ")
}

func TestTokenListAllFilters(t *testing.T) {
	t.Parallel()
	sh := office(t)
	for flags, want := range map[string]string{
		"":                                    "1/1 2/1 2/2 3/1 3/2",
		"--user 2":                            "2/1 2/2",
		"--unused-since 90d":                  "1/1 2/1 2/2 3/1",
		"--unused-since 2400h":                "",
		"--unused-since 2026-01-02T03:04:06Z": "1/1 2/1 2/2 3/1",
		"--expires-before 12h":                "",
		"--expires-before 13h":                "3/2",
		"--scope pats:read":                   "2/1",
		"--scope orders:read":                 "",
		"--state disabled --unused-since 90d": "3/1",
	} {
		if got := ids(t, sh.must(t, strings.Fields("token list --all --output json "+flags)...)); got != want {
			t.Errorf("%s: got %s, want %s", flags, got, want)
		}
	}
}

func TestTokenRevokeAllShowsFirst(t *testing.T) {
	t.Parallel()
	sh := office(t)
	args := []string{"token", "revoke", "--all", "--unused-since", "90d", "--state", "active", "--output", "json"}
	got := sh.run(t, args...)
	wantCode(t, got, failure.OK)
	if shown := ids(t, got.Stdout); shown != "1/1 2/1 2/2" {
		t.Errorf("the preview has %s", shown)
	}
	wantText(t, "the preview's note", got.Stderr, "3 tokens of 2 users would be revoked. Add --yes to revoke them.\n")
	if left := ids(t, sh.must(t, "token", "list", "--all", "--output", "json")); left != "1/1 2/1 2/2 3/1 3/2" {
		t.Errorf("after the preview: got %s", left)
	}
	got = sh.run(t, append(args, "--yes")...)
	wantCode(t, got, failure.OK)
	if shown := ids(t, got.Stdout); shown != "1/1 2/1 2/2" {
		t.Errorf("revoked: got %s", shown)
	}
	wantText(t, "the note", got.Stderr, "3 tokens of 2 users revoked.\n")
	if left := ids(t, sh.must(t, "token", "list", "--all", "--output", "json")); left != "3/1 3/2" {
		t.Errorf("after the revocation: got %s", left)
	}
	wantText(t, "again", sh.run(t, append(args, "--yes")...).Stderr, "0 tokens of 0 users revoked.\n")
	one := sh.run(t, "token", "revoke", "--all", "--user", "3", "--scope", "pats:read")
	wantText(t, "none of a user", one.Stderr, "0 tokens of 0 users would be revoked. Add --yes to revoke them.\n")
	wantText(t, "all of a user", sh.run(t, "token", "revoke", "--all", "--user", "3", "--yes").Stderr, "2 tokens of 1 user revoked.\n")
}

func TestTokenAllMisuse(t *testing.T) {
	t.Parallel()
	sh := office(t)
	for args, want := range map[string]string{
		"revoke --all":                                             "--all needs --user or a filter",
		"revoke --all --yes":                                       "--all needs --user or a filter",
		"revoke --all --user 2 --descendants":                      "excludes",
		"revoke 1 --all --user 2":                                  "excludes",
		"revoke --all --unused-since 0001-01-01T00:00:00Z --yes":   "--unused-since: must be",
		"revoke --all --unused-since 1969-12-31T23:59:59Z --yes":   "--unused-since: must be",
		"revoke --all --expires-before 0001-01-01T00:00:00Z --yes": "--expires-before: must be",
		"revoke --all --unused-since 0d --yes":                     "--unused-since: must be",
		"revoke --all --unused-since=-5d --yes":                    "--unused-since: must be",
		"revoke --all --unused-since= --yes":                       "--unused-since",
		"revoke --all --scope= --yes":                              "--scope must not be empty",
		"revoke --all --scope a,b --yes":                           "--scope: A scope is",
		"revoke --all --state= --yes":                              "--state",
		"revoke --all --state valid --yes":                         "must be active, expired or disabled",
		"revoke --unused-since 90d --user 2":                       "--unused-since needs --all",
		"revoke 1 --user 2 --yes":                                  "--yes needs --all",
		"revoke --all --user 2 --output csv":                       "--output csv is for `pats token list`",
		"list --user 2 --state active":                             "--state needs --all",
		"list --all --token-file x":                                "--token-file names the token to present to a server",
	} {
		got := sh.run(t, append([]string{"token"}, strings.Fields(args)...)...)
		wantCode(t, got, failure.Usage)
		wantContains(t, args, got.Stderr, want)
		if got.Stdout != "" {
			t.Errorf("%s: got output %s", args, got.Stdout)
		}
	}
	if left := ids(t, sh.must(t, "token", "list", "--all", "--output", "json")); left != "1/1 2/1 2/2 3/1 3/2" {
		t.Errorf("after all: got %s", left)
	}
	missing := sh.run(t, "token", "revoke", "--all", "--user", "99", "--yes")
	wantCode(t, missing, failure.NotFound)
	if missing.Stdout != "" || strings.Contains(missing.Stderr, "revoked") {
		t.Errorf("a missing user: got %s and %s, want an error alone", missing.Stdout, missing.Stderr)
	}
}

// TestTokenAllThroughAServer: with an Admin's token, whose own tokens are revoked last.
func TestTokenAllThroughAServer(t *testing.T) {
	t.Parallel()
	sh := office(t)
	server := sh.serve(t)
	token := sh.folder + "/ada.token"
	remote := func(args ...string) result {
		return sh.runBare(t, append(append([]string{"token"}, args...), "--url", server.url, "--token-file", token, "--output", "json")...)
	}
	list := remote("list", "--all", "--unused-since", "90d")
	wantCode(t, list, failure.OK)
	if got := ids(t, list.Stdout); got != "2/1 2/2 3/1" {
		t.Errorf("unused: got %s", got)
	}
	one := remote("list", "--all", "--user", "2", "--scope", "pats:read")
	if got := ids(t, one.Stdout); got != "2/1" {
		t.Errorf("of a user: got %s", got)
	}
	preview := remote("revoke", "--all", "--unused-since", "90d")
	wantText(t, "preview", preview.Stderr, "3 tokens of 2 users would be revoked. Add --yes to revoke them.\n")
	revoked := remote("revoke", "--all", "--expires-before", "1000d", "--yes")
	wantCode(t, revoked, failure.OK)
	if got := ids(t, revoked.Stdout); got != "2/1 2/2 3/1 3/2 1/1" {
		t.Errorf("revoked: got %s, want the caller's last", got)
	}
	if status, body := server.request(t, http.MethodGet, tokensPath, strings.TrimSpace(readFile(t, token))); status != http.StatusUnauthorized {
		t.Errorf("afterwards: got %d %s, want 401", status, body)
	}
	refused := remote("list", "--all")
	wantCode(t, refused, failure.Refused)
	if refused.Stdout != "" {
		t.Errorf("a refused list: got output %s", refused.Stdout)
	}
}

func TestTokenAllNeedsAnAdmin(t *testing.T) {
	t.Parallel()
	sh := office(t)
	sh.must(t, "token", "create", "--user", "2", "--description", "own", "--token-file", sh.folder+"/bob.token")
	server := sh.serve(t)
	for _, args := range []string{"list --all", "revoke --all --user 1 --yes", "revoke --all --user 2 --yes"} {
		got := sh.runBare(t, append(append([]string{"token"}, strings.Fields(args)...), "--url", server.url, "--token-file", sh.folder+"/bob.token")...)
		wantCode(t, got, failure.Refused)
		wantContains(t, args, got.Stderr, `you need the "ADMIN" permission`)
	}
}

// TestPaceOfALongWalk notes how far it is, every few seconds.
func TestPaceOfALongWalk(t *testing.T) {
	t.Parallel()
	var stderr output
	sh := newShell(t)
	pace := newPace(sh.clock.Now, &printer{stderr: &stderr})
	for i := range 10 {
		sh.clock.Advance(2 * time.Second)
		pace.at(pat.UserID(100 * (i + 1)))
	}
	wantText(t, "notes", stderr.String(), "Looked at the users up to 300 …\nLooked at the users up to 600 …\nLooked at the users up to 900 …\n")
}
