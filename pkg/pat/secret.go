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

// The text of a token is
//
//	user:v2_<selector>_<random><checksum>
//
// with a selector of 22 characters, 37 random characters and a checksum of 6. The first two alphabets are base64url, which
// contains "_", so a token is cut by length and never split. Unleash 8.2.0 accepts the same form.
const (
	secretPrefix  = "user:v2_"
	selectorLen   = 22
	randomLen     = 37
	checksumLen   = 6
	hashLen       = 43
	selectorStart = len(secretPrefix)
	selectorEnd   = selectorStart + selectorLen
	randomStart   = selectorEnd + len("_")
	randomEnd     = randomStart + randomLen

	// SecretLen is the length of every token, in bytes.
	SecretLen = randomEnd + checksumLen
)

const (
	base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	base62    = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

var errMalformed = errors.New("not in the form of a token")

// Unleash's first form of a token, which it still makes by default, is user: and 28 bytes in lower-case hex.
const (
	v1Prefix = "user:"
	v1Digits = 56
	hexLower = "0123456789abcdef"
)

// Secret is a whole token, as its holder presents it. Its zero value is no token. It never prints itself.
type Secret struct{ sealed }

// NewSecret makes a token for user from 45 bytes of random: 8 for the selector and 37 for the secret part.
// The error is that of random.
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

// newSecret puts a token together; each byte of random makes a character.
func newSecret(selector Selector, random []byte) Secret {
	chars := make([]byte, randomLen)
	for i := range chars {
		chars[i] = base64URL[random[i]&63]
	}
	body := secretPrefix + string(selector) + "_" + string(chars)
	return Secret{seal(body + checksum(body))}
}

// ParseSecret checks text's form and checksum, so that a mistyped or made-up token is refused without a read.
// The error is a KindUnauthenticated with ReasonInvalid; it never quotes the text.
func ParseSecret(text string) (Secret, error) {
	if secret := (Secret{seal(text)}); secret.native() {
		return secret, nil
	}
	return Secret{}, Refused(ReasonInvalid, errMalformed)
}

// ParseForeignSecret checks text's form alone: that of the tokens made here, which Unleash's v2 tokens share, or that of its v1
// tokens. What Service.Authenticate makes of it depends on Service.AcceptImported. The error is that of ParseSecret.
func ParseForeignSecret(text string) (Secret, error) {
	if !wellFormed(text) && !wellFormedV1(text) {
		return Secret{}, Refused(ReasonInvalid, errMalformed)
	}
	return Secret{seal(text)}, nil
}

// BareToken takes the scheme "Bearer", in any case, off an Authorization header (RFC 6750 §2.1, RFC 9110 §11.1). Unleash takes a
// token without a scheme too.
func BareToken(header string) string {
	scheme, token, found := strings.Cut(header, " ")
	if found && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimLeft(token, " ")
	}
	return header
}

// native says whether the token has the marks of one that was made here: the checksum, and a selector that names a user.
func (s Secret) native() bool {
	text := s.Reveal()
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

// checksum is the CRC-32 (IEEE) of body in base62, padded on the left. It finds typing mistakes; it protects nothing.
func checksum(body string) string {
	sum := crc32.ChecksumIEEE([]byte(body))
	var digits [checksumLen]byte
	for i := checksumLen - 1; i >= 0; i-- {
		digits[i] = base62[sum%62]
		sum /= 62
	}
	return string(digits[:])
}

func only(text, alphabet string) bool {
	return strings.Trim(text, alphabet) == ""
}

// Selector is the public part of the token, and empty for the zero Secret. A v1 token has none: its hash takes the place.
func (s Secret) Selector() Selector {
	text := s.Reveal()
	switch {
	case text == "":
		return ""
	case wellFormedV1(text):
		return Selector(s.Verifier())
	}
	return Selector(text[selectorStart:selectorEnd])
}

// Verifier is what a store keeps to recognise the token.
func (s Secret) Verifier() Verifier {
	sum := sha256.Sum256([]byte(s.Reveal()))
	return Verifier(base64.RawURLEncoding.EncodeToString(sum[:]))
}
