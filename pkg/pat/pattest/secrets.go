package pattest

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"io"
	"strings"
	"testing"

	"pats/pkg/pat"
)

// InPats returns a token, which is in its canonical spelling, in the one that begins with pats_.
func InPats(token string) string {
	return string(pat.PrefixPats) + strings.TrimPrefix(token, string(pat.PrefixUnleash))
}

// Mistyped returns the token with another last character, so that its checksum is wrong.
func Mistyped(token string) string {
	last := len(token) - 1
	return token[:last] + string('0'+(token[last]+1)%10)
}

// Forge returns a well-formed token with the selector of another one and a random secret.
func Forge(t testing.TB, selector pat.Selector) string {
	t.Helper()
	const user = 8 // bytes of the selector that are the user's ID
	raw, err := base64.RawURLEncoding.DecodeString(string(selector))
	if err != nil {
		t.Fatal(err)
	}
	secret, err := pat.NewSecret(io.MultiReader(bytes.NewReader(raw[user:]), rand.Reader), selector.UserID())
	if err != nil || secret.Selector() != selector {
		t.Fatalf("got a forged token with selector %s and error %v, want %s", secret.Selector(), err, selector)
	}
	return secret.Reveal()
}
