package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"pats/pkg/api/apitypes"
	"pats/pkg/api/unleashjson"
	"pats/pkg/pat"
)

// inside is internal text that no client must see.
const inside = "dynamodb: TABLE arn:aws:dynamodb:eu-central-1:123456789012:table/pats"

const (
	testID         = "9c40958a-daac-400e-98fb-3bb438567008"
	testExtendedID = "Uab1cEXAMPLE06="
)

var errInside = errors.New(inside)

// refusal returns the response to an error of act, and its line in the log.
func refusal(t *testing.T, act action) (got events.APIGatewayProxyResponse, line map[string]any) {
	t.Helper()
	var log bytes.Buffer
	key, err := pat.ParseAdminKey(strings.Repeat("ab", 32))
	if err != nil {
		t.Fatal(err)
	}
	h := &Handler{
		log:     slog.New(slog.NewJSONHandler(&log, nil)),
		callers: callers{admin: key},
		routes:  routes{"/x": {operations: map[string]operation{http.MethodGet: {act: act}}}},
	}
	claims := map[string]any{}
	for name, value := range key.Principal().Claims() {
		claims[name] = value
	}
	event := events.APIGatewayProxyRequest{
		Resource: "/x", Path: "/x", HTTPMethod: http.MethodGet,
		RequestContext: events.APIGatewayProxyRequestContext{RequestID: testID, ExtendedRequestID: testExtendedID, Authorizer: claims},
	}
	got, err = h.Handle(t.Context(), event)
	if err != nil {
		t.Fatalf("Handle: got error %v, want a response", err)
	}
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatalf("log %q: got error %v, want one line of JSON", log.String(), err)
	}
	return got, line
}

func failing(err error) action {
	return func(context.Context, *request, pat.Principal) (response, error) { return response{}, err }
}

func TestErrorsBecomeResponses(t *testing.T) {
	t.Parallel()
	const message = "What the client may know."
	of := func(kind pat.Kind) error { return &pat.Error{Kind: kind, Message: message, Err: errInside} }
	plain := func(name, text string) apitypes.Error {
		return apitypes.Error{ID: testID, Name: name, Message: text, Details: []apitypes.Detail{{Message: text}}}
	}
	unknown := plain("UnknownError", "Something went wrong on our side.")
	busy := plain("ServiceUnavailableError", message)
	for name, c := range map[string]struct {
		err    error
		status int
		want   apitypes.Error
		level  string
	}{
		"internal":        {of(pat.KindInternal), 500, unknown, "ERROR"},
		"invalid":         {of(pat.KindInvalid), 400, apitypes.Error{ID: testID, Name: "BadDataError", Message: invalidPrefix + ": " + message, Details: []apitypes.Detail{{Message: message}}}, "INFO"},
		"unauthenticated": {of(pat.KindUnauthenticated), 401, apitypes.Error{ID: testID, Name: "AuthenticationRequired", Message: "You must log in to use Unleash.", Details: []apitypes.Detail{{Message: message}}}, "INFO"},
		"forbidden":       {of(pat.KindForbidden), 403, plain("NoAccessError", message), "INFO"},
		"limit":           {of(pat.KindLimit), 403, plain("OperationDeniedError", message), "INFO"},
		"not found":       {of(pat.KindNotFound), 404, plain("NotFoundError", message), "INFO"},
		"duplicate":       {of(pat.KindDuplicate), 409, plain("NameExistsError", message), "INFO"},
		"user exists":     {of(pat.KindUserExists), 400, apitypes.Error{ID: testID, Name: "BadDataError", Message: invalidPrefix + ": " + message, Details: []apitypes.Detail{{Message: message}}}, "INFO"},
		"last admin":      {of(pat.KindLastAdmin), 403, plain("OperationDeniedError", message), "INFO"},
		"conflict":        {of(pat.KindConflict), 503, busy, "ERROR"},
		"unavailable":     {of(pat.KindUnavailable), 503, busy, "ERROR"},
		"wrapped":         {fmt.Errorf("%s: %w", inside, of(pat.KindLimit)), 403, plain("OperationDeniedError", message), "INFO"},
		"joined":          {errors.Join(errInside, of(pat.KindDuplicate)), 409, plain("NameExistsError", message), "INFO"},
		"unknown":         {errInside, 500, unknown, "ERROR"},
		"unknown wrapped": {fmt.Errorf("reading: %w", errInside), 500, unknown, "ERROR"},
		"context":         {fmt.Errorf("%s: %w", inside, context.DeadlineExceeded), 500, unknown, "ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, line := refusal(t, failing(c.err))
			if got.StatusCode != c.status {
				t.Errorf("status: got %d, want %d", got.StatusCode, c.status)
			}
			var body apitypes.Error
			if err := json.Unmarshal([]byte(got.Body), &body); err != nil {
				t.Fatalf("body %q: %v", got.Body, err)
			}
			if diff := cmp.Diff(c.want, body); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			wantLogged(t, line, c.level, c.err.Error())
		})
	}
}

// wantLogged checks that the log has the cause, under the ids of the request.
func wantLogged(t *testing.T, line map[string]any, level, cause string) {
	t.Helper()
	want := map[string]any{"level": level, "msg": "refused", "id": testID, "extendedId": testExtendedID, "cause": cause}
	got := map[string]any{"level": line["level"], "msg": line["msg"], "id": line["id"], "extendedId": line["extendedId"], "cause": line["cause"]}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// TestEveryKindHasAStatus checks the table of kinds: a kind that is missing there would be status 0.
func TestEveryKindHasAStatus(t *testing.T) {
	t.Parallel()
	for kind := pat.KindInternal; kind <= pat.KindUnavailable; kind++ {
		if as := errorOf[kind]; as.status == 0 || as.name == "" {
			t.Errorf("kind %d: got %+v, want a status and a name", kind, as)
		}
	}
}

func TestHeadersOfErrors(t *testing.T) {
	t.Parallel()
	for kind := range errorOf {
		t.Run(fmt.Sprint(kind), func(t *testing.T) {
			t.Parallel()
			got, _ := refusal(t, failing(&pat.Error{Kind: kind, Message: "x"}))
			want := map[string][]string{
				"Content-Type":           {"application/json; charset=utf-8"},
				"Cache-Control":          {"no-store"},
				"X-Content-Type-Options": {"nosniff"},
			}
			switch got.StatusCode {
			case http.StatusUnauthorized:
				want["Www-Authenticate"] = []string{"Bearer"}
			case http.StatusServiceUnavailable:
				want["Retry-After"] = []string{"1"}
			}
			if diff := cmp.Diff(want, got.MultiValueHeaders); diff != "" {
				t.Errorf("headers of a %d (-want +got):\n%s", got.StatusCode, diff)
			}
		})
	}
}

func TestPanicsBecomeA500(t *testing.T) {
	t.Parallel()
	var none *request
	for name, act := range map[string]action{
		"a text":   func(context.Context, *request, pat.Principal) (response, error) { panic(inside) },
		"an error": func(context.Context, *request, pat.Principal) (response, error) { panic(errInside) },
		"a nil": func(context.Context, *request, pat.Principal) (response, error) {
			return response{body: []byte(none.path)}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, line := refusal(t, act)
			want := `{"id":"` + testID + `","name":"UnknownError","message":"Something went wrong on our side.","details":[{"message":"Something went wrong on our side."}]}`
			if got.StatusCode != http.StatusInternalServerError || got.Body != want {
				t.Errorf("got %d with %s, want 500 with %s", got.StatusCode, got.Body, want)
			}
			if cause, _ := line["cause"].(string); !strings.HasPrefix(cause, "panic: ") || line["id"] != testID {
				t.Errorf("log: got %v, want the panic under the id %s", line, testID)
			}
		})
	}
}

// TestProblemsAreNotQuotedInTheLog checks errors whose messages quote the request.
func TestProblemsAreNotQuotedInTheLog(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"a path":         notAvailable("/user:v2_x"),
		"a schema error": unleashjson.InvalidEmail("user:v2_x"),
		"a type":         wrongContentType("user:v2_x"),
		"wrapped":        fmt.Errorf("reading: %w", notAvailable("/user:v2_x")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, line := refusal(t, failing(err)); strings.Contains(fmt.Sprint(line), "user:v2_x") {
				t.Errorf("log: got %v, want nothing of the request", line)
			}
		})
	}
}
