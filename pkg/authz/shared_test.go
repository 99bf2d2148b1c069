package authz_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/authz"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestSharedAllowsATokenInEveryEvent(t *testing.T) {
	t.Parallel()
	for _, file := range sampleFiles(t) {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			f := newSharedFixture(t, enabled)
			token := f.holder.Secret.Reveal()
			for _, presented := range []string{token, "pats_" + strings.TrimPrefix(token, "user:v2_")} {
				event := sampleObject(t, file, presented)
				got := f.invoke(t, event)
				if got.effect() != "Allow" || !cmp.Equal(got.resources(), []string{stageOf(event) + "/*"}) {
					t.Errorf("policy: got %s on %q, want Allow on the stage", got.effect(), got.resources())
				}
				if want := simpleResponse(event, true); got.IsAuthorized != want {
					t.Errorf("isAuthorized: got %v, want %v", got.IsAuthorized, want)
				}
				if got.PrincipalID != "user:1" || got.Context["userId"] != "1" {
					t.Errorf("got the principal %q and userId %v, want user 1", got.PrincipalID, got.Context["userId"])
				}
			}
			wantReads(t, f.fixture, 2)
		})
	}
}

func TestSharedClaims(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		role   pat.Role
		scopes []string // nil for the unscoped token
		want   map[string]any
	}{
		"unscoped, Viewer": {pat.Viewer, nil, map[string]any{"scope": "orders:read", "role": "Viewer", "tokenId": "1"}},
		"unscoped, Editor": {pat.Editor, nil, map[string]any{"scope": "orders:read orders:write", "role": "Editor", "tokenId": "1"}},
		"unscoped, Admin":  {pat.Admin, nil, map[string]any{"scope": "orders:delete orders:read orders:write", "role": "Admin", "tokenId": "1"}},
		"one scope":        {pat.Editor, []string{"orders:write"}, map[string]any{"scope": "orders:write", "tokenId": "2"}},
		"two scopes":       {pat.Editor, []string{"orders:write", "orders:read"}, map[string]any{"scope": "orders:read orders:write", "tokenId": "2"}},
		"a built-in scope": {pat.Editor, []string{"orders:read", "pats:read"}, map[string]any{"scope": "orders:read pats:read", "tokenId": "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newSharedFixture(t, enabled)
			f.setRole(t, c.role)
			token := f.holder.Secret.Reveal()
			if c.scopes != nil {
				token = f.addToken(t, "scoped", c.scopes...)
			}
			c.want["userId"], c.want["username"] = "1", "vera"
			c.want["expiresAt"] = pattest.Start.Add(pattest.Lifetime).UTC().Format("2006-01-02T15:04:05.000Z")
			if diff := cmp.Diff(c.want, f.invoke(t, sampleObject(t, "aws-rest-token", token)).Context); diff != "" {
				t.Errorf("context (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSharedClaimsFollowTheCatalogAndTheRole: a scope that is no longer listed, or that the user's role no longer carries, is not handed
// on, and a scoped token does not become an unscoped one.
func TestSharedClaimsFollowTheCatalogAndTheRole(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, f *sharedFixture){
		"a scope no longer listed": func(t *testing.T, f *sharedFixture) { f.serve(t, enabled, "orders:read") },
		"another role":             func(t *testing.T, f *sharedFixture) { f.setRole(t, pat.Viewer) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newSharedFixture(t, enabled)
			f.setRole(t, pat.Editor)
			token := f.addToken(t, "scoped", "orders:write")
			change(t, f)
			got := f.invoke(t, sampleObject(t, "aws-rest-token", token)).Context
			if role, found := got["role"]; got["scope"] != "" || found {
				t.Errorf("got the scope %v and role %v, want an empty scope and no role", got["scope"], role)
			}
		})
	}
}

// TestSharedExpiryIsRFC3339: a handler can parse the claim expiresAt and find the very moment from which the token is refused.
func TestSharedExpiryIsRFC3339(t *testing.T) {
	t.Parallel()
	f := newSharedFixture(t, enabled)
	event := sampleObject(t, "aws-rest-token", f.holder.Secret.Reveal())
	text, _ := f.invoke(t, event).Context["expiresAt"].(string)
	expiry, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(expiry.Sub(f.clock.Now()) - time.Millisecond)
	if got := f.invoke(t, event).effect(); got != "Allow" {
		t.Errorf("a millisecond before: got %s, want Allow", got)
	}
	f.clock.Advance(time.Millisecond)
	wantRefusal(t, event, f.invoke(t, event), pat.ReasonExpired)
}

// TestSharedClaimsOfAReplacedSecret end with it, so that no cache of them outlasts the overlap.
func TestSharedClaimsOfAReplacedSecret(t *testing.T) {
	t.Parallel()
	f := newSharedFixture(t, enabled)
	renewed := f.rotate(t, pat.Rotation{Overlap: pat.DefaultOverlap})
	for what, c := range map[string]struct {
		secret pat.Secret
		end    time.Time
	}{
		"replaced": {f.holder.Secret, f.clock.Now().Add(pat.DefaultOverlap)},
		"new":      {renewed, pattest.Start.Add(pattest.Lifetime)},
	} {
		got := f.invoke(t, sampleObject(t, "aws-rest-token", c.secret.Reveal())).Context
		if want := c.end.UTC().Format("2006-01-02T15:04:05.000Z"); got["expiresAt"] != want || got["tokenId"] != "1" {
			t.Errorf("%s: got token %v until %v, want 1 until %s", what, got["tokenId"], got["expiresAt"], want)
		}
	}
}

// rotate rotates the holder's token, and returns its new secret.
func (f *sharedFixture) rotate(t testing.TB, r pat.Rotation) pat.Secret {
	t.Helper()
	_, secret, err := f.service.RotateUserToken(t.Context(), f.holder.Account.ID, f.holder.Token.ID, r)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestSharedResponseRevealsNoSecret(t *testing.T) {
	t.Parallel()
	f := newSharedFixture(t, enabled)
	token := f.holder.Secret.Reveal()
	for _, file := range sampleFiles(t) {
		encoded, err := f.shared.Invoke(t.Context(), sampleEvent(t, file, token))
		if err != nil {
			t.Fatal(err)
		}
		for what, secret := range map[string]string{
			"selector": string(f.holder.Token.Selector), "secret part": token[31:], "verifier": string(f.holder.Token.Verifier), "email address": "@",
		} {
			if strings.Contains(string(encoded), secret) {
				t.Errorf("%s: the response contains the %s: %s", file, what, encoded)
			}
		}
	}
}

// TestSharedRefusesTokens: in every kind of event. The log has the reason and nothing of the token.
func TestSharedRefusesTokens(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		token  func(t *testing.T, f *sharedFixture) string
		reason pat.Reason
		reads  int
	}{
		"empty":          {func(*testing.T, *sharedFixture) string { return "" }, pat.ReasonInvalid, 0},
		"junk":           {func(*testing.T, *sharedFixture) string { return "open sesame" }, pat.ReasonInvalid, 0},
		"wrong checksum": {func(_ *testing.T, f *sharedFixture) string { return pattest.Mistyped(f.holder.Secret.Reveal()) }, pat.ReasonInvalid, 0},
		"admin token":    {func(_ *testing.T, f *sharedFixture) string { return f.admin.Reveal() }, pat.ReasonInvalid, 0},
		"unknown":        {func(t *testing.T, _ *sharedFixture) string { return newToken(t, 1) }, pat.ReasonInvalid, 1},
		"forged":         {func(t *testing.T, f *sharedFixture) string { return pattest.Forge(t, f.holder.Token.Selector) }, pat.ReasonInvalid, 1},
		"expired": {func(_ *testing.T, f *sharedFixture) string {
			f.clock.Advance(pattest.Lifetime)
			return f.holder.Secret.Reveal()
		}, pat.ReasonExpired, 1},
		"revoked": {func(t *testing.T, f *sharedFixture) string {
			if err := f.service.RevokeUserToken(t.Context(), f.holder.Account.ID, f.holder.Token.ID); err != nil {
				t.Fatal(err)
			}
			return f.holder.Secret.Reveal()
		}, pat.ReasonInvalid, 1},
		"rotated": {func(t *testing.T, f *sharedFixture) string {
			f.rotate(t, pat.Rotation{})
			return f.holder.Secret.Reveal()
		}, pat.ReasonRotated, 1},
		"disabled": {func(t *testing.T, f *sharedFixture) string {
			if err := pattest.SetDisabled(t.Context(), f.service, f.holder.Account.ID, true); err != nil {
				t.Fatal(err)
			}
			return f.holder.Secret.Reveal()
		}, pat.ReasonDisabled, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newSharedFixture(t, enabled)
			token := c.token(t, f)
			for _, kind := range sharedKinds {
				f.store.Forget()
				f.log.Reset()
				event := sampleObject(t, kind.file, token)
				wantRefusal(t, event, f.invoke(t, event), c.reason)
				wantReads(t, f.fixture, c.reads)
				f.wantDenialLogged(t, kind.name, string(c.reason), token)
			}
		})
	}
}

// wantDenialLogged wants one line in the log, with the kind and the text, and nothing of the token.
func (f *sharedFixture) wantDenialLogged(t *testing.T, kind, text, token string) {
	t.Helper()
	log := f.log.String()
	if strings.Count(log, "\n") != 1 || !strings.Contains(log, `"kind":"`+kind+`"`) || !strings.Contains(log, text) || !strings.Contains(log, "execute-api") {
		t.Errorf("log: got %s, want one line with the kind %s, the stage and %q", log, kind, text)
	}
	if len(token) > 12 && strings.Contains(log, token[len(token)-12:]) {
		t.Errorf("log: got %s, want nothing of the token", log)
	}
}

func TestSharedSwitchedOff(t *testing.T) {
	t.Parallel()
	f := newSharedFixture(t, authz.SharedSettings{})
	for _, kind := range sharedKinds {
		event := sampleObject(t, kind.file, f.holder.Secret.Reveal())
		wantRefusal(t, event, f.invoke(t, event), authz.ReasonSwitchedOff)
	}
	wantReads(t, f.fixture, 0)
	if log := f.log.String(); !strings.Contains(log, "SharedAuthorizerEnabled is false") {
		t.Errorf("log: got %s, want the parameter's name", log)
	}
}

// TestSharedFailsClosed: an event that is none of an authorizer's, and a token that cannot be checked, get an error, which API Gateway
// turns into a 500. It must not be "Unauthorized", which API Gateway turns into a 401.
func TestSharedFailsClosed(t *testing.T) {
	t.Parallel()
	const internal = "dial tcp 10.0.0.7:8000: connection refused"
	for name, c := range map[string]struct {
		fail   func(store *pattest.Faulty)
		change func(event object)
		cause  string
	}{
		"unreachable":          {fail: func(s *pattest.Faulty) { s.Refuse(pattest.CallAccount, 1, pat.Unavailable(errors.New(internal))) }, cause: internal},
		"an unknown error":     {fail: func(s *pattest.Faulty) { s.Refuse(pattest.CallAccount, 1, errors.New(internal)) }, cause: internal},
		"a panic":              {fail: func(s *pattest.Faulty) { s.Before(pattest.CallAccount, func() { panic(internal) }) }, cause: "panic: " + internal},
		"no type":              {change: func(e object) { delete(e, "type") }, cause: "not one of an API Gateway authorizer"},
		"an unknown type":      {change: func(e object) { e["type"] = "COGNITO" }, cause: "not one of an API Gateway authorizer"},
		"a type in lower case": {change: func(e object) { e["type"] = "request" }, cause: "not one of an API Gateway authorizer"},
		"no ARN":               {change: func(e object) { delete(e, "methodArn") }, cause: "no method ARN"},
		"an empty ARN":         {change: func(e object) { e["methodArn"] = "" }, cause: "no method ARN"},
		"both ARNs":            {change: func(e object) { e["routeArn"] = e["methodArn"] }, cause: "not one of an API Gateway authorizer"},
		"a TOKEN event's route": {change: func(e object) {
			e["type"], e["routeArn"] = "TOKEN", e["methodArn"]
			delete(e, "methodArn")
		}, cause: "not one of an API Gateway authorizer"},
		"an ARN of a function":          {change: func(e object) { e["methodArn"] = "arn:aws:lambda:us-east-1:123456789012:function/a/b" }, cause: "no method ARN"},
		"an ARN without a method":       {change: func(e object) { e["methodArn"] = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod" }, cause: "no method ARN"},
		"an ARN without a stage":        {change: func(e object) { e["methodArn"] = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234//GET/" }, cause: "no method ARN"},
		"a pattern in the place of ARN": {change: func(e object) { e["methodArn"] = "arn:aws:execute-api:us-east-1:123456789012:*/*/GET/" }, cause: "no method ARN"},
		"an ARN that is a number":       {change: func(e object) { e["methodArn"] = 1 }, cause: "cannot unmarshal number"},
		"headers that are a text":       {change: func(e object) { e["headers"] = "x" }, cause: "cannot unmarshal string"},
		"a header that is a number":     {change: func(e object) { e["headers"] = object{"Authorization": 1} }, cause: "cannot unmarshal number"},
		"a header in an object":         {change: func(e object) { e["headers"] = object{"Authorization": object{}} }, cause: "cannot unmarshal object"},
		"an identity source in numbers": {change: func(e object) { e["identitySource"] = []any{1} }, cause: "cannot unmarshal number"},
		"a route map that is a number":  {change: func(e object) { e["stageVariables"] = object{"patsScopes": 1} }, cause: "cannot unmarshal number"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newSharedFixture(t, enabled)
			event := sampleObject(t, "aws-rest-request", f.holder.Secret.Reveal())
			if c.fail != nil {
				c.fail(f.store)
			}
			if c.change != nil {
				c.change(event)
			}
			payload, err := json.Marshal(event)
			if err != nil {
				t.Fatal(err)
			}
			f.wantFailure(t, payload, c.cause)
		})
	}
}

func TestSharedRefusesWhatIsNoEvent(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{"", "null", "{}", "[]", `"TOKEN"`, "1", "{", `{"type":"TOKEN"}`} {
		t.Run(payload, func(t *testing.T) {
			t.Parallel()
			newSharedFixture(t, enabled).wantFailure(t, []byte(payload), "")
		})
	}
}

// wantFailure wants the one error for all failures, no response, and the cause in the log.
func (f *sharedFixture) wantFailure(t *testing.T, payload []byte, cause string) {
	t.Helper()
	response, err := f.shared.Invoke(t.Context(), payload)
	if err == nil || err.Error() != "the token could not be checked" || response != nil {
		t.Errorf("got %s, error %v, want the token could not be checked", response, err)
	}
	if log := f.log.String(); !strings.Contains(log, cause) || !strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("log: got %s, want an error with the cause %q", log, cause)
	}
}

func TestSharedRecordsUses(t *testing.T) {
	t.Parallel()
	f := newSharedFixture(t, enabled)
	for range 2 {
		f.invoke(t, sampleObject(t, "aws-rest-token", f.holder.Secret.Reveal()))
	}
	if got := f.store.Count(pattest.CallMarkSeen); got != 1 {
		t.Errorf("got %d uses recorded, want 1 in five minutes", got)
	}
}

// TestSharedAcceptsImportedTokens only where the service does.
func TestSharedAcceptsImportedTokens(t *testing.T) {
	t.Parallel()
	for _, accept := range []bool{false, true} {
		t.Run(strconv.FormatBool(accept), func(t *testing.T) {
			t.Parallel()
			f := newSharedFixture(t, enabled)
			secret := f.importToken(t, "user:"+strings.Repeat("0f", 28))
			f.service = pat.NewService(f.store, pat.Settings{AcceptImported: accept}, f.env)
			f.shared = authz.NewShared(f.service, enabled, f.env.Log)
			got := f.invoke(t, sampleObject(t, "aws-rest-token", secret.Reveal())).effect()
			if want := map[bool]string{false: "Deny", true: "Allow"}[accept]; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}
