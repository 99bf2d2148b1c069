package pat

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
)

// The canonical spelling of a token, which Unleash 8.2.0 accepts too, is
//
//	user:v2_<selector>_<random><checksum>
//
// with 22 characters of selector, 37 random characters and 6 of checksum. Selector and random are base64url, which contains "_",
// so tokens are parsed by length. The checksum is that of the canonical spelling; see [TokenPrefix] for the other one.
const (
	secretPrefix  = string(PrefixUnleash)
	selectorLen   = 22
	randomLen     = 37
	checksumLen   = 6
	hashLen       = 43
	selectorStart = len(secretPrefix)
	selectorEnd   = selectorStart + selectorLen
	randomStart   = selectorEnd + len("_")
	randomEnd     = randomStart + randomLen

	// SecretLen is the length of the canonical spelling of a token, in bytes. The other one is shorter.
	SecretLen = randomEnd + checksumLen
)

const (
	base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	base62    = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

var errMalformed = errors.New("not in the form of a token")

// Unleash's v1 token, which it still creates by default, is "user:" and 28 bytes in lower-case hex.
const (
	v1Prefix = "user:"
	v1Digits = 56
	hexLower = "0123456789abcdef"
)

// Secret is a whole token. The zero value is not a token. It prints as "[redacted]".
type Secret struct {
	// sealed is the canonical spelling.
	sealed
	// prefix begins the spelling that Reveal returns. The zero value means the canonical one.
	prefix TokenPrefix
}

// NewSecret returns a token for user from 45 bytes of random: 8 for the selector and 37 for the secret part.
// Errors: those of random.
func NewSecret(random io.Reader, user UserID) (Secret, error) {
	selector, err := newSelector(random, user)
	if err != nil {
		return Secret{}, err
	}
	chars := make([]byte, randomLen)
	if _, err := io.ReadFull(random, chars); err != nil {
		return Secret{}, fmt.Errorf("reading randomness: %w", err)
	}
	return newSecret(selector, chars), nil
}

// newSecret returns the token with selector. Each byte of random becomes a character.
func newSecret(selector Selector, random []byte) Secret {
	chars := make([]byte, randomLen)
	for i := range chars {
		chars[i] = base64URL[random[i]&63]
	}
	body := secretPrefix + string(selector) + "_" + string(chars)
	return Secret{sealed: seal(body + checksum(body))}
}

// ParseSecret returns text as a Secret if it has the form and the checksum of a token created here, in either spelling, so a mistyped
// or made-up token is refused without a read. Errors: KindUnauthenticated with ReasonInvalid, without quoting text.
func ParseSecret(text string) (Secret, error) {
	if secret := (Secret{sealed: seal(canonicalSpelling(text))}); secret.native() {
		return secret, nil
	}
	return Secret{}, Refused(ReasonInvalid, errMalformed)
}

// ParseForeignSecret returns text as a Secret if ParseSecret does, or if it has the form of a token that Unleash created. Those have
// no checksum, and no spelling with PrefixPats. Errors: those of ParseSecret.
func ParseForeignSecret(text string) (Secret, error) {
	if strings.HasPrefix(text, string(PrefixPats)) {
		return ParseSecret(text)
	}
	if !wellFormed(text) && !wellFormedV1(text) {
		return Secret{}, Refused(ReasonInvalid, errMalformed)
	}
	return Secret{sealed: seal(text)}, nil
}

// BareToken returns an Authorization header without the scheme "Bearer", in any case (RFC 6750 §2.1, RFC 9110 §11.1). Like
// Unleash, it accepts a token without a scheme.
func BareToken(header string) string {
	scheme, token, found := strings.Cut(header, " ")
	if found && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimLeft(token, " ")
	}
	return header
}

// native reports whether the token has what tokens created here have: the checksum, and a selector that names a user.
func (s Secret) native() bool {
	text := s.canonical()
	return wellFormed(text) && checksum(text[:randomEnd]) == text[randomEnd:] && s.Selector().UserID() != 0
}

func wellFormed(text string) bool {
	return len(text) == SecretLen &&
		text[:selectorStart] == secretPrefix &&
		text[selectorEnd] == '_' &&
		only(text[randomStart:], base64URL)
}

func wellFormedV1(text string) bool {
	return len(text) == len(v1Prefix)+v1Digits && text[:len(v1Prefix)] == v1Prefix && only(text[len(v1Prefix):], hexLower)
}

// checksum returns the CRC-32 (IEEE) of body in base62, padded on the left. It detects typing mistakes; it does not protect against forgery.
func checksum(body string) string {
	sum := crc32.ChecksumIEEE([]byte(body))
	var digits [checksumLen]byte
	for i := checksumLen - 1; i >= 0; i-- {
		digits[i] = base62[sum%62]
		sum /= 62
	}
	return string(digits[:])
}

// only reports whether text has no characters outside alphabet.
func only(text, alphabet string) bool {
	return strings.Trim(text, alphabet) == ""
}

// Selector returns the token's selector, which is empty for the zero Secret. A v1 token contains none, so its hash is returned.
func (s Secret) Selector() Selector {
	text := s.canonical()
	switch {
	case text == "":
		return ""
	case wellFormedV1(text):
		return Selector(s.Verifier())
	}
	return Selector(text[selectorStart:selectorEnd])
}

// Verifier returns what a store keeps to recognize the token.
func (s Secret) Verifier() Verifier {
	sum := sha256.Sum256([]byte(s.canonical()))
	return Verifier(base64.RawURLEncoding.EncodeToString(sum[:]))
}
