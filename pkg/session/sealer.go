package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"pats/pkg/pat"
)

// Client is this service as a client of the identity provider. Its secret is what keys derive from.
type Client struct {
	Issuer string
	ID     string
	Secret pat.ClientSecret
}

// keyLen selects AES-256.
const keyLen = 32

// Sealer seals values for one purpose, and opens those that it sealed. The zero value opens none.
type Sealer struct {
	purpose string
	aead    cipher.AEAD
}

// Sealer returns the client's Sealer for purpose. Each purpose has a separate key.
func (c Client) Sealer(purpose string) Sealer {
	info := fmt.Sprintf("pats %s\n%s\n%s", purpose, c.Issuer, c.ID)
	key, err := hkdf.Key(sha256.New, []byte(c.Secret.Reveal()), nil, info, keyLen)
	if err != nil {
		return Sealer{} // FIPS mode refuses short secrets
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return Sealer{}
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return Sealer{}
	}
	return Sealer{purpose, aead}
}

// The reasons why a value cannot be opened.
var (
	// ErrSealed: the value was not sealed for this purpose with this client's secret.
	ErrSealed = errors.New("not sealed here")
	// ErrExpired: the value has expired.
	ErrExpired = errors.New("expired")
	errNoKey   = errors.New("no key")
)

// envelope is the plaintext of a sealed value.
type envelope struct {
	Expires int64           `json:"exp"` // milliseconds since 1970 UTC
	Value   json.RawMessage `json:"v"`
}

// Seal returns value sealed until expires, in base64url. Errors: those of random and of JSON.
func (s Sealer) Seal(random io.Reader, value any, expires time.Time) (string, error) {
	if s.aead == nil {
		return "", errNoKey
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(envelope{expires.UnixMilli(), raw})
	if err != nil {
		return "", err
	}
	nonce := make([]byte, s.aead.NonceSize())
	if _, err := io.ReadFull(random, nonce); err != nil {
		return "", fmt.Errorf("reading randomness: %w", err)
	}
	return encoding.EncodeToString(s.aead.Seal(nonce, nonce, plain, []byte(s.purpose))), nil
}

// Open decodes what Seal sealed into value. Errors: ErrSealed, ErrExpired.
func (s Sealer) Open(text string, now time.Time, value any) error {
	if s.aead == nil {
		return errNoKey
	}
	raw, err := encoding.DecodeString(text)
	if err != nil || len(raw) < s.aead.NonceSize() {
		return ErrSealed
	}
	nonce, sealed := raw[:s.aead.NonceSize()], raw[s.aead.NonceSize():]
	plain, err := s.aead.Open(nil, nonce, sealed, []byte(s.purpose))
	if err != nil {
		return ErrSealed
	}
	var e envelope
	if err := json.Unmarshal(plain, &e); err != nil {
		return ErrSealed
	}
	if now.UnixMilli() >= e.Expires {
		return ErrExpired
	}
	if err := json.Unmarshal(e.Value, value); err != nil {
		return ErrSealed
	}
	return nil
}

var encoding = base64.RawURLEncoding.Strict()
