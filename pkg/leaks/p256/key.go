// Package p256 reads public keys of ECDSA on the curve P-256.
package p256

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"errors"
)

// ParseKey returns the key in a SubjectPublicKeyInfo in DER (RFC 5280 §4.1). Errors: der is not a key, or is one of another kind.
func ParseKey(der []byte) (*ecdsa.PublicKey, error) {
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("not a key of ECDSA on P-256")
	}
	return key, nil
}
