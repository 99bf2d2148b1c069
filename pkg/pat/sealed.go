package pat

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// sealed is a text that is revealed only by Reveal. The text is behind a pointer because fmt calls no methods on the unexported
// fields of another struct, and would print a string there.
type sealed struct{ text *string }

func seal(text string) sealed { return sealed{&text} }

// Reveal returns the text. Call it only to hand the text to the person it was created for.
func (s sealed) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Format prints "[redacted]" for every verb; it implements [fmt.Formatter].
func (s sealed) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue returns "[redacted]"; it implements [slog.LogValuer].
func (s sealed) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]"; it implements [encoding.TextMarshaler], which encoding/json uses too.
func (s sealed) MarshalText() ([]byte, error) { return []byte(redacted), nil }
