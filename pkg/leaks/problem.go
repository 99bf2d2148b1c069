package leaks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

const responseType = "application/json; charset=utf-8"

// problem is an error response in the form that all routes of the API have. Its message can quote the path.
type problem struct {
	status  int
	name    string
	message string
	// headers are those of the response, besides Content-Type.
	headers map[string]string
	// cause is for the log, or nil.
	cause error
}

// Error returns the name and the cause, for logs: the message can quote the request.
func (p *problem) Error() string {
	if p.cause == nil {
		return p.name
	}
	return p.name + ": " + p.cause.Error()
}

func notAvailable(path string) *problem {
	message := fmt.Sprintf("The path you were looking for (%s) is not available.", path)
	return &problem{status: http.StatusNotFound, name: "NotFoundError", message: message}
}

func badData(message string) *problem {
	return &problem{status: http.StatusBadRequest, name: "BadDataError", message: message}
}

func tooLarge() *problem {
	return &problem{status: http.StatusRequestEntityTooLarge, name: "BadDataError", message: "The request body is larger than 1 MiB."}
}

// unsigned returns the refusal of a report without a valid signature.
func unsigned(message string) *problem {
	return &problem{status: http.StatusForbidden, name: "NoAccessError", message: message}
}

// unauthenticated returns the refusal of a request without the shared token.
func unauthenticated() *problem {
	return &problem{
		status: http.StatusUnauthorized, name: "AuthenticationRequired", message: "The Authorization header does not contain the shared token.",
		headers: map[string]string{"Www-Authenticate": "Bearer"}, // RFC 9110 §15.5.2
	}
}

// later returns a 503 that says when to repeat the request.
func later(message string, wait time.Duration, cause error) *problem {
	seconds := strconv.Itoa(int(max(wait, time.Second).Round(time.Second).Seconds()))
	return &problem{
		status: http.StatusServiceUnavailable, name: "ServiceUnavailableError", message: message,
		headers: map[string]string{"Retry-After": seconds}, cause: cause,
	}
}

// newProblem turns any error into an error response. One that is not a problem, nor of kind KindUnavailable, is a 500 that reveals
// nothing.
func newProblem(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if pat.KindOf(err) == pat.KindUnavailable {
		return later("Not all of the report could be processed in time. Send it again.", time.Second, err)
	}
	return &problem{status: http.StatusInternalServerError, name: "UnknownError", message: "Something went wrong on our side.", cause: err}
}

// fail logs err and returns its response.
func fail(ctx context.Context, req request, err error) response {
	p := newProblem(err)
	level := slog.LevelInfo
	if p.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	req.log.Log(ctx, level, "refused", "method", req.event.HTTPMethod, "resource", req.event.Resource, "status", p.status, "cause", p.Error())
	return p.response(req.event.RequestContext.RequestID)
}

func (p *problem) response(id string) response {
	body := apitypes.Error{ID: id, Name: p.name, Message: p.message, Details: []apitypes.Detail{{Message: p.message}}}
	resp, err := jsonResponse(p.status, body)
	if err != nil {
		return response{status: http.StatusInternalServerError}
	}
	for name, value := range p.headers {
		resp.headers.Set(name, value)
	}
	return resp
}

// jsonResponse returns a response with value as its body. Errors: a value that JSON cannot represent, which is a bug.
func jsonResponse(status int, value any) (response, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return response{}, fmt.Errorf("marshaling the response: %w", err)
	}
	return response{status: status, headers: http.Header{"Content-Type": {responseType}}, body: body}, nil
}
