package dynamostore

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"pats/pkg/pat"
)

// onFailedCondition returns the domain's error for a write whose condition does not hold.
type onFailedCondition func(cause error) error

func conflict(cause error) error   { return pat.Conflict(cause) }
func userExists(cause error) error { return pat.UserExists(cause) }
func lastAdmin(cause error) error  { return pat.LastAdmin(cause) }

// internal returns the error of a fault in this program, its settings or its data.
func internal(cause error) error {
	return &pat.Error{Kind: pat.KindInternal, Message: "the store failed", Err: cause}
}

// translate returns the domain's error for one that the SDK returned for an operation. failed has an element for each write of the
// operation, in order. A transient error is KindUnavailable, any other KindInternal. The cause names table and operation, but nothing
// that is stored.
func translate(operation, table string, err error, failed ...onFailedCondition) error {
	cause := fmt.Errorf("%s on table %q: %w", operation, table, redact(err))
	if canceled, ok := errors.AsType[*types.TransactionCanceledException](err); ok {
		return explain(cause, canceled.CancellationReasons, failed)
	}
	switch {
	case len(failed) > 0 && conditionFailed(err):
		return failed[0](cause)
	case isTransient(err):
		return pat.Unavailable(cause)
	}
	return internal(cause)
}

// conditionFailed also reports true for a single write that met a transaction: another call is changing the item at this moment.
func conditionFailed(err error) bool {
	_, failed := errors.AsType[*types.ConditionalCheckFailedException](err)
	_, met := errors.AsType[*types.TransactionConflictException](err)
	return failed || met
}

// unnamed is the SDK's code for an error response without a code, which is not DynamoDB's.
const unnamed = "UnknownError"

// isTransient reports whether the same call may succeed later: it was cancelled or late, DynamoDB was busy or failed, or its response
// did not arrive whole.
func isTransient(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	if _, garbled := errors.AsType[*smithy.DeserializationError](err); garbled {
		return true
	}
	if _, met := errors.AsType[*types.TransactionConflictException](err); met {
		return true
	}
	if fault, ok := errors.AsType[smithy.APIError](err); ok && (fault.ErrorFault() == smithy.FaultServer || fault.ErrorCode() == unnamed) {
		return true
	}
	return retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary
}

// The codes of a cancelled transaction's reasons, from the documentation of TransactWriteItems.
const (
	reasonCondition  = "ConditionalCheckFailed"
	reasonConflict   = "TransactionConflict"
	reasonThrottled  = "ThrottlingError"
	reasonThroughput = "ProvisionedThroughputExceeded"
)

// explain returns the error of a cancelled transaction. A failed condition is final, so it comes before every other reason, and that
// of an earlier write before that of a later one.
func explain(cause error, reasons []types.CancellationReason, failed []onFailedCondition) error {
	codes := make(map[string]bool)
	for i, reason := range reasons {
		code := aws.ToString(reason.Code)
		if code == reasonCondition && i < len(failed) {
			return failed[i](cause)
		}
		codes[code] = true
	}
	switch {
	case codes[reasonConflict]:
		return pat.Conflict(cause)
	case codes[reasonThrottled], codes[reasonThroughput]:
		return pat.Unavailable(cause)
	}
	return internal(cause)
}

// redact drops messages that may quote the values of the request.
func redact(err error) error {
	fault, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return err
	}
	switch code := fault.ErrorCode(); code {
	case "ValidationException", "SerializationException":
		return errors.New(code)
	}
	return err
}
