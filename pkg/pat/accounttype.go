package pat

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// AccountType is the kind of a user. It never changes.
type AccountType int

// The types of accounts. UserAccount is the zero value.
const (
	// UserAccount belongs to a person.
	UserAccount AccountType = iota
	// ServiceAccount belongs to a program. It cannot sign in: Admins create its tokens.
	ServiceAccount
)

var accountTypeNames = map[AccountType]string{UserAccount: "User", ServiceAccount: "Service"}

// String returns the name of the type, "User" or "Service".
func (t AccountType) String() string {
	return cmp.Or(accountTypeNames[t], fmt.Sprintf("AccountType(%d)", int(t)))
}

// PersonalAdmin reports whether the account is that of a person who can administer the service. At least one of them stays: a service
// account does not count, since possibly no one has one of its tokens.
func (a Account) PersonalAdmin() bool { return a.Type == UserAccount && a.EnabledAdmin() }

var errAccountType = errors.New("the account is of another type")

// checkType checks that the account is of one of the types, unless there are none. Errors: KindNotFound.
func (a Account) checkType(of []AccountType) error {
	switch {
	case len(of) == 0 || slices.Contains(of, a.Type):
		return nil
	case slices.Equal(of, []AccountType{ServiceAccount}):
		return &Error{Kind: KindNotFound, Message: "No service account found", Err: errAccountType}
	}
	return NoUser(errAccountType)
}
