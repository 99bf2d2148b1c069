package guard_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"pats/pkg/guard"
	"pats/pkg/pat"
)

func TestReadsTheClaimsOfEveryEvent(t *testing.T) {
	t.Parallel()
	for name, k := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, scope := range want.Scopes {
				got, refusal := k.read(t, require(scope), load(t, k.file))
				if refusal != nil {
					t.Fatalf("%s: %v", scope, refusal)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: claims (-want +got):\n%s", scope, diff)
				}
			}
		})
	}
}

func TestReadsTheRoleOfAnUnscopedToken(t *testing.T) {
	t.Parallel()
	for name, k := range kinds {
		got, refusal := k.read(t, require("orders:read"), k.with(t, set("role", "Editor")))
		if refusal != nil || got.Role != pat.Editor {
			t.Errorf("%s: got role %v and %v, want Editor", name, got.Role, refusal)
		}
	}
}

const (
	noCode   = "Bearer"
	invalid  = `Bearer error="invalid_token"`
	lacking  = `Bearer error="insufficient_scope", scope="orders:read"`
	needed   = "A token is needed in the header Authorization."
	notValid = "The token is not valid."
	expired  = "The token has expired."
	needs    = "The token needs the scope orders:read."
)

// wantRefused checks the status, challenge and message of a refusal, and that no claims come with it.
func wantRefused(t *testing.T, got guard.Claims, refusal *guard.Refusal, status int, challenge, message string) {
	t.Helper()
	if refusal == nil {
		t.Fatalf("got the request let through, want %d", status)
	}
	response := refusal.REST()
	if response.StatusCode != status || response.Headers["WWW-Authenticate"] != challenge || refusal.Message != message {
		t.Errorf("got %d %q %q, want %d %q %q", response.StatusCode, response.Headers["WWW-Authenticate"], refusal.Message, status, challenge, message)
	}
	if diff := cmp.Diff(guard.Claims{}, got); diff != "" {
		t.Errorf("got claims with a refusal (-want +got):\n%s", diff)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	clear := func(context object) {
		for name := range context {
			delete(context, name)
		}
	}
	for name, c := range map[string]struct {
		change             func(object)
		status             int
		challenge, message string
	}{
		"no claims":                  {clear, http.StatusUnauthorized, noCode, needed},
		"no scope":                   {unset("scope"), http.StatusUnauthorized, invalid, notValid},
		"scope null":                 {set("scope", nil), http.StatusUnauthorized, invalid, notValid},
		"a list of scopes":           {set("scope", []any{"orders:read"}), http.StatusUnauthorized, invalid, notValid},
		"no expiry":                  {unset("expiresAt"), http.StatusUnauthorized, invalid, notValid},
		"an expiry of another form":  {set("expiresAt", "1810000000"), http.StatusUnauthorized, invalid, notValid},
		"no user":                    {unset("userId"), http.StatusUnauthorized, invalid, notValid},
		"no token":                   {unset("tokenId"), http.StatusUnauthorized, invalid, notValid},
		"a JWT's claims as well":     {set("claims", object{"sub": "7"}), http.StatusUnauthorized, invalid, notValid},
		"a JWT as well":              {set("jwt", object{"claims": object{"sub": "7"}}), http.StatusUnauthorized, invalid, notValid},
		"expired":                    {set("expiresAt", expiry.Add(-time.Hour).Format(time.RFC3339)), http.StatusUnauthorized, invalid, expired},
		"expired, without the scope": {func(c object) { c["scope"], c["expiresAt"] = "", "2020-01-01T00:00:00.000Z" }, http.StatusUnauthorized, invalid, expired},
		"no scopes":                  {set("scope", ""), http.StatusForbidden, lacking, needs},
		"another scope":              {set("scope", "orders:write"), http.StatusForbidden, lacking, needs},
		"a longer scope":             {set("scope", "orders:read-all orders:readonly"), http.StatusForbidden, lacking, needs},
		"a part of the scope":        {set("scope", "orders orders: read"), http.StatusForbidden, lacking, needs},
		"the scope in upper case":    {set("scope", "ORDERS:READ"), http.StatusForbidden, lacking, needs},
		"a wildcard":                 {set("scope", "* orders:*"), http.StatusForbidden, lacking, needs},
		"scopes with commas":         {set("scope", "orders:read,orders:write"), http.StatusForbidden, lacking, needs},
		"scopes with a tab":          {set("scope", "orders:read\torders:write"), http.StatusForbidden, lacking, needs},
		"an Admin without the scope": {func(c object) { c["scope"], c["role"] = "", "Admin" }, http.StatusForbidden, lacking, needs},
	} {
		for of, k := range kinds {
			t.Run(name+", "+of, func(t *testing.T) {
				t.Parallel()
				got, refusal := k.read(t, require("orders:read"), k.with(t, c.change))
				wantRefused(t, got, refusal, c.status, c.challenge, c.message)
			})
		}
	}
}

// TestRefusesByItsOwnClock: API Gateway may have cached the claims before the token expired.
func TestRefusesByItsOwnClock(t *testing.T) {
	t.Parallel()
	for name, k := range kinds {
		for offset, refused := range map[time.Duration]bool{-time.Millisecond: false, 0: true, time.Millisecond: true, 24 * time.Hour: true} {
			g := guard.Require("orders:read").WithClock(at(expiry.Add(offset)))
			_, refusal := k.read(t, g, load(t, k.file))
			if (refusal != nil) != refused {
				t.Errorf("%s, %v after the expiry: got %v, want a refusal: %t", name, offset, refusal, refused)
			}
		}
	}
}

// TestUsesTheSystemsClock: the tokens of the events expired in 1999, or expire in 9999.
func TestUsesTheSystemsClock(t *testing.T) {
	t.Parallel()
	for expires, refused := range map[string]bool{"1999-01-01T00:00:00.000Z": true, "9999-12-31T23:59:59.000Z": false} {
		for name, k := range kinds {
			_, refusal := k.read(t, guard.Require("orders:read"), k.with(t, set("expiresAt", expires)))
			if (refusal != nil) != refused {
				t.Errorf("%s, expires %s: got %v, want a refusal: %t", name, expires, refusal, refused)
			}
		}
	}
}

// TestEmptyScopeIsNeverCarried: a map of scopes by method returns it for other methods.
func TestEmptyScopeIsNeverCarried(t *testing.T) {
	t.Parallel()
	for name, k := range kinds {
		for _, granted := range []string{"", " ", "orders:read", " orders:read  reports:read "} {
			got, refusal := k.read(t, require(""), k.with(t, set("scope", granted)))
			t.Run(name+", "+granted, func(t *testing.T) {
				t.Parallel()
				wantRefused(t, got, refusal, http.StatusForbidden, `Bearer error="insufficient_scope"`, "No token permits this request.")
			})
		}
	}
}

func TestRefusesOtherAuthorizers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		k      kind
		change func(event object)
		want   string
	}{
		"a JWT authorizer":                   {kind{file: "aws-http-jwt", read: readHTTP}, nil, invalid},
		"a JWT authorizer, payload 1.0":      {kind{file: "aws-http-jwt-payload1", read: readREST}, nil, invalid},
		"a Cognito user pool":                {kind{file: "aws-rest-cognito", read: readREST}, nil, invalid},
		"no authorizer, REST":                {kinds["REST, TOKEN"], set("authorizer", nil), noCode},
		"no authorizer, payload 1.0":         {kinds["HTTP, payload 1.0"], unset("authorizer"), noCode},
		"no authorizer, HTTP":                {kinds["HTTP, payload 2.0, a policy"], unset("authorizer"), noCode},
		"IAM":                                {kinds["HTTP, payload 2.0, a policy"], set("authorizer", object{"iam": object{"userId": "7", "accessKey": "x"}}), noCode},
		"a JWT beside claims":                {kinds["HTTP, payload 2.0, a policy"], addJWT, invalid},
		"no authorizer, WebSocket":           {kinds["WebSocket, a message"], unset("authorizer"), noCode},
		"a text as authorizer, WebSocket":    {kinds["WebSocket, a message"], set("authorizer", "x"), noCode},
		"an event of payload 2.0 as REST":    {kind{file: "sam-local-http-v2-simple", read: readREST}, nil, invalid},
		"an event of payload 1.0 as HTTP":    {kind{file: "sam-local-http-v1-payload1", read: readHTTP}, nil, noCode},
		"an event of REST as WebSocket":      {kind{file: "aws-rest-cognito", read: readWebSocket}, nil, invalid},
		"the service's own authorizer, REST": {kinds["REST, TOKEN"], set("authorizer", object{"kind": "user", "userId": "7", "selector": "x"}), invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			event := decode[object](t, load(t, c.k.file))
			if c.change != nil {
				c.change(member(t, event, "requestContext"))
			}
			payload, err := json.Marshal(event)
			if err != nil {
				t.Fatal(err)
			}
			message := notValid
			if c.want == noCode {
				message = needed
			}
			got, refusal := c.k.read(t, require("orders:read"), payload)
			wantRefused(t, got, refusal, http.StatusUnauthorized, c.want, message)
		})
	}
}

func addJWT(requestContext object) {
	authorizer, _ := requestContext["authorizer"].(object)
	authorizer["jwt"] = object{"claims": object{"sub": "7"}}
}

// TestRefusalsQuoteNothing: a claim might hold anything.
func TestRefusalsQuoteNothing(t *testing.T) {
	t.Parallel()
	const secret = "in-the-wrong-place"
	for _, claim := range []string{"userId", "scope", "tokenId", "expiresAt", "role", "username"} {
		for name, k := range kinds {
			_, refusal := k.read(t, require("other"), k.with(t, set(claim, secret)))
			if refusal == nil || strings.Contains(refusal.Error()+refusal.REST().Body, secret) {
				t.Errorf("%s in %s: got %v, want a refusal that does not quote the claim", claim, name, refusal)
			}
		}
	}
}

// FuzzEvent: whatever an event is, it is let through only if its claims are complete, current, and have the scope.
func FuzzEvent(f *testing.F) {
	for _, k := range kinds {
		f.Add(load(f, k.file))
		f.Add(k.with(f, set("scope", "orders:write")))
		f.Add(k.with(f, unset("scope")))
	}
	for _, file := range []string{"aws-http-jwt", "aws-http-jwt-payload1", "aws-rest-cognito"} {
		f.Add(load(f, file))
	}
	f.Add([]byte(`{"requestContext":{"authorizer":{"lambda":{"scope":"orders:read"},"jwt":{}}}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		g := require("orders:read")
		if event := new(events.APIGatewayProxyRequest); json.Unmarshal(payload, event) == nil {
			got, refusal := g.REST(*event)
			wantSound(t, got, refusal)
		}
		if event := new(events.APIGatewayV2HTTPRequest); json.Unmarshal(payload, event) == nil {
			got, refusal := g.HTTPAPI(*event)
			wantSound(t, got, refusal)
		}
		if event := new(events.APIGatewayWebsocketProxyRequest); json.Unmarshal(payload, event) == nil {
			got, refusal := g.WebSocket(*event)
			wantSound(t, got, refusal)
		}
	})
}

// wantSound checks that what is let through has complete claims with the scope orders:read, and that a refusal is 401 or 403 with JSON.
func wantSound(t *testing.T, got guard.Claims, refusal *guard.Refusal) {
	t.Helper()
	if refusal == nil && (!got.Has("orders:read") || got.UserID < 1 || got.TokenID < 1 || got.ExpiredAt(expiry.Add(-time.Hour))) {
		t.Errorf("got %+v let through", got)
	}
	if refusal != nil && (refusal.Status != http.StatusUnauthorized && refusal.Status != http.StatusForbidden || !json.Valid([]byte(refusal.REST().Body))) {
		t.Errorf("got %+v, want 401 or 403 with JSON", refusal.REST())
	}
}
