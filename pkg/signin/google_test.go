package signin_test

import (
	"testing"

	"pats/pkg/session"
	"pats/pkg/signin"
)

// TestGoogleNeedsTheHostedDomain: anybody can have a Google account with an address of any domain. Only hd says that the organization with
// the domain has the account.
func TestGoogleNeedsTheHostedDomain(t *testing.T) {
	t.Parallel()
	for hd, want := range map[string]bool{"example.org": true, "Example.org": true, "": false, "evil.example": false} {
		settings := signin.Settings{Client: session.Client{Issuer: signin.GoogleIssuer}, Domains: []string{"example.org"}}
		if got := settings.AdmitsDomain("ann@example.org", hd); got != want {
			t.Errorf("hd %q: got admitted = %t, want %t", hd, got, want)
		}
	}
}
