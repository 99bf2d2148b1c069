package pat

import (
	"context"
	"time"
)

// SeenInterval is the least time between two recorded uses of a token.
const SeenInterval = 5 * time.Minute

// ImportStep is the largest number of tokens that one ImportAccount adds. DynamoDB takes up to 100 writes in a transaction.
const ImportStep = 50

// Store stores accounts. Reads are strongly consistent. Every error is an *Error. Each method can return KindUnavailable, also for
// a context that is done; a write that returns it may have taken effect. pattest.Run checks that a Store behaves as described here.
type Store interface {
	// Account returns the user with id, with the tokens and the times of their last use.
	// Errors: KindNotFound.
	Account(ctx context.Context, id UserID) (Account, error)

	// Accounts returns up to limit users of the given types, or of all types if there are none, with IDs above after, in rising order of
	// ID, without their tokens and SignIn.
	Accounts(ctx context.Context, after UserID, limit int, of ...AccountType) ([]Account, error)

	// AccountsWithTokens returns what Accounts returns, with their tokens and the times of their last use. limit is at least 1. Each
	// account is as it was at some moment of the call. A user who is deleted during the call can be missing, so next says where the
	// next page begins: after that ID, or if it is 0, there are no more users. The cost depends on limit alone.
	AccountsWithTokens(ctx context.Context, after UserID, limit int, of ...AccountType) (accounts []Account, next UserID, err error)

	// FindUser returns the user with key, one of Account.UniqueKeys.
	// Errors: KindNotFound.
	FindUser(ctx context.Context, key string) (UserID, error)

	// CountAdmins returns the number of Account.PersonalAdmin.
	CountAdmins(ctx context.Context) (int, error)

	// CreateAccount stores a new user under the next user ID and returns the account as stored. It ignores ID, Tokens and Version of
	// draft. A failed call may use up an ID.
	// Errors: KindUserExists if another user has one of the UniqueKeys.
	CreateAccount(ctx context.Context, draft Account) (Account, error)

	// ReplaceAccount replaces before, which was read from this Store, by after in one atomic change. The stored version becomes
	// before.Version+1. SeenAt is not written.
	// Errors: KindConflict if the stored version is not before.Version or the user is gone; KindUserExists; KindLastAdmin if
	// before is the last Account.PersonalAdmin and after is none. The type stays the same.
	ReplaceAccount(ctx context.Context, before, after Account) error

	// DeleteAccount deletes the user with all tokens in one atomic change. The user ID and the token IDs are not used again.
	// Errors: KindConflict as in ReplaceAccount; KindLastAdmin.
	DeleteAccount(ctx context.Context, account Account) error

	// ReserveUserIDs makes CreateAccount assign only user IDs above last from now on. Repeating it has no effect.
	ReserveUserIDs(ctx context.Context, last UserID) error

	// ImportAccount replaces before by after as ReplaceAccount does, and lets LookUp find the user by the selector of each token
	// that before lacks, in one atomic change. If before is the zero Account, it creates the user with the ID of after, which must
	// be reserved, with version 1, and with the SeenAt of the tokens. At most ImportStep tokens can be new.
	// Errors: those of ReplaceAccount; KindConflict also if before is zero and the user exists, or if LookUp finds a user by the
	// selector of a new token.
	ImportAccount(ctx context.Context, before, after Account) error

	// CheckSize returns an error if account, with its tokens, is larger than the Store can keep. It does no I/O, so that an import
	// can refuse a user before the first write. A write of such an account fails with the same error.
	// Errors: KindInvalid.
	CheckSize(account Account) error

	// LookUp returns the user for whom a token with selector was imported. The token may have been revoked since, and the user deleted.
	// Errors: KindNotFound.
	LookUp(ctx context.Context, selector Selector) (UserID, error)

	// MarkSeen records that the token was used at the given time, unless a use less than SeenInterval before that is recorded.
	// account is as it was read, so that a Store can drop the uses of tokens that are gone. The version stays the same.
	MarkSeen(ctx context.Context, account Account, token TokenID, at time.Time) error
}
