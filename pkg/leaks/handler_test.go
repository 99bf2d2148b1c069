package leaks_test

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/leaks"
)

func hashOf(token string) []byte {
	hash := sha256.Sum256([]byte(token))
	return hash[:]
}

// TestOffUnlessConfigured: a partner that is not configured has no route.
func TestOffUnlessConfigured(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	both := f.settings
	for name, c := range map[string]struct {
		settings leaks.Settings
		github   int
		gitlab   int
	}{
		"neither":               {leaks.Settings{}, http.StatusNotFound, http.StatusNotFound},
		"GitHub with a key":     {leaks.Settings{GitHubKeys: both.GitHubKeys}, http.StatusForbidden, http.StatusNotFound},
		"GitHub with a address": {leaks.Settings{GitHubKeysURL: "https://keys.example"}, http.StatusForbidden, http.StatusNotFound},
		"GitLab":                {leaks.Settings{GitLabTokenHash: both.GitLabTokenHash}, http.StatusNotFound, http.StatusUnauthorized},
	} {
		f.settings = c.settings
		f.handler = leaks.New(f.service, c.settings, f.env, nil)
		for resource, want := range map[string]int{leaks.ResourceGitHub: c.github, leaks.ResourceGitLab: c.gitlab, leaks.ResourceGitLabTypes: c.gitlab, "/elsewhere": http.StatusNotFound} {
			method := http.MethodPost
			if resource == leaks.ResourceGitLabTypes {
				method = http.MethodGet
			}
			wantProblem(t, name+", "+resource, f.handle(t, event(method, resource, "[]", nil)), want, "")
		}
	}
}

func TestOtherMethods(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for resource, allowed := range map[string]string{
		leaks.ResourceGitHub: "POST", leaks.ResourceGitLab: "POST", leaks.ResourceGitLabTypes: "GET,HEAD",
	} {
		got := f.handle(t, event(http.MethodOptions, resource, "", nil))
		wantStatus(t, "OPTIONS "+resource, got, http.StatusOK)
		wantHeader(t, got, "Allow", allowed)
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, "get"} {
			if !strings.Contains(allowed, method) {
				got := f.handle(t, event(method, resource, "[]", http.Header{"Authorization": {shared}}))
				wantProblem(t, method+" "+resource, got, http.StatusNotFound, "not available")
			}
		}
	}
}

// partners send a body in the name of each partner, with valid credentials.
func (f *fixture) partners(t testing.TB) map[string]func(body string) events.APIGatewayProxyRequest {
	t.Helper()
	return map[string]func(string) events.APIGatewayProxyRequest{
		"GitHub": func(body string) events.APIGatewayProxyRequest { return signed(t, f.key, body) },
		"GitLab": fromGitLab,
	}
}

// TestBadBodies: nothing is revoked, although the first element is valid.
func TestBadBodies(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann := f.holder(t, "ann")
	valid := body(t, toGitLab(ann.Secret.Reveal()))
	with := func(element string) string { return "[" + valid + "," + element + "]" }
	for name, text := range map[string]string{
		"nothing":                   "",
		"null":                      "null",
		"an object":                 valid,
		"a string":                  `"x"`,
		"a number":                  "1",
		"form data":                 "token=x",
		"truncated":                 with(valid)[:40],
		"text after it":             with(valid) + "x",
		"a number in it":            with("1"),
		"null in it":                with("null"),
		"a list in it":              with("[]"),
		"an empty object":           with("{}"),
		"no token":                  with(`{"type":"gitleaks_rule_id_pats-token"}`),
		"a token that is null":      with(`{"token":null,"type":"gitleaks_rule_id_pats-token"}`),
		"an empty token":            with(`{"token":"","type":"gitleaks_rule_id_pats-token"}`),
		"a token that is 0":         with(`{"token":0,"type":"gitleaks_rule_id_pats-token"}`),
		"a token that is a list":    with(`{"token":["x"],"type":"gitleaks_rule_id_pats-token"}`),
		"a type that is 0":          with(`{"token":"x","type":0}`),
		"a url that is an object":   with(`{"token":"x","type":"gitleaks_rule_id_pats-token","url":{}}`),
		"a location that is a bool": with(`{"token":"x","type":"gitleaks_rule_id_pats-token","location":true}`),
		"deeply nested":             strings.Repeat("[", 20_000),
	} {
		for partner, send := range f.partners(t) {
			wantProblem(t, partner+", "+name, f.handle(t, send(text)), http.StatusBadRequest, "")
		}
	}
	f.wantLeft(t, 1, 1)
}

// TestGoodBodies: members that are absent, null or unknown, and texts that are no tokens, do not matter.
func TestGoodBodies(t *testing.T) {
	t.Parallel()
	const kind = `,"type":"gitleaks_rule_id_pats-token"`
	for name, element := range map[string]string{
		"nothing else":        `{"token":"TOKEN"` + kind + `}`,
		"null":                `{"token":"TOKEN","url":null,"location":null,"source":null` + kind + `}`,
		"an unknown member":   `{"token":"TOKEN","found_by":{"a":[1]}` + kind + `}`,
		"a token with spaces": `{"token":" TOKEN\n"` + kind + `}`,
		"another text first":  `{"token":"x"` + kind + `},{"token":"TOKEN"` + kind + `}`,
		"the same twice":      `{"token":"TOKEN"` + kind + `},{"token":"TOKEN"` + kind + `}`,
		"no address":          `{"token":"TOKEN","url":"%","location":"\u001b[31m"` + kind + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			for partner, send := range f.partners(t) {
				ann := f.holder(t, partner)
				text := "[" + strings.ReplaceAll(element, "TOKEN", ann.Secret.Reveal()) + "]"
				if got := f.handle(t, send(text)); got.StatusCode >= http.StatusMultipleChoices {
					t.Errorf("%s: got status %d with %s", partner, got.StatusCode, got.Body)
				}
				f.wantLeft(t, ann.Account.ID)
			}
		})
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for partner, send := range f.partners(t) {
		ann := f.holder(t, partner)
		report := body(t, []report{toGitLab(ann.Secret.Reveal())})
		above := report + strings.Repeat(" ", 1<<20+1-len(report))
		wantProblem(t, partner, f.handle(t, send(above)), http.StatusRequestEntityTooLarge, "larger than 1 MiB")
		f.wantLeft(t, ann.Account.ID, 1)
		if got := f.handle(t, send(above[:1<<20])); got.StatusCode >= http.StatusMultipleChoices {
			t.Errorf("%s: a body of 1 MiB: got status %d with %s", partner, got.StatusCode, got.Body)
		}
		f.wantLeft(t, ann.Account.ID)
	}
}

// TestResponseHeaders: no cache keeps a response.
func TestResponseHeaders(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, of := range []events.APIGatewayProxyRequest{signed(t, f.key, "[]"), fromGitLab("[]"), fromGitLab("")} {
		got := f.handle(t, of)
		wantHeader(t, got, "Cache-Control", "no-store")
		wantHeader(t, got, "X-Content-Type-Options", "nosniff")
	}
}
