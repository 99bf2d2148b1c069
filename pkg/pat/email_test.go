package pat_test

import (
	"strings"
	"testing"

	"pats/pkg/pat"
)

// TestValidEmail has the answers of joi 18.3.2 with Unleash's options, except where a case says otherwise.
func TestValidEmail(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("a", 63)
	for _, c := range []struct {
		name, email string
		want        bool
	}{
		{"plain", "a@example.com", true},
		{"capitals, plus and subdomain", "A.B+c@Sub.Example.COM", true},
		{"every atext character", "a`{|}~^?=!#$%&*/'b@example.com", true},
		{"long local part", strings.Repeat("x", 65) + "@example.com", true},
		{"label of digits", "a@1.com", true},
		{"inner hyphens", "a@a--b.com", true},
		{"punycode", "a@xn--bcher-kva.de", true},
		{"label of 63 characters", "a@" + label + ".com", true},
		{"domain outside ASCII", "a@bücher.de", true},
		{"local part outside ASCII", "ü@example.com", true},
		{"all outside ASCII", "用户@例え.jp", true},
		{"top-level domain outside ASCII", "a@пример.рф", true},
		{"combining mark", "a@e\u0301xample.com", true},
		{"scripts mixed", "a@aпример.com", true},

		{"IPv4 literal", "a@[127.0.0.1]", false},
		{"IPv6 literal", "a@[IPv6:::1]", false},
		{"IPv4 address", "a@127.0.0.1", false},
		{"label that begins with a hyphen", "a@-example.com", false},
		{"label that ends with a hyphen", "a@example-.com", false},
		{"underscore in a label", "a@ex_ample.com", false},
		{"tilde in a label", "a@ex~ample.com", false},
		{"plus in a label", "a@ex+ample.com", false},
		{"percent-encoded label", "a@ex%61mple.com", false},
		{"label of 64 characters", "a@" + label + "a.com", false},
		{"domain of 257 characters", "a@" + strings.Repeat(label+".", 4) + "a", false},
		{"top-level domain that begins with a digit", "a@example.1com", false},
		{"label that begins with a mark", "a@\u0301x.com", false},
		{"empty label", "a@example..com", false},
		{"leading dot in the domain", "a@.example.com", false},
		{"fully qualified domain", "a@example.com.", false},
		{"port", "a@example.com:25", false},
		{"blank in the domain", "a@exa mple.com", false},
		{"joiner in the domain", "a@exam\u200dple.com", false},
		{"one label", "a@localhost", false},
		{"quoted local part", `"a b"@example.com`, false},
		{"quoted atom", `"a"@example.com`, false},
		{"leading dot", ".a@example.com", false},
		{"trailing dot", "a.@example.com", false},
		{"two dots", "a..b@example.com", false},
		{"two at signs", "a@b@example.com", false},
		{"no at sign", "a", false},
		{"no local part", "@example.com", false},
		{"no domain", "a@", false},
		{"empty", "", false},
		{"leading blank", " a@example.com", false},
		{"trailing blank", "a@example.com ", false},
		{"trailing line break", "a@example.com\n", false},
		{"comment", "a(c)@example.com", false},
		{"comment at the end", "a@example.com (c)", false},
		{"display name", "Bob <a@example.com>", false},
		{"two addresses", "a@example.org, b@example.org", false},
		{"comma", "a,b@example.com", false},
		{"semicolon", "a;b@example.com", false},
		{"colon", "a:b@example.com", false},
		{"backslash", `a\b@example.com`, false},
		{"NUL", "a\x00@example.com", false},

		{"differs: only a top-level domain", "a@com", false},
		{"differs: unknown top-level domain", "a@example.invalid", true},
		{"differs: symbol in a label", "a@☃.com", false},
		{"differs: ideographic full stop", "a@example。com", false},
		{"differs: soft hyphen", "a@exam\u00adple.com", false},
		{"differs: not UTF-8", "\xff@example.com", false},
	} {
		if got := pat.ValidEmail(c.email); got != c.want {
			t.Errorf("%s: ValidEmail(%q) is %t, want %t", c.name, c.email, got, c.want)
		}
	}
}
