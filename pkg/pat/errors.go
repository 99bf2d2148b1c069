package pat

import "errors"

// Kind classifies a failure by what a caller can do about it.
type Kind int

// The kinds of failure. The zero value is an internal error, whose details clients do not see.
const (
	KindInternal Kind = iota
	// KindInvalid: a value breaks a rule, which the message states.
	KindInvalid
	// KindUnauthenticated: the token does not admit its holder. The message is a Reason.
	KindUnauthenticated
	// KindForbidden: the caller is known and lacks the permission.
	KindForbidden
	// KindLimit: the user has as many tokens as a user can have.
	KindLimit
	// KindNotFound: the user does not exist, or the feature is switched off.
	KindNotFound
	// KindDuplicate: the user already has a token with this description.
	KindDuplicate
	// KindKeySpent: the idempotency key was used for something else.
	KindKeySpent
	// KindRotated: the token presented was replaced by a rotation, and cannot rotate again.
	KindRotated
	// KindUserExists: another user has the username or the email address.
	KindUserExists
	// KindLastAdmin: the change would leave no enabled Admin.
	KindLastAdmin
	// KindConflict: the stored version differs from the one that was read. Service retries the change, so no client sees it.
	KindConflict
	// KindUnavailable: the store did not respond or is too busy. A write may still have taken effect.
	KindUnavailable
)

// Error is a failure with a kind, a message for the client, and a cause that only the log shows.
type Error struct {
	Kind    Kind
	Message string
	Err     error
}

// Error returns the message and the cause, for logs.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first Error in err's chain, or KindInternal if there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return KindInternal
}

// Reason is why a token does not admit its holder. It is one of a fixed set of sentences, so it can stand in a response template
// that escapes nothing. Only a caller who presents the correct token learns a Reason other
// than ReasonInvalid.
type Reason string

// The reasons.
const (
	ReasonInvalid  Reason = "The token is not valid."
	ReasonExpired  Reason = "The token has expired."
	ReasonDisabled Reason = "The user is disabled."
	ReasonRotated  Reason = "The token was rotated."

	ReasonNoSession      Reason = "You are not signed in."
	ReasonSessionExpired Reason = "The session has expired."
	ReasonSessionEnded   Reason = "The session was ended."
)

// Refused returns a KindUnauthenticated with reason as its message.
func Refused(reason Reason, cause error) *Error {
	return &Error{Kind: KindUnauthenticated, Message: string(reason), Err: cause}
}

// Unavailable returns a KindUnavailable.
func Unavailable(cause error) *Error {
	return &Error{Kind: KindUnavailable, Message: "The service is busy or its store cannot be reached. Try again shortly.", Err: cause}
}

// Conflict returns a KindConflict: the stored account is not the one that was read.
func Conflict(cause error) *Error {
	return &Error{Kind: KindConflict, Message: "The account has changed.", Err: cause}
}

// NoUser returns the KindNotFound for a missing account.
func NoUser(cause error) *Error {
	return &Error{Kind: KindNotFound, Message: "No user found", Err: cause}
}

// UserExists returns a KindUserExists.
func UserExists(cause error) *Error {
	return &Error{Kind: KindUserExists, Message: "User already exists", Err: cause}
}

// LastAdmin returns a KindLastAdmin.
func LastAdmin(cause error) *Error {
	return &Error{Kind: KindLastAdmin, Message: "The last enabled Admin cannot be deleted, disabled or given another role.", Err: cause}
}

// TooLarge returns the KindInvalid for an account that is larger than the Store can keep.
func TooLarge(cause error) *Error {
	return &Error{Kind: KindInvalid, Message: "The user's tokens take more space than the store has for one user.", Err: cause}
}

func invalid(message string) *Error {
	return &Error{Kind: KindInvalid, Message: message}
}
