package pattest

import (
	"strings"

	"pats/pkg/pat"
)

// InPats returns a token, which is in its canonical spelling, in the one that begins with pats_.
func InPats(token string) string {
	return string(pat.PrefixPats) + strings.TrimPrefix(token, string(pat.PrefixUnleash))
}
