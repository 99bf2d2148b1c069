package pat

import (
	"cmp"
	"fmt"
	"net/mail"
	"strings"
	"unicode/utf8"
)

// Role is a user's root role. The numbers are Unleash's.
type Role int

// The roles.
const (
	Admin  Role = 1
	Editor Role = 2
	Viewer Role = 3
)

const badRole = "The root role must be Admin, Editor or Viewer."

var roleNames = map[Role]string{Admin: "Admin", Editor: "Editor", Viewer: "Viewer"}

// String is the role's name, as Unleash spells it.
func (r Role) String() string { return cmp.Or(roleNames[r], fmt.Sprintf("Role(%d)", int(r))) }

// ParseRole reads a role's name, in any case. Errors: KindInvalid.
func ParseRole(name string) (Role, error) {
	for role, known := range roleNames {
		if strings.EqualFold(name, known) {
			return role, nil
		}
	}
	return 0, invalid(badRole)
}

// Profile is what is known of a user, apart from tokens.
type Profile struct {
	// Username is unique among users; case counts, as in Unleash. It may be empty if Email is not.
	Username string
	Name     string
	// Email is unique among users and kept in lower case. It may be empty if Username is not.
	Email    string
	Role     Role
	Disabled bool
}

// EnabledAdmin says whether the user counts as one of those that can administer the service.
func (p Profile) EnabledAdmin() bool { return p.Role == Admin && !p.Disabled }

// UniqueKeys are the values of which no two users may share one, each with its field's name before it.
func (p Profile) UniqueKeys() []string {
	var keys []string
	if p.Username != "" {
		keys = append(keys, "username:"+p.Username)
	}
	if p.Email != "" {
		keys = append(keys, "email:"+strings.ToLower(p.Email))
	}
	return keys
}

// normal is the profile as it is kept.
func (p Profile) normal() Profile {
	p.Email = strings.ToLower(p.Email)
	return p
}

func (p Profile) check() error {
	if p.Username == "" && p.Email == "" {
		return invalid("You must specify username or email")
	}
	if _, known := roleNames[p.Role]; !known {
		return invalid(badRole)
	}
	for _, text := range []string{p.Username, p.Name, p.Email} {
		if utf8.RuneCountInString(text) > MaxTextLen || !printable(text) {
			return invalid(fmt.Sprintf("A username, name or email address has at most %d characters, and no control characters.", MaxTextLen))
		}
	}
	if p.Email != "" && !ValidEmail(p.Email) {
		return invalid("The email address is not valid.")
	}
	return nil
}

// ValidEmail says whether text is the address of a mailbox (RFC 5322 addr-spec) at a domain of at least two labels.
func ValidEmail(text string) bool {
	address, err := mail.ParseAddress(text)
	if err != nil || address.Address != text {
		return false
	}
	domain := text[strings.LastIndexByte(text, '@')+1:]
	return strings.Contains(strings.Trim(domain, "."), ".")
}
