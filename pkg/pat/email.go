package pat

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of a domain name in the email rule of Unleash's validator.
const (
	maxDomainLen = 256
	maxLabelLen  = 63
)

// ValidEmail reports whether text is an email address as Unleash 8.2.0 accepts it (the email rule of joi 18): one or more atoms
// (RFC 5321 §4.1.2, RFC 6531 §3.3), "@" and a domain name. Unlike Unleash, it requires two labels, does not look top-level domains
// up, and accepts no symbols in labels.
func ValidEmail(text string) bool {
	local, domain, found := strings.Cut(text, "@")
	return found && utf8.ValidString(text) && validLocalPart(local) && validDomain(domain)
}

func validLocalPart(local string) bool {
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !isAtext(r) }) {
			return false
		}
	}
	return true
}

// isAtext reports whether r is atext of RFC 5322 §3.2.3 or outside ASCII.
func isAtext(r rune) bool {
	return r > unicode.MaxASCII || isLetterOrDigit(r) || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

func validDomain(domain string) bool {
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if !validLabel(label) {
			return false
		}
	}
	first, _ := utf8.DecodeRuneInString(labels[len(labels)-1])
	return len(labels) > 1 && utf8.RuneCountInString(domain) <= maxDomainLen && !unicode.IsDigit(first)
}

// validLabel reports whether label consists of letters, digits and inner hyphens (RFC 1123 §2.1), which may be outside ASCII.
func validLabel(label string) bool {
	if label == "" || utf8.RuneCountInString(label) > maxLabelLen {
		return false
	}
	first, _ := utf8.DecodeRuneInString(label)
	last, _ := utf8.DecodeLastRuneInString(label)
	return !unicode.IsMark(first) && first != '-' && last != '-' && !strings.ContainsFunc(label, func(r rune) bool { return r != '-' && !isLabelRune(r) })
}

func isLabelRune(r rune) bool {
	if r <= unicode.MaxASCII {
		return isLetterOrDigit(r)
	}
	return unicode.In(r, unicode.L, unicode.M, unicode.Nd) && !isInvisible(r)
}

func isLetterOrDigit(r rune) bool {
	return r <= unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
