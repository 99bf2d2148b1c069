package pat

import (
	"context"
	"time"
)

// SeenInterval is how much time lies at least between two recorded uses of one token.
const SeenInterval = 5 * time.Minute

// ImportStep is how many tokens one ImportAccount brings at most: a transaction of DynamoDB has up to 100 writes.
const ImportStep = 50

// Store keeps accounts. Reads are strongly consistent. Every error is a *Error; KindUnavailable can come from each method, and
// on a write it leaves open whether the write took effect. Context errors come as KindUnavailable too.
// pattest.Run checks that a Store does what is said here.
type Store interface {
	// Account reads the user with id, with tokens and the times they were seen.
	// Errors: KindNotFound.
	Account(ctx context.Context, id UserID) (Account, error)

	// Accounts reads up to limit users with an id above after, in rising order of id, without their tokens.
	Accounts(ctx context.Context, after UserID, limit int) ([]Account, error)

	// FindUser returns the user with key, one of Profile.UniqueKeys.
	// Errors: KindNotFound.
	FindUser(ctx context.Context, key string) (UserID, error)

	// CountAdmins returns the number of enabled Admins.
	CountAdmins(ctx context.Context) (int, error)

	// CreateAccount keeps a new user under the next user ID and gives back what it kept. ID, Tokens and Version of draft are
	// not looked at. A failed call may use up an ID.
	// Errors: KindUserExists if another user has one of the UniqueKeys.
	CreateAccount(ctx context.Context, draft Account) (Account, error)

	// ReplaceAccount writes after in place of before, which was read from this Store, as one change that is seen whole or not
	// at all. The stored version becomes before.Version+1. SeenAt is not written.
	// Errors: KindConflict if the stored version is not before.Version or the user is gone; KindUserExists; KindLastAdmin if
	// before was the last enabled Admin and after is none.
	ReplaceAccount(ctx context.Context, before, after Account) error

	// DeleteAccount removes the user and all tokens at once. The ID and the tokens' IDs are not used again.
	// Errors: KindConflict as in ReplaceAccount; KindLastAdmin.
	DeleteAccount(ctx context.Context, account Account) error

	// ReserveUserIDs sees to it that every user ID given out from now on is above last. Repeating it does nothing.
	ReserveUserIDs(ctx context.Context, last UserID) error

	// ImportAccount writes after in place of before as ReplaceAccount does, and LookUp finds the user by the selector of each
	// token that before does not have, all as one change. The zero before stands for none: then the user is made with the ID
	// of after, which must be reserved, with version 1, and with the SeenAt of its tokens. There may be at most ImportStep
	// tokens that before does not have.
	// Errors: those of ReplaceAccount; KindConflict also if there is a user where before is zero, and if LookUp finds anybody by
	// one of those selectors.
	ImportAccount(ctx context.Context, before, after Account) error

	// CheckSize returns an error if account, with its tokens, is larger than the Store can keep. It does no I/O, so that an import
	// can refuse a user before the first write. A write of such an account fails with the same error.
	// Errors: KindInvalid.
	CheckSize(account Account) error

	// LookUp gives the user for whom a token with selector was imported. The token may be gone since, and the user too.
	// Errors: KindNotFound.
	LookUp(ctx context.Context, selector Selector) (UserID, error)

	// MarkSeen records that the token was used at the given time, unless a use less than SeenInterval before it is on record.
	// account is as it was read; a Store may use it to forget tokens that are gone. It changes no version.
	MarkSeen(ctx context.Context, account Account, token TokenID, at time.Time) error
}
