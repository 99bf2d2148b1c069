package pat_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// scopeNames returns n distinct names of scopes.
func scopeNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("s%02d", i)
	}
	return names
}

func TestNewScopes(t *testing.T) {
	t.Parallel()
	const wrongCount = "A token must have 1 to 20 scopes."
	wrongForm := func(n int) string {
		return fmt.Sprintf("Scope %d of the token is not 1 to 64 of A-Z, a-z, 0-9 and the characters . _ : / -.", n)
	}
	for name, c := range map[string]struct {
		names   []string
		want    []pat.Scope
		message string // of the error, or ""
	}{
		"one":                {[]string{"orders:read"}, []pat.Scope{"orders:read"}, ""},
		"in any order":       {[]string{"b", "a", "C"}, []pat.Scope{"C", "a", "b"}, ""},
		"duplicates":         {[]string{"b", "a", "b"}, []pat.Scope{"a", "b"}, ""},
		"all characters":     {[]string{"AZaz09._:/-"}, []pat.Scope{"AZaz09._:/-"}, ""},
		"64 characters":      {[]string{strings.Repeat("x", 64)}, []pat.Scope{pat.Scope(strings.Repeat("x", 64))}, ""},
		"20 and a duplicate": {append(scopeNames(20), "s00"), pattest.Scopes(t, scopeNames(20)...).List(), ""},
		"nil":                {nil, nil, wrongCount},
		"none":               {[]string{}, nil, wrongCount},
		"21":                 {scopeNames(21), nil, wrongCount},
		"empty":              {[]string{"a", ""}, nil, wrongForm(2)},
		"65 characters":      {[]string{strings.Repeat("x", 65)}, nil, wrongForm(1)},
		"a space":            {[]string{"a b"}, nil, wrongForm(1)},
		"the unscoped form":  {[]string{"*"}, nil, wrongForm(1)},
		"a comma":            {[]string{"a,b"}, nil, wrongForm(1)},
		"a role":             {[]string{"a@Admin"}, nil, wrongForm(1)},
		"a quote":            {[]string{`a"`}, nil, wrongForm(1)},
		"a line break":       {[]string{"a\n"}, nil, wrongForm(1)},
		"another alphabet":   {[]string{"заказы"}, nil, wrongForm(1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := pat.NewScopes(c.names)
			if c.message != "" {
				pattest.WantKind(t, err, pat.KindInvalid)
				wantMessage(t, err, c.message)
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.List()); diff != "" || got.Unscoped() {
				t.Errorf("unscoped: %t; scopes, -want +got:\n%s", got.Unscoped(), diff)
			}
		})
	}
}

// TestMalformedScopesAreNotQuoted: a token in place of a scope is not repeated in the message.
func TestMalformedScopesAreNotQuoted(t *testing.T) {
	t.Parallel()
	_, err := pat.NewScopes([]string{newSecret(t, 1).Reveal()})
	if err == nil || strings.Contains(err.Error(), "user:v2_") {
		t.Errorf("got %v, want an error without the token", err)
	}
}

func TestAllowAndSubsetOf(t *testing.T) {
	t.Parallel()
	some, more := pattest.Scopes(t, "a", "b"), pattest.Scopes(t, "a", "b", "c")
	for name, c := range map[string]struct{ got, want bool }{
		"unscoped allows any":                {pat.Unscoped().Allow("users:write"), true},
		"none allows nothing":                {pat.Scopes{}.Allow("a"), false},
		"none does not allow the empty one":  {pat.Scopes{}.Allow(""), false},
		"some allow their own":               {some.Allow("b"), true},
		"some allow no other":                {some.Allow("c"), false},
		"some allow no part of a name":       {pattest.Scopes(t, "ab").Allow("a"), false},
		"some do not allow two in one":       {some.Allow("a b"), false},
		"some are a subset of more":          {some.SubsetOf(more), true},
		"some are a subset of themselves":    {some.SubsetOf(some), true},
		"more are no subset of some":         {more.SubsetOf(some), false},
		"none is a subset of some":           {pat.Scopes{}.SubsetOf(some), true},
		"some are no subset of none":         {some.SubsetOf(pat.Scopes{}), false},
		"some are a subset of unscoped":      {some.SubsetOf(pat.Unscoped()), true},
		"unscoped is no subset of some":      {pat.Unscoped().SubsetOf(some), false},
		"unscoped is no subset of none":      {pat.Unscoped().SubsetOf(pat.Scopes{}), false},
		"unscoped is a subset of unscoped":   {pat.Unscoped().SubsetOf(pat.Unscoped()), true},
		"none is not unscoped":               {pat.Scopes{}.Unscoped(), false},
		"none does not equal unscoped":       {pat.Scopes{}.Equal(pat.Unscoped()), false},
		"some do not equal more":             {some.Equal(more), false},
		"the same in another order is equal": {pattest.Scopes(t, "b", "a", "a").Equal(some), true},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %t", name, c.got)
		}
	}
}

// drawScopes draws any Scopes: unscoped, none, or some of six.
func drawScopes(r *rapid.T, label string) pat.Scopes {
	names := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}), 0, 4).Draw(r, label)
	if len(names) == 0 {
		return rapid.SampledFrom([]pat.Scopes{pat.Unscoped(), {}}).Draw(r, label)
	}
	scopes, err := pat.NewScopes(names)
	if err != nil {
		r.Fatal(err)
	}
	return scopes
}

// TestSubsetOfMeansAllowsNothingMore compares SubsetOf with Allow of every scope, and of one that no catalog lists.
func TestSubsetOfMeansAllowsNothingMore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		one, other := drawScopes(r, "one"), drawScopes(r, "other")
		want := !slices.ContainsFunc([]pat.Scope{"a", "b", "c", "d", "e", "f", "unlisted"}, func(scope pat.Scope) bool {
			return one.Allow(scope) && !other.Allow(scope)
		})
		if got := one.SubsetOf(other); got != want {
			r.Errorf("%q subset of %q: got %t, want %t", one.Stored(), other.Stored(), got, want)
		}
		if equal := one.SubsetOf(other) && other.SubsetOf(one); equal != one.Equal(other) {
			r.Errorf("%q and %q: Equal is %t", one.Stored(), other.Stored(), one.Equal(other))
		}
	})
}

func TestStoredScopes(t *testing.T) {
	t.Parallel()
	for _, scopes := range []pat.Scopes{pat.Unscoped(), {}, pattest.Scopes(t, "b", "a"), pattest.Scopes(t, scopeNames(20)...)} {
		got, err := pat.StoredScopes(scopes.Stored())
		if err != nil || !got.Equal(scopes) {
			t.Errorf("%q: got %q and %v", scopes.Stored(), got.Stored(), err)
		}
	}
	for _, text := range []string{" ", "a ", " a", "a  b", "b a", "a a", "* a", "**", "a,b", strings.Join(scopeNames(21), " ")} {
		got, err := pat.StoredScopes(text)
		if pat.KindOf(err) != pat.KindInvalid || !got.Equal(pat.Scopes{}) {
			t.Errorf("%q: got %q and %v, want no scopes and kind %d", text, got.Stored(), err, pat.KindInvalid)
		}
	}
}

// FuzzScopes: no text becomes Scopes that break a rule, and only "*" becomes Unscoped.
func FuzzScopes(f *testing.F) {
	for _, text := range []string{"", "*", "a", "a b", "b a", "orders:read orders:write", " * ", "a\x00", strings.Repeat("x", 65)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		stored, err := pat.StoredScopes(text)
		if err == nil && stored.Stored() != text {
			t.Errorf("%q was read as %q", text, stored.Stored())
		}
		if stored.Unscoped() != (text == "*") {
			t.Errorf("%q: got unscoped: %t", text, stored.Unscoped())
		}
		made, err := pat.NewScopes(strings.Split(text, " "))
		if made.Unscoped() || (err == nil) != (len(made.List()) > 0) || len(made.List()) > pat.MaxScopes {
			t.Errorf("%q: NewScopes returned %q and %v", text, made.Stored(), err)
		}
		for _, scope := range append(made.List(), stored.List()...) {
			if len(scope) > 64 || strings.Trim(string(scope), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/-") != "" {
				t.Errorf("%q: got scope %q", text, scope)
			}
		}
	})
}
