package config_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/config"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
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
	for name, c := range map[string]struct {
		env    map[string]string
		change func(*config.Config)
	}{
		"nothing set":                  {nil, func(*config.Config) {}},
		"an admin token":               {map[string]string{"ADMIN_TOKEN_HASH": hash}, func(c *config.Config) { c.Admin = adminKey(t) }},
		"an admin token in upper case": {map[string]string{"ADMIN_TOKEN_HASH": strings.ToUpper(hash)}, func(c *config.Config) { c.Admin = adminKey(t) }},
		"tokens enabled":               {map[string]string{"PATS_ENABLED": "true"}, func(*config.Config) {}},
		"tokens disabled":              {map[string]string{"PATS_ENABLED": "false"}, func(c *config.Config) { c.TokensEnabled = false }},
		"imported tokens accepted":     {map[string]string{"ACCEPT_IMPORTED_TOKENS": "true"}, func(c *config.Config) { c.AcceptImported = true }},
		"imported tokens refused":      {map[string]string{"ACCEPT_IMPORTED_TOKENS": "false"}, func(*config.Config) {}},
		"no retention":                 {map[string]string{"EXPIRED_RETENTION_DAYS": "0"}, func(c *config.Config) { c.Retention = 0 }},
		"a retention":                  {map[string]string{"EXPIRED_RETENTION_DAYS": "7"}, func(c *config.Config) { c.Retention = 7 * 24 * time.Hour }},
		"the longest retention":        {map[string]string{"EXPIRED_RETENTION_DAYS": "3650"}, func(c *config.Config) { c.Retention = 3650 * 24 * time.Hour }},
		"tokens as Unleash's":          {map[string]string{"TOKEN_PREFIX": "user:v2_"}, func(*config.Config) {}},
		"tokens without a colon":       {map[string]string{"TOKEN_PREFIX": "pats_"}, func(c *config.Config) { c.TokenPrefix = pat.PrefixPats }},
		"scopes":                       {map[string]string{"SCOPES": "orders:read"}, func(c *config.Config) { c.Scopes = pattest.Catalog(t, "orders:read") }},
		"an origin":                    {map[string]string{"CORS_ORIGIN": "http://localhost:5173"}, func(c *config.Config) { c.CORSOrigin = "http://localhost:5173" }},
		"every origin":                 {map[string]string{"CORS_ORIGIN": "*"}, func(c *config.Config) { c.CORSOrigin = "*" }},
		"no scopes":                    {map[string]string{"SCOPES": " "}, func(*config.Config) {}},
		"the shared authorizer off":    {map[string]string{"SHARED_AUTHORIZER_ENABLED": "false"}, func(c *config.Config) { c.Shared.Enabled = false }},
		"routes required":              {map[string]string{"REQUIRE_ROUTES": "true"}, func(c *config.Config) { c.Shared.RequireRoutes = true }},
		"a query parameter":            {map[string]string{"WEBSOCKET_TOKEN_PARAMETER": "access_token"}, func(c *config.Config) { c.Shared.TokenParameter = "access_token" }},
		"no longest lifetime":          {map[string]string{"MAX_TOKEN_DAYS": "0"}, func(*config.Config) {}},
		"a longest lifetime":           {map[string]string{"MAX_TOKEN_DAYS": "90"}, func(c *config.Config) { c.Limits.MaxLifetime = 90 * 24 * time.Hour }},
		"ten years":                    {map[string]string{"MAX_TOKEN_DAYS": "3650"}, func(c *config.Config) { c.Limits.MaxLifetime = 3650 * 24 * time.Hour }},
		"an enforced lifetime":         {map[string]string{"ENFORCE_MAX_LIFETIME": "true"}, func(c *config.Config) { c.Limits.EnforceMaxLifetime = true }},
		"one token a user":             {map[string]string{"MAX_TOKENS_PER_USER": "1"}, func(c *config.Config) { c.Limits.MaxTokens = 1 }},
		"a hundred tokens a user":      {map[string]string{"MAX_TOKENS_PER_USER": "100"}, func(c *config.Config) { c.Limits.MaxTokens = 100 }},
		"expired tokens do not count":  {map[string]string{"EXPIRED_TOKENS_COUNT": "false"}, func(c *config.Config) { c.Limits.ExpiredCount = false }},
		"an unknown variable":          {map[string]string{"PATS_OTHER": "x"}, func(*config.Config) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := config.Load(lookup(c.env))
			if err != nil {
				t.Fatal(err)
			}
			want := config.Config{
				TokensEnabled: true, Retention: 30 * 24 * time.Hour, Shared: config.Shared{Enabled: true}, TokenPrefix: pat.PrefixUnleash,
				Limits: config.Limits{MaxTokens: 10, ExpiredCount: true},
			}
			c.change(&want)
			if diff := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
				t.Errorf("config (-want +got):\n%s", diff)
			}
		})
	}
}

func lookup(env map[string]string) config.Variables {
	return func(name string) string { return env[name] }
}

// TestLoadErrors: an error names every invalid variable and quotes no value, which could be a secret in the wrong place.
func TestLoadErrors(t *testing.T) {
	t.Parallel()
	const (
		secret       = "in-the-wrong-place"
		badHash      = "ADMIN_TOKEN_HASH must be 64 hex digits or empty"
		badEnabled   = "PATS_ENABLED must be true or false"
		badDays      = "EXPIRED_RETENTION_DAYS must be a number of days from 0 to 3650"
		badImport    = "ACCEPT_IMPORTED_TOKENS must be true or false"
		badShared    = "SHARED_AUTHORIZER_ENABLED must be true or false"
		badRoutes    = "REQUIRE_ROUTES must be true or false"
		badParameter = "WEBSOCKET_TOKEN_PARAMETER must be up to 32 letters, digits, underscores and hyphens"
		badPrefix    = "TOKEN_PREFIX must be user:v2_ or pats_"
		badOrigin    = "CORS_ORIGIN must be one origin, such as https://app.example.com, or *, or empty"
		badLifetime  = "MAX_TOKEN_DAYS must be a whole number from 0 to 3650"
		badEnforced  = "ENFORCE_MAX_LIFETIME must be true or false"
		badLimit     = "MAX_TOKENS_PER_USER must be a whole number from 1 to 100"
		badExpired   = "EXPIRED_TOKENS_COUNT must be true or false"
		badScope     = "SCOPES: entry 2 is not 1 to 64 of A-Z, a-z, 0-9 and the characters . _ : / -"
	)
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"a hash of other characters":  {map[string]string{"ADMIN_TOKEN_HASH": secret}, badHash},
		"a hash of 63 digits":         {map[string]string{"ADMIN_TOKEN_HASH": hash[1:]}, badHash},
		"a hash of 32 digits":         {map[string]string{"ADMIN_TOKEN_HASH": hash[:32]}, badHash},
		"a hash and a line break":     {map[string]string{"ADMIN_TOKEN_HASH": hash + "\n"}, badHash},
		"the token instead of a hash": {map[string]string{"ADMIN_TOKEN_HASH": "*:*." + secret}, badHash},
		"a switch in upper case":      {map[string]string{"PATS_ENABLED": "TRUE"}, badEnabled},
		"a switch of 0":               {map[string]string{"PATS_ENABLED": "0"}, badEnabled},
		"a switch with a blank":       {map[string]string{"PATS_ENABLED": "false "}, badEnabled},
		"negative days":               {map[string]string{"EXPIRED_RETENTION_DAYS": "-1"}, badDays},
		"too many days":               {map[string]string{"EXPIRED_RETENTION_DAYS": "3651"}, badDays},
		"days beyond an integer":      {map[string]string{"EXPIRED_RETENTION_DAYS": "99999999999999999999"}, badDays},
		"half a day":                  {map[string]string{"EXPIRED_RETENTION_DAYS": "0.5"}, badDays},
		"days as a duration":          {map[string]string{"EXPIRED_RETENTION_DAYS": "30d"}, badDays},
		"another prefix":              {map[string]string{"TOKEN_PREFIX": "ghp_"}, badPrefix},
		"a prefix in upper case":      {map[string]string{"TOKEN_PREFIX": "PATS_"}, badPrefix},
		"a prefix cut off":            {map[string]string{"TOKEN_PREFIX": "pats"}, badPrefix},
		"a token instead of a prefix": {map[string]string{"TOKEN_PREFIX": "pats_" + secret}, badPrefix},
		"a token among the scopes":    {map[string]string{"SCOPES": "orders:read,user:v2_" + secret + strings.Repeat("x", 64)}, badScope},
		"the origin null":             {map[string]string{"CORS_ORIGIN": "null"}, badOrigin},
		"a list of origins":           {map[string]string{"CORS_ORIGIN": "https://a.example,https://b.example"}, badOrigin},
		"an origin with a path":       {map[string]string{"CORS_ORIGIN": "https://a.example/"}, badOrigin},
		"an origin of another scheme": {map[string]string{"CORS_ORIGIN": "file://a.example"}, badOrigin},
		"an origin with a line break": {map[string]string{"CORS_ORIGIN": "https://a.example\r\nX: y"}, badOrigin},
		"a shared authorizer of no":   {map[string]string{"SHARED_AUTHORIZER_ENABLED": "no"}, badShared},
		"routes required of 1":        {map[string]string{"REQUIRE_ROUTES": "1"}, badRoutes},
		"a parameter with a blank":    {map[string]string{"WEBSOCKET_TOKEN_PARAMETER": "access token"}, badParameter},
		"a parameter of 33":           {map[string]string{"WEBSOCKET_TOKEN_PARAMETER": strings.Repeat("x", 33)}, badParameter},
		"a negative lifetime":         {map[string]string{"MAX_TOKEN_DAYS": "-1"}, badLifetime},
		"a lifetime beyond ten years": {map[string]string{"MAX_TOKEN_DAYS": "3651"}, badLifetime},
		"a lifetime with a unit":      {map[string]string{"MAX_TOKEN_DAYS": "90d"}, badLifetime},
		"a lifetime to enforce":       {map[string]string{"ENFORCE_MAX_LIFETIME": "90"}, badEnforced},
		"no tokens":                   {map[string]string{"MAX_TOKENS_PER_USER": "0"}, badLimit},
		"101 tokens":                  {map[string]string{"MAX_TOKENS_PER_USER": "101"}, badLimit},
		"ten tokens in words":         {map[string]string{"MAX_TOKENS_PER_USER": "ten"}, badLimit},
		"expired tokens by number":    {map[string]string{"EXPIRED_TOKENS_COUNT": "0"}, badExpired},
		"every variable": {map[string]string{
			"ADMIN_TOKEN_HASH": secret, "PATS_ENABLED": secret, "EXPIRED_RETENTION_DAYS": secret, "ACCEPT_IMPORTED_TOKENS": secret,
			"TOKEN_PREFIX": secret, "SCOPES": "a," + secret + "!",
		}, badHash + "\n" + badEnabled + "\n" + badDays + "\n" + badImport + "\n" + badPrefix + "\n" + badScope},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(lookup(c.env))
			if err == nil || err.Error() != c.want {
				t.Errorf("error: got %v, want %s", err, c.want)
			}
		})
	}
}
