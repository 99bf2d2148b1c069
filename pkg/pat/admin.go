package pat

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// AdminPrefix begins every admin API token. Unleash's API tokens are projects:environments.secret; an admin token is for all.
const AdminPrefix = "*:*."

const (
	// adminRandomBytes is how many random bytes an admin API token has: 256 bits.
	adminRandomBytes = 32
	// minAdminLen is the length of the tokens that NewAdminSecret creates: the prefix and base64url of the random bytes. A shorter
	// token was chosen by hand, and can be guessed or is publicly known, as Unleash's *:*.unleash-insecure-admin-api-token.
	minAdminLen = len(AdminPrefix) + 43
)

// AdminSecret is the admin API token, a credential for automation that belongs to no user. It prints as "[redacted]".
type AdminSecret struct{ sealed }

// NewAdminSecret returns an admin API token from 32 bytes of random. Errors: those of random.
func NewAdminSecret(random io.Reader) (AdminSecret, error) {
	var raw [adminRandomBytes]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return AdminSecret{}, fmt.Errorf("reading randomness: %w", err)
	}
	return AdminSecret{seal(AdminPrefix + base64.RawURLEncoding.EncodeToString(raw[:]))}, nil
}

// Hash returns the setting by which the service recognizes the token: SHA-256 in 64 hex digits.
func (s AdminSecret) Hash() string {
	sum := sha256.Sum256([]byte(s.Reveal()))
	return hex.EncodeToString(sum[:])
}

// AdminKey recognizes the admin API token. The zero value recognizes none.
type AdminKey struct{ hash string }

// ParseAdminKey returns the key for the token with hash, in either case of hex digits, and the zero AdminKey
// for an empty hash.
func ParseAdminKey(hash string) (AdminKey, error) {
	raw, err := hex.DecodeString(hash)
	if err != nil || (len(raw) != 0 && len(raw) != sha256.Size) {
		return AdminKey{}, errors.New("the admin token's hash must be SHA-256 in 64 hex digits, or empty for no admin token")
	}
	return AdminKey{hex.EncodeToString(raw)}, nil
}

// Matches reports whether token is the admin API token, comparing in constant time. It refuses a token that is shorter than those
// of [NewAdminSecret], even if the hash is right.
func (k AdminKey) Matches(token string) bool {
	if len(token) < minAdminLen {
		return false
	}
	hash := AdminSecret{seal(token)}.Hash()
	return k.hash != "" && subtle.ConstantTimeCompare([]byte(hash), []byte(k.hash)) == 1
}

// Principal returns the holder of the admin API token that k recognizes.
func (k AdminKey) Principal() Principal {
	return Principal{Kind: HolderAdmin, fingerprint: k.fingerprint()}
}

// Admits reports whether this key recognized p. If another key did, the token has been replaced since.
func (k AdminKey) Admits(p Principal) bool {
	return k.hash != "" && p.Kind == HolderAdmin && p.fingerprint == k.fingerprint()
}

// fingerprint identifies the key without revealing its hash.
func (k AdminKey) fingerprint() string {
	sum := sha256.Sum256([]byte("admin key " + k.hash))
	return hex.EncodeToString(sum[:8])
}
