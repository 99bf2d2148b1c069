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

// The operations that matter here, as the header X-Amz-Target names them after the version.
const (
	query         = "Query"
	put           = "PutItem"
	transactWrite = "TransactWriteItems"
)

const version = "DynamoDB_20120810."

func operationOf(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("X-Amz-Target"), version)
}

// refusal is an error in DynamoDB's words:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
type refusal struct {
	status int
	name   string
	// reason is the code of one of a cancelled transaction's reasons.
	reason string
}

var refusals = map[Fault]refusal{
	Throughput:            {http.StatusBadRequest, "ProvisionedThroughputExceededException", ""},
	Throttling:            {http.StatusBadRequest, "ThrottlingException", ""},
	RequestLimit:          {http.StatusBadRequest, "RequestLimitExceeded", ""},
	TransactionThrottled:  {http.StatusBadRequest, "TransactionCanceledException", "ThrottlingError"},
	TransactionInProgress: {http.StatusBadRequest, "TransactionInProgressException", ""},
	Conflict:              {http.StatusBadRequest, "TransactionConflictException", ""},
	InternalError:         {http.StatusInternalServerError, "InternalServerError", ""},
	Unavailable:           {http.StatusServiceUnavailable, "InternalServerError", ""},
}

var cancelled = refusal{http.StatusBadRequest, "TransactionCanceledException", "TransactionConflict"}

// answer writes the refusal of a request with body.
func (r refusal) answer(w http.ResponseWriter, request []byte) {
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

// reasons has an entry for each write of the transaction; the last one is why it was cancelled.
func (r refusal) reasons(request []byte) []map[string]string {
	var transaction struct{ TransactItems []json.RawMessage }
	_ = json.Unmarshal(request, &transaction) // without writes there is one reason
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

var errLost = errors.New("the answer is lost")

// lose fails, so that the proxy answers nothing.
func lose(*http.Response) error { return errLost }

// half sends half of the body, but declares all of it.
func half(answer *http.Response) error {
	return rewrite(answer, func(body []byte) []byte {
		answer.Header.Set("Content-Length", strconv.Itoa(len(body)))
		return body[:len(body)/2]
	})
}

func cut(answer *http.Response) error {
	return rewrite(answer, func(body []byte) []byte { return framed(answer, body[:len(body)/2]) })
}

func empty(answer *http.Response) error {
	return rewrite(answer, func([]byte) []byte { return framed(answer, nil) })
}

// rubbish is what a machine between might answer.
func rubbish(answer *http.Response) error {
	answer.Header.Del(checksumHeader)
	answer.Header.Set("Content-Type", "text/html")
	return rewrite(answer, func([]byte) []byte { return framed(answer, []byte("<html><body>Welcome</body></html>")) })
}

var values = regexp.MustCompile(`"(S|N)":"`)

// corrupt changes every text and every number, and the checksum where there are none.
func corrupt(answer *http.Response) error {
	return rewrite(answer, func(body []byte) []byte {
		if !values.Match(body) {
			answer.Header.Set(checksumHeader, checksum(append(body, ' ')))
		}
		return framed(answer, values.ReplaceAll(body, []byte(`"$1":"1`)))
	})
}

// framed is body, whose length the answer declares.
func framed(answer *http.Response, body []byte) []byte {
	answer.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return body
}

// rewrite makes another body of the answer's.
func rewrite(answer *http.Response, another func([]byte) []byte) error {
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Errorf("reading DynamoDB's answer: %w", err)
	}
	answer.Body = io.NopCloser(bytes.NewReader(another(body)))
	return nil
}
