package pat_test

import (
	"strings"
	"testing"

	"pats/pkg/pat"
)

// FuzzClaims: ParseClaims accepts only what Claims writes.
func FuzzClaims(f *testing.F) {
	selector := strings.Repeat("A", 21) + "Q"
	f.Add("user", "1", selector, "")
	f.Add("user", "01", selector, "x")
	f.Add("user", "+1", selector, "")
	f.Add("user", "9007199254740992", selector, "")
	f.Add("user", "1", selector+"=", "")
	f.Add("user", "1", strings.Repeat("B", 22), "")
	f.Add("User", "0", "", "")
	f.Add("admin", "1", selector, "0123456789abcdef")
	f.Add("admin ", "", "", "")
	f.Fuzz(func(t *testing.T, kind, user, selector, fingerprint string) {
		claims := map[string]any{"kind": kind, "userId": user, "selector": selector, "fingerprint": fingerprint}
		principal, err := pat.ParseClaims(claims)
		if err != nil {
			if pat.KindOf(err) != pat.KindUnauthenticated {
				t.Errorf("got %v, want KindUnauthenticated", err)
			}
			return
		}
		for name, value := range principal.Claims() {
			if claims[name] != value {
				t.Errorf("%s: got %q, want %q", name, claims[name], value)
			}
		}
		if principal.Kind == pat.HolderUser && (principal.Identity.User < 1 || principal.Identity.User > pat.MaxID) {
			t.Errorf("got user %d, want one from 1 to MaxID", principal.Identity.User)
		}
		if (pat.AdminKey{}).Admits(principal) {
			t.Errorf("%v: admitted although there is no admin API token", claims)
		}
	})
}
