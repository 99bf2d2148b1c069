package pat_test

import (
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// asAny returns claims in the type of an event's authorizer context.
func asAny(claims map[string]string) map[string]any {
	result := map[string]any{}
	for name, value := range claims {
		result[name] = value
	}
	return result
}

func TestUserClaimsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		user := pat.UserID(rapid.Int64Range(1, pat.MaxID).Draw(t, "user"))
		secret, err := pat.NewSecret(pattest.NewRandom(), user)
		if err != nil {
			t.Fatalf("NewSecret: %v", err)
		}
		want := pat.Principal{Kind: pat.HolderUser, Identity: pat.Identity{User: user, Selector: secret.Selector()}}
		got, err := pat.ParseClaims(asAny(want.Claims()))
		if err != nil || got != want {
			t.Errorf("got %+v and %v, want %+v", got, err, want)
		}
	})
}

// TestImportedClaimsRoundTrip: an imported token's selector does not name its user.
func TestImportedClaimsRoundTrip(t *testing.T) {
	t.Parallel()
	for name, selector := range map[string]string{
		"v2 that names another user": selectorOf(8),
		"v2 that names no user":      strings.Repeat("_", 21) + "w",
		"v1":                         strings.Repeat("-", 42) + "8",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := pat.Principal{Kind: pat.HolderUser, Identity: pat.Identity{User: 7, Selector: pat.Selector(selector)}}
			got, err := pat.ParseClaims(asAny(want.Claims()))
			if err != nil || got != want {
				t.Errorf("got %+v and %v, want %+v", got, err, want)
			}
		})
	}
}

func TestAdminClaimsRoundTrip(t *testing.T) {
	t.Parallel()
	key := newAdminKey(t, newAdminSecret(t))
	got, err := pat.ParseClaims(asAny(key.Principal().Claims()))
	if err != nil || got != key.Principal() || !key.Admits(got) {
		t.Errorf("got %+v and %v, want %+v", got, err, key.Principal())
	}
}

func TestParseClaimsRefuses(t *testing.T) {
	t.Parallel()
	good := asAny(pat.Principal{Kind: pat.HolderUser, Identity: pat.Identity{User: 7, Selector: pat.Selector(selectorOf(7))}}.Claims())
	with := func(name string, value any) map[string]any {
		claims := maps.Clone(good)
		claims[name] = value
		return claims
	}
	for name, claims := range map[string]map[string]any{
		"no claims":                   nil,
		"no kind":                     with("kind", ""),
		"unknown kind":                with("kind", "root"),
		"kind that is a number":       with("kind", 1),
		"no user":                     with("userId", nil),
		"user that is a number":       with("userId", 7),
		"user 0":                      with("userId", "0"),
		"negative user":               with("userId", "-7"),
		"user above the largest":      with("userId", "9007199254740992"),
		"user with a blank":           with("userId", " 7"),
		"user with a zero before":     with("userId", "07"),
		"user with a plus":            with("userId", "+7"),
		"no selector":                 with("selector", ""),
		"selector of 42":              with("selector", strings.Repeat("A", 42)),
		"selector of 44":              with("selector", strings.Repeat("A", 44)),
		"selector of v1, spare bits":  with("selector", strings.Repeat("A", 42)+"B"),
		"selector of v1, padding":     with("selector", strings.Repeat("A", 42)+"="),
		"selector, padding":           with("selector", selectorOf(7)[:21]+"="),
		"selector that is bytes":      with("selector", []byte(selectorOf(7))),
		"selector with spare bits":    with("selector", selectorOf(7)[:21]+nextCharacter(selectorOf(7)[21])),
		"kind in another letter case": with("kind", "User"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := pat.ParseClaims(claims)
			wantRefused(t, err, pat.ReasonInvalid)
		})
	}
	if _, err := pat.ParseClaims(good); err != nil {
		t.Errorf("the valid claims: got %v, want no error", err)
	}
}
