package pat

import "errors"

// Kind says what went wrong, in terms that a caller can act on.
type Kind int

// The kinds of failure. The zero value is a fault of this program: nothing of it is told to clients.
const (
	KindInternal Kind = iota
	// KindInvalid: a value breaks a rule; the message says which.
	KindInvalid
	// KindUnauthenticated: the token does not let its holder in; the message is a Reason.
	KindUnauthenticated
	// KindForbidden: the caller is known and may not do this.
	KindForbidden
	// KindLimit: the user has as many tokens as a user may have.
	KindLimit
	// KindNotFound: there is no such user, or the feature is off.
	KindNotFound
	// KindDuplicate: the user already has a token with this description.
	KindDuplicate
	// KindKeySpent: the idempotency key was used for something else.
	KindKeySpent
	// KindUserExists: another user has the username or the email address.
	KindUserExists
	// KindLastAdmin: the change would leave no enabled Admin.
	KindLastAdmin
	// KindConflict: the stored version is no longer the one that was read. Service retries it; it reaches no client.
	KindConflict
	// KindUnavailable: the store did not answer or is too busy. A write may have taken effect all the same.
	KindUnavailable
)

// Error is a failure with a kind, a message that the client may see, and a cause that it may not.
type Error struct {
	Kind    Kind
	Message string
	Err     error
}

// Error is for logs: it includes the cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of the first Error in err's chain, and KindInternal if there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return KindInternal
}

// Reason is why a token does not let its holder in: a sentence from a fixed set, so it can stand in a response template that
// escapes nothing. All but ReasonInvalid are told only to who presented the right secret.
type Reason string

// The reasons.
const (
	ReasonInvalid  Reason = "The token is not valid."
	ReasonExpired  Reason = "The token has expired."
	ReasonDisabled Reason = "The user is disabled."
)

// Refused is a KindUnauthenticated with reason as its message.
func Refused(reason Reason, cause error) *Error {
	return &Error{Kind: KindUnauthenticated, Message: string(reason), Err: cause}
}

// Unavailable is a KindUnavailable; cause is for the log.
func Unavailable(cause error) *Error {
	return &Error{Kind: KindUnavailable, Message: "The service is busy or its store cannot be reached. Try again shortly.", Err: cause}
}

// Conflict is a KindConflict: the stored account is not the one that was read.
func Conflict(cause error) *Error {
	return &Error{Kind: KindConflict, Message: "The account was changed meanwhile.", Err: cause}
}

// NoUser is the KindNotFound of an account that is not there.
func NoUser(cause error) *Error {
	return &Error{Kind: KindNotFound, Message: "No user found", Err: cause}
}

// UserExists is the KindUserExists of a username or email address that another user has.
func UserExists(cause error) *Error {
	return &Error{Kind: KindUserExists, Message: "User already exists", Err: cause}
}

// LastAdmin is the KindLastAdmin of a change that would leave no enabled Admin.
func LastAdmin(cause error) *Error {
	return &Error{Kind: KindLastAdmin, Message: "The last enabled Admin cannot be deleted, disabled or given another role.", Err: cause}
}

// TooLarge is the KindInvalid of an account that is larger than the Store can keep.
func TooLarge(cause error) *Error {
	return &Error{Kind: KindInvalid, Message: "The user's tokens take more space than the store has for one user.", Err: cause}
}

func invalid(message string) *Error {
	return &Error{Kind: KindInvalid, Message: message}
}
