package main

import (
	"strings"
	"testing"
	"time"
)

func TestTokenCommandsInText(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.must(t, "user", "create", "--username", "ada", "--role", "admin")
	made := sh.run(t, "token", "create", "--user", "1", "--description", "laptop")
	wantText(t, "create", made.Stdout, `
Id           1
Description  laptop
Expires      2026-04-02T03:04:05Z
Token        <token>
`)
	wantText(t, "create's note", made.Stderr, "Keep the token: it cannot be shown again.\n")
	sh.must(t, "token", "create", "--user", "1", "--description", "ci", "--expires", "12h")
	sh.clock.Advance(24 * time.Hour)
	wantText(t, "list", sh.must(t, "token", "list", "--user", "1"), `
ID  DESCRIPTION  CREATED               EXPIRES               LAST USED  STATE    SCOPES
1   laptop       2026-01-02T03:04:05Z  2026-04-02T03:04:05Z  never      valid    unscoped
2   ci           2026-01-02T03:04:05Z  2026-01-02T15:04:05Z  never      expired  unscoped
`)
	wantText(t, "revoke", sh.must(t, "token", "revoke", "--user", "1", "1"), "Token 1 revoked.\n")
	wantText(t, "list after revoke", sh.must(t, "token", "list", "--user", "1"), `
ID  DESCRIPTION  CREATED               EXPIRES               LAST USED  STATE    SCOPES
2   ci           2026-01-02T03:04:05Z  2026-01-02T15:04:05Z  never      expired  unscoped
`)
}

func TestTokenCommandsInJSON(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.vars["PATS_OUTPUT"] = "json"
	sh.must(t, "user", "create", "--username", "ada", "--role", "admin")
	wantText(t, "create", sh.must(t, "token", "create", "--user", "1", "--description", "laptop", "--expires", "2026-02-01T00:00:00+01:00"), `
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
	wantText(t, "list", sh.must(t, "token", "list", "--user", "1"), `
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
	wantText(t, "revoke", sh.must(t, "token", "revoke", "--user", "1", "1"), "{\n  \"id\": 1,\n  \"userId\": 1\n}\n")
	wantText(t, "empty list", sh.must(t, "token", "list", "--user", "1"), "{\n  \"pats\": []\n}\n")
}

// TestRetention: an expired token is listed until the retention, which may be a deployed stack's, is over.
func TestRetention(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.must(t, "user", "create", "--username", "ada")
	sh.must(t, "token", "create", "--user", "1", "--description", "old", "--expires", "1h")
	sh.clock.Advance(40 * 24 * time.Hour)
	sh.vars["EXPIRED_RETENTION_DAYS"] = "60"
	wantContains(t, "with a retention of 60 days", sh.must(t, "token", "list", "--user", "1"), "old")
	delete(sh.vars, "EXPIRED_RETENTION_DAYS")
	if got := sh.must(t, "token", "list", "--user", "1"); strings.Contains(got, "old") {
		t.Errorf("with the default of 30 days: got\n%s\nwant no token", got)
	}
}
