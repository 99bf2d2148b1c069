package signin

import (
	"errors"
	"net/http"

	"pats/pkg/session"
)

// refusal is why a user is not signed in. Its message is for the user, and its cause for the log.
type refusal struct {
	status  int
	message string
	cause   error
}

// The refusals.
var (
	errOff      = &refusal{status: http.StatusNotFound, message: session.UnavailableMessage}
	errNoPage   = &refusal{status: http.StatusNotFound, message: "There is no such page."}
	errMethod   = &refusal{status: http.StatusMethodNotAllowed, message: "This page can only be read."}
	errNotBegun = &refusal{
		status:  http.StatusBadRequest,
		message: "This sign-in was not begun in this browser, or it took longer than ten minutes.",
	}
	errProvider   = &refusal{status: http.StatusBadGateway, message: "The identity provider does not respond as it should. Try again shortly."}
	errDenied     = &refusal{status: http.StatusForbidden, message: "The identity provider did not sign you in."}
	errNotAllowed = &refusal{
		status:  http.StatusForbidden,
		message: "You cannot sign in here with this account: neither its address nor its groups have access.",
	}
	errInternal = &refusal{status: http.StatusInternalServerError, message: "Something went wrong on our side."}
)

// Error returns the message and the cause, for logs.
func (r *refusal) Error() string {
	if r.cause == nil {
		return r.message
	}
	return r.message + ": " + r.cause.Error()
}

// Unwrap returns the cause.
func (r *refusal) Unwrap() error { return r.cause }

func (r *refusal) because(cause error) *refusal {
	return &refusal{r.status, r.message, cause}
}

// refusalOf returns the refusal in err's chain, or errInternal.
func refusalOf(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	return errInternal
}
