package api

import (
	"errors"
	"fmt"
	"net/http"

	"pats/pkg/api/apitypes"
	"pats/pkg/api/unleashjson"
	"pats/pkg/pat"
)

// LoginMessage is the message of every 401 for credentials that were checked. template.yaml has the one for a request without any.
const LoginMessage = "You must log in to use Unleash."

// faultMessage is the message of every internal error: the cause is in the log only.
const faultMessage = "Something went wrong on our side."

// retryAfter is the time after which a client may retry, in seconds.
const retryAfter = "1"

// errorOf has the status and name of each kind of error.
var errorOf = map[pat.Kind]struct {
	status int
	name   string
}{
	pat.KindInternal:        {http.StatusInternalServerError, "UnknownError"},
	pat.KindInvalid:         {http.StatusBadRequest, "BadDataError"},
	pat.KindUnauthenticated: {http.StatusUnauthorized, "AuthenticationRequired"},
	pat.KindForbidden:       {http.StatusForbidden, "NoAccessError"},
	pat.KindLimit:           {http.StatusForbidden, "OperationDeniedError"},
	pat.KindNotFound:        {http.StatusNotFound, "NotFoundError"},
	pat.KindDuplicate:       {http.StatusConflict, "NameExistsError"},
	pat.KindKeySpent:        {http.StatusUnprocessableEntity, "IdempotencyKeyError"},
	pat.KindRotated:         {http.StatusConflict, "TokenRotatedError"},
	pat.KindUserExists:      {http.StatusBadRequest, "BadDataError"},
	pat.KindLastAdmin:       {http.StatusForbidden, "OperationDeniedError"},
	pat.KindConflict:        {http.StatusServiceUnavailable, "ServiceUnavailableError"},
	pat.KindUnavailable:     {http.StatusServiceUnavailable, "ServiceUnavailableError"},
}

// problem is an error response. As an error it is one that the domain does not know. Its message can quote the request.
type problem struct {
	status  int
	name    string
	message string
	// details repeat the message if nil.
	details []apitypes.Detail
	// missing is the scope that the token lacks, or empty.
	missing pat.Scope
}

func (p *problem) Error() string { return p.message }

// newProblem turns any error into an error response. An error without a kind is a 500 that reveals nothing.
func newProblem(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if e, ok := errors.AsType[*unleashjson.Error](err); ok {
		as := errorOf[pat.KindInvalid]
		return &problem{status: as.status, name: as.name, message: invalidPrefix + seeDetails, details: e.Details}
	}
	e, ok := errors.AsType[*pat.Error](err)
	if !ok || e.Kind == pat.KindInternal {
		e = &pat.Error{Kind: pat.KindInternal, Message: faultMessage}
	}
	as := errorOf[e.Kind]
	switch e.Kind {
	case pat.KindInvalid, pat.KindUserExists:
		return badData(e.Message)
	case pat.KindUnauthenticated:
		return &problem{status: as.status, name: as.name, message: LoginMessage, details: []apitypes.Detail{{Message: e.Message}}}
	default:
		return &problem{status: as.status, name: as.name, message: e.Message, missing: missingScope(e)}
	}
}

// missingScope returns the scope whose absence caused err, or "".
func missingScope(err error) pat.Scope {
	if missing, ok := errors.AsType[*pat.MissingScopeError](err); ok {
		return missing.Scope
	}
	return ""
}

func (p *problem) response(id string) response {
	details := p.details
	if details == nil {
		details = []apitypes.Detail{{Message: p.message}}
	}
	resp, err := jsonResponse(p.status, apitypes.Error{ID: id, Name: p.name, Message: p.message, Details: details})
	if err != nil {
		return response{status: http.StatusInternalServerError}
	}
	switch {
	case p.status == http.StatusUnauthorized:
		resp.headers.Set("Www-Authenticate", "Bearer") // RFC 9110 §15.5.2
	case p.missing != "":
		resp.headers.Set("Www-Authenticate", fmt.Sprintf(`Bearer error="insufficient_scope", scope="%s"`, p.missing)) // RFC 6750 §3
	case p.status == http.StatusServiceUnavailable:
		resp.headers.Set("Retry-After", retryAfter)
	}
	return resp
}

// The parts of a BadDataError's message.
const (
	invalidPrefix = "Request validation failed: your request body or params contain invalid data"
	seeDetails    = ". Refer to the `details` list for more information."
)

func badData(message string) *problem {
	as := errorOf[pat.KindInvalid]
	return &problem{
		status:  as.status,
		name:    as.name,
		message: invalidPrefix + ": " + message,
		details: []apitypes.Detail{{Message: message}},
	}
}

func wrongContentType(sent string) *problem {
	if sent == "" {
		sent = "you didn't provide one"
	}
	return &problem{
		status: http.StatusUnsupportedMediaType,
		name:   "ContentTypeError",
		message: "We do not accept the content-type you provided (" + sent + "). Try using one of the content-types we do accept " +
			"instead (" + jsonType + ") and make sure the body is in the corresponding format.",
	}
}
