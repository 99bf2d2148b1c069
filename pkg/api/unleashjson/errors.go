package unleashjson

import (
	"fmt"

	"pats/pkg/api/apitypes"
)

// Error reports a request that does not match the schema of its route: a 400 with Details. Its messages quote the request, so
// they must stay out of logs.
type Error struct {
	// Details has at least one element.
	Details []apitypes.Detail
}

// Error returns the message of the first detail.
func (e *Error) Error() string { return e.Details[0].Message }

func newError(path, message string) *Error {
	return &Error{Details: []apitypes.Detail{{Message: message, Path: path}}}
}

// mismatch returns the error of a value at path, such as /body/description, that breaks rule, such as "must be string". sent is
// the value in JSON.
func mismatch(path, rule, sent string) *Error {
	return newError(path, fmt.Sprintf("The `%s` property %s. You sent %s.", path, rule, sent))
}
