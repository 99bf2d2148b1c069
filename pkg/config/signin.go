package config

import (
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"pats/pkg/pat"
)

const (
	oidcIssuer       = "OIDC_ISSUER"
	oidcClientID     = "OIDC_CLIENT_ID"
	oidcClientSecret = "OIDC_CLIENT_SECRET" //nolint:gosec // a name, no credential
	allowedDomains   = "ALLOWED_DOMAINS"
	allowedGroups    = "ALLOWED_GROUPS"
	adminGroup       = "ADMIN_GROUP"
	groupsClaim      = "GROUPS_CLAIM"
	sessionHours     = "SESSION_HOURS"
	publicURL        = "PUBLIC_URL"
	allowPastedCode  = "ALLOW_PASTED_CODE"
)

const (
	// minClientSecretLen keeps out secrets that were chosen by hand: the keys of the cookies derive from it, and whoever guesses it can
	// forge sessions.
	minClientSecretLen  = 16
	defaultSessionHours = 12
	mostSessionHours    = 720
	defaultGroupsClaim  = "groups"
)

// SignIn holds the settings of signing in at an identity provider. Without an issuer, no one can sign in, and the others have no effect.
type SignIn struct {
	Issuer       string
	ClientID     string
	ClientSecret pat.ClientSecret
	// Domains and Groups are those whose users can sign in. Without either, only users who have an account can.
	Domains []string
	Groups  []string
	// AdminGroup is the group whose members are Admins, or empty for none.
	AdminGroup string
	// GroupsClaim is the claim with the user's groups, by default "groups".
	GroupsClaim string
	// SessionLifetime is by default 12 hours.
	SessionLifetime time.Duration
	// PublicURL is the address of the stack, or empty for the one that a request is sent to.
	PublicURL string
	// AllowPastedCode lets users of `pats login --no-browser` paste its code, which helps phishing. It is false by default.
	AllowPastedCode bool
}

// On reports whether users can sign in.
func (s SignIn) On() bool { return s.Issuer != "" }

// loadSignIn returns the zero SignIn if there is no issuer.
func loadSignIn(variables Variables) (SignIn, error) {
	if variables(oidcIssuer) == "" {
		return SignIn{}, nil
	}
	issuer, issuerErr := address(variables, oidcIssuer)
	public, publicErr := address(variables, publicURL)
	hours, hoursErr := integer(variables, sessionHours, defaultSessionHours, 1, mostSessionHours)
	pasted, pastedErr := boolean(variables, allowPastedCode, false)
	s := SignIn{
		Issuer: issuer, ClientID: variables(oidcClientID), ClientSecret: pat.NewClientSecret(variables(oidcClientSecret)),
		Domains: lower(list(variables(allowedDomains))), Groups: list(variables(allowedGroups)), AdminGroup: variables(adminGroup),
		GroupsClaim: variables(groupsClaim), SessionLifetime: time.Duration(hours) * time.Hour, PublicURL: strings.TrimRight(public, "/"),
		AllowPastedCode: pasted,
	}
	if s.GroupsClaim == "" {
		s.GroupsClaim = defaultGroupsClaim
	}
	return s, errors.Join(issuerErr, publicErr, hoursErr, pastedErr, s.checkClient())
}

// checkClient checks that a client is complete. Its errors contain no values.
func (s SignIn) checkClient() error {
	var idErr, secretErr error
	if s.ClientID == "" {
		idErr = invalid(oidcClientID, "set if "+oidcIssuer+" is")
	}
	if len(s.ClientSecret.Reveal()) < minClientSecretLen {
		secretErr = invalid(oidcClientSecret, "the secret that the identity provider generated, of at least 16 characters")
	}
	return errors.Join(idErr, secretErr)
}

// address returns a URL without query and fragment, or "". It must have TLS unless its host is a loopback address.
func address(variables Variables, name string) (string, error) {
	text := variables(name)
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(text, "?#") {
		return "", invalid(name, "a URL without query, such as https://id.example.com")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return "", invalid(name, "a URL that begins with https://")
	}
	return text, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// list returns the texts between the commas of setting, without spaces around them and without empty ones.
func list(setting string) []string {
	var texts []string
	for text := range strings.SplitSeq(setting, ",") {
		if text = strings.TrimSpace(text); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

func lower(texts []string) []string {
	for i := range texts {
		texts[i] = strings.ToLower(texts[i])
	}
	return texts
}
