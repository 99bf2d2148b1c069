package pat

import (
	"fmt"
	"slices"
	"strings"
)

// The bounds of scopes. RFC 6749 §3.3 allows more characters, some of which separate or end a scope in settings and policies.
const (
	// MaxScopes is the largest number of scopes of a token.
	MaxScopes   = 20
	maxScopeLen = 64
	scopeChars  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/-"
)

// Scope is a permission that a token can be limited to: 1 to 64 of A-Z, a-z, 0-9 and "._:/-". Case counts.
type Scope string

// The built-in scopes, which permit operations of this service.
const (
	// ScopePatsRead permits to list the user's tokens.
	ScopePatsRead Scope = "pats:read"
	// ScopePatsWrite permits to create the user's tokens, and to revoke others than the one presented.
	ScopePatsWrite Scope = "pats:write"
	// ScopeUsersRead permits an Admin to read users.
	ScopeUsersRead Scope = "users:read"
	// ScopeUsersWrite permits an Admin to change users, and so to get every other permission.
	ScopeUsersWrite Scope = "users:write"
	// ScopeTokensIntrospect permits to learn whose token another one is.
	ScopeTokensIntrospect Scope = "tokens:introspect"
)

// Scopes is what a token may do within what its user may do. The zero value permits nothing. A Store keeps
// [Scopes.Stored].
type Scopes struct {
	unscoped bool
	// names are in order, with a space between two (RFC 6749 §3.3).
	names string
}

// Unscoped returns the Scopes of a token that may do whatever its user may do.
func Unscoped() Scopes { return Scopes{unscoped: true} }

// NewScopes returns the Scopes with names, in order and without duplicates. Errors: KindInvalid unless there are 1 to [MaxScopes],
// each of the form of a Scope.
func NewScopes(names []string) (Scopes, error) {
	for i, name := range names {
		if !isScope(name) {
			// The name is not quoted, since it might be a token that was pasted in the wrong place.
			return Scopes{}, invalid(fmt.Sprintf("Scope %d of the token is not %s.", i+1, scopeForm))
		}
	}
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	if len(names) == 0 || len(names) > MaxScopes {
		return Scopes{}, invalid(wrongScopeCount)
	}
	return Scopes{names: strings.Join(names, " ")}, nil
}

var (
	scopeForm       = fmt.Sprintf("1 to %d of A-Z, a-z, 0-9 and the characters . _ : / -", maxScopeLen)
	wrongScopeCount = fmt.Sprintf("A token must have 1 to %d scopes.", MaxScopes)
)

func isScope(name string) bool {
	return name != "" && len(name) <= maxScopeLen && only(name, scopeChars)
}

// Unscoped reports whether the token may do whatever its user may do.
func (s Scopes) Unscoped() bool { return s.unscoped }

// List returns the scopes in order: none if s is Unscoped or zero.
func (s Scopes) List() []Scope {
	var list []Scope
	for name := range strings.FieldsSeq(s.names) {
		list = append(list, Scope(name))
	}
	return list
}

// Allow reports whether s permits what scope permits.
func (s Scopes) Allow(scope Scope) bool {
	if s.unscoped {
		return true
	}
	for name := range strings.FieldsSeq(s.names) {
		if name == string(scope) {
			return true
		}
	}
	return false
}

// SubsetOf reports whether s permits nothing that other does not. Unscoped is a subset of Unscoped alone.
func (s Scopes) SubsetOf(other Scopes) bool {
	if s.unscoped {
		return other.unscoped
	}
	_, exceeds := s.exceeding(other)
	return !exceeds
}

// exceeding returns the first scope in s that other does not allow, if there is one.
func (s Scopes) exceeding(other Scopes) (Scope, bool) {
	list := s.List()
	i := slices.IndexFunc(list, func(scope Scope) bool { return !other.Allow(scope) })
	if i < 0 {
		return "", false
	}
	return list[i], true
}

// Equal reports whether s and other permit the same.
func (s Scopes) Equal(other Scopes) bool { return s == other }

// storedUnscoped is the Stored of Unscoped. It is not a scope.
const storedUnscoped = "*"

// Stored returns s as a Store keeps it: "*" if s is Unscoped, else the scopes in order, with a space between two.
func (s Scopes) Stored() string {
	if s.unscoped {
		return storedUnscoped
	}
	return s.names
}

// StoredScopes returns the Scopes whose Stored is text. Errors: KindInvalid.
func StoredScopes(text string) (Scopes, error) {
	switch text {
	case storedUnscoped:
		return Unscoped(), nil
	case "":
		return Scopes{}, nil
	}
	last, n := "", 0
	for name := range strings.SplitSeq(text, " ") {
		if n++; !isScope(name) || name <= last || n > MaxScopes {
			return Scopes{}, invalid("The scopes are not distinct ones in order.")
		}
		last = name
	}
	return Scopes{names: text}, nil
}

// MissingScopeError is the cause of a KindForbidden for a token without a scope.
type MissingScopeError struct{ Scope Scope }

func (e *MissingScopeError) Error() string { return "missing scope " + string(e.Scope) }

// MissingScope returns the KindForbidden for a token without scope.
func MissingScope(scope Scope) *Error {
	return &Error{
		Kind:    KindForbidden,
		Message: fmt.Sprintf("The token does not have the scope %q, which this operation requires.", scope),
		Err:     &MissingScopeError{scope},
	}
}
