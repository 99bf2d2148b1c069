package config_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/config"
	"pats/pkg/pat"
)

const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func adminKey(t *testing.T) pat.AdminKey {
	t.Helper()
	key, err := pat.ParseAdminKey(hash)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestLoad(t *testing.T) {
	t.Parallel()
	base := map[string]string{"TABLE_NAME": "pats", "AWS_REGION": "eu-central-1"}
	for name, c := range map[string]struct {
		env    map[string]string
		change func(*config.Config)
	}{
		"the least":            {nil, func(*config.Config) {}},
		"an endpoint":          {map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:8000"}, func(c *config.Config) { c.DynamoDB.Endpoint = "http://127.0.0.1:8000" }},
		"the general endpoint": {map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, func(c *config.Config) { c.DynamoDB.Endpoint = "http://127.0.0.1:4566" }},
		"both endpoints": {map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:8000"},
			func(c *config.Config) { c.DynamoDB.Endpoint = "http://127.0.0.1:8000" }},
		"credentials": {map[string]string{"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "c"},
			func(c *config.Config) {
				c.DynamoDB.AccessKeyID, c.DynamoDB.SecretAccessKey, c.DynamoDB.SessionToken = "a", "b", "c"
			}},
		"an admin token":               {map[string]string{"ADMIN_TOKEN_HASH": hash}, func(c *config.Config) { c.Admin = adminKey(t) }},
		"an admin token in upper case": {map[string]string{"ADMIN_TOKEN_HASH": strings.ToUpper(hash)}, func(c *config.Config) { c.Admin = adminKey(t) }},
		"switched on":                  {map[string]string{"PATS_ENABLED": "true"}, func(*config.Config) {}},
		"switched off":                 {map[string]string{"PATS_ENABLED": "false"}, func(c *config.Config) { c.Enabled = false }},
		"imports accepted":             {map[string]string{"ACCEPT_IMPORTED_TOKENS": "true"}, func(c *config.Config) { c.AcceptImported = true }},
		"imports refused":              {map[string]string{"ACCEPT_IMPORTED_TOKENS": "false"}, func(*config.Config) {}},
		"no retention":                 {map[string]string{"EXPIRED_RETENTION_DAYS": "0"}, func(c *config.Config) { c.Retention = 0 }},
		"a retention":                  {map[string]string{"EXPIRED_RETENTION_DAYS": "7"}, func(c *config.Config) { c.Retention = 7 * 24 * time.Hour }},
		"the longest retention":        {map[string]string{"EXPIRED_RETENTION_DAYS": "3650"}, func(c *config.Config) { c.Retention = 3650 * 24 * time.Hour }},
		"something else":               {map[string]string{"PATS_OTHER": "x"}, func(*config.Config) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := maps.Clone(base)
			maps.Copy(env, c.env)
			got, err := config.Load(func(name string) string { return env[name] })
			if err != nil {
				t.Fatal(err)
			}
			want := config.Config{
				Table: "pats", DynamoDB: config.DynamoDB{Region: "eu-central-1"}, Enabled: true, Retention: 30 * 24 * time.Hour,
			}
			c.change(&want)
			if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b pat.AdminKey) bool { return a == b })); diff != "" {
				t.Errorf("config (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLoadNamesWhatIsWrong: every variable at once, and no value, which might be a secret in the wrong place.
func TestLoadNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	const secret = "in-the-wrong-place"
	good := map[string]string{"TABLE_NAME": "pats", "AWS_REGION": "eu-central-1"}
	with := func(name, value string) map[string]string {
		env := maps.Clone(good)
		env[name] = value
		return env
	}
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"nothing set":             {nil, "TABLE_NAME must be set\nAWS_REGION must be set"},
		"no table":                {with("TABLE_NAME", ""), "TABLE_NAME must be set"},
		"no region":               {with("AWS_REGION", ""), "AWS_REGION must be set"},
		"a hash that is none":     {with("ADMIN_TOKEN_HASH", secret), "ADMIN_TOKEN_HASH must be 64 hex digits or empty"},
		"a hash cut off":          {with("ADMIN_TOKEN_HASH", hash[1:]), "ADMIN_TOKEN_HASH must be 64 hex digits or empty"},
		"a hash of 32 digits":     {with("ADMIN_TOKEN_HASH", hash[:32]), "ADMIN_TOKEN_HASH must be 64 hex digits or empty"},
		"a hash and a line break": {with("ADMIN_TOKEN_HASH", hash+"\n"), "ADMIN_TOKEN_HASH must be 64 hex digits or empty"},
		"the token itself":        {with("ADMIN_TOKEN_HASH", "*:*."+secret), "ADMIN_TOKEN_HASH must be 64 hex digits or empty"},
		"a switch in upper case":  {with("PATS_ENABLED", "TRUE"), "PATS_ENABLED must be true or false"},
		"a switch 0":              {with("PATS_ENABLED", "0"), "PATS_ENABLED must be true or false"},
		"a switch with a blank":   {with("PATS_ENABLED", "false "), "PATS_ENABLED must be true or false"},
		"days below zero":         {with("EXPIRED_RETENTION_DAYS", "-1"), "EXPIRED_RETENTION_DAYS must be a number of days from 0 to 3650"},
		"days too many":           {with("EXPIRED_RETENTION_DAYS", "3651"), "EXPIRED_RETENTION_DAYS must be a number of days from 0 to 3650"},
		"days beyond all numbers": {with("EXPIRED_RETENTION_DAYS", "99999999999999999999"), "EXPIRED_RETENTION_DAYS must be a number of days from 0 to 3650"},
		"half a day":              {with("EXPIRED_RETENTION_DAYS", "0.5"), "EXPIRED_RETENTION_DAYS must be a number of days from 0 to 3650"},
		"days as a duration":      {with("EXPIRED_RETENTION_DAYS", "30d"), "EXPIRED_RETENTION_DAYS must be a number of days from 0 to 3650"},
		"everything": {map[string]string{"ADMIN_TOKEN_HASH": secret, "PATS_ENABLED": secret, "EXPIRED_RETENTION_DAYS": secret},
			"TABLE_NAME must be set\nAWS_REGION must be set\nADMIN_TOKEN_HASH must be 64 hex digits or empty\n" +
				"PATS_ENABLED must be true or false\nEXPIRED_RETENTION_DAYS must be a number of days from 0 to 3650"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(func(name string) string { return c.env[name] })
			if err == nil || err.Error() != c.want {
				t.Errorf("error: got %v, want %s", err, c.want)
			}
		})
	}
}
