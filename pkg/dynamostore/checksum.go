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

// CheckResponses makes a client reject a response that did not arrive as DynamoDB sent it, and retry. The SDK (1.73) only logs a wrong
// checksum, and takes a response without a body for an empty one, so that a valid token would look unknown.
func CheckResponses(options *dynamodb.Options) {
	options.DisableValidateResponseChecksum = true // the SDK's check would be a second one
	options.APIOptions = append(options.APIOptions, func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("CheckResponse", checkResponse), middleware.After)
	})
}

// checkResponse reads the whole response before anything decodes it.
func checkResponse(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	out middleware.DeserializeOutput, metadata middleware.Metadata, err error,
) {
	out, metadata, err = next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok {
		return out, metadata, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return out, metadata, &garbledError{err}
	}
	response.Body = &rereadable{bytes.NewReader(body), response.Body}
	return out, metadata, checkSum(response, body)
}

// checksumHeader has the CRC-32 (IEEE) of the body, in decimal digits. Servers that imitate DynamoDB may lack it.
const checksumHeader = "X-Amz-Crc32"

var errChecksum = errors.New("the checksum does not match the body")

func checkSum(response *smithyhttp.Response, body []byte) error {
	want := response.Header.Get(checksumHeader)
	if want == "" || want == strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10) {
		return nil
	}
	return &garbledError{errChecksum}
}

// rereadable is a body that was read. Closing it closes the original one.
type rereadable struct {
	io.Reader
	io.Closer
}

// garbledError reports a response that did not arrive as it was sent.
type garbledError struct{ cause error }

func (e *garbledError) Error() string { return "garbled response: " + e.cause.Error() }

func (e *garbledError) Unwrap() error { return e.cause }

// RetryableError tells the SDK to send the request again.
func (e *garbledError) RetryableError() bool { return true }
