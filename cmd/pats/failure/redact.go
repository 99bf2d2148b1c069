package failure

import (
	"regexp"
	"strings"

	"pats/pkg/pat"
)

// tokenLike matches what may be a token, typed in the wrong place. What follows pats_ begins with 23 characters that are not secret, and
// shorter names are those of tables, files and variables.
var tokenLike = regexp.MustCompile(`(?i)(user:|\*:\*\.)[a-z0-9._-]{16,}|pats_[a-z0-9_-]{24,}`)

// passwordLike matches what may be the password in a database's URL, or keyword/value string, typed in the wrong place.
var passwordLike = regexp.MustCompile(`postgres(ql)?://[^\s/]*:.*|\S+:[^\s/]\S*@.*|password\s*=.*`)

// minPart is the length from which a part of a token is redacted. Shorter parts occur in ordinary words.
const minPart = 12

const redacted = "[redacted]"

// redact removes everything that looks like a token or a database's password from message, and every part of a token in args: parsers
// split their input at colons and dots, and quote only one side of it.
func redact(message string, args []string) string {
	message = tokenLike.ReplaceAllString(message, redacted)
	message = passwordLike.ReplaceAllStringFunc(message, redactPassword)
	for _, arg := range args {
		for _, token := range tokenLike.FindAllString(arg, -1) {
			for part := range strings.FieldsFuncSeq(token, isSeparator) {
				if len(part) >= minPart {
					message = strings.ReplaceAll(message, part, redacted)
				}
			}
		}
	}
	return message
}

// redactPassword keeps a list of scopes with roles, such as orders:write@Editor, which has the form of a user, a password and a host.
func redactPassword(match string) string {
	if _, err := pat.ParseScopeCatalog(match); err == nil {
		return match
	}
	return redacted
}

func isSeparator(r rune) bool { return r == ':' || r == '.' }
