package authz_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"pats/pkg/authz"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestAllowsAToken(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"", "Bearer ", "bearer ", "BEARER ", "bEaReR ", "Bearer  "} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			for _, token := range []string{f.holder.Secret.Reveal(), pattest.InPats(f.holder.Secret.Reveal())} {
				wantResponse(t, f.authorize(t, scheme+token), "Allow", "user:1",
					map[string]any{"kind": "user", "userId": "1", "selector": string(f.holder.Token.Selector)})
			}
		})
	}
}

func TestAllowsTheAdminToken(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"", "Bearer ", "bearer "} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			got := f.authorize(t, scheme+f.admin.Reveal())
			wantResponse(t, got, "Allow", "admin", map[string]any{"kind": "admin", "fingerprint": f.key.Principal().Claims()["fingerprint"]})
			wantReads(t, f, 0)
		})
	}
}

// TestContextIdentifiesTheCallerOnly: it contains no secret, no hash of one, no role and no profile.
func TestContextIdentifiesTheCallerOnly(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, header := range map[string]string{"user": f.holder.Secret.Reveal(), "admin": f.admin.Reveal()} {
		raw, err := json.Marshal(f.authorize(t, header))
		if err != nil {
			t.Fatal(err)
		}
		for what, secret := range map[string]string{
			"secret part":  f.holder.Secret.Reveal()[31:],
			"verifier":     string(f.holder.Token.Verifier),
			"role":         "Viewer",
			"email":        "@",
			"admin secret": f.admin.Reveal()[4:],
			"admin hash":   f.admin.Hash()[:16],
		} {
			if bytes.Contains(raw, []byte(secret)) {
				t.Errorf("%s: the context contains the %s: %s", name, what, raw)
			}
		}
	}
}

func TestDenyReasons(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end    func(t *testing.T, f *fixture) error
		reason pat.Reason
	}{
		"revoked": {func(t *testing.T, f *fixture) error {
			return f.service.RevokeUserToken(t.Context(), f.holder.Account.ID, f.holder.Token.ID)
		}, pat.ReasonInvalid},
		"deleted": {func(t *testing.T, f *fixture) error {
			return f.service.DeleteUser(t.Context(), f.holder.Account.ID)
		}, pat.ReasonInvalid},
		"disabled": {func(t *testing.T, f *fixture) error {
			return pattest.SetDisabled(t.Context(), f.service, f.holder.Account.ID, true)
		}, pat.ReasonDisabled},
		"rotated": {func(t *testing.T, f *fixture) error {
			_, _, err := f.service.RotateUserToken(t.Context(), f.holder.Account.ID, f.holder.Token.ID, pat.Rotation{})
			return err
		}, pat.ReasonRotated},
		"expired": {func(_ *testing.T, f *fixture) error {
			f.clock.Advance(pattest.Lifetime)
			return nil
		}, pat.ReasonExpired},
		"expired long ago": {func(_ *testing.T, f *fixture) error {
			f.clock.Advance(pattest.Lifetime + 10*pat.DefaultRetention)
			return nil
		}, pat.ReasonExpired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			if err := c.end(t, f); err != nil {
				t.Fatal(err)
			}
			wantDenied(t, f.authorize(t, f.holder.Secret.Reveal()), c.reason)
		})
	}
}

func TestAllowsUntilTheTokenExpires(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.clock.Advance(pattest.Lifetime - time.Millisecond)
	if got := f.authorize(t, f.holder.Secret.Reveal()).PolicyDocument.Statement[0].Effect; got != "Allow" {
		t.Errorf("effect: got %s, want Allow", got)
	}
}

// TestReasonNeedsTheSecret: a caller who knows only the selector, which is not secret, learns nothing about the token's state.
func TestReasonNeedsTheSecret(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	forged := pattest.Forge(t, f.holder.Token.Selector)
	f.clock.Advance(pattest.Lifetime)
	wantDenied(t, f.authorize(t, forged), pat.ReasonInvalid)
	if err := pattest.SetDisabled(t.Context(), f.service, f.holder.Account.ID, true); err != nil {
		t.Fatal(err)
	}
	wantDenied(t, f.authorize(t, forged), pat.ReasonInvalid)
}

func TestInvalidTokensAreDeniedWithoutARead(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	token := f.holder.Secret.Reveal()
	last := token[len(token)-1]
	for name, header := range map[string]string{
		"empty":                      "",
		"a blank":                    " ",
		"Bearer alone":               "Bearer",
		"Bearer and a blank":         "Bearer ",
		"Basic":                      "Basic YWRtaW46dW5sZWFzaDRhbGw=",
		"Token":                      "Token " + token,
		"Bearer twice":               "Bearer Bearer " + token,
		"Bearer, no blank":           "Bearer" + token,
		"Bearer and a tab":           "Bearer\t" + token,
		"Bearer and a colon":         "Bearer: " + token,
		"Bearer, no-break space":     "Bearer\u00a0" + token,
		"two":                        token + ", " + token,
		"a blank before":             " " + token,
		"a blank after":              token + " ",
		"a line break after":         token + "\n",
		"Bearer, a line break after": "Bearer " + token + "\n",
		"Bearer, a blank after":      "Bearer " + token + " ",
		"CR LF after":                token + "\r\n",
		"a line break before":        "\n" + token,
		"NUL after":                  token + "\x00",
		"one more":                   token + "x",
		"one less":                   token[:len(token)-1],
		"the last one changed":       token[:len(token)-1] + string('0'+(last-'0'+1)%10),
		"one changed":                token[:40] + swap(token[40]) + token[41:],
		"selector changed":           token[:20] + swap(token[20]) + token[21:],
		"upper-case prefix":          "USER" + token[4:],
		"v1 in prefix":               "user:v1_" + token[8:],
		"no prefix":                  token[5:],
		"quoted":                     `"` + token + `"`,
		"user: alone":                "user:",
		"a v1 token":                 "user:" + strings.Repeat("0", 56),
		"v2, too short":              "user:v2_AAA_BBB",
		"v2 without a checksum":      "user:v2_" + strings.Repeat("A", 22) + "_" + strings.Repeat("B", 43),
		"a client token":             "default:development.unleash-insecure-client-api-token",
		"SQL":                        "user:' or '1'='1",
		"not ASCII":                  "Bearer user:\u2603",
		"invalid UTF-8":              "Bearer user:\xe9",
		"a hundred KiB":              strings.Repeat("a", 100<<10),
		"an unknown admin token":     "*:*.nope",
		"admin prefix alone":         "*:*.",
		"admin token and a blank":    f.admin.Reveal() + " ",
		"admin token, one more":      f.admin.Reveal() + "x",
		"admin token, one less":      f.admin.Reveal()[:len(f.admin.Reveal())-1],
		"the admin token's hash":     "*:*." + f.admin.Hash(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantDenied(t, f.authorize(t, header), pat.ReasonInvalid)
			wantReads(t, f, 0)
		})
	}
}

func TestNoAdminTokenConfigured(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.authorizer = authz.New(f.service, pat.AdminKey{}, slog.New(slog.DiscardHandler))
	for _, header := range []string{f.admin.Reveal(), "*:*.", "*:*.x"} {
		wantDenied(t, f.authorize(t, header), pat.ReasonInvalid)
	}
}

func TestOneReadForEachToken(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]func(f *fixture) string{
		"valid":            func(f *fixture) string { return f.holder.Secret.Reveal() },
		"wrong secret":     func(f *fixture) string { return pattest.Forge(t, f.holder.Token.Selector) },
		"unknown selector": func(*fixture) string { return newToken(t, 1) },
		"unknown user":     func(*fixture) string { return newToken(t, 99) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.authorize(t, header(f))
			wantReads(t, f, 1)
		})
	}
}

func TestUseIsRecordedEveryFiveMinutes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i, step := range []struct {
		pause time.Duration
		marks int
	}{{0, 1}, {0, 1}, {pat.SeenInterval - time.Millisecond, 1}, {time.Millisecond, 2}, {time.Second, 2}} {
		f.clock.Advance(step.pause)
		f.authorize(t, f.holder.Secret.Reveal())
		if got := f.store.Count(pattest.CallMarkSeen); got != step.marks {
			t.Errorf("step %d: got %d uses recorded, want %d", i, got, step.marks)
		}
	}
}

// TestFailsClosed: API Gateway turns an error into a 503, which it does not cache, but "Unauthorized" into a 401.
func TestFailsClosed(t *testing.T) {
	t.Parallel()
	const internal = "dial tcp 10.0.0.7:8000: connection refused"
	valid := event("")
	for name, c := range map[string]struct {
		fail  func(store *pattest.Faulty)
		event events.APIGatewayCustomAuthorizerRequest
		cause string
	}{
		"unreachable":      {func(s *pattest.Faulty) { s.Refuse(pattest.CallAccount, 1, pat.Unavailable(errors.New(internal))) }, valid, internal},
		"damaged":          {func(s *pattest.Faulty) { s.Refuse(pattest.CallAccount, 1, &pat.Error{Err: errors.New(internal)}) }, valid, internal},
		"an unknown error": {func(s *pattest.Faulty) { s.Refuse(pattest.CallAccount, 1, errors.New(internal)) }, valid, internal},
		"Unauthorized":     {func(s *pattest.Faulty) { s.Refuse(pattest.CallAccount, 1, errors.New("Unauthorized")) }, valid, "Unauthorized"},
		"a panic":          {func(s *pattest.Faulty) { s.Before(pattest.CallAccount, func() { panic(internal) }) }, valid, "panic: " + internal},
		"no method ARN":    {nil, events.APIGatewayCustomAuthorizerRequest{Type: "TOKEN"}, "method ARN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			if c.fail != nil {
				c.fail(f.store)
			}
			c.event.AuthorizationToken = f.holder.Secret.Reveal()
			got, err := f.authorizer.Handle(t.Context(), c.event)
			if err == nil || err.Error() != "the token could not be checked" {
				t.Errorf("error: got %v, want the token could not be checked", err)
			}
			if diff := cmp.Diff(events.APIGatewayCustomAuthorizerResponse{}, got); diff != "" {
				t.Errorf("response (-want +got):\n%s", diff)
			}
			if log := f.log.String(); !strings.Contains(log, c.cause) || !strings.Contains(log, `"level":"ERROR"`) {
				t.Errorf("log: got %s, want an error with the cause %q", log, c.cause)
			}
		})
	}
}

func TestFailsWhenTheContextIsCancelled(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := f.authorizer.Handle(ctx, event(f.holder.Secret.Reveal())); err == nil {
		t.Errorf("got %+v, want an error", got)
	}
}

func TestFailureToRecordAUseFailsNoRequest(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store.Refuse(pattest.CallMarkSeen, 1, pat.Unavailable(nil))
	if got := f.authorize(t, f.holder.Secret.Reveal()).PolicyDocument.Statement[0].Effect; got != "Allow" {
		t.Errorf("effect: got %s, want Allow", got)
	}
}

func TestStageOfMethodARNs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for arn, want := range map[string]string{
		stage + "/GET/":         stage + "/*",
		stage + "/POST/a/b/c":   stage + "/*",
		stage + "/GET/a/../b/*": stage + "/*",
		"arn:aws-cn:execute-api:cn-north-1:123456789012:abc/v1/GET/": "arn:aws-cn:execute-api:cn-north-1:123456789012:abc/v1/*",
		"arn:aws:execute-api:us-east-1:1:abc/$default/GET/x:y":       "arn:aws:execute-api:us-east-1:1:abc/$default/*",
	} {
		request := event(f.holder.Secret.Reveal())
		request.MethodArn = arn
		got, err := f.authorizer.Handle(t.Context(), request)
		if err != nil {
			t.Errorf("%s: got error %v, want a response", arn, err)
			continue
		}
		if resource := got.PolicyDocument.Statement[0].Resource; !cmp.Equal(resource, []string{want}) {
			t.Errorf("%s: got resource %v, want %s", arn, resource, want)
		}
	}
	for _, arn := range []string{
		"", "*", "nonsense", stage, "arn:aws:execute-api:eu-central-1:123456789012:abc", "arn:aws:execute-api:eu-central-1:123456789012:abc//GET/",
		"arn:aws:s3:::bucket/prod/GET/x", "execute-api:abc/prod/GET/", "arn:aws:execute-api:r:1:a:b/prod/GET/",
	} {
		request := event(f.holder.Secret.Reveal())
		request.MethodArn = arn
		if got, err := f.authorizer.Handle(t.Context(), request); err == nil {
			t.Errorf("%q: got %+v, want an error", arn, got)
		}
	}
}

func TestTheLogContainsNoTokens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	headers := []string{
		f.holder.Secret.Reveal(), "Bearer " + f.holder.Secret.Reveal(), f.holder.Secret.Reveal() + "\n", pattest.Forge(t, f.holder.Token.Selector),
		f.admin.Reveal(), f.admin.Reveal() + "x", "*:*.unleash-insecure-admin-api-token", "user:" + strings.Repeat("0123abcd", 7),
	}
	for _, header := range headers {
		f.authorize(t, header)
	}
	f.store.Refuse(pattest.CallAccount, 1, pat.Unavailable(nil))
	if _, err := f.authorizer.Handle(t.Context(), event(headers[0])); err == nil {
		t.Fatal("got a response, want an error")
	}
	for _, want := range []string{`"msg":"denied","reason":"The token is not valid."`, `"msg":"checking the token failed"`} {
		if !strings.Contains(f.log.String(), want) {
			t.Fatalf("log: got %s, want it to contain %s", f.log, want)
		}
	}
	for i, header := range headers {
		if tail := strings.TrimSpace(header); strings.Contains(f.log.String(), tail[len(tail)-20:]) {
			t.Errorf("the log contains header %d:\n%s", i, f.log)
		}
	}
}

// TestClaimsRoundTrip: the handlers parse the claims that the authorizer writes.
func TestClaimsRoundTrip(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, c := range map[string]struct {
		header string
		want   pat.Principal
	}{
		"user":  {f.holder.Secret.Reveal(), pat.Principal{Kind: pat.HolderUser, Identity: f.holder.Identity()}},
		"admin": {f.admin.Reveal(), f.key.Principal()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// API Gateway converts every value to a string and passes the context as JSON.
			raw, err := json.Marshal(f.authorize(t, c.header).Context)
			if err != nil {
				t.Fatal(err)
			}
			var claims map[string]any
			if err := json.Unmarshal(raw, &claims); err != nil {
				t.Fatal(err)
			}
			for key, value := range claims {
				if _, text := value.(string); !text {
					t.Errorf("claim %s: got a %T, want a string", key, value)
				}
			}
			got, err := pat.ParseClaims(claims)
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", c.want) {
				t.Errorf("principal: got %#v, want %#v", got, c.want)
			}
		})
	}
}

// TestImportedTokens: they are refused without a read unless the service accepts them.
func TestImportedTokens(t *testing.T) {
	t.Parallel()
	for name, token := range map[string]string{
		"v1": "user:" + strings.Repeat("0f", 28),
		"v2": "user:v2_" + strings.Repeat("_", 21) + "w_" + strings.Repeat("-", 43),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			secret := f.importToken(t, token)
			wantDenied(t, f.authorize(t, token), pat.ReasonInvalid)
			if reads := f.store.Count(pattest.CallAccount) + f.store.Count(pattest.CallLookUp); reads != 0 {
				t.Errorf("got %d reads, want none", reads)
			}
			accepting := authz.New(f.accepting(), f.key, slog.New(slog.NewJSONHandler(f.log, nil)))
			got, err := accepting.Handle(t.Context(), event("Bearer "+token))
			if err != nil {
				t.Fatal(err)
			}
			wantResponse(t, got, "Allow", "user:7", map[string]any{"kind": "user", "userId": "7", "selector": string(secret.Selector())})
			if strings.Contains(f.log.String(), token[5:]) {
				t.Errorf("the log contains the token: %s", f.log)
			}
		})
	}
}
