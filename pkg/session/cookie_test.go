package session_test

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
	"pats/pkg/session"
)

var (
	client = session.Client{Issuer: "https://id.example", ID: "pats", Secret: pat.NewClientSecret("a secret of the provider")}
	public = session.Site{Origin: "https://pats.example"}
	laptop = session.Site{Origin: "http://127.0.0.1:3000"}
)

// begun is a sign-in, which lasts for LoginLifetime from pattest.Start.
var begun = session.Login{State: "state", Nonce: "nonce", Verifier: "verifier", Next: "/"}

// sealed returns the name and the value of the cookie of begun.
func sealed(t *testing.T, site session.Site) (name, value string) {
	t.Helper()
	headers := http.Header{}
	expires := pattest.Start.Add(session.LoginLifetime)
	if err := session.LoginCookie(client, site).Set(headers, rand.Reader, begun, pattest.Start, expires); err != nil {
		t.Fatal(err)
	}
	cookie, err := http.ParseSetCookie(headers.Get("Set-Cookie"))
	if err != nil {
		t.Fatal(err)
	}
	return cookie.Name, cookie.Value
}

// TestCookieIsReadOnlyAsItWasSet: under its name, once, whole, before it expires, and with the client that sealed it.
func TestCookieIsReadOnlyAsItWasSet(t *testing.T) {
	t.Parallel()
	onlyCookie := func(name, value string) []string { return []string{name + "=" + value} }
	otherClient := func(change func(*session.Client)) session.Client {
		other := client
		change(&other)
		return other
	}
	for name, c := range map[string]struct {
		site    session.Site
		cookies func(name, value string) []string
		after   time.Duration
		client  session.Client
		want    error
	}{
		"over TLS":                   {public, onlyCookie, 0, client, nil},
		"on a laptop":                {laptop, onlyCookie, 0, client, nil},
		"beside others":              {public, func(name, value string) []string { return []string{"a=b; " + name + "=" + value, "c=d"} }, 0, client, nil},
		"just before it expires":     {public, onlyCookie, session.LoginLifetime - time.Millisecond, client, nil},
		"when it expires":            {public, onlyCookie, session.LoginLifetime, client, session.ErrExpired},
		"none":                       {public, func(string, string) []string { return nil }, 0, client, session.ErrNoCookie},
		"twice in a header":          {public, func(name, value string) []string { return []string{name + "=" + value + "; " + name + "=" + value} }, 0, client, session.ErrTwoCookies},
		"in two headers":             {public, func(name, value string) []string { return []string{name + "=x", name + "=" + value} }, 0, client, session.ErrTwoCookies},
		"without the prefix, on TLS": {public, func(_, value string) []string { return []string{"pats-login=" + value} }, 0, client, session.ErrNoCookie},
		"with the prefix, without":   {laptop, func(_, value string) []string { return []string{"__Host-pats-login=" + value} }, 0, client, session.ErrNoCookie},
		"in another case":            {public, func(name, value string) []string { return []string{strings.ToLower(name) + "=" + value} }, 0, client, session.ErrNoCookie},
		"empty":                      {public, func(name, _ string) []string { return []string{name + "="} }, 0, client, session.ErrSealed},
		"shorter than a nonce":       {public, func(name, value string) []string { return []string{name + "=" + value[:8]} }, 0, client, session.ErrSealed},
		"cut off":                    {public, func(name, value string) []string { return []string{name + "=" + value[:len(value)-4]} }, 0, client, session.ErrSealed},
		"with padding":               {public, func(name, value string) []string { return []string{name + "=" + value + "="} }, 0, client, session.ErrSealed},
		"another client secret":      {public, onlyCookie, 0, otherClient(func(c *session.Client) { c.Secret = pat.NewClientSecret("another secret of the provider") }), session.ErrSealed},
		"another client ID":          {public, onlyCookie, 0, otherClient(func(c *session.Client) { c.ID = "other" }), session.ErrSealed},
		"another issuer":             {public, onlyCookie, 0, otherClient(func(c *session.Client) { c.Issuer = "https://other.example" }), session.ErrSealed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			headers := http.Header{"Cookie": c.cookies(sealed(t, c.site))}
			got, err := session.LoginCookie(c.client, c.site).Read(headers, pattest.Start.Add(c.after))
			want := session.Login{}
			if c.want == nil {
				want = begun
			}
			if !errors.Is(err, c.want) || got != want {
				t.Errorf("got %+v and error %v, want %+v and error %v", got, err, want, c.want)
			}
		})
	}
}

// TestTamperedCookieIsRefused changes each character, also the last one, which has unused bits.
func TestTamperedCookieIsRefused(t *testing.T) {
	t.Parallel()
	name, value := sealed(t, public)
	for i := range value {
		for _, char := range []byte("AZ9_") {
			tampered := []byte(value)
			if tampered[i] = char; string(tampered) == value {
				continue
			}
			headers := http.Header{"Cookie": {name + "=" + string(tampered)}}
			if _, err := session.LoginCookie(client, public).Read(headers, pattest.Start); !errors.Is(err, session.ErrSealed) {
				t.Errorf("character %d of %d: got error %v, want %v", i, len(value), err, session.ErrSealed)
			}
		}
	}
}

// TestNoCookieIsReadAsAnother checks that the cookie of a sign-in is refused under the name of a ticket or a session: the keys differ.
func TestNoCookieIsReadAsAnother(t *testing.T) {
	t.Parallel()
	_, value := sealed(t, public)
	ticket, signed := session.TicketCookie(client, public), session.SessionCookie(client, public)
	if _, err := ticket.Read(http.Header{"Cookie": {ticket.Name() + "=" + value}}, pattest.Start); !errors.Is(err, session.ErrSealed) {
		t.Errorf("as a ticket: got error %v, want %v", err, session.ErrSealed)
	}
	if _, err := signed.Read(http.Header{"Cookie": {signed.Name() + "=" + value}}, pattest.Start); !errors.Is(err, session.ErrSealed) {
		t.Errorf("as a session: got error %v, want %v", err, session.ErrSealed)
	}
}

// TestZeroSealerFails: without a key, nothing is sealed or opened.
func TestZeroSealerFails(t *testing.T) {
	t.Parallel()
	var value string
	if text, err := (session.Sealer{}).Seal(rand.Reader, "v", pattest.Start); err == nil {
		t.Errorf("got %q, want an error", text)
	}
	if err := (session.Sealer{}).Open("", pattest.Start, &value); err == nil {
		t.Errorf("got %q, want an error", value)
	}
}
