package authz_test

import (
	"strings"
	"testing"

	"pats/pkg/authz"
	"pats/pkg/pat"
)

// TestSharedTokenInTheWrongPlace: nothing is read, and the log says what is wrong.
func TestSharedTokenInTheWrongPlace(t *testing.T) {
	t.Parallel()
	const noHeader, several, noSource = "no Authorization header", "more than one token", "not among the authorizer's identity sources"
	withoutHeaders := func(e object) {
		delete(e, "headers")
		delete(e, "multiValueHeaders")
	}
	for name, c := range map[string]struct {
		file   string
		change func(e object, token string)
		cause  string
	}{
		"REST TOKEN, in a header": {"aws-rest-token", func(e object, token string) {
			e["authorizationToken"], e["headers"] = "", object{"Authorization": token}
		}, ""},
		"REST REQUEST, no headers":        {"aws-rest-request", func(e object, _ string) { withoutHeaders(e) }, noHeader},
		"REST REQUEST, headers of null":   {"aws-rest-request", func(e object, _ string) { e["headers"], e["multiValueHeaders"] = nil, nil }, noHeader},
		"REST REQUEST, a header of null":  {"aws-rest-request", func(e object, _ string) { e["headers"], e["multiValueHeaders"] = object{"Authorization": nil}, nil }, noHeader},
		"REST REQUEST, in another header": {"aws-rest-request", func(e object, token string) { withoutHeaders(e); e["headers"] = object{"X-Authorization": token} }, noHeader},
		"REST REQUEST, in the query": {"aws-rest-request", func(e object, token string) {
			withoutHeaders(e)
			e["queryStringParameters"] = object{"access_token": token, "Authorization": token}
		}, noHeader},
		"REST REQUEST, in the member of TOKEN events": {"aws-rest-request", func(e object, token string) {
			withoutHeaders(e)
			e["authorizationToken"] = token
		}, noHeader},
		"HTTP 1.0, no source":          {"aws-http-v1", func(e object, _ string) { delete(e, "identitySource") }, noSource},
		"HTTP 1.0, an empty source":    {"aws-http-v1", func(e object, _ string) { e["identitySource"] = "" }, noSource},
		"HTTP 1.0, a source of null":   {"aws-http-v1", func(e object, _ string) { e["identitySource"] = nil }, noSource},
		"HTTP 1.0, other sources":      {"aws-http-v1", func(e object, _ string) { e["identitySource"] = "192.0.2.1,GET /orders/{id}" }, noSource},
		"HTTP 1.0, a part of a source": {"aws-http-v1", func(e object, token string) { e["identitySource"] = "x" + token }, noSource},
		"HTTP 1.0, the source alone":   {"aws-http-v1", func(e object, _ string) { withoutHeaders(e) }, noHeader},
		"HTTP 2.0, no source":          {"aws-http-v2", func(e object, _ string) { delete(e, "identitySource") }, noSource},
		"HTTP 2.0, no value":           {"aws-http-v2", func(e object, _ string) { e["identitySource"] = []any{} }, noSource},
		"HTTP 2.0, a source of null":   {"aws-http-v2", func(e object, _ string) { e["identitySource"] = nil }, noSource},
		"HTTP 2.0, other sources":      {"aws-http-v2", func(e object, _ string) { e["identitySource"] = []any{"192.0.2.1", "GET /orders/{id}"} }, noSource},
		"HTTP 2.0, another spelling":   {"aws-http-v2", func(e object, token string) { e["identitySource"] = []any{token} }, noSource},
		"HTTP 2.0, the source alone":   {"aws-http-v2", func(e object, _ string) { withoutHeaders(e) }, noHeader},
		"HTTP 2.0, two joined headers": {"aws-http-v2", func(e object, token string) {
			both := token + "," + token
			e["headers"], e["identitySource"] = object{"authorization": both}, []any{both}
		}, ""},
		"WebSocket, in the query":   {"aws-websocket", func(e object, token string) { withoutHeaders(e); e["queryStringParameters"] = object{"token": token} }, noHeader},
		"two headers, in two cases": {"aws-websocket", func(e object, token string) { e["headers"] = object{"Authorization": token, "authorization": token} }, several},
		"two headers, one other":    {"aws-rest-request", func(e object, token string) { e["multiValueHeaders"] = object{"Authorization": []any{token, "x"}} }, several},
		"two headers, equal":        {"aws-rest-request", func(e object, token string) { e["multiValueHeaders"] = object{"Authorization": []any{token, token}} }, several},
		"two headers, the other listed": {"aws-rest-request", func(e object, token string) {
			e["headers"] = object{"Authorization": token}
			e["multiValueHeaders"] = object{"authorization": []any{"x"}}
		}, several},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newSharedFixture(t, enabled)
			token := f.holder.Secret.Reveal()
			event := sampleObject(t, c.file, token)
			c.change(event, token)
			wantRefusal(t, event, f.invoke(t, event), pat.ReasonInvalid)
			wantReads(t, f.fixture, 0)
			if log := f.log.String(); !strings.Contains(log, c.cause) || strings.Contains(log, token[31:]) {
				t.Errorf("log: got %s, want the cause %q and no token", log, c.cause)
			}
		})
	}
}

func TestSharedHeaderInAnyCase(t *testing.T) {
	t.Parallel()
	f := newSharedFixture(t, enabled)
	token := f.holder.Secret.Reveal()
	for _, name := range []string{"Authorization", "authorization", "AUTHORIZATION", "aUTHORIZATION"} {
		for _, file := range []string{"aws-rest-request", "aws-http-v1", "aws-http-v2", "aws-websocket"} {
			event := sampleObject(t, file, token)
			delete(event, "multiValueHeaders")
			event["headers"] = object{"Host": "example.org", name: "bearer " + token}
			if event["identitySource"] != nil {
				event["identitySource"] = []any{"bearer " + token}
			}
			if got := f.invoke(t, event).effect(); got != "Allow" {
				t.Errorf("%s, %s: got %s, want Allow", file, name, got)
			}
		}
	}
}

// TestSharedQueryParameter: a WebSocket client can present its token there only if the stack's parameter names it, and only it.
func TestSharedQueryParameter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file   string
		header bool
		query  func(token string) (single, several object)
		want   string
	}{
		"once":             {"aws-websocket", false, func(token string) (object, object) { return object{"token": token}, nil }, "Allow"},
		"once, and listed": {"aws-websocket", false, func(token string) (object, object) { return object{"token": token}, object{"token": []any{token}} }, "Allow"},
		"listed alone":     {"aws-websocket", false, func(token string) (object, object) { return nil, object{"token": []any{token}} }, "Allow"},
		"beside another":   {"aws-websocket", false, func(token string) (object, object) { return object{"token": token, "room": "7"}, nil }, "Allow"},
		"none":             {"aws-websocket", false, func(string) (object, object) { return nil, nil }, "Deny"},
		"twice": {"aws-websocket", false, func(token string) (object, object) {
			return object{"token": token}, object{"token": []any{token, token}}
		}, "Deny"},
		"in another case":  {"aws-websocket", false, func(token string) (object, object) { return object{"Token": token}, nil }, "Deny"},
		"another name":     {"aws-websocket", false, func(token string) (object, object) { return object{"access_token": token}, nil }, "Deny"},
		"with a header":    {"aws-websocket", true, func(token string) (object, object) { return object{"token": token}, nil }, "Deny"},
		"the header alone": {"aws-websocket", true, func(string) (object, object) { return nil, nil }, "Allow"},
		"of a REST API":    {"aws-rest-request", false, func(token string) (object, object) { return object{"token": token}, nil }, "Deny"},
		"of an HTTP API":   {"aws-http-v2", false, func(token string) (object, object) { return object{"token": token}, nil }, "Deny"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newSharedFixture(t, authz.SharedSettings{Enabled: true, TokenParameter: "token"})
			token := f.holder.Secret.Reveal()
			event := sampleObject(t, c.file, token)
			if !c.header {
				event["headers"], event["multiValueHeaders"] = object{"Host": "example.org"}, nil
			}
			event["queryStringParameters"], event["multiValueQueryStringParameters"] = c.query(token)
			if got := f.invoke(t, event).effect(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if log := f.log.String(); strings.Contains(log, token[31:]) {
				t.Errorf("log: got %s, want no token", log)
			}
		})
	}
}

// TestSharedUnreadableQuery: a header does not count beside a query that might contain another token.
func TestSharedUnreadableQuery(t *testing.T) {
	t.Parallel()
	f := newSharedFixture(t, authz.SharedSettings{Enabled: true, TokenParameter: "token"})
	event := sampleObject(t, "aws-websocket", f.holder.Secret.Reveal())
	event["queryStringParameters"] = object{"token": 1}
	wantRefusal(t, event, f.invoke(t, event), pat.ReasonInvalid)
	wantReads(t, f.fixture, 0)
}

// TestSharedPathCannotChangeTheKind: a REST API's path that ends like a WebSocket's ARN does not make the query count.
func TestSharedPathCannotChangeTheKind(t *testing.T) {
	t.Parallel()
	f := newSharedFixture(t, authz.SharedSettings{Enabled: true, TokenParameter: "token"})
	event := sampleObject(t, "aws-rest-request", "x")
	event["methodArn"] = stageOf(event) + "/GET/$connect"
	event["headers"], event["multiValueHeaders"], event["queryStringParameters"] = nil, nil, object{"token": f.holder.Secret.Reveal()}
	wantRefusal(t, event, f.invoke(t, event), pat.ReasonInvalid)
}
