package main

import (
	"strings"
	"testing"
	"time"

	"pats/cmd/pats/failure"
)

func TestLimitFlags(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args string
		code failure.Code
		want string
	}{
		"a longer lifetime":     {"token create --description x --max-token-days 30", failure.Usage, "The expiry date must be within 30 days from now."},
		"the longest lifetime":  {"token create --description x --max-token-days 30 --expires 30d", failure.OK, ""},
		"a longer rotation":     {"token rotate 1 --max-token-days 30 --expires 31d", failure.Usage, "The expiry date must be within 30 days from now."},
		"the limit":             {"token create --description x --max-tokens-per-user 1", failure.Refused, "Too many PATs (1) already exist for this user."},
		"no tokens":             {"token list --max-tokens-per-user 0", failure.Usage, "--max-tokens-per-user must be a whole number from 1 to 100"},
		"half a day":            {"token list --max-token-days 0.5", failure.Usage, "--max-token-days must be a whole number from 0 to 3650"},
		"an enforcement of yes": {"token list --enforce-max-lifetime yes", failure.Usage, "--enforce-max-lifetime must be true or false"},
		"a count of 0":          {"token list --expired-tokens-count 0", failure.Usage, "--expired-tokens-count must be true or false"},
		"two invalid ones":      {"token list --expired-tokens-count 0 --max-token-days x", failure.Usage, "--max-token-days must be a whole number from 0 to 3650\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sh := populated(t)
			got := sh.run(t, append(strings.Fields(c.args), "--user", "1")...)
			wantCode(t, got, c.code)
			wantContains(t, "stderr", got.Stderr, c.want)
		})
	}
}

// TestEnforcedLifetimeInTheList: with the stack's setting, the list shows the end that counts.
func TestEnforcedLifetimeInTheList(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.must(t, "user", "create", "--username", "ada")
	sh.must(t, "token", "create", "--user", "1", "--description", "ci")
	sh.clock.Advance(30 * 24 * time.Hour)
	sh.vars = map[string]string{"MAX_TOKEN_DAYS": "30", "ENFORCE_MAX_LIFETIME": "true"}
	wantText(t, "list", sh.must(t, "token", "list", "--user", "1"), `
ID  DESCRIPTION  CREATED               EXPIRES               LAST USED  STATE    SCOPES
1   ci           2026-01-02T03:04:05Z  2026-02-01T03:04:05Z  never      expired  unscoped
`)
	wantContains(t, "list in JSON", sh.must(t, "token", "list", "--user", "1", "--output", "json"), `"exceedsMaxLifetime": true`)
}

// TestFirstTokenIsWithinTheLongestLifetime of the stack.
func TestFirstTokenIsWithinTheLongestLifetime(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t, "--parameter", "MaxTokenDays=30")
	_, body := server.request(t, "GET", tokensPath, strings.TrimSpace(readFile(t, sh.tokenPath())))
	wantContains(t, "list", body, `"expiresAt":"2026-02-01T03:04:05.678Z"`)
	wantContains(t, "start", server.stderr.String()+server.stdout.String(), "that is valid for 30 days")
}
