package apitypes

import (
	"encoding/json"
	"fmt"
	"time"
)

// timeLayout is RFC 3339 in UTC with three decimals.
const timeLayout = "2006-01-02T15:04:05.000Z"

// Time is a timestamp of the API. In JSON it is a string in RFC 3339, in UTC with three decimals, or null if it is zero.
type Time struct{ time.Time }

// MarshalJSON implements [json.Marshaler].
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return t.UTC().AppendFormat(make([]byte, 0, len(timeLayout)+2), `"`+timeLayout+`"`), nil
}

// UnmarshalJSON implements [json.Unmarshaler]. It accepts any offset and precision of RFC 3339; null sets t to zero. The
// result is in UTC. Errors: a value that is neither a timestamp nor null.
func (t *Time) UnmarshalJSON(data []byte) error {
	var text *string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("a timestamp must be a string or null: %w", err)
	}
	if text == nil {
		*t = Time{}
		return nil
	}
	parsed, err := time.Parse(time.RFC3339, *text)
	if err != nil {
		return fmt.Errorf("a timestamp must be in RFC 3339: %w", err)
	}
	t.Time = parsed.UTC()
	return nil
}
