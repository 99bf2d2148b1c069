package leaks

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"pats/pkg/pat"
)

// anchorLen is how many characters of a secret identify it: 16 are 96 bits, or 64 bits of a v1 token. No text contains them by chance,
// and a message that cuts a token off still contains them.
const anchorLen = 16

// forms are the encodings in which a text can contain a secret. Each takes the secret part of the token.
var forms = []form{
	{"plain", head},
	{"plain, its end", tail},
	{"hex", func(part string) string { return hex.EncodeToString([]byte(head(part))) }},
	{"upper-case hex", func(part string) string { return strings.ToUpper(hex.EncodeToString([]byte(head(part)))) }},
	{"base64", base64At(base64.StdEncoding, 0)},
	{"base64, one off", base64At(base64.StdEncoding, 1)},
	{"base64, two off", base64At(base64.StdEncoding, 2)},
	{"base64url", base64At(base64.URLEncoding, 0)},
	{"base64url, one off", base64At(base64.URLEncoding, 1)},
	{"base64url, two off", base64At(base64.URLEncoding, 2)},
	{"percent-encoded", bytewise("%%%02X", "")},
	{"percent-encoded, lower case", bytewise("%%%02x", "")},
	{`\u escapes`, bytewise(`\u%04x`, "")},
	{`upper-case \u escapes`, bytewise(`\u%04X`, "")},
	{"bytes in decimal", bytewise("%d", " ")},
	{"bytes in JSON", bytewise("%d", ",")},
	{"UTF-16", littleEndian},
}

type form struct {
	name string
	of   func(part string) string
}

// longest is the length of the longest form, in bytes: \u escapes.
const longest = 6 * anchorLen

func head(part string) string { return part[:anchorLen] }

func tail(part string) string { return part[len(part)-anchorLen:] }

// base64At returns the encoding of part inside a longer text, where it starts off bytes after a multiple of three. It omits the
// characters that also depend on the text before part.
func base64At(encoding *base64.Encoding, off int) func(string) string {
	return func(part string) string {
		text := encoding.EncodeToString([]byte(strings.Repeat(" ", off) + part[:24-off]))
		return text[(off*8+5)/6:]
	}
}

func bytewise(format, between string) func(string) string {
	return func(part string) string {
		var all []string
		for _, b := range []byte(head(part)) {
			all = append(all, fmt.Sprintf(format, b))
		}
		return strings.Join(all, between)
	}
}

// littleEndian returns ASCII text as UTF-16.
func littleEndian(part string) string {
	return strings.Join(strings.Split(head(part), ""), "\x00") + "\x00"
}

// The prefixes of the kinds of token, and the lengths of their secret parts.
const (
	v2Prefix   = "user:v2_"
	patsPrefix = "pats_"
	v2Secret   = 43
	v1Prefix   = "user:"
	v1Secret   = 56

	// selectorAndSecret is the length of what follows v2Prefix and patsPrefix.
	selectorAndSecret = 22 + len("_") + v2Secret
)

// canonical returns the canonical spelling of a token, and any other text unchanged.
func canonical(text string) string {
	if secret, err := pat.ParseSecret(text); err == nil {
		return secret.Reveal()
	}
	return text
}

// secretPart returns a canonical token without its prefix and selector, and any other text unchanged.
func secretPart(token string) string {
	switch {
	case strings.HasPrefix(token, v2Prefix) && len(token) == pat.SecretLen:
		return token[len(token)-v2Secret:]
	case strings.HasPrefix(token, v1Prefix) && len(token) == len(v1Prefix)+v1Secret:
		return token[len(v1Prefix):]
	case strings.HasPrefix(token, pat.AdminPrefix):
		return token[len(pat.AdminPrefix):]
	}
	return token
}

// nameOf returns a description of a token that does not reveal it.
func nameOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	name := "the token with the SHA-256 " + hex.EncodeToString(sum[:6]) + "…"
	if secret, err := pat.ParseSecret(token); err == nil {
		name += " and the selector " + string(secret.Selector())
	}
	return name
}

// varied reports whether text looks random. Tests also create tokens from constant or counted bytes, whose characters occur in many
// texts, such as an alphabet.
func varied(text string) bool {
	seen, inOrder := map[byte]bool{}, 0
	for i := range len(text) {
		seen[text[i]] = true
		if i > 0 && text[i] == text[i-1]+1 {
			inOrder++
		}
	}
	return len(seen) >= anchorLen/3 && inOrder < anchorLen/2
}
