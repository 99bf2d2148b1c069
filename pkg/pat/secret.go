package pat

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
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

var errMalformed = errors.New("not a v2 token")

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
	for i, b := range chars {
		chars[i] = base64URL[b&63]
	}
	body := secretPrefix + string(selector) + "_" + string(chars)
	return Secret{seal(body + checksum(body))}, nil
}

// ParseSecret checks text's form and checksum, so that a mistyped or made-up token is refused without a read.
// The error is a KindUnauthenticated with ReasonInvalid; it never quotes the text.
func ParseSecret(text string) (Secret, error) {
	if !wellFormed(text) || checksum(text[:randomEnd]) != text[randomEnd:] {
		return Secret{}, Refused(ReasonInvalid, errMalformed)
	}
	if _, err := decodeSelector(text[selectorStart:selectorEnd]); err != nil {
		return Secret{}, Refused(ReasonInvalid, err)
	}
	return Secret{seal(text)}, nil
}

func wellFormed(text string) bool {
	return len(text) == SecretLen &&
		text[:selectorStart] == secretPrefix &&
		text[selectorEnd] == '_' &&
		only(text[randomStart:], base64URL)
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

// Selector is the public part of the token, and empty for the zero Secret.
func (s Secret) Selector() Selector {
	text := s.Reveal()
	if text == "" {
		return ""
	}
	return Selector(text[selectorStart:selectorEnd])
}

// Verifier is what a store keeps to recognise the token.
func (s Secret) Verifier() Verifier {
	sum := sha256.Sum256([]byte(s.Reveal()))
	return Verifier(base64.RawURLEncoding.EncodeToString(sum[:]))
}

// Verifier is base64url(SHA-256(token)), without padding: 43 characters. Unleash's v2 records hold the same value.
type Verifier string

// Matches compares in constant time.
func (v Verifier) Matches(s Secret) bool {
	return subtle.ConstantTimeCompare([]byte(v), []byte(s.Verifier())) == 1
}

// Selector is the part of a token that says where its record is: base64url of the user ID (8 bytes, big-endian) and 8 random
// bytes, 22 characters without padding. It is no secret.
type Selector string

var strictBase64 = base64.RawURLEncoding.Strict()

func newSelector(random io.Reader, user UserID) (Selector, error) {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(user)) //nolint:gosec // user IDs are positive
	if _, err := io.ReadFull(random, raw[8:]); err != nil {
		return "", fmt.Errorf("reading randomness: %w", err)
	}
	return Selector(strictBase64.EncodeToString(raw[:])), nil
}

// ParseSelector checks that text is a selector: canonical base64url that names a possible user.
// The error is a KindUnauthenticated with ReasonInvalid.
func ParseSelector(text string) (Selector, error) {
	if _, err := decodeSelector(text); err != nil {
		return "", Refused(ReasonInvalid, err)
	}
	return Selector(text), nil
}

// UserID is the user that the selector names, or 0, which no user has, if it is not a selector.
func (s Selector) UserID() UserID {
	user, _ := decodeSelector(string(s))
	return user
}

func decodeSelector(text string) (UserID, error) {
	// The alphabet is checked first: the decoder skips line breaks.
	if len(text) != selectorLen || !only(text, base64URL) {
		return 0, errMalformed
	}
	raw, err := strictBase64.DecodeString(text)
	if err != nil {
		return 0, errMalformed
	}
	user := binary.BigEndian.Uint64(raw[:8])
	if user == 0 || user > uint64(MaxID) {
		return 0, errMalformed
	}
	return UserID(user), nil
}
