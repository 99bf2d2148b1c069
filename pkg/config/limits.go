package config

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"pats/pkg/pat"
)

const (
	maxTokenDays       = "MAX_TOKEN_DAYS"
	enforceMaxLifetime = "ENFORCE_MAX_LIFETIME"
	maxTokensPerUser   = "MAX_TOKENS_PER_USER" //nolint:gosec // a name, no credential
	expiredTokensCount = "EXPIRED_TOKENS_COUNT"
)

// The MaxValues of the template's parameters MaxTokenDays and MaxTokensPerUser.
const (
	mostTokenDays = 3650
	mostTokens    = 100
)

// Limits holds the limits of tokens.
type Limits struct {
	// MaxLifetime is the longest lifetime of a token, by default 0 for none.
	MaxLifetime time.Duration
	// EnforceMaxLifetime ends secrets after MaxLifetime whatever their tokens' expiry dates. By default it does not.
	EnforceMaxLifetime bool
	// MaxTokens is how many tokens a user can have, by default [pat.MaxTokens].
	MaxTokens int
	// ExpiredCount makes expired tokens count toward MaxTokens, as they do by default.
	ExpiredCount bool
}

// LoadLimits returns the Limits that variables describes, or the defaults of those that are not set. The error names every invalid
// variable, each in a line, and contains no values.
func LoadLimits(variables Variables) (Limits, error) {
	days, daysErr := integer(variables, maxTokenDays, 0, 0, mostTokenDays)
	enforce, enforceErr := boolean(variables, enforceMaxLifetime, false)
	tokens, tokensErr := integer(variables, maxTokensPerUser, pat.MaxTokens, 1, mostTokens)
	count, countErr := boolean(variables, expiredTokensCount, true)
	limits := Limits{time.Duration(days) * day, enforce, tokens, count}
	return limits, errors.Join(daysErr, enforceErr, tokensErr, countErr)
}

// MaxTokenDays returns MaxLifetime in days.
func (l Limits) MaxTokenDays() int { return int(l.MaxLifetime / day) }

// Apply returns settings with l.
func (l Limits) Apply(settings pat.Settings) pat.Settings {
	settings.MaxLifetime, settings.EnforceMaxLifetime = l.MaxLifetime, l.EnforceMaxLifetime
	settings.MaxTokens, settings.ExpiredUncounted = l.MaxTokens, !l.ExpiredCount
	return settings
}

// integer returns the variable's value, which must be from least to most.
func integer(variables Variables, name string, byDefault, least, most int) (int, error) {
	text := variables(name)
	if text == "" {
		return byDefault, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, invalid(name, fmt.Sprintf("a whole number from %d to %d", least, most))
	}
	return n, nil
}
