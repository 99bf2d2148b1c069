package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"pats/pkg/pat"
	"pats/pkg/proxy"
)

// The error codes: of RFC 6749 §5.2, of RFC 6750 §3.1 for callers that present a bearer token, as RFC 7662 §2.3 says, and for a failure
// of the service those of RFC 6749 §4.1.2.1.
const (
	invalidRequest       = "invalid_request"
	unsupportedGrantType = "unsupported_grant_type"
	invalidClient        = "invalid_client"
	invalidToken         = "invalid_token"
	insufficientScope    = "insufficient_scope"
	unavailable          = "temporarily_unavailable"
	serverError          = "server_error"
)

// problem is an error response. Its texts never quote the request. The description has only the characters of RFC 6749 §5.2, so no
// quotation marks.
type problem struct {
	status      int
	code        string
	description string
	// challenge is the values of WWW-Authenticate.
	challenge []string
	// allow is the value of Allow, or empty.
	allow string
	// cause is for the log, or nil.
	cause error
}

// Error returns the description and the cause, for logs.
func (p *problem) Error() string {
	if p.cause == nil {
		return p.description
	}
	return p.description + ": " + p.cause.Error()
}

// Unwrap returns the cause.
func (p *problem) Unwrap() error { return p.cause }

func badRequest(description string) *problem {
	return &problem{status: http.StatusBadRequest, code: invalidRequest, description: description}
}

// The challenges of a 401 (RFC 6749 §5.2, RFC 6750 §3).
const (
	basicChallenge  = `Basic realm="pats", charset="UTF-8"`
	bearerChallenge = "Bearer"
)

var (
	errNoCredential = errors.New("the request has no credential")
	errOtherClient  = errors.New("the client ID is not that of the token's user")
)

// refused returns the 401 for the credential, with the reason of err, a KindUnauthenticated. Only the holder of a correct token learns
// more than that it is not valid.
func (c credential) refused(err error) *problem {
	p := &problem{status: http.StatusUnauthorized, code: invalidClient, description: string(pat.ReasonInvalid), cause: err}
	if refusal, ok := errors.AsType[*pat.Error](err); ok {
		p.description, p.cause = refusal.Message, refusal.Err
	}
	switch {
	case c.client:
		p.challenge = []string{basicChallenge}
	case c.token != "":
		p.code, p.challenge = invalidToken, []string{bearerChallenge + ` error="invalid_token"`}
	default:
		p.description = "The request needs a token, as Bearer or Basic authentication or in client_secret."
		p.challenge, p.cause = []string{basicChallenge, bearerChallenge}, errNoCredential
	}
	return p
}

// forbidden returns the 403 for the credential of a caller without scope.
func (c credential) forbidden(scope pat.Scope) *problem {
	p := &problem{
		status: http.StatusForbidden, code: insufficientScope,
		description: "The token does not have the scope " + string(scope) + ", which this operation requires.",
	}
	if !c.client {
		p.challenge = []string{fmt.Sprintf(bearerChallenge+` error="insufficient_scope", scope="%s"`, scope)}
	}
	return p
}

// newProblem turns any error into an error response. An error without a kind is a 500 that reveals nothing.
func newProblem(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	switch pat.KindOf(err) {
	case pat.KindUnavailable, pat.KindConflict:
		return &problem{status: http.StatusServiceUnavailable, code: unavailable, description: pat.Unavailable(nil).Message, cause: err}
	default:
		return &problem{status: http.StatusInternalServerError, code: serverError, description: "Something went wrong on our side.", cause: err}
	}
}

// retryAfter is the time after which a client may retry, in seconds.
const retryAfter = "1"

func (p *problem) response() (response, error) {
	resp, err := jsonResponse(p.status, map[string]string{"error": p.code, "error_description": p.description})
	if err != nil {
		return response{}, err
	}
	if p.challenge != nil {
		resp.headers["Www-Authenticate"] = p.challenge
	}
	if p.allow != "" {
		resp.headers.Set("Allow", p.allow)
	}
	if p.status == http.StatusServiceUnavailable {
		resp.headers.Set("Retry-After", retryAfter)
	}
	return resp, nil
}

// jsonResponse returns a response with value as its body. Errors: a value that JSON cannot represent, which is a bug.
func jsonResponse(status int, value any) (response, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return response{}, fmt.Errorf("marshaling the response: %w", err)
	}
	return response{status: status, headers: http.Header{"Content-Type": {"application/json"}}, body: body}, nil
}

// fail returns the response to a request that failed with err, and logs why.
func (h *Handler) fail(ctx context.Context, req request, err error) response {
	p := newProblem(err)
	level := slog.LevelInfo
	if p.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	proxy.Logger(h.log, req.event).Log(ctx, level, "refused", "method", req.event.HTTPMethod, "resource", req.event.Resource,
		"status", p.status, "code", p.code, "cause", p.Error())
	resp, err := p.response()
	if err != nil {
		return response{status: http.StatusInternalServerError}
	}
	return resp
}
