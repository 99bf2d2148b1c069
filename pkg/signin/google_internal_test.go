package signin

import (
	"testing"

	"pats/pkg/session"
)

// TestGoogleNeedsTheHostedDomain: anybody can have a Google account with an address of any domain. Only hd says that the organization with
// the domain has the account.
func TestGoogleNeedsTheHostedDomain(t *testing.T) {
	t.Parallel()
	for hd, want := range map[string]bool{"example.org": true, "Example.org": true, "": false, "evil.example": false} {
		settings := Settings{Client: session.Client{Issuer: googleIssuer}, Domains: []string{"example.org"}}
		_, err := settings.admit(claims{email: "ann@example.org", emailVerified: true, hostedDomain: hd})
		if got := err == nil; got != want {
			t.Errorf("hd %q: got admitted = %t, want %t", hd, got, want)
		}
	}
}
