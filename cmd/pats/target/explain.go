package target

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/cmd/pats/failure"
	"pats/pkg/boltstore"
	"pats/pkg/pat"
)

// Explain returns the failure.Error for any error: err itself, or one that explains an error of a store or of the domain.
func Explain(err error) *failure.Error {
	if f, ok := errors.AsType[*failure.Error](err); ok {
		return f
	}
	if _, ok := errors.AsType[*boltstore.DamagedError](err); ok {
		return ExplainDataFile(err)
	}
	if e, ok := errors.AsType[*pat.Error](err); ok {
		return explainRule(e)
	}
	return &failure.Error{Code: failure.Failed, Message: err.Error(), Err: err}
}

const (
	adviceLocked = "If that is `pats serve`, token commands can go through it: --url URL, with the address that it printed and a token\n" +
		"in PATS_TOKEN or --token-file. Every other command has to wait until it stops."
	adviceDamaged = "The file is left as it is. `pats check` lists everything that is wrong. Restore the file from a backup, or move its\n" +
		"folder away to start over."
)

// ExplainDataFile returns the failure of a data file that cannot be used.
func ExplainDataFile(err error) *failure.Error {
	f := &failure.Error{Code: failure.Unavailable, Message: err.Error(), Err: err}
	if _, ok := errors.AsType[*boltstore.LockedError](err); ok {
		f.Advice = adviceLocked
	}
	if _, ok := errors.AsType[*boltstore.DamagedError](err); ok {
		f.Advice = adviceDamaged
	}
	if exposed, ok := errors.AsType[*boltstore.ExposedError](err); ok {
		f.Advice = "Check the users and their tokens if you do not trust everyone who could write it, and make it private:\n  chmod 600 '" + exposed.Path + "'"
	}
	return f
}

// NoDataFile returns the failure of a data file that does not exist.
func NoDataFile(path string) *failure.Error {
	return failure.New(failure.Unavailable, "there is no data file "+path,
		"Is --data right? `pats serve` and `pats user create` create a data file.\n"+
			"For a deployed table, use --store dynamodb --table NAME.")
}

var codes = map[pat.Kind]failure.Code{
	pat.KindInvalid:         failure.Usage,
	pat.KindUnauthenticated: failure.Refused,
	pat.KindForbidden:       failure.Refused,
	pat.KindLimit:           failure.Refused,
	pat.KindDuplicate:       failure.Refused,
	pat.KindUserExists:      failure.Refused,
	pat.KindLastAdmin:       failure.Refused,
	pat.KindNotFound:        failure.NotFound,
	pat.KindConflict:        failure.Unavailable,
	pat.KindUnavailable:     failure.Unavailable,
}

var advice = map[pat.Kind]string{
	pat.KindLimit:      "`pats token list` lists them; `pats token revoke` makes room.",
	pat.KindDuplicate:  "Choose another --description, or revoke the token that has it.",
	pat.KindUserExists: "Choose another --username and --email; `pats user list` lists those in use.",
	pat.KindLastAdmin:  "Create another Admin first: `pats user create --role admin`.",
	pat.KindNotFound:   "`pats user list` lists the users; `pats token list` lists a user's tokens.",
}

func explainRule(e *pat.Error) *failure.Error {
	f := &failure.Error{Code: codes[e.Kind], Message: e.Message, Advice: advice[e.Kind], Err: e}
	switch e.Kind {
	case pat.KindInternal, pat.KindUnavailable:
		f.Message = e.Error() // the store is the operator's own, and the cause is what helps
		f.Advice = adviseOnStore(e)
	}
	if f.Code == failure.OK {
		f.Code = failure.Failed
	}
	return f
}

func adviseOnStore(err error) string {
	if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
		return "Are --table, --region and the account right? A deployed stack names its table in the output TableName;\n" +
			"`pats table create` creates one, for example in DynamoDB Local."
	}
	return ""
}
