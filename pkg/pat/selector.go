package pat

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

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
