// Package apiclient sends requests to the HTTP API and checks its responses.
package apiclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pats/pkg/api/apitypes"
)

// timeout is longer than API Gateway lets a client wait.
const timeout = time.Minute

// New returns a client that keeps the given number of idle connections until the end of the test, and follows no redirect.
func New(tb testing.TB, connections int) *http.Client {
	tb.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: connections}
	tb.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport: transport, Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Request is a request to the API.
type Request struct {
	Method, Path string
	// Token is the value of the Authorization header.
	Token string
	// Body is sent as JSON, or url.Values as a form; nil sends no body.
	Body any
	// Key is the Idempotency-Key, if there is one.
	Key string
	// Header are the other headers.
	Header http.Header
}

func (r Request) String() string { return r.Method + " " + r.Path }

// Response is a response with its whole body.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

var secretMember = regexp.MustCompile(`"secret":"[^"]*"`)

// String returns the status and the body without a token's secret.
func (r Response) String() string {
	return fmt.Sprintf("%d %s", r.Status, secretMember.ReplaceAll(r.Body, []byte(`"secret":…`)))
}

// Send sends a request to the server at the base address. Errors: the body does not encode, or no whole response arrived.
func Send(ctx context.Context, client *http.Client, base string, r Request) (Response, error) {
	request, err := r.build(ctx, base)
	if err != nil {
		return Response{}, err
	}
	response, err := client.Do(request)
	if err != nil {
		return Response{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return Response{response.StatusCode, response.Header, body}, err
}

func (r Request) build(ctx context.Context, base string) (*http.Request, error) {
	body, contentType, err := r.encoded()
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, base+r.Path, body)
	if err != nil {
		return nil, err
	}
	maps.Copy(request.Header, r.Header)
	request.Header.Set("Authorization", r.Token)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if r.Key != "" {
		request.Header.Set("Idempotency-Key", r.Key)
	}
	return request, nil
}

// encoded returns the body and its content type, which is empty without a body.
func (r Request) encoded() (io.Reader, string, error) {
	switch body := r.Body.(type) {
	case nil:
		return http.NoBody, "", nil
	case url.Values:
		return strings.NewReader(body.Encode()), "application/x-www-form-urlencoded", nil
	default:
		text, err := json.Marshal(body)
		return bytes.NewReader(text), "application/json", err
	}
}

// Decode decodes the body of a response with the status. Errors: another status; JSON that does not fit value.
func (r Response) Decode(status int, value any) error {
	if r.Status != status {
		return fmt.Errorf("got %v, want %d", r, status)
	}
	return json.Unmarshal(r.Body, value)
}

// ErrorName returns the name in the body of an error, or "".
func (r Response) ErrorName() string {
	var body apitypes.Error
	_ = json.Unmarshal(r.Body, &body) // a body of another form has no name
	return body.Name
}

// RequestID returns the ID that the server assigned to the request.
func (r Response) RequestID() string { return r.Header.Get("X-Amzn-Requestid") }

// CheckUnavailable returns an error unless the response is a 503 as the API promises it: in the form of every error with the request's
// ID, or in that of OAuth 2.0, and with the seconds after which to retry.
func (r Response) CheckUnavailable() error {
	if r.Status != http.StatusServiceUnavailable {
		return fmt.Errorf("got %v, want a 503", r)
	}
	var errs []error
	if seconds, err := strconv.Atoi(r.Header.Get("Retry-After")); err != nil || seconds < 1 {
		errs = append(errs, fmt.Errorf("the 503 has Retry-After %q", r.Header.Get("Retry-After")))
	}
	if got := r.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/json") {
		errs = append(errs, fmt.Errorf("the 503 has Content-Type %q", got))
	}
	if !r.isOAuthUnavailable() {
		errs = append(errs, r.checkUnavailableBody())
	}
	return errors.Join(errs...)
}

// isOAuthUnavailable reports whether the body is that of OAuth 2.0 (RFC 6749 §5.2).
func (r Response) isOAuthUnavailable() bool {
	var body struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	return r.strict(&body) == nil && body.Code == "temporarily_unavailable" && body.Description != ""
}

func (r Response) checkUnavailableBody() error {
	var body apitypes.Error
	if err := r.strict(&body); err != nil {
		return fmt.Errorf("the body of the 503 is not an error's: %w: %v", err, r)
	}
	if body.Name != "ServiceUnavailableError" || body.Message == "" || len(body.Details) == 0 || body.Details[0].Message == "" {
		return fmt.Errorf("the 503 lacks a member: %v", r)
	}
	if body.ID == "" || body.ID != r.RequestID() {
		return fmt.Errorf("the 503 has ID %q, want the request's, %q", body.ID, r.RequestID())
	}
	return nil
}

// strict decodes the body into value, which must have all its members.
func (r Response) strict(value any) error {
	decoder := json.NewDecoder(bytes.NewReader(r.Body))
	decoder.DisallowUnknownFields()
	return decoder.Decode(value)
}
