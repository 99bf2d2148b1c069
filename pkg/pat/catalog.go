package pat

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxCatalogLen is the length of the longest setting of ParseScopeCatalog, in characters.
const maxCatalogLen = 1024

// ScopeCatalog has the scopes that exist: the built-in ones, and those listed for other APIs. The zero value has the built-in
// ones alone.
type ScopeCatalog struct {
	// listed are in order of their scopes.
	listed []catalogEntry
}

// catalogEntry is a scope, and the lowest role whose users' tokens carry it.
type catalogEntry struct {
	scope  Scope
	lowest Role
}

// builtIn are the scopes of this service, in order. Those of users are for Admins, as the operations are. Service accounts carry
// ScopeTokensIntrospect whatever their role, since only an Admin gives it to them; see author.checkGiven.
var builtIn = []catalogEntry{
	{ScopePatsRead, Viewer},
	{ScopePatsWrite, Viewer},
	{ScopeTokensIntrospect, Admin},
	{ScopeUsersRead, Admin},
	{ScopeUsersWrite, Admin},
}

// ParseScopeCatalog returns the catalog of the built-in scopes and those that setting lists: entries separated by commas, with
// spaces around them ignored. An entry is a scope, and may end in "@" and the lowest role that carries it, in any case:
// "orders:read, orders:write@Editor". An empty setting lists none. The error names the invalid entry.
func ParseScopeCatalog(setting string) (ScopeCatalog, error) {
	if len(setting) > maxCatalogLen {
		return ScopeCatalog{}, fmt.Errorf("must have at most %d characters, and has %d", maxCatalogLen, len(setting))
	}
	var catalog ScopeCatalog
	if strings.TrimSpace(setting) == "" {
		return catalog, nil
	}
	for i, text := range strings.Split(setting, ",") {
		entry, err := parseCatalogEntry(strings.TrimSpace(text))
		if err == nil {
			err = catalog.add(entry)
		}
		if err != nil {
			return ScopeCatalog{}, fmt.Errorf("entry %d%w", i+1, err)
		}
	}
	return catalog, nil
}

// parseCatalogEntry returns the entry in text. Its errors and those of add continue the number of the entry. They quote its scope,
// but no text that is not a scope, which might be a secret in the wrong place.
func parseCatalogEntry(text string) (catalogEntry, error) {
	name, roleName, limited := strings.Cut(text, "@")
	if !isScope(name) {
		return catalogEntry{}, fmt.Errorf(" is not %s", scopeForm)
	}
	entry := catalogEntry{Scope(name), Viewer}
	if !limited {
		return entry, nil
	}
	role, err := ParseRole(roleName)
	if err != nil {
		return catalogEntry{}, fmt.Errorf(", %s: the role after @ must be Admin, Editor or Viewer", name)
	}
	entry.lowest = role
	return entry, nil
}

// add adds entry in its place. Errors: the scope is built in, or listed already.
func (c *ScopeCatalog) add(entry catalogEntry) error {
	if _, found := slices.BinarySearchFunc(builtIn, entry.scope, catalogEntry.compare); found {
		return fmt.Errorf(", %s, is a built-in scope", entry.scope)
	}
	i, found := slices.BinarySearchFunc(c.listed, entry.scope, catalogEntry.compare)
	if found {
		return fmt.Errorf(", %s, is listed twice", entry.scope)
	}
	c.listed = slices.Insert(c.listed, i, entry)
	return nil
}

func (e catalogEntry) compare(scope Scope) int { return cmp.Compare(e.scope, scope) }

// Granted returns the scopes that token carries, in ascending order: of an unscoped token, the listed ones that the account's role
// carries; of a scoped one, its scopes that exist and that the role carries. They are the claim "scope" for other APIs.
func (c ScopeCatalog) Granted(account Account, token Token) []Scope {
	if token.Scopes.Unscoped() {
		return carried(c.listed, account.Role)
	}
	return slices.DeleteFunc(c.Carried(account), func(scope Scope) bool { return !token.Scopes.Allow(scope) })
}

// grants reports whether the holder's token, which is scoped, carries scope.
func (c ScopeCatalog) grants(holder Holder, scope Scope) bool {
	return slices.Contains(c.Granted(holder.Account, holder.Token), scope)
}

// Carried returns the scopes that tokens of account can carry, in order.
func (c ScopeCatalog) Carried(account Account) []Scope {
	all := slices.Concat(carried(builtIn, account.Role), carried(c.listed, account.Role))
	if account.Type == ServiceAccount {
		all = append(all, ScopeTokensIntrospect)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func carried(entries []catalogEntry, role Role) []Scope {
	var scopes []Scope
	for _, entry := range entries {
		if role.includes(entry.lowest) {
			scopes = append(scopes, entry.scope)
		}
	}
	return scopes
}

// check checks that each of scopes exists and that tokens of account can carry it. Errors: KindInvalid.
func (c ScopeCatalog) check(scopes Scopes, account Account) error {
	exist, carried := c.Carried(Account{Profile: Profile{Role: Admin}}), c.Carried(account)
	for _, scope := range scopes.List() {
		switch {
		case !slices.Contains(exist, scope):
			return invalid(fmt.Sprintf("The scope %q does not exist. These do: %s.", scope, join(exist)))
		case !slices.Contains(carried, scope):
			return invalid(fmt.Sprintf("The role %s does not carry the scope %q. It carries: %s.", account.Role, scope, join(carried)))
		}
	}
	return nil
}

func join(scopes []Scope) string {
	var names []string
	for _, scope := range scopes {
		names = append(names, string(scope))
	}
	return strings.Join(names, ", ")
}
