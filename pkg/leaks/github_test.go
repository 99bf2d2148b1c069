package leaks_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/leaks"
	"pats/pkg/leaks/p256"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// published are requests with valid signatures that GitHub publishes, with its keys of that time. Both are in the samples of
// https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partnership-program/secret-scanning-partner-program
// and its earlier versions (https://github.com/github/docs/pull/18776), and the keys were those of
// https://api.github.com/meta/public_keys/secret_scanning.
var published = map[string]struct{ id, key, signature, body string }{
	"the sample of 2022": {
		"90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a",
		"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUqkCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA==",
		"MEUCIQDKZokqnCjrRtw0tni+2Ltvl/uiMJ1EGumEsp1BsNr32AIgQY1YXD2nlj+XNfGK4rBfkMJ1JDOQcYXxa2sY8FNkrKc=",
		`[{"token":"some_token","type":"some_type","url":"some_url"}]`,
	},
	"the sample since": {
		"bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c",
		"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAdAjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==",
		"MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg==",
		`[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]`,
	},
}

func TestSignaturesThatGitHubPublishes(t *testing.T) {
	t.Parallel()
	for name, c := range published {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			der, err := base64.StdEncoding.DecodeString(c.key)
			if err != nil {
				t.Fatal(err)
			}
			key, err := p256.ParseKey(der)
			if err != nil {
				t.Fatal(err)
			}
			f.settings.GitHubKeys = map[string]*ecdsa.PublicKey{c.id: key}
			f.with(pat.Settings{})
			sample := event(http.MethodPost, leaks.ResourceGitHub, c.body, http.Header{
				"GITHUB-PUBLIC-KEY-IDENTIFIER": {c.id}, "GITHUB-PUBLIC-KEY-SIGNATURE": {c.signature},
			})
			got := f.handle(t, sample)
			wantStatus(t, "the sample", got, http.StatusOK)
			hash := sha256.Sum256([]byte("some_token"))
			if want := `[{"token_hash":"` + hex.EncodeToString(hash[:]) + `","token_type":"some_type","label":"false_positive"}]`; got.Body != want {
				t.Errorf("got %s, want %s", got.Body, want)
			}
			sample.Body = strings.Replace(c.body, "some_token", "some_tokem", 1)
			wantProblem(t, "a sample with another byte", f.handle(t, sample), http.StatusForbidden, "does not match")
		})
	}
}

// TestGitHubReport: the token and its descendants work no more, other tokens do, and the log says what happened without a token.
func TestGitHubReport(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann, bob := f.holder(t, "ann"), f.holder(t, "bob")
	leaked := f.child(t, ann, "leaked")
	f.child(t, leaked, "made by the thief")
	got := f.handle(t, signed(t, f.key, body(t, reportedAll(leaked))))
	wantStatus(t, "the report", got, http.StatusOK)
	f.wantLeft(t, ann.Account.ID, ann.Token.ID)
	f.wantLeft(t, bob.Account.ID, bob.Token.ID)
	lines := f.logged(t, "leaked tokens revoked")
	if len(lines) != 1 || lines[0]["user"] != 1.0 || lines[0]["source"] != "github" || lines[0]["level"] != "WARN" {
		t.Errorf("got lines %v, want one of user 1 and github", lines)
	}
	for _, want := range []string{`"revoked":[2,3]`, `"places":["` + place + `"]`} {
		if !strings.Contains(f.log.String(), want) {
			t.Errorf("got log %s, want %s in it", f.log, want)
		}
	}
	wantNoSecret(t, f, got, ann, bob, leaked)
}

// wantNoSecret fails the test if the log or the response contains the secret part of a token.
func wantNoSecret(t *testing.T, f *fixture, got events.APIGatewayProxyResponse, holders ...pattest.Holder) {
	t.Helper()
	for _, holder := range holders {
		token := holder.Secret.Reveal()
		if part := token[len(token)-20:]; strings.Contains(f.log.String()+got.Body, part) {
			t.Errorf("the log or the response contains a token: %s\n%s", f.log, got.Body)
		}
	}
}

// TestReportOfAReplacedSecret: its token, whose new secret did not leak, works on.
func TestReportOfAReplacedSecret(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann := f.holder(t, "ann")
	_, renewed, err := f.service.RotateSelf(t.Context(), ann.Identity(), pat.Rotation{Overlap: pat.MaxOverlap})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, "the report", f.handle(t, signed(t, f.key, body(t, reportedAll(ann)))), http.StatusOK)
	_, err = f.service.Check(t.Context(), ann.Secret)
	pattest.WantKind(t, err, pat.KindUnauthenticated)
	if _, err := f.service.Check(t.Context(), renewed); err != nil {
		t.Errorf("the new secret: %v", err)
	}
	if lines := f.logged(t, "leaked tokens revoked"); len(lines) != 1 || lines[0]["replacedSecretsOf"] == nil {
		t.Errorf("got lines %v, want one with the token whose replaced secret ended", lines)
	}
}

// TestResponseDoesNotTellKnownFromUnknown: the response to the report of a token is the same before and after it is revoked, and differs
// from that of a token that never existed only in the hash of what was reported.
func TestResponseDoesNotTellKnownFromUnknown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann := f.holder(t, "ann")
	first := signed(t, f.key, body(t, reportedAll(ann)))
	known, unknown := f.handle(t, first), f.handle(t, first)
	if known.Body != unknown.Body || known.StatusCode != unknown.StatusCode {
		t.Errorf("known: %d %s\nunknown: %d %s", known.StatusCode, known.Body, unknown.StatusCode, unknown.Body)
	}
	never := pattest.Forge(t, ann.Token.Selector)
	made := f.handle(t, signed(t, f.key, body(t, []report{reported(never)})))
	hashed := func(token string) string { sum := sha256.Sum256([]byte(token)); return hex.EncodeToString(sum[:]) }
	if want := strings.Replace(known.Body, hashed(ann.Secret.Reveal()), hashed(never), 1); made.Body != want {
		t.Errorf("a token that never existed: got %s, want %s", made.Body, want)
	}
}

// TestLabels: feedback depends on the form of a text alone.
func TestLabels(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	token := f.holder(t, "ann").Secret.Reveal()
	for name, c := range map[string]struct{ token, label string }{
		"a token":                            {token, "true_positive"},
		"its other spelling":                 {pattest.InPats(token), "true_positive"},
		"a mistyped one, perhaps imported":   {pattest.Mistyped(token), ""},
		"a mistyped one in pats's spelling":  {pattest.InPats(pattest.Mistyped(token)), "false_positive"},
		"a v1 token of Unleash":              {"user:" + strings.Repeat("a", 56), ""},
		"an admin API token":                 {"*:*." + strings.Repeat("a", 43), "false_positive"},
		"any other text":                     {"NMIfyYncKcRALEXAMPLE", "false_positive"},
		"a text of the size of a whole body": {strings.Repeat("x", 1<<20-300), "false_positive"},
	} {
		got := f.handle(t, signed(t, f.key, body(t, []report{reported(c.token)})))
		wantStatus(t, name, got, http.StatusOK)
		if (c.label == "" && got.Body != "[]") || !strings.Contains(got.Body, c.label) {
			t.Errorf("%s: got %s, want label %q", name, got.Body, c.label)
		}
	}
}

func TestForgedSignaturesRevokeNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann := f.holder(t, "ann")
	report := body(t, reportedAll(ann))
	valid := signed(t, f.key, report)
	signature := valid.MultiValueHeaders["Github-Public-Key-Signature"][0]
	der, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.StdEncoding.EncodeToString
	other := signed(t, newKey(t), report).MultiValueHeaders["Github-Public-Key-Signature"][0]
	ofAnother := signed(t, f.key, "[]").MultiValueHeaders["Github-Public-Key-Signature"][0]
	for name, headers := range map[string]http.Header{
		"none":                         {},
		"no key":                       {"Github-Public-Key-Signature": {signature}},
		"no signature":                 {"Github-Public-Key-Identifier": {keyID}},
		"an empty signature":           headers(keyID, ""),
		"two signatures":               {"Github-Public-Key-Identifier": {keyID}, "Github-Public-Key-Signature": {signature, signature}},
		"two keys":                     {"Github-Public-Key-Identifier": {keyID, keyID}, "Github-Public-Key-Signature": {signature}},
		"an unknown key":               headers("x", signature),
		"an empty key":                 headers("", signature),
		"another key's":                headers(keyID, other),
		"that of another body":         headers(keyID, ofAnother),
		"a truncated one":              headers(keyID, encode(der[:len(der)-1])),
		"half of one":                  headers(keyID, encode(der[:len(der)/2])),
		"one and a byte":               headers(keyID, encode(append(append([]byte{}, der...), 0))),
		"one with a flipped bit":       headers(keyID, encode(flipped(der, len(der)-1))),
		"truncated base64":             headers(keyID, signature[:len(signature)-1]),
		"not base64":                   headers(keyID, "%"),
		"base64url":                    headers(keyID, "-_"+signature[2:]),
		"zero":                         headers(keyID, encode([]byte{0x30, 6, 2, 1, 0, 2, 1, 0})),
		"a mebibyte of a signature":    headers(keyID, strings.Repeat("A", 1<<20)),
		"DER of a sequence of nothing": headers(keyID, encode([]byte{0x30, 0})),
	} {
		forged := valid
		forged.MultiValueHeaders = headers
		got := f.handle(t, forged)
		wantProblem(t, name, got, http.StatusForbidden, "")
	}
	spaced := valid
	spaced.Body += "\n"
	wantProblem(t, "a line break after the body", f.handle(t, spaced), http.StatusForbidden, "does not match")
	f.wantLeft(t, 1, 1)
	wantStatus(t, "the valid one", f.handle(t, valid), http.StatusOK)
	f.wantLeft(t, 1)
}

func headers(id, signature string) http.Header {
	return http.Header{"Github-Public-Key-Identifier": {id}, "Github-Public-Key-Signature": {signature}}
}

func flipped(der []byte, at int) []byte {
	flipped := append([]byte{}, der...)
	flipped[at] ^= 1
	return flipped
}

// TestRepeatedReportEndsNothingMore: an old report that is sent again does not end a token created since.
func TestRepeatedReportEndsNothingMore(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann := f.holder(t, "ann")
	report := signed(t, f.key, body(t, reportedAll(ann)))
	for i := range 2 {
		wantStatus(t, "the report", f.handle(t, report), http.StatusOK)
		if _, _, err := f.service.CreateUserToken(t.Context(), 1, pattest.Draft(fmt.Sprint("token ", i))); err != nil {
			t.Fatal(err)
		}
	}
	f.wantLeft(t, 1, 2, 3)
}

// TestBase64Body: the signature covers the body as it was sent.
func TestBase64Body(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	report := signed(t, f.key, body(t, reportedAll(f.holder(t, "ann"))))
	report.Body, report.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(report.Body)), true
	wantStatus(t, "the report", f.handle(t, report), http.StatusOK)
	f.wantLeft(t, 1)
	report.Body = "%"
	wantProblem(t, "not base64", f.handle(t, report), http.StatusBadRequest, "base64")
}
