// Package config reads the settings of the Lambda functions from the environment variables that template.yaml sets.
package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"pats/pkg/pat"
)

// The variables that template.yaml sets. The functions also read AWS's standard ones; see [LoadTable].
const (
	tableName            = "TABLE_NAME"
	adminTokenHash       = "ADMIN_TOKEN_HASH"
	patsEnabled          = "PATS_ENABLED"
	expiredRetentionDays = "EXPIRED_RETENTION_DAYS"
	acceptImportedTokens = "ACCEPT_IMPORTED_TOKENS"
	tokenPrefix          = "TOKEN_PREFIX"
	scopes               = "SCOPES"
	corsOrigin           = "CORS_ORIGIN"
	offersSignIn         = "SIGN_IN"
)

// maxRetentionDays is the MaxValue of the template's parameter ExpiredRetentionDays.
const maxRetentionDays = 3650

const day = 24 * time.Hour

// Variables returns the value of an environment variable, or "" if it is not set, as [os.Getenv] does.
type Variables func(name string) string

// Config holds the settings of the functions' behaviour. Each has a default, so it can be loaded from an empty environment.
type Config struct {
	// Admin recognizes the admin API token. By default it recognizes none.
	Admin pat.AdminKey
	// TokensEnabled is the kill switch of the token routes, on by default.
	TokensEnabled bool
	// Retention is how long expired tokens stay listed, by default [pat.DefaultRetention].
	Retention time.Duration
	// AcceptImported makes imported tokens valid. By default they are refused.
	AcceptImported bool
	// TokenPrefix begins new tokens, by default [pat.PrefixUnleash].
	TokenPrefix pat.TokenPrefix
	// Scopes are the scopes that exist, by default the built-in ones.
	Scopes pat.ScopeCatalog
	// CORSOrigin is the origin whose scripts can read responses, or "*" for any. By default it is empty, for none.
	CORSOrigin string
	Shared     Shared
	Limits     Limits
	SignIn     SignIn
	// OffersSignIn makes the page offer to sign in at an identity provider, whose settings the page does not have. By default it does not.
	OffersSignIn bool
	Leaks        Leaks
}

// Domain returns the settings of the domain.
func (c Config) Domain() pat.Settings {
	return c.Limits.Apply(pat.Settings{
		Retention: c.Retention, AcceptImported: c.AcceptImported, Scopes: c.Scopes, TokenPrefix: c.TokenPrefix,
	})
}

// Load returns the Config that variables describes. The error names every invalid variable. It contains no values but
// the scopes of SCOPES.
func Load(variables Variables) (Config, error) {
	admin, adminErr := adminKey(variables)
	enabled, enabledErr := boolean(variables, patsEnabled, true)
	retention, retentionErr := retention(variables)
	imported, importedErr := boolean(variables, acceptImportedTokens, false)
	prefix, prefixErr := prefix(variables)
	catalog, catalogErr := catalog(variables)
	origin, originErr := origin(variables)
	shared, sharedErr := loadShared(variables)
	limits, limitsErr := LoadLimits(variables)
	leaks, leaksErr := loadLeaks(variables)
	signIn, signInErr := loadSignIn(variables)
	offers, offersErr := boolean(variables, offersSignIn, false)
	config := Config{
		Admin: admin, TokensEnabled: enabled, Retention: retention, AcceptImported: imported, TokenPrefix: prefix, Scopes: catalog,
		CORSOrigin: origin, Shared: shared, Limits: limits, Leaks: leaks, SignIn: signIn, OffersSignIn: offers,
	}
	return config, errors.Join(adminErr, enabledErr, retentionErr, importedErr, prefixErr, catalogErr, originErr, sharedErr, limitsErr, leaksErr,
		signInErr, offersErr)
}

func adminKey(variables Variables) (pat.AdminKey, error) {
	key, err := pat.ParseAdminKey(variables(adminTokenHash))
	if err != nil {
		return pat.AdminKey{}, invalid(adminTokenHash, "64 hex digits or empty")
	}
	return key, nil
}

func retention(variables Variables) (time.Duration, error) {
	days := variables(expiredRetentionDays)
	if days == "" {
		return pat.DefaultRetention, nil
	}
	retention, err := ParseRetention(days)
	if err != nil {
		return 0, fmt.Errorf("%s %w", expiredRetentionDays, err)
	}
	return retention, nil
}

// ParseRetention returns a number of days as a duration. The error says which numbers are valid; it does not quote days.
func ParseRetention(days string) (time.Duration, error) {
	n, err := strconv.Atoi(days)
	if err != nil || n < 0 || n > maxRetentionDays {
		return 0, fmt.Errorf("must be a number of days from 0 to %d", maxRetentionDays)
	}
	return time.Duration(n) * day, nil
}

func prefix(variables Variables) (pat.TokenPrefix, error) {
	text := variables(tokenPrefix)
	if text == "" {
		return pat.PrefixUnleash, nil
	}
	prefix, err := pat.ParseTokenPrefix(text)
	if err != nil {
		return "", fmt.Errorf("%s %w", tokenPrefix, err)
	}
	return prefix, nil
}

func catalog(variables Variables) (pat.ScopeCatalog, error) {
	catalog, err := pat.ParseScopeCatalog(variables(scopes))
	if err != nil {
		return pat.ScopeCatalog{}, fmt.Errorf("%s: %w", scopes, err)
	}
	return catalog, nil
}

// originChars are the characters of a host and a port.
const originChars = "abcdefghijklmnopqrstuvwxyz0123456789.-:"

// origin accepts what the template's AllowedPattern does, and little more.
func origin(variables Variables) (string, error) {
	text := variables(corsOrigin)
	if text == "" || text == "*" {
		return text, nil
	}
	scheme, host, _ := strings.Cut(text, "://")
	if (scheme != "http" && scheme != "https") || host == "" || strings.Trim(host, originChars) != "" {
		return "", invalid(corsOrigin, "one origin, such as https://app.example.com, or *, or empty")
	}
	return text, nil
}

// boolean returns false if the variable is invalid.
func boolean(variables Variables, name string, byDefault bool) (bool, error) {
	switch variables(name) {
	case "":
		return byDefault, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, invalid(name, "true or false")
}

func invalid(name, want string) error { return fmt.Errorf("%s must be %s", name, want) }
