package signin

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"

	"pats/pkg/session"
)

// randomLen is the number of random bytes of a state, a nonce and a verifier. RFC 7636 §4.1 recommends it for verifiers.
const randomLen = 32

// newLogin returns a sign-in that leads to next.
func newLogin(random io.Reader, next string) (session.Login, error) {
	var raw [3 * randomLen]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return session.Login{}, fmt.Errorf("reading randomness: %w", err)
	}
	text := func(i int) string {
		return base64.RawURLEncoding.EncodeToString(raw[i*randomLen : (i+1)*randomLen])
	}
	return session.Login{State: text(0), Nonce: text(1), Verifier: text(2), Next: next}, nil
}

// redirected is the query parameter of a sign-in that began at another address of the stack.
const redirected = "redirected"

// redirectedPath returns the path of a sign-in that leads to next, at the public address.
func redirectedPath(next string) string {
	return session.LoginPath + "?" + url.Values{"next": {next}, redirected: {"true"}}.Encode()
}

var (
	errState  = errors.New("the state is not the one of this browser's sign-in")
	errIssuer = errors.New("the response is of another issuer")
	errCode   = errors.New("the provider sent no code")
)

// codeOf returns the authorization code in the provider's response. Only a response with the state of this browser's sign-in counts, also
// one with an error, so that no other page ends a sign-in. Errors: refusals.
func codeOf(query url.Values, begun session.Login, issuer string) (string, error) {
	if subtle.ConstantTimeCompare([]byte(single(query, "state")), []byte(begun.State)) != 1 {
		return "", errNotBegun.because(errState)
	}
	if iss := query["iss"]; len(iss) > 0 && single(query, "iss") != issuer { // RFC 9207
		return "", errProvider.because(errIssuer)
	}
	if query.Has("error") {
		return "", errDenied.because(fmt.Errorf("the provider's error is %q", printable(query.Get("error"))))
	}
	if code := single(query, "code"); code != "" {
		return code, nil
	}
	return "", errProvider.because(errCode)
}

// single returns the only value of name, or "".
func single(query url.Values, name string) string {
	if len(query[name]) != 1 {
		return ""
	}
	return query[name][0]
}

// maxErrorLen is the length of the longest error code of a provider that the log shows.
const maxErrorLen = 40

// printable returns the part of text that can be an error code (RFC 6749 §4.1.2.1). Anybody can write it into a URL, so it can be anything.
func printable(text string) string {
	for i, r := range text {
		if (r != '_' && (r < 'a' || r > 'z')) || i == maxErrorLen {
			return text[:i]
		}
	}
	return text
}
