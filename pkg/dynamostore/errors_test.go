package dynamostore_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"pats/pkg/dynamostore"
	"pats/pkg/pat"
)

// sdkError returns err as the SDK returns it for a response of DynamoDB with this status.
func sdkError(status int, err error) error {
	return operationError("PutItem", &awshttp.ResponseError{
		RequestID:     "A-REQUEST",
		ResponseError: &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err},
	})
}

func refused(code string) error {
	return sdkError(http.StatusBadRequest, &smithy.GenericAPIError{Code: code, Message: "a message", Fault: smithy.FaultClient})
}

// cancelled returns the error of a transaction that was cancelled for reasons with these codes.
func cancelled(codes ...string) error {
	var reasons []types.CancellationReason
	for _, code := range codes {
		reasons = append(reasons, types.CancellationReason{Code: aws.String(code)})
	}
	return sdkError(http.StatusBadRequest, &types.TransactionCanceledException{CancellationReasons: reasons})
}

// The codes of a cancelled transaction's reasons.
const (
	none      = "None"
	condition = "ConditionalCheckFailed"
	conflict  = "TransactionConflict"
)

var errorTests = []struct {
	name string
	err  error
	want pat.Kind
}{
	{"a failed condition", sdkError(400, &types.ConditionalCheckFailedException{}), pat.KindConflict},
	{"a write that meets a transaction", sdkError(400, &types.TransactionConflictException{}), pat.KindConflict},

	{"cancelled by the first condition", cancelled(condition, none, none), pat.KindConflict},
	{"cancelled by the second condition", cancelled(none, condition, none), pat.KindUserExists},
	{"cancelled by the third condition", cancelled(none, none, condition), pat.KindLastAdmin},
	{"cancelled by all conditions", cancelled(condition, condition, condition), pat.KindConflict},
	{"cancelled by two conditions", cancelled(none, condition, condition), pat.KindUserExists},
	{"cancelled by a condition that was not set", cancelled(none, none, none, condition), pat.KindInternal},
	{"cancelled by another transaction", cancelled(none, conflict, none), pat.KindConflict},
	{"cancelled by another transaction and a condition", cancelled(conflict, none, condition), pat.KindLastAdmin},
	{"cancelled by another transaction while busy", cancelled("ThrottlingError", conflict), pat.KindConflict},
	{"cancelled while busy", cancelled(none, "ThrottlingError"), pat.KindUnavailable},
	{"cancelled beyond the table's throughput", cancelled("ProvisionedThroughputExceeded", none), pat.KindUnavailable},
	{"cancelled as not valid", cancelled("ValidationError", none), pat.KindInternal},
	{"cancelled for an item that is too large", cancelled("ItemCollectionSizeLimitExceeded"), pat.KindInternal},
	{"cancelled without a reason", cancelled(), pat.KindInternal},

	{"throttled", refused("ThrottlingException"), pat.KindUnavailable},
	{"beyond the table's throughput", sdkError(400, &types.ProvisionedThroughputExceededException{}), pat.KindUnavailable},
	{"beyond the account's limit", sdkError(400, &types.RequestLimitExceeded{}), pat.KindUnavailable},
	{"the same transaction is under way", sdkError(400, &types.TransactionInProgressException{}), pat.KindUnavailable},
	{"DynamoDB is broken", sdkError(500, &types.InternalServerError{}), pat.KindUnavailable},
	{"DynamoDB is broken, without a status", operationError("PutItem", &types.InternalServerError{}), pat.KindUnavailable},
	{"a response that is not DynamoDB's", sdkError(503, &smithy.GenericAPIError{Code: "UnknownError"}), pat.KindUnavailable},

	{"cancelled by the caller", operationError("PutItem", &smithy.CanceledError{Err: context.Canceled}), pat.KindUnavailable},
	{"late", operationError("PutItem", &smithy.CanceledError{Err: context.DeadlineExceeded}), pat.KindUnavailable},
	{"the connection broke", operationError("PutItem", &smithyhttp.RequestSendError{Err: io.EOF}), pat.KindUnavailable},
	{"no connection", operationError("PutItem", &net.OpError{Op: "dial", Err: errors.New("refused")}), pat.KindUnavailable},
	{"half a response", sdkError(200, &smithy.DeserializationError{Err: io.ErrUnexpectedEOF}), pat.KindUnavailable},
	{"no more attempts", errors.Join(networkError("PutItem"), errors.New("retry quota exceeded")), pat.KindUnavailable},

	{"no table", sdkError(400, &types.ResourceNotFoundException{}), pat.KindInternal},
	{"not allowed", refused("AccessDeniedException"), pat.KindInternal},
	{"unknown credentials", refused("UnrecognizedClientException"), pat.KindInternal},
	{"expired credentials", refused("ExpiredTokenException"), pat.KindInternal},
	{"not valid", refused("ValidationException"), pat.KindInternal},
	{"not readable", refused("SerializationException"), pat.KindInternal},
	{"another transaction under the same token", sdkError(400, &types.IdempotentParameterMismatchException{}), pat.KindInternal},
	{"not sent, for a missing parameter", operationError("PutItem", smithy.InvalidParamsError{}), pat.KindInternal},
	{"not sent, for want of credentials", operationError("PutItem", errors.New("no credentials")), pat.KindInternal},
}

// TestErrors translates errors of an operation with three conditional writes, whose failures are KindConflict, KindUserExists and
// KindLastAdmin.
func TestErrors(t *testing.T) {
	t.Parallel()
	for _, test := range errorTests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := dynamostore.Translate(test.err)
			if err == nil || pat.KindOf(err) != test.want {
				t.Fatalf("got kind %d (%v), want %d", pat.KindOf(err), err, test.want)
			}
			if !strings.Contains(err.Error(), `PutItem on table "tokens"`) {
				t.Errorf("the error does not name operation and table: %v", err)
			}
		})
	}
}

// TestErrorsOmitValues checks that no error quotes a value, although DynamoDB's messages do.
func TestErrorsOmitValues(t *testing.T) {
	t.Parallel()
	const content = "what was to be stored"
	errs := []error{
		sdkError(400, &smithy.GenericAPIError{Code: "ValidationException", Message: content}),
		sdkError(400, &smithy.GenericAPIError{Code: "SerializationException", Message: content}),
		sdkError(400, &types.ConditionalCheckFailedException{
			Item: map[string]types.AttributeValue{"name": &types.AttributeValueMemberS{Value: content}},
		}),
		sdkError(400, &types.TransactionCanceledException{CancellationReasons: []types.CancellationReason{{
			Code:    aws.String("ValidationError"),
			Message: aws.String(content),
			Item:    map[string]types.AttributeValue{"name": &types.AttributeValueMemberS{Value: content}},
		}}}),
	}
	for _, err := range errs {
		if got := dynamostore.Translate(err).Error(); strings.Contains(got, content) {
			t.Errorf("the error quotes %q: %s", content, got)
		}
	}
}

func TestErrorsKeepTheContextsError(t *testing.T) {
	t.Parallel()
	err := dynamostore.Translate(operationError("PutItem", &smithy.CanceledError{Err: context.DeadlineExceeded}))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want it to wrap %v", err, context.DeadlineExceeded)
	}
}
