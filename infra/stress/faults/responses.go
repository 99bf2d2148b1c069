package faults

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// DynamoDB's operations as named in the header X-Amz-Target, after the version.
const (
	query         = "Query"
	put           = "PutItem"
	transactWrite = "TransactWriteItems"
)

const version = "DynamoDB_20120810."

func operationOf(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("X-Amz-Target"), version)
}

// errorResponse is an error of DynamoDB:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
type errorResponse struct {
	status int
	name   string
	// reason is the code of one of a cancelled transaction's reasons.
	reason string
}

var errorResponses = map[Fault]errorResponse{
	Throughput:            {http.StatusBadRequest, "ProvisionedThroughputExceededException", ""},
	Throttling:            {http.StatusBadRequest, "ThrottlingException", ""},
	RequestLimit:          {http.StatusBadRequest, "RequestLimitExceeded", ""},
	TransactionThrottled:  {http.StatusBadRequest, "TransactionCanceledException", "ThrottlingError"},
	TransactionInProgress: {http.StatusBadRequest, "TransactionInProgressException", ""},
	Conflict:              {http.StatusBadRequest, "TransactionConflictException", ""},
	InternalError:         {http.StatusInternalServerError, "InternalServerError", ""},
	Unavailable:           {http.StatusServiceUnavailable, "InternalServerError", ""},
}

var cancelled = errorResponse{http.StatusBadRequest, "TransactionCanceledException", "TransactionConflict"}

// write writes the response to a request with the body.
func (r errorResponse) write(w http.ResponseWriter, request []byte) {
	content := map[string]any{"__type": "com.amazonaws.dynamodb.v20120810#" + r.name, "message": "injected"}
	if r.reason != "" {
		content["CancellationReasons"] = r.reasons(request)
	}
	body, err := json.Marshal(content)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set(checksumHeader, checksum(body))
	w.WriteHeader(r.status)
	_, _ = w.Write(body)
}

// reasons returns a reason for each write of the transaction; the last one is why it was cancelled.
func (r errorResponse) reasons(request []byte) []map[string]string {
	var transaction struct{ TransactItems []json.RawMessage }
	_ = json.Unmarshal(request, &transaction) // a request without writes has one reason
	reasons := make([]map[string]string, max(1, len(transaction.TransactItems)))
	for i := range reasons {
		reasons[i] = map[string]string{"Code": "None"}
	}
	reasons[len(reasons)-1] = map[string]string{"Code": r.reason, "Message": "injected"}
	return reasons
}

const checksumHeader = "X-Amz-Crc32"

func checksum(body []byte) string {
	return strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10)
}

var errDropped = errors.New("the response is dropped")

// dropResponse fails, so that the proxy sends no response.
func dropResponse(*http.Response) error { return errDropped }

// truncateBody sends half of the body under the length of the whole.
func truncateBody(response *http.Response) error {
	return rewriteBody(response, func(body []byte) []byte {
		response.Header.Set("Content-Length", strconv.Itoa(len(body)))
		return body[:len(body)/2]
	})
}

func cutBody(response *http.Response) error {
	return rewriteBody(response, func(body []byte) []byte { return withLength(response, body[:len(body)/2]) })
}

func emptyBody(response *http.Response) error {
	return rewriteBody(response, func([]byte) []byte { return withLength(response, nil) })
}

// garbage replaces the response by one that an intermediary might send.
func garbage(response *http.Response) error {
	response.Header.Del(checksumHeader)
	response.Header.Set("Content-Type", "text/html")
	return rewriteBody(response, func([]byte) []byte { return withLength(response, []byte("<html><body>Welcome</body></html>")) })
}

var values = regexp.MustCompile(`"(S|N)":"`)

// corruptBody changes every text and every number, or the checksum if there are none.
func corruptBody(response *http.Response) error {
	return rewriteBody(response, func(body []byte) []byte {
		if !values.Match(body) {
			response.Header.Set(checksumHeader, checksum(append(body, ' ')))
		}
		return withLength(response, values.ReplaceAll(body, []byte(`"$1":"1`)))
	})
}

// withLength sets the length of the response and returns body.
func withLength(response *http.Response, body []byte) []byte {
	response.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return body
}

// rewriteBody replaces the body of the response.
func rewriteBody(response *http.Response, another func([]byte) []byte) error {
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("reading DynamoDB's response: %w", err)
	}
	response.Body = io.NopCloser(bytes.NewReader(another(body)))
	return nil
}
