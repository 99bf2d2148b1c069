package dynamostore

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// CheckAnswers makes a client refuse an answer that did not arrive as DynamoDB sent it, and ask again. The SDK (1.73) only logs that
// the checksum of an answer is wrong, and takes an answer without a body for an empty one: a token would be unknown that is not.
func CheckAnswers(options *dynamodb.Options) {
	options.DisableValidateResponseChecksum = true // the SDK's own check, which would be the second
	options.APIOptions = append(options.APIOptions, func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("CheckAnswer", checkAnswer), middleware.After)
	})
}

// checkAnswer reads the whole answer ahead of all that would make something of it.
func checkAnswer(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	out middleware.DeserializeOutput, metadata middleware.Metadata, err error,
) {
	out, metadata, err = next.HandleDeserialize(ctx, in)
	answer, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok {
		return out, metadata, err
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return out, metadata, &garbledError{err}
	}
	answer.Body = &rereadable{bytes.NewReader(body), answer.Body}
	return out, metadata, checkSum(answer, body)
}

// checksumHeader has the CRC-32 (IEEE) of the body, in decimal digits. What only resembles DynamoDB may do without it.
const checksumHeader = "X-Amz-Crc32"

var errChecksum = errors.New("the checksum is that of another body")

func checkSum(answer *smithyhttp.Response, body []byte) error {
	want := answer.Header.Get(checksumHeader)
	if want == "" || want == strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10) {
		return nil
	}
	return &garbledError{errChecksum}
}

// rereadable is a body that has been read, and is closed as the connection's own.
type rereadable struct {
	io.Reader
	io.Closer
}

// garbledError is an answer that did not arrive as it was sent.
type garbledError struct{ cause error }

func (e *garbledError) Error() string { return "garbled answer: " + e.cause.Error() }

func (e *garbledError) Unwrap() error { return e.cause }

// RetryableError tells the SDK to send the request again.
func (e *garbledError) RetryableError() bool { return true }
