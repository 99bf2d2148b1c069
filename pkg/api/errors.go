package api

import (
	"errors"
	"net/http"

	"pats/pkg/api/apitypes"
	"pats/pkg/api/unleashjson"
	"pats/pkg/pat"
)

// LoginMessage is the message of every 401 whose credentials were looked at. The one for a request without any is the
// gateway's, in template.yaml.
const LoginMessage = "You must log in to use Unleash."

// faultMessage is all that a client learns of a fault of this program.
const faultMessage = "Something went wrong on our side."

// retryAfter is when a client may try again, in seconds.
const retryAfter = "1"

// nameOf is the status and name of each kind of failure.
var nameOf = map[pat.Kind]struct {
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
	pat.KindUserExists:      {http.StatusBadRequest, "BadDataError"},
	pat.KindLastAdmin:       {http.StatusForbidden, "OperationDeniedError"},
	pat.KindConflict:        {http.StatusServiceUnavailable, "ServiceUnavailableError"},
	pat.KindUnavailable:     {http.StatusServiceUnavailable, "ServiceUnavailableError"},
}

// problem is a refusal, ready to be rendered. As an error it is one that only HTTP knows.
type problem struct {
	status  int
	name    string
	message string
	details []apitypes.Detail
}

func (p *problem) Error() string { return p.message }

// problemOf turns any error into what the client sees. What is not known is a 500 that tells nothing of the inside.
func problemOf(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if e, ok := errors.AsType[*unleashjson.Error](err); ok {
		as := nameOf[pat.KindInvalid]
		return &problem{as.status, as.name, invalidPrefix + seeDetails, e.Details}
	}
	e, ok := errors.AsType[*pat.Error](err)
	if !ok || e.Kind == pat.KindInternal {
		e = &pat.Error{Kind: pat.KindInternal, Message: faultMessage}
	}
	as := nameOf[e.Kind]
	switch e.Kind {
	case pat.KindInvalid, pat.KindUserExists:
		return badData(e.Message)
	case pat.KindUnauthenticated:
		return &problem{as.status, as.name, LoginMessage, []apitypes.Detail{{Message: e.Message}}}
	default:
		return &problem{as.status, as.name, e.Message, nil}
	}
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
	switch p.status {
	case http.StatusUnauthorized:
		resp.headers.Set("Www-Authenticate", "Bearer") // RFC 9110 §15.5.2
	case http.StatusServiceUnavailable:
		resp.headers.Set("Retry-After", retryAfter)
	}
	return resp
}

// The beginnings of a BadDataError's message.
const (
	invalidPrefix = "Request validation failed: your request body or params contain invalid data"
	seeDetails    = ". Refer to the `details` list for more information."
)

func badData(message string) *problem {
	as := nameOf[pat.KindInvalid]
	return &problem{as.status, as.name, invalidPrefix + ": " + message, []apitypes.Detail{{Message: message}}}
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
