package pat

import "crypto/subtle"

// Verifier is base64url(SHA-256(token)), without padding: 43 characters. Unleash stores the same value for its v2 tokens.
type Verifier string

// Matches reports whether v is the Verifier of s, comparing in constant time.
func (v Verifier) Matches(s Secret) bool {
	return subtle.ConstantTimeCompare([]byte(v), []byte(s.Verifier())) == 1
}

// ParseVerifier returns text as a Verifier if it is canonical base64url of 32 bytes. Errors: those of ParseSelector.
func ParseVerifier(text string) (Verifier, error) {
	if _, err := decode(text, hashLen); err != nil {
		return "", Refused(ReasonInvalid, err)
	}
	return Verifier(text), nil
}
