package pat

import (
	"crypto/subtle"
)

// Verifier is base64url(SHA-256(token)), without padding: 43 characters. Unleash's v2 records hold the same value.
type Verifier string

// Matches compares in constant time.
func (v Verifier) Matches(s Secret) bool {
	return subtle.ConstantTimeCompare([]byte(v), []byte(s.Verifier())) == 1
}

// ParseVerifier checks that text is a verifier: canonical base64url of 32 bytes. The error is that of ParseSelector.
func ParseVerifier(text string) (Verifier, error) {
	if _, err := decode(text, hashLen); err != nil {
		return "", Refused(ReasonInvalid, err)
	}
	return Verifier(text), nil
}
