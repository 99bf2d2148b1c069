package config_test

import (
	"strings"
	"testing"
	"time"

	"pats/pkg/config"
)

// messages are the only lines that an error of Load may have: names of variables and their valid values, never the value found.
var messages = map[string]bool{
	"ADMIN_TOKEN_HASH must be 64 hex digits or empty":                true,
	"PATS_ENABLED must be true or false":                             true,
	"ACCEPT_IMPORTED_TOKENS must be true or false":                   true,
	"EXPIRED_RETENTION_DAYS must be a number of days from 0 to 3650": true,
	"TOKEN_PREFIX must be user:v2_ or pats_":                         true,
}

// FuzzLoad: whatever the environment holds, settings are within their bounds or refused, and no error quotes a value. An invalid
// value never makes imported tokens valid.
func FuzzLoad(f *testing.F) {
	f.Add(hash, "true", "30", "false", "user:v2_")
	f.Add("", "", "", "", "")
	f.Add(strings.ToUpper(hash), "TRUE", "3651", "yes", "pats_")
	f.Add("", "true", "3651", "true", "pats")
	f.Add("", "", "-1", "", "PATS_")
	f.Add(hash[1:], "false", "-1", "true", "user:")
	f.Add(hash+"\n", "0", "+30", " true", " pats_")
	f.Add("*:*.x", "1", "9223372036854775808", "true\x00", "pats_x")
	f.Fuzz(func(t *testing.T, hash, enabled, days, imported, prefix string) {
		got, err := config.Load(lookup(map[string]string{
			"ADMIN_TOKEN_HASH": hash, "PATS_ENABLED": enabled, "EXPIRED_RETENTION_DAYS": days, "ACCEPT_IMPORTED_TOKENS": imported,
			"TOKEN_PREFIX": prefix,
		}))
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if !messages[line] {
					t.Errorf("got the error %q, want names of variables alone", line)
				}
			}
		} else if got.Retention < 0 || got.Retention > 3650*24*time.Hour {
			t.Errorf("got a retention of %s, want at most 3650 days", got.Retention)
		}
		if got.AcceptImported != (imported == "true") {
			t.Errorf("ACCEPT_IMPORTED_TOKENS %q: got %t", imported, got.AcceptImported)
		}
	})
}
