package leaks

import (
	"net/url"
	"strings"
)

const (
	// maxPlace is the length of the longest address in the log, in characters.
	maxPlace = 300
	// secretLen is the number of secret characters in a token: its random part and its checksum.
	secretLen = 43
)

// safeURL returns the address text without userinfo, query and fragment, or "" if it is no http address or may contain a token. It
// consists of visible ASCII characters.
func safeURL(text string) string {
	address, err := url.Parse(text)
	if err != nil || (address.Scheme != "https" && address.Scheme != "http") || address.Host == "" {
		return ""
	}
	clean := (&url.URL{Scheme: address.Scheme, Host: address.Host, Path: address.Path, RawPath: address.RawPath}).String()
	if len(clean) > maxPlace || mayHoldToken(clean) || strings.ContainsFunc(clean, func(r rune) bool { return r < '!' || r > '~' }) {
		return ""
	}
	return clean
}

// mayHoldToken reports whether an address has as many characters of a token in a row as the secret part of one.
func mayHoldToken(address string) bool {
	isOther := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	}
	for part := range strings.FieldsFuncSeq(address, isOther) {
		if len(part) >= secretLen {
			return true
		}
	}
	return false
}
