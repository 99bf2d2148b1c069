package target

import (
	"cmp"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"unicode"

	"pats/cmd/pats/failure"
	"pats/pkg/api/apitypes"
)

// transientError is a request that may have taken effect or may succeed when it is repeated.
type transientError struct{ error }

func (e transientError) Unwrap() error { return e.error }

func isTransient(err error) bool {
	_, ok := errors.AsType[transientError](err)
	return ok
}

// lost returns the transient failure of a request without a whole response.
func lost(err error) error {
	return transientError{&failure.Error{Code: failure.Unavailable, Message: "no response from the server: " + err.Error(), Err: err}}
}

// explainTransport returns the failure of a request without a response. It is transient if the request may have been sent.
func explainTransport(err error) error {
	operation, isNetwork := errors.AsType[*net.OpError](err)
	_, isCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	unsent := isNetwork && (operation.Op == "dial" || operation.Op == "proxyconnect")
	if !unsent && !isCertificate {
		return lost(err)
	}
	return &failure.Error{Code: failure.Unavailable, Message: "the server cannot be reached: " + err.Error(), Err: err,
		Advice: "Is --url right, and is the server running?"}
}

// ErrOtherRequest is the cause of a refusal because the Idempotency-Key was used for another request, or because what that created has been
// revoked or replaced.
var ErrOtherRequest = errors.New("the Idempotency-Key was used for another request")

// refusal returns the failure of a response that is not a success, with the server's own words.
func refusal(response *http.Response, content []byte) error {
	var body apitypes.Error
	_ = json.Unmarshal(content, &body) // what is missing stays empty
	f := &failure.Error{
		Code:    codeOf(response.StatusCode),
		Message: Printable(cmp.Or(body.Message, "the server responded "+response.Status)),
	}
	if response.StatusCode == http.StatusUnprocessableEntity {
		f.Err = ErrOtherRequest
	}
	var lines []string
	for _, detail := range body.Details {
		if !strings.HasSuffix(body.Message, detail.Message) {
			lines = append(lines, Printable(detail.Message))
		}
	}
	f.Advice = strings.Join(append(lines, adviseOnStatus(response)...), "\n")
	if f.Code == failure.Unavailable {
		return transientError{f}
	}
	return f
}

func adviseOnStatus(response *http.Response) []string {
	location := response.Header.Get("Location")
	switch {
	case location != "" && response.StatusCode < http.StatusBadRequest:
		return []string{"The server redirects to another address. If you trust that one, name it: --url " + Printable(location)}
	case response.StatusCode == http.StatusUnauthorized:
		return []string{"Is the token in PATS_TOKEN or --token-file the right one, and neither expired nor revoked? `pats login` gets another."}
	}
	return nil
}

func codeOf(status int) failure.Code {
	switch {
	case status == http.StatusNotFound:
		return failure.NotFound
	case status == http.StatusBadRequest:
		return failure.Usage
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests:
		return failure.Unavailable
	case status >= http.StatusBadRequest:
		return failure.Refused
	}
	return failure.Failed
}

// Printable replaces every character of text that could control a terminal: a server may send anything.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
