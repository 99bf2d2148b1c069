package config_test

import (
	"strings"
	"testing"
	"time"

	"pats/pkg/config"
)

// told are the lines of which an error may consist: names of variables and what they must be, never a value.
var told = map[string]bool{
	"TABLE_NAME must be set": true, "AWS_REGION must be set": true, "ADMIN_TOKEN_HASH must be 64 hex digits or empty": true,
	"PATS_ENABLED must be true or false": true, "ACCEPT_IMPORTED_TOKENS must be true or false": true,
	"EXPIRED_RETENTION_DAYS must be a number of days from 0 to 3650": true,
}

// FuzzLoad: whatever the environment says, settings are within their bounds or refused, and no value is told. What is wrong never
// switches imported tokens on.
func FuzzLoad(f *testing.F) {
	f.Add("pats", "eu-central-1", hash, "true", "30", "false")
	f.Add("", "", "", "", "", "")
	f.Add("pats", "x", strings.ToUpper(hash), "TRUE", "3651", "yes")
	f.Add("pats", "x", "", "true", "3651", "true")
	f.Add("pats", "x", "", "", "-1", "")
	f.Add("pats", "x", hash[1:], "false", "-1", "true")
	f.Add("pats", "x", hash+"\n", "0", "+30", " true")
	f.Add("pats", "x", "*:*.x", "1", "9223372036854775808", "true\x00")
	f.Fuzz(func(t *testing.T, table, region, hash, enabled, days, imported string) {
		env := map[string]string{
			config.TableName: table, "AWS_REGION": region, config.AdminTokenHash: hash,
			config.PatsEnabled: enabled, config.ExpiredRetentionDays: days, config.AcceptImportedTokens: imported,
		}
		got, err := config.Load(func(name string) string { return env[name] })
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if !told[line] {
					t.Errorf("got the error %q, want names alone", line)
				}
			}
		} else if got.Table == "" || got.DynamoDB.Region == "" || got.Retention < 0 || got.Retention > 3650*24*time.Hour {
			t.Errorf("got %+v, want settings within their bounds", got)
		}
		if got.AcceptImported != (imported == "true") {
			t.Errorf("ACCEPT_IMPORTED_TOKENS %q: got %t", imported, got.AcceptImported)
		}
	})
}
