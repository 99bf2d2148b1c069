package pat

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxTextLen is the largest length of a description, username, name and email address, in Unicode code points.
const MaxTextLen = 255

// normalText returns text as it is stored: in Normalization Form C (Unicode Standard Annex #15), without spaces around it.
func normalText(text string) string { return strings.TrimFunc(norm.NFC.String(text), isSpace) }

// isSpace reports whether r is a space (category Zs), which does not include tabs and line breaks.
func isSpace(r rune) bool { return unicode.Is(unicode.Zs, r) }

// A textRule is a rule for texts, in addition to their length.
type textRule struct {
	// what begins the messages, for example "The username".
	what string
	// invisible reports whether r is a character that the text must not contain because a reader cannot see it.
	invisible func(r rune) bool
}

// check reports the first rule that text breaks. Errors: KindInvalid.
func (t textRule) check(text string) error {
	switch {
	case utf8.RuneCountInString(text) > MaxTextLen:
		return invalid(fmt.Sprintf("%s cannot be longer than %d characters.", t.what, MaxTextLen))
	case !utf8.ValidString(text):
		return invalid(t.what + " is not valid UTF-8.")
	case strings.ContainsFunc(text, isControl):
		return invalid(t.what + " cannot contain control characters.")
	case strings.ContainsFunc(text, t.invisible):
		return invalid(t.what + " cannot contain invisible characters.")
	}
	return nil
}

// isControl reports whether r is a control character, a line separator or a paragraph separator.
func isControl(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) }

// isFormat reports whether r is a format character (category Cf), such as those that reverse the direction of a text. Zero-width
// joiners and non-joiners do not count as such: Persian, Indic scripts and emoji need them.
func isFormat(r rune) bool {
	const nonJoiner, joiner = '\u200C', '\u200D'
	return unicode.Is(unicode.Cf, r) && r != nonJoiner && r != joiner
}

// isInvisible reports whether r would make two identifiers look the same: a format character, a character that is displayed as
// nothing (Default_Ignorable_Code_Point), or a space other than U+0020.
func isInvisible(r rune) bool {
	const brailleBlank = '\u2800'
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) ||
		r == brailleBlank || (isSpace(r) && r != ' ')
}

// mixesScripts reports whether text has both Latin and Cyrillic or Greek letters, many of which look the same
// (Unicode Technical Standard #39).
func mixesScripts(text string) bool {
	isLatin := func(r rune) bool { return unicode.Is(unicode.Latin, r) }
	looksLatin := func(r rune) bool { return unicode.In(r, unicode.Cyrillic, unicode.Greek) }
	return strings.ContainsFunc(text, isLatin) && strings.ContainsFunc(text, looksLatin)
}
