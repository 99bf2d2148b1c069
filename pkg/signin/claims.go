package signin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"pats/pkg/pat"
)

// claims are what the provider says about a user (OpenID Connect Core §5.1).
type claims struct {
	subject       string
	email         string
	emailVerified bool
	username      string
	name          string
	// hostedDomain is Google's hd: the domain of an organization's account.
	hostedDomain string
	groups       []string
}

// readClaims decodes claims with read. groups names the claim with the groups.
func readClaims(read func(any) error, groups string) (claims, error) {
	var standard struct {
		Subject       string `json:"sub"`
		Email         string `json:"email"`
		EmailVerified flag   `json:"email_verified"`
		Username      string `json:"preferred_username"`
		Name          string `json:"name"`
		HostedDomain  string `json:"hd"`
	}
	var all map[string]json.RawMessage
	if err := cmp.Or(read(&standard), read(&all)); err != nil {
		return claims{}, fmt.Errorf("the claims cannot be read: %w", err)
	}
	return claims{
		subject: standard.Subject, email: standard.Email, emailVerified: bool(standard.EmailVerified), username: standard.Username,
		name: standard.Name, hostedDomain: standard.HostedDomain, groups: readGroups(all[groups]),
	}, nil
}

// flag is a boolean, which some providers (Cognito) send as a text. Everything else is false.
type flag bool

// UnmarshalJSON implements [json.Unmarshaler].
func (f *flag) UnmarshalJSON(raw []byte) error {
	*f = string(raw) == "true" || string(raw) == `"true"`
	return nil
}

// readGroups returns the groups in a claim, which is a list of names, or one name. Anything else has none.
func readGroups(raw json.RawMessage) []string {
	var names []string
	if json.Unmarshal(raw, &names) == nil {
		return names
	}
	var name string
	if json.Unmarshal(raw, &name) == nil {
		return []string{name}
	}
	return nil
}

// completed returns c with what it lacks and more has.
func (c claims) completed(more claims) claims {
	if c.email == "" {
		c.email, c.emailVerified = more.email, more.emailVerified
	}
	c.username, c.name = cmp.Or(c.username, more.username), cmp.Or(c.name, more.name)
	c.hostedDomain = cmp.Or(c.hostedDomain, more.hostedDomain)
	if len(c.groups) == 0 {
		c.groups = more.groups
	}
	return c
}

// googleIssuer is Google, where anybody can have an account with an address of any domain, which hd does not cover.
const googleIssuer = "https://accounts.google.com"

// admit returns the user with claims, if the settings let the user sign in. Errors: errNotAllowed.
func (s Settings) admit(c claims) (pat.ProvenUser, error) {
	limited := len(s.Domains) > 0 || len(s.Groups) > 0
	if limited && !s.domainAllowed(c) && !slices.ContainsFunc(c.groups, func(g string) bool { return slices.Contains(s.Groups, g) }) {
		return pat.ProvenUser{}, errNotAllowed
	}
	user := pat.ProvenUser{
		Issuer: s.Client.Issuer, Subject: c.subject, Username: c.username, Name: c.name,
		MayCreate: limited, Admin: s.AdminGroup != "" && slices.Contains(c.groups, s.AdminGroup),
	}
	if c.emailVerified {
		user.Email = c.email
	}
	return user, nil
}

// domainAllowed reports whether the user's verified address is at one of the domains, and with Google, the account is an organization's
// that has one of them.
func (s Settings) domainAllowed(c claims) bool {
	_, domain, found := strings.Cut(c.email, "@")
	if !found || !c.emailVerified || !slices.Contains(s.Domains, strings.ToLower(domain)) {
		return false
	}
	return s.Client.Issuer != googleIssuer || slices.Contains(s.Domains, strings.ToLower(c.hostedDomain))
}
