package guard_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"pats/pkg/guard"
	"pats/pkg/pat"
)

var refusals = map[string]struct {
	refusal *guard.Refusal
	body    string
	headers map[string]string
}{
	"no token": {
		&guard.Refusal{Status: http.StatusUnauthorized, Message: "No."}, `{"message":"No."}`,
		map[string]string{"WWW-Authenticate": "Bearer"},
	},
	"an invalid token": {
		guard.InvalidToken(pat.ReasonExpired, errors.New("the cause")), `{"message":"The token has expired."}`,
		map[string]string{"WWW-Authenticate": `Bearer error="invalid_token"`},
	},
	"a missing scope": {
		&guard.Refusal{Status: http.StatusForbidden, Code: "insufficient_scope", Scope: "orders:read", Message: "No."}, `{"message":"No."}`,
		map[string]string{"WWW-Authenticate": `Bearer error="insufficient_scope", scope="orders:read"`},
	},
	"a scope with a line break": {
		&guard.Refusal{Status: http.StatusForbidden, Code: "insufficient_scope", Scope: "a\r\nSet-Cookie: x", Message: "\"No.\"\n"}, `{"message":"\"No.\"\n"}`,
		map[string]string{"WWW-Authenticate": `Bearer error="insufficient_scope"`},
	},
	"a scope with a quote": {
		&guard.Refusal{Status: http.StatusForbidden, Code: "insufficient_scope", Scope: `a", error="x`, Message: "No."}, `{"message":"No."}`,
		map[string]string{"WWW-Authenticate": `Bearer error="insufficient_scope"`},
	},
	"unavailable": {
		&guard.Refusal{Status: http.StatusServiceUnavailable, Message: "Later."}, `{"message":"Later."}`,
		map[string]string{"Retry-After": "1"},
	},
}

func TestRefusalIsTheSameResponseEverywhere(t *testing.T) {
	t.Parallel()
	for name, c := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.headers["Content-Type"], c.headers["Cache-Control"] = "application/json", "no-store"
			rest := events.APIGatewayProxyResponse{StatusCode: c.refusal.Status, Headers: c.headers, Body: c.body}
			if diff := cmp.Diff(rest, c.refusal.REST()); diff != "" {
				t.Errorf("REST (-want +got):\n%s", diff)
			}
			httpAPI := events.APIGatewayV2HTTPResponse{StatusCode: c.refusal.Status, Headers: c.headers, Body: c.body}
			if diff := cmp.Diff(httpAPI, c.refusal.HTTPAPI()); diff != "" {
				t.Errorf("HTTP API (-want +got):\n%s", diff)
			}
			recorder := httptest.NewRecorder()
			c.refusal.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
			header := http.Header{}
			for name, value := range c.headers {
				header.Set(name, value)
			}
			if recorder.Code != c.refusal.Status || recorder.Body.String() != c.body || !cmp.Equal(header, recorder.Header()) {
				t.Errorf("net/http: got %d %v %s, want %d %v %s", recorder.Code, recorder.Header(), recorder.Body, c.refusal.Status, header, c.body)
			}
		})
	}
}

func TestRefusalIsAnErrorWithItsCause(t *testing.T) {
	t.Parallel()
	cause := errors.New("the claim scope is missing")
	var err error = guard.InvalidToken(pat.ReasonInvalid, cause)
	if err.Error() != "The token is not valid. Cause: the claim scope is missing" || !errors.Is(err, cause) {
		t.Errorf("got %v, want the message and the cause", err)
	}
	if got := guard.InvalidToken(pat.ReasonInvalid, nil).Error(); got != "The token is not valid." {
		t.Errorf("without a cause: got %q", got)
	}
}
