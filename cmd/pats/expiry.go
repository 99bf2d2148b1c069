package main

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// expiry is the end of a token, or another time: a time from 1970 on, or a duration from or to the present.
type expiry struct {
	at    time.Time
	after time.Duration
}

var errExpiry = errors.New("must be a number of days such as 90d, of hours such as 12h, or a time such as 2027-01-31T12:00:00Z")

// UnmarshalText parses the value of --expires. It implements encoding.TextUnmarshaler.
func (e *expiry) UnmarshalText(text []byte) error {
	if at, err := time.Parse(time.RFC3339, string(text)); err == nil && at.Unix() >= 0 {
		*e = expiry{at: at}
		return nil
	}
	after, err := parseDuration(string(text))
	if err != nil || after <= 0 {
		return errExpiry
	}
	*e = expiry{after: after}
	return nil
}

// maxDays keeps a number of days within a time.Duration, which holds 292 years.
const maxDays = 100_000

// parseDuration is time.ParseDuration with days.
func parseDuration(text string) (time.Duration, error) {
	days, ok := strings.CutSuffix(text, "d")
	if !ok {
		return time.ParseDuration(text)
	}
	count, err := strconv.Atoi(days)
	if err != nil || count > maxDays {
		return 0, errExpiry
	}
	return time.Duration(count) * 24 * time.Hour, nil
}

// ago returns the time that is as long before now, or the time itself.
func (e expiry) ago(now time.Time) time.Time {
	if e.at.IsZero() {
		return now.Add(-e.after)
	}
	return e.at
}

// from returns the end of a token created at now.
func (e expiry) from(now time.Time) time.Time {
	if e.at.IsZero() {
		return now.Add(e.after)
	}
	return e.at
}
