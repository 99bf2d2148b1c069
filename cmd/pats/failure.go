package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
)

// The exit codes, as `pats --help` explains them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitRefused     = 4
	exitUnavailable = 5
	// exitInterrupted is what shells report of a process that ended by SIGINT.
	exitInterrupted = 130
)

// failure is an error as the person at the terminal shall see it.
type failure struct {
	code    int
	message string
	// advice says what to do about it, or is empty.
	advice string
	cause  error
}

func (f *failure) Error() string { return f.message }

// Unwrap gives the cause, if there is one.
func (f *failure) Unwrap() error { return f.cause }

// usage is the failure of a command line that breaks a rule which the grammar cannot express.
func usage(message, advice string) error {
	return fail(exitUsage, message, advice)
}

func fail(code int, message, advice string) error {
	return &failure{code: code, message: message, advice: advice}
}

// report prints err, if it is one, and gives the exit code.
func report(ctx context.Context, stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	f := explain(err)
	if ctx.Err() != nil && f.code == exitUnavailable {
		f = &failure{code: exitInterrupted, message: "interrupted"}
	}
	_, _ = fmt.Fprintf(stderr, "pats: %s\n", withoutSecrets(f.message))
	for line := range strings.Lines(withoutSecrets(f.advice)) {
		_, _ = fmt.Fprintf(stderr, "      %s\n", strings.TrimSuffix(line, "\n"))
	}
	return f.code
}

// secretLike finds what may be a token, which somebody may have typed in a wrong place.
var secretLike = regexp.MustCompile(`(user:|\*:\*\.)[A-Za-z0-9._-]{16,}`)

func withoutSecrets(message string) string { return secretLike.ReplaceAllString(message, "[redacted]") }

// explain makes a failure of any error.
func explain(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	if _, ok := errors.AsType[*boltstore.DamagedError](err); ok {
		return explainDataFile(err)
	}
	if e, ok := errors.AsType[*pat.Error](err); ok {
		return explainRule(e)
	}
	return &failure{code: exitFailed, message: err.Error()}
}

const (
	adviceLocked = "If that is `pats serve`, token commands can go through it: --url http://127.0.0.1:3000, with a token in PATS_TOKEN\n" +
		"or in --token-file. Everything else has to wait until it is stopped."
	adviceDamaged = "The file is left as it is. `pats check` lists all that is wrong. Restore the file from a backup, or move its\n" +
		"folder away to begin anew."
)

// explainDataFile makes a failure of what keeps a data file from being used.
func explainDataFile(err error) *failure {
	f := &failure{code: exitUnavailable, message: err.Error(), cause: err}
	if _, ok := errors.AsType[*boltstore.LockedError](err); ok {
		f.advice = adviceLocked
	}
	if _, ok := errors.AsType[*boltstore.DamagedError](err); ok {
		f.advice = adviceDamaged
	}
	return f
}

var exitCodes = map[pat.Kind]int{
	pat.KindInvalid:         exitUsage,
	pat.KindUnauthenticated: exitRefused,
	pat.KindForbidden:       exitRefused,
	pat.KindLimit:           exitRefused,
	pat.KindDuplicate:       exitRefused,
	pat.KindUserExists:      exitRefused,
	pat.KindLastAdmin:       exitRefused,
	pat.KindNotFound:        exitNotFound,
	pat.KindConflict:        exitUnavailable,
	pat.KindUnavailable:     exitUnavailable,
}

var advices = map[pat.Kind]string{
	pat.KindLimit:      "`pats token list` shows them; `pats token revoke` makes room.",
	pat.KindDuplicate:  "Choose another --description, or revoke the token that has it.",
	pat.KindUserExists: "Choose another --username and --email; `pats user list` shows which are taken.",
	pat.KindLastAdmin:  "Make another Admin first: `pats user create --role admin`.",
	pat.KindNotFound:   "`pats user list` shows the users; `pats token list` shows a user's tokens.",
}

func explainRule(e *pat.Error) *failure {
	f := &failure{code: exitCodes[e.Kind], message: e.Message, advice: advices[e.Kind]}
	switch e.Kind {
	case pat.KindInternal, pat.KindUnavailable:
		f.message = e.Error() // the operator's own store: the cause is what helps
		f.advice = adviseOnStore(e)
	}
	if f.code == exitOK {
		f.code = exitFailed
	}
	return f
}

func adviseOnStore(err error) string {
	if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
		return "Is it the right --table, --region and account? A deployed stack names its table in the output TableName;\n" +
			"`pats table create` makes one, for DynamoDB Local say."
	}
	return ""
}
