package pat

import (
	"cmp"
	"fmt"
	"strings"
)

// Role is a user's root role, with Unleash's number for it.
type Role int

// The roles.
const (
	Admin  Role = 1
	Editor Role = 2
	Viewer Role = 3
)

const badRole = "The root role must be Admin, Editor or Viewer."

var roleNames = map[Role]string{Admin: "Admin", Editor: "Editor", Viewer: "Viewer"}

// String returns the role's name, as Unleash spells it.
func (r Role) String() string { return cmp.Or(roleNames[r], fmt.Sprintf("Role(%d)", int(r))) }

// ParseRole returns the role with name, in any case. Errors: KindInvalid.
func ParseRole(name string) (Role, error) {
	for role, known := range roleNames {
		if strings.EqualFold(name, known) {
			return role, nil
		}
	}
	return 0, invalid(badRole)
}

// includes reports whether r is lower or one that has at least the permissions of lower. A role that does not exist includes none.
func (r Role) includes(lower Role) bool { return r >= Admin && r <= lower }

// Profile is a user without ID and tokens. Its texts are stored in Unicode's Normalization Form C, without spaces around them
// and without characters that a reader cannot see.
type Profile struct {
	// Username is unique among users; case counts, as in Unleash. It can be empty if Email is not. It does not mix Latin
	// letters with Cyrillic or Greek ones.
	Username string
	// Name is shown beside the username. It can be empty, and can contain zero-width joiners and non-joiners.
	Name string
	// Email is unique among users and stored in lower case. It can be empty if Username is not.
	Email    string
	Role     Role
	Disabled bool
}

// EnabledAdmin reports whether the user can administer the service.
func (p Profile) EnabledAdmin() bool { return p.Role == Admin && !p.Disabled }

// UniqueKeys returns the values of p that no two users share, each after the name of its field and a colon.
func (p Profile) UniqueKeys() []string {
	var keys []string
	if p.Username != "" {
		keys = append(keys, "username:"+p.Username)
	}
	if p.Email != "" {
		keys = append(keys, p.emailKey())
	}
	return keys
}

func (p Profile) emailKey() string { return "email:" + strings.ToLower(p.Email) }

// Normal returns p as it is stored.
func (p Profile) Normal() Profile {
	p.Username, p.Name, p.Email = normalText(p.Username), normalText(p.Name), normalText(strings.ToLower(p.Email))
	return p
}

// revise returns p, which replaces before, as it is stored. A text that is the same in both keeps the form in which it was
// stored, which rules of a later release might refuse. Errors: KindInvalid.
func (p Profile) revise(before Profile) (Profile, error) {
	after := p.Normal()
	texts := []struct {
		is, was string
		stored  *string
		check   func(string) error
	}{
		{p.Username, before.Username, &after.Username, checkUsername},
		{p.Name, before.Name, &after.Name, textRule{"The name", isFormat}.check},
		{p.Email, before.Email, &after.Email, checkEmail},
	}
	var fault error
	for _, text := range texts {
		if text.is == text.was {
			*text.stored = text.was
			continue
		}
		fault = cmp.Or(fault, text.check(*text.stored))
	}
	return after, cmp.Or(after.checkMembers(), fault)
}

func (p Profile) checkMembers() error {
	if p.Username == "" && p.Email == "" {
		return invalid("You must specify username or email")
	}
	if _, known := roleNames[p.Role]; !known {
		return invalid(badRole)
	}
	return nil
}

func checkUsername(username string) error {
	if err := (textRule{"The username", isInvisible}).check(username); err != nil {
		return err
	}
	if mixesScripts(username) {
		return invalid("The username cannot mix Latin letters with Cyrillic or Greek ones.")
	}
	return nil
}

func checkEmail(email string) error {
	if err := (textRule{"The email address", isInvisible}).check(email); err != nil {
		return err
	}
	if email != "" && !ValidEmail(email) {
		return invalid("The email address is not valid.")
	}
	return nil
}
