// Package failure defines the errors that end the command pats: an exit code, a message, and advice on what to do.
package failure

import (
	"fmt"
	"io"
	"strings"
)

// Code is an exit code of the process. `pats --help` documents them.
type Code int

// The exit codes.
const (
	OK     Code = 0
	Failed Code = 1
	// Usage: the command line, or a value on it, is wrong.
	Usage Code = 2
	// NotFound: the user or token does not exist.
	NotFound Code = 3
	// Refused: a rule or a server refused the request.
	Refused Code = 4
	// Unavailable: the store or the server cannot be reached or used.
	Unavailable Code = 5
	// Interrupted is the code that shells report for a process ended by SIGINT.
	Interrupted Code = 130
)

// Error is an error as the person at the terminal sees it.
type Error struct {
	Code    Code
	Message string
	// Advice says what to do about it, in one or more lines. It may be empty.
	Advice string
	// Err is the cause, or nil.
	Err error
}

// New returns an Error without a cause.
func New(code Code, message, advice string) *Error {
	return &Error{Code: code, Message: message, Advice: advice}
}

// Misuse returns the Error of a command line that breaks a rule which the grammar cannot express.
func Misuse(message, advice string) *Error { return New(Usage, message, advice) }

func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause, if there is one.
func (e *Error) Unwrap() error { return e.Err }

// Print writes the message and the advice to w, without anything that looks like a token. args is the command line, whose
// tokens are also recognized in parts.
func (e *Error) Print(w io.Writer, args []string) {
	_, _ = fmt.Fprintf(w, "pats: %s\n", redact(e.Message, args))
	for line := range strings.Lines(redact(e.Advice, args)) {
		_, _ = fmt.Fprintf(w, "      %s\n", strings.TrimSuffix(line, "\n"))
	}
}
