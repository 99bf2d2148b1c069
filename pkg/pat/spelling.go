package pat

import (
	"errors"
	"strings"
)

// TokenPrefix is how a token begins. A token created here has two spellings, which differ only in it, and both are accepted everywhere.
type TokenPrefix string

const (
	// PrefixUnleash begins the canonical spelling, which is Unleash's. It is the default.
	PrefixUnleash TokenPrefix = "user:v2_"
	// PrefixPats begins a spelling without a colon. RFC 6750 §2.1 allows no colon after "Bearer", and secret scanners split a text at it.
	PrefixPats TokenPrefix = "pats_"
)

// ParseTokenPrefix returns text as a TokenPrefix. The error does not quote text.
func ParseTokenPrefix(text string) (TokenPrefix, error) {
	prefix := TokenPrefix(text)
	if prefix != PrefixUnleash && prefix != PrefixPats {
		return "", errors.New("must be " + string(PrefixUnleash) + " or " + string(PrefixPats))
	}
	return prefix, nil
}

// canonicalSpelling returns text with PrefixUnleash instead of PrefixPats, and any other text unchanged.
func canonicalSpelling(text string) string {
	if rest, found := strings.CutPrefix(text, string(PrefixPats)); found {
		return string(PrefixUnleash) + rest
	}
	return text
}

// canonical returns the only spelling that checksums, verifiers and derived keys are computed from.
func (s Secret) canonical() string { return s.sealed.Reveal() }

// Reveal returns the token as its holder presents it. Call it only to hand the token to its holder.
func (s Secret) Reveal() string {
	if s.prefix == "" {
		return s.canonical()
	}
	return string(s.prefix) + strings.TrimPrefix(s.canonical(), string(PrefixUnleash))
}

// spelled returns s, a token created here, so that Reveal returns it with prefix.
func (s Secret) spelled(prefix TokenPrefix) Secret {
	s.prefix = prefix
	return s
}
