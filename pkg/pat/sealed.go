package pat

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// sealed is a text that shows itself to nobody who does not ask for it by Reveal. It holds the text behind a pointer: fmt calls
// no methods on what stands in an unexported field of another struct, and would print a string there.
type sealed struct{ text *string }

func seal(text string) sealed { return sealed{&text} }

// Reveal is the text itself. Call it to hand the text to the person it was made for, and for nothing else.
func (s sealed) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Format prints "[redacted]" for every verb (fmt.Formatter).
func (s sealed) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue is "[redacted]" (slog.LogValuer).
func (s sealed) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText is "[redacted]" (encoding.TextMarshaler, which encoding/json uses too).
func (s sealed) MarshalText() ([]byte, error) { return []byte(redacted), nil }
