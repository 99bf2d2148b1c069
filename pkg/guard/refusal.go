package guard

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/pat"
)

// The error codes of RFC 6750 §3.1.
const (
	codeInvalidRequest    = "invalid_request"
	codeInvalidToken      = "invalid_token"
	codeInsufficientScope = "insufficient_scope"
)

// Refusal is why a request is refused, and the response that says so: JSON with a member message, and the header WWW-Authenticate. As
// an error, it is for logs.
type Refusal struct {
	// Status is 400 for a malformed request, 401 for a missing or invalid token, 403 for a missing scope, or 503 if the token could
	// not be checked.
	Status int
	// Code is the error code of RFC 6750 §3.1. It is empty if the request presents no token, and for a 503.
	Code string
	// Scope is the missing scope of a 403.
	Scope pat.Scope
	// Message is for the client.
	Message string
	// Err is the cause, which clients do not see, or nil.
	Err error
}

func noToken(cause error) *Refusal {
	return &Refusal{Status: http.StatusUnauthorized, Message: "A token is needed in the header Authorization.", Err: cause}
}

func malformed(message string) *Refusal {
	return &Refusal{Status: http.StatusBadRequest, Code: codeInvalidRequest, Message: message}
}

// InvalidToken returns the Refusal of a token that is not valid, for a [TokenChecker].
func InvalidToken(reason pat.Reason, cause error) *Refusal {
	return &Refusal{Status: http.StatusUnauthorized, Code: codeInvalidToken, Message: string(reason), Err: cause}
}

func missingScope(scope pat.Scope) *Refusal {
	message := fmt.Sprintf("The token needs the scope %s.", scope)
	if scope == "" {
		message = "No token permits this request."
	}
	return &Refusal{Status: http.StatusForbidden, Code: codeInsufficientScope, Scope: scope, Message: message}
}

func unavailable(cause error) *Refusal {
	return &Refusal{Status: http.StatusServiceUnavailable, Message: "The token cannot be checked at present. Try again shortly.", Err: cause}
}

// Error returns the message and the cause.
func (r *Refusal) Error() string {
	if r.Err == nil {
		return r.Message
	}
	return r.Message + " Cause: " + r.Err.Error()
}

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Err }

// REST returns the response of a REST API, of an HTTP API with payload format 1.0, or of a WebSocket API. A REST API renames the
// header of a function's response to x-amzn-Remapped-WWW-Authenticate.
func (r *Refusal) REST() events.APIGatewayProxyResponse {
	return events.APIGatewayProxyResponse{StatusCode: r.Status, Headers: r.headers(), Body: r.body()}
}

// HTTPAPI returns the response of an HTTP API with payload format 2.0.
func (r *Refusal) HTTPAPI() events.APIGatewayV2HTTPResponse {
	return events.APIGatewayV2HTTPResponse{StatusCode: r.Status, Headers: r.headers(), Body: r.body()}
}

// ServeHTTP writes the response; it implements [http.Handler].
func (r *Refusal) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	for name, value := range r.headers() {
		w.Header().Set(name, value)
	}
	w.WriteHeader(r.Status)
	_, _ = w.Write([]byte(r.body())) //nolint:gosec // JSON, and declared as such; the client may be gone
}

func (r *Refusal) headers() map[string]string {
	headers := map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store"}
	if r.Status == http.StatusServiceUnavailable {
		headers["Retry-After"] = "1"
	} else {
		headers["WWW-Authenticate"] = r.challenge()
	}
	return headers
}

// challenge returns the value of WWW-Authenticate.
func (r *Refusal) challenge() string {
	challenge := "Bearer"
	if r.Code != "" {
		challenge += fmt.Sprintf(` error="%s"`, r.Code)
	}
	if isQuotable(string(r.Scope)) {
		challenge += fmt.Sprintf(`, scope="%s"`, r.Scope)
	}
	return challenge
}

// isQuotable reports whether text can stand in the attribute scope (RFC 6750 §3).
func isQuotable(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' })
}

func (r *Refusal) body() string {
	body, _ := json.Marshal(map[string]string{"message": r.Message}) // texts do not fail
	return string(body)
}
