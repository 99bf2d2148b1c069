package signin_test

import (
	"net/http"
	"testing"

	"pats/pkg/pat"
	"pats/pkg/session"
	"pats/pkg/signin"
	"pats/pkg/signin/signintest"
)

// TestWhoMaySignIn: with allowed domains or groups, only their users sign in, and an account can be created for them.
func TestWhoMaySignIn(t *testing.T) {
	t.Parallel()
	ann := signintest.Claims{"sub": "1", "email": "Ann@Example.ORG", "email_verified": true}
	with := func(name string, value any) signintest.Claims {
		claims := signintest.Claims{name: value}
		for n, v := range ann {
			if n != name {
				claims[n] = v
			}
		}
		return claims
	}
	domain := func(s *signin.Settings) { s.Domains = []string{"example.org"} }
	group := func(s *signin.Settings) { s.Groups = []string{"staff", "guests"} }
	both := func(s *signin.Settings) { domain(s); group(s) }
	for name, c := range map[string]struct {
		settings  func(*signin.Settings)
		claims    signintest.Claims
		refused   bool
		mayCreate bool
	}{
		"no limits":                         {func(*signin.Settings) {}, ann, false, false},
		"an allowed domain":                 {domain, ann, false, true},
		"an address that is not verified":   {domain, with("email_verified", false), true, false},
		"an address verified by a text":     {domain, with("email_verified", "true"), false, true},
		"an address without a verification": {domain, with("email_verified", nil), true, false},
		"another domain":                    {domain, with("email", "ann@example.com"), true, false},
		"a subdomain":                       {domain, with("email", "ann@sub.example.org"), true, false},
		"a domain that ends with it":        {domain, with("email", "ann@notexample.org"), true, false},
		"the domain before the @":           {domain, with("email", "example.org@evil.example"), true, false},
		"two @":                             {domain, with("email", "ann@evil.example@example.org"), true, false},
		"no address":                        {domain, with("email", ""), true, false},
		"an allowed group":                  {group, with("groups", []string{"x", "guests"}), false, true},
		"one group as a text":               {group, with("groups", "staff"), false, true},
		"another group":                     {group, with("groups", []string{"Staff", "guests2"}), true, false},
		"groups of another type":            {group, with("groups", map[string]any{"staff": true}), true, false},
		"no groups":                         {group, ann, true, false},
		"the domain or the group":           {both, ann, false, true},
		"the group or the domain":           {both, signintest.Claims{"sub": "1", "groups": []string{"staff"}}, false, true},
		"neither":                           {both, with("email", "ann@example.com"), true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, c.settings)
			f.provider.Change(func(p *signintest.Provider) { p.User = c.claims })
			response := f.signIn(t)
			if c.refused {
				f.wantRefused(t, response, http.StatusForbidden)
				return
			}
			location(t, response)
			if got := f.ticket(t).User.MayCreate; got != c.mayCreate {
				t.Errorf("got MayCreate = %t, want %t", got, c.mayCreate)
			}
		})
	}
}

func TestAdminsComeFromTheGroup(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		group  string
		groups any
		want   bool
	}{
		"in the group":     {"admins", []string{"staff", "admins"}, true},
		"not in the group": {"admins", []string{"staff"}, false},
		"no groups":        {"admins", nil, false},
		"no group is set":  {"", []string{""}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, func(s *signin.Settings) { s.AdminGroup, s.GroupsClaim = c.group, "cognito:groups" })
			f.provider.Change(func(p *signintest.Provider) { p.User["cognito:groups"] = c.groups })
			location(t, f.signIn(t))
			if got := f.ticket(t).User.Admin; got != c.want {
				t.Errorf("got Admin = %t, want %t", got, c.want)
			}
		})
	}
}

// TestOnlyVerifiedAddressesCount: an address that the provider has not verified is nobody's.
func TestOnlyVerifiedAddressesCount(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.provider.Change(func(p *signintest.Provider) { p.User["email_verified"] = false })
	location(t, f.signIn(t))
	if got := f.ticket(t).User.Email; got != "" {
		t.Errorf("got address %q, want none", got)
	}
}

// TestNoCookieOpensAnother: each cookie has a key of its own, and none opens with another client secret, issuer or client.
func TestNoCookieOpensAnother(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	location(t, f.signIn(t))
	ticket := f.cookies["__Host-pats-ticket"]
	headers := func(name string) http.Header { return http.Header{"Cookie": {name + "=" + ticket}} }
	now, site := f.clock.Now(), f.site()
	if _, err := session.SessionCookie(f.settings.Client, site).Read(headers("__Host-pats-session"), now); err == nil {
		t.Error("the ticket was opened as a session")
	}
	if _, err := session.LoginCookie(f.settings.Client, site).Read(headers("__Host-pats-login"), now); err == nil {
		t.Error("the ticket was opened as a sign-in")
	}
	for name, change := range map[string]func(*session.Client){
		"secret": func(c *session.Client) { c.Secret = pat.NewClientSecret("another-secret-of-the-client") },
		"issuer": func(c *session.Client) { c.Issuer = "https://another.example" },
		"client": func(c *session.Client) { c.ID = "another" },
	} {
		client := f.settings.Client
		change(&client)
		if _, err := session.TicketCookie(client, site).Read(headers("__Host-pats-ticket"), now); err == nil {
			t.Errorf("the ticket was opened with another %s", name)
		}
	}
}
