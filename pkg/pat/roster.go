package pat

import (
	"cmp"
	"fmt"
)

// Roster checks the accounts that a bulk loader writes, one after the other, and gathers what a Store keeps over all of them.
type Roster struct {
	// LastUser is the highest ID so far.
	LastUser UserID
	// Admins is the number of enabled Admins.
	Admins int
	// Owners have the UniqueKeys of all users, of whom each key has one.
	Owners map[string]UserID
}

// NewRoster has nobody in it.
func NewRoster() *Roster { return &Roster{Owners: map[string]UserID{}} }

// Add takes an account in that has been changed at least once, as every one in a Store. IDs must rise.
// Errors: KindInvalid, KindUserExists.
func (r *Roster) Add(account Account) error {
	if err := cmp.Or(checkUser(account), r.checkOrder(account)); err != nil {
		return err
	}
	for _, key := range account.UniqueKeys() {
		if _, taken := r.Owners[key]; taken {
			return UserExists(fmt.Errorf("user %d", account.ID))
		}
		r.Owners[key] = account.ID
	}
	r.LastUser = account.ID
	if account.EnabledAdmin() {
		r.Admins++
	}
	return nil
}

func (r *Roster) checkOrder(account Account) error {
	if account.ID <= r.LastUser {
		return invalid(fmt.Sprintf("User %d comes after user %d.", account.ID, r.LastUser))
	}
	if account.Version < 1 {
		return invalid(fmt.Sprintf("User %d has version %d.", account.ID, account.Version))
	}
	last := TokenID(0)
	for _, token := range account.Tokens {
		if token.ID <= last || token.ID >= account.NextTokenID {
			return invalid(fmt.Sprintf("Token %d of user %d is out of order.", token.ID, account.ID))
		}
		last = token.ID
	}
	if account.NextTokenID < 1 {
		return invalid(fmt.Sprintf("User %d has no next token.", account.ID))
	}
	return nil
}
