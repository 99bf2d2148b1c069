package pat_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// shop is a catalog with a scope for each role, and one for every role.
const shop = "orders:read, orders:write@Editor,orders:purge@admin,reports@Viewer"

func TestGranted(t *testing.T) {
	t.Parallel()
	builtIn := []string{"pats:read", "pats:write", "tokens:introspect", "users:read", "users:write"}
	all := append([]string{"orders:purge", "orders:read", "orders:write", "reports", "unlisted"}, builtIn...)
	for name, c := range map[string]struct {
		role   pat.Role
		scopes pat.Scopes
		want   []pat.Scope
	}{
		"an Admin's unscoped token":     {pat.Admin, pat.Unscoped(), []pat.Scope{"orders:purge", "orders:read", "orders:write", "reports"}},
		"an Editor's unscoped token":    {pat.Editor, pat.Unscoped(), []pat.Scope{"orders:read", "orders:write", "reports"}},
		"a Viewer's unscoped token":     {pat.Viewer, pat.Unscoped(), []pat.Scope{"orders:read", "reports"}},
		"an unknown role":               {0, pat.Unscoped(), nil},
		"a role below Viewer":           {4, pat.Unscoped(), nil},
		"a role above Admin":            {-1, pat.Unscoped(), nil},
		"no scopes":                     {pat.Admin, pat.Scopes{}, nil},
		"a scope that is not listed":    {pat.Admin, pattest.Scopes(t, "unlisted"), nil},
		"a scope that is listed":        {pat.Viewer, pattest.Scopes(t, "orders:read", "unlisted"), []pat.Scope{"orders:read"}},
		"a scope above the role":        {pat.Viewer, pattest.Scopes(t, "orders:read", "orders:write"), []pat.Scope{"orders:read"}},
		"a built-in scope":              {pat.Viewer, pattest.Scopes(t, "pats:read"), []pat.Scope{"pats:read"}},
		"a built-in one above the role": {pat.Editor, pattest.Scopes(t, "users:read", "tokens:introspect"), nil},
		"an Admin's of all": {pat.Admin, pattest.Scopes(t, all...), []pat.Scope{
			"orders:purge", "orders:read", "orders:write", "pats:read", "pats:write", "reports", "tokens:introspect", "users:read", "users:write",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			account := pat.Account{ID: 1, Profile: pattest.Profile("ann", c.role)}
			got := pattest.Catalog(t, shop).Granted(account, pat.Token{Scopes: c.scopes})
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestZeroCatalogHasTheBuiltInScopes(t *testing.T) {
	t.Parallel()
	admin := pat.Account{ID: 1, Profile: pattest.Profile("ann", pat.Admin)}
	if got := (pat.ScopeCatalog{}).Granted(admin, pat.Token{Scopes: pat.Unscoped()}); len(got) != 0 {
		t.Errorf("an unscoped token: got %q, want none, since built-in scopes are not for other APIs", got)
	}
	own := pattest.Scopes(t, "pats:read", "pats:write", "tokens:introspect", "users:read", "users:write")
	if diff := cmp.Diff(own.List(), (pat.ScopeCatalog{}).Granted(admin, pat.Token{Scopes: own})); diff != "" {
		t.Errorf("a token with all, -want +got:\n%s", diff)
	}
}

func TestParseScopeCatalogRefuses(t *testing.T) {
	t.Parallel()
	const form = " is not 1 to 64 of A-Z, a-z, 0-9 and the characters . _ : / -"
	for name, c := range map[string]struct{ setting, want string }{
		"an empty entry":       {"a,,b", "entry 2" + form},
		"a comma at the end":   {"a,", "entry 2" + form},
		"a comma alone":        {",", "entry 1" + form},
		"a space within":       {"a b", "entry 1" + form},
		"65 characters":        {"a, " + strings.Repeat("x", 65), "entry 2" + form},
		"other characters":     {"a;b", "entry 1" + form},
		"a role alone":         {"@Editor", "entry 1" + form},
		"an unknown role":      {"a,b@Root", "entry 2, b: the role after @ must be Admin, Editor or Viewer"},
		"an empty role":        {"a@", "entry 1, a: the role after @ must be Admin, Editor or Viewer"},
		"a space before @":     {"a @Editor", "entry 1" + form},
		"a space after @":      {"a@ Editor", "entry 1, a: the role after @ must be Admin, Editor or Viewer"},
		"two roles":            {"a@Editor@Admin", "entry 1, a: the role after @ must be Admin, Editor or Viewer"},
		"a duplicate":          {"a,b, a", "entry 3, a, is listed twice"},
		"one for two roles":    {"a@Editor,a@Admin", "entry 2, a, is listed twice"},
		"a built-in one":       {"a,users:write", "entry 2, users:write, is a built-in scope"},
		"a built-in with role": {"pats:read@Admin", "entry 1, pats:read, is a built-in scope"},
		"1,025 characters":     {strings.Repeat("a,", 512) + "b", "must have at most 1024 characters, and has 1025"},
		"a token":              {newSecret(t, 1).Reveal(), "entry 1" + form},
	} {
		got, err := pat.ParseScopeCatalog(c.setting)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
		if all := listed(got); len(all) != 0 {
			t.Errorf("%s: got scopes %q and an error", name, all)
		}
	}
}

// listed returns the scopes that the catalog lists for other APIs.
func listed(catalog pat.ScopeCatalog) []pat.Scope {
	return catalog.Granted(pat.Account{Profile: pat.Profile{Role: pat.Admin}}, pat.Token{Scopes: pat.Unscoped()})
}

func TestParseScopeCatalogAccepts(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("x", 64)
	for name, c := range map[string]struct {
		setting string
		want    []pat.Scope
	}{
		"empty":            {"", nil},
		"only spaces":      {" \t", nil},
		"spaces around":    {" b , a\n", []pat.Scope{"a", "b"}},
		"64 characters":    {longest, []pat.Scope{pat.Scope(longest)}},
		"another case":     {"PATS:read,Pats:read", []pat.Scope{"PATS:read", "Pats:read"}},
		"1,024 characters": {strings.Repeat(" ", 1023) + "a", []pat.Scope{"a"}},
	} {
		got := listed(pattest.Catalog(t, c.setting))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// FuzzParseScopeCatalog: what a catalog lists has the form of a scope, is distinct and not built in, and a lower role is granted no
// scope that a higher one is not. No error quotes text that is not a scope.
func FuzzParseScopeCatalog(f *testing.F) {
	for _, setting := range []string{"", shop, "a,,b", "a@", "users:write", "a,a", "a@Editor@Admin", strings.Repeat("a,", 600), "\xff", "a\x00b"} {
		f.Add(setting)
	}
	f.Fuzz(func(t *testing.T, setting string) {
		catalog, err := pat.ParseScopeCatalog(setting)
		if err != nil {
			for _, r := range err.Error() {
				if r < ' ' || r > '~' {
					t.Errorf("%q: the error quotes %q: %v", setting, r, err)
				}
			}
		}
		granted := func(role pat.Role) []pat.Scope {
			return catalog.Granted(pat.Account{Profile: pat.Profile{Role: role}}, pat.Token{Scopes: pat.Unscoped()})
		}
		all := granted(pat.Admin)
		for i, scope := range all {
			_, formErr := pat.NewScopes([]string{string(scope)})
			_, builtInErr := pat.ParseScopeCatalog(string(scope))
			if formErr != nil || builtInErr != nil || (i > 0 && all[i-1] >= scope) {
				t.Errorf("%q: got scopes %q, with %q out of place: %v", setting, all, scope, formErr)
			}
		}
		for _, pair := range [][2]pat.Role{{pat.Viewer, pat.Editor}, {pat.Editor, pat.Admin}} {
			for _, scope := range granted(pair[0]) {
				if !slices.Contains(granted(pair[1]), scope) {
					t.Errorf("%q: %s has %q, which %s lacks", setting, pair[0], scope, pair[1])
				}
			}
		}
	})
}
