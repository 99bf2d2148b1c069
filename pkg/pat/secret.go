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
	"slices"
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

// Verifier is base64url(SHA-256(token)), without padding: 43 characters. Unleash's v2 records hold the same value.
type Verifier string

// Matches compares in constant time.
func (v Verifier) Matches(s Secret) bool {
	return subtle.ConstantTimeCompare([]byte(v), []byte(s.Verifier())) == 1
}

// Selector is the part of a token that says where its record is, and no secret. In a token that was made here it is base64url
// of the user ID (8 bytes, big-endian) and 8 random bytes, 22 characters without padding. In an imported v2 token all 16 bytes
// are random; an imported v1 token has base64url(SHA-256(token)) instead, 43 characters. See Store.LookUp for those.
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

// ParseSelector checks that text is a selector: canonical base64url of 16 or 32 bytes.
// The error is a KindUnauthenticated with ReasonInvalid.
func ParseSelector(text string) (Selector, error) {
	if _, err := decode(text, selectorLen, hashLen); err != nil {
		return "", Refused(ReasonInvalid, err)
	}
	return Selector(text), nil
}

// ParseVerifier checks that text is a verifier: canonical base64url of 32 bytes. The error is that of ParseSelector.
func ParseVerifier(text string) (Verifier, error) {
	if _, err := decode(text, hashLen); err != nil {
		return "", Refused(ReasonInvalid, err)
	}
	return Verifier(text), nil
}

// UserID is the user that the selector names if the token was made here, or 0, which no user has.
func (s Selector) UserID() UserID {
	raw, err := decode(string(s), selectorLen)
	if err != nil {
		return 0
	}
	user := binary.BigEndian.Uint64(raw[:8])
	if user > uint64(MaxID) {
		return 0
	}
	return UserID(user)
}

// decode reads canonical base64url of one of lengths, in characters.
func decode(text string, lengths ...int) ([]byte, error) {
	// The alphabet is checked first: the decoder skips line breaks.
	if !slices.Contains(lengths, len(text)) || !only(text, base64URL) {
		return nil, errMalformed
	}
	raw, err := strictBase64.DecodeString(text)
	if err != nil {
		return nil, errMalformed
	}
	return raw, nil
}
