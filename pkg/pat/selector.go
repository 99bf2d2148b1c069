package pat

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// Selector identifies the record of a token. It is not secret. A token created here has base64url, without padding, of its user's
// ID (8 bytes, big-endian) and 8 random bytes: 22 characters. An imported token does not name its user, so Store.LookUp finds it:
// in a v2 token all 16 bytes are random, and a v1 token has base64url(SHA-256(token)), 43 characters, instead.
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

// ParseSelector returns text as a Selector if it is canonical base64url of 16 or 32 bytes.
// Errors: KindUnauthenticated with ReasonInvalid.
func ParseSelector(text string) (Selector, error) {
	if _, err := decode(text, selectorLen, hashLen); err != nil {
		return "", Refused(ReasonInvalid, err)
	}
	return Selector(text), nil
}

// UserID returns the user named by the selector of a token created here. For any other selector it returns a meaningless ID, or 0,
// which is never a user's.
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

// decode decodes canonical base64url of one of the lengths, in characters.
func decode(text string, lengths ...int) ([]byte, error) {
	// The alphabet is checked separately because the decoder skips line breaks.
	if !slices.Contains(lengths, len(text)) || !only(text, base64URL) {
		return nil, errMalformed
	}
	raw, err := strictBase64.DecodeString(text)
	if err != nil {
		return nil, errMalformed
	}
	return raw, nil
}
