package apitypes

import (
	"fmt"
	"time"
)

// Time is a timestamp of the API. In JSON it is a string in RFC 3339, in UTC with three decimals. The time is not embedded, because
// [time.Time]'s MarshalJSON would be promoted; encoding/json marshals text faster, since it does not validate it as JSON.
type Time struct{ Time time.Time }

// optional returns a pointer to at as a Time, or nil for the zero time, which is null in JSON.
func optional(at time.Time) *Time {
	if at.IsZero() {
		return nil
	}
	return &Time{at}
}

// IsZero reports whether t is the zero time.
func (t Time) IsZero() bool { return t.Time.IsZero() }

// MarshalText implements [encoding.TextMarshaler].
func (t Time) MarshalText() ([]byte, error) {
	return t.append(make([]byte, 0, len("2006-01-02T15:04:05.000Z"))), nil
}

// append appends the text of t. Package time formats time.RFC3339 in half the time of a layout with decimals.
func (t Time) append(text []byte) []byte {
	text = t.Time.UTC().AppendFormat(text, time.RFC3339)
	text[len(text)-1] = '.' // in place of the Z
	const digits = "0123456789"
	milliseconds := t.Time.Nanosecond() / int(time.Millisecond)
	return append(text, digits[milliseconds/100], digits[milliseconds/10%10], digits[milliseconds%10], 'Z')
}

// UnmarshalText implements [encoding.TextUnmarshaler]. It accepts any offset and precision of RFC 3339. The result is in UTC.
func (t *Time) UnmarshalText(text []byte) error {
	parsed, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return fmt.Errorf("a timestamp must be in RFC 3339: %w", err)
	}
	t.Time = parsed.UTC()
	return nil
}
