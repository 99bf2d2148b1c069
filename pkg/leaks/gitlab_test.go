package leaks_test

import (
	"net/http"
	"strings"
	"testing"

	"pats/pkg/leaks"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// toGitLab returns the report of a token as GitLab sends it.
func toGitLab(token string) report {
	return report{"token": token, "type": "gitleaks_rule_id_pats-token", "location": place, "vulnerability": nil}
}

// TestGitLabReport: as https://docs.gitlab.com/development/sec/token_revocation_api/ describes.
func TestGitLabReport(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann := f.holder(t, "ann")
	leaked := f.child(t, ann, "leaked")
	f.child(t, leaked, "made by the thief")
	of := fromGitLab(body(t, []report{toGitLab(leaked.Secret.Reveal()), toGitLab(pattest.Forge(t, ann.Token.Selector))}))
	for _, what := range []string{"the report", "its repetition"} {
		got := f.handle(t, of)
		wantStatus(t, what, got, http.StatusNoContent)
		if got.Body != "" || http.Header(got.MultiValueHeaders).Get("Content-Type") != "" {
			t.Errorf("%s: got body %q and %v, want none", what, got.Body, got.MultiValueHeaders)
		}
	}
	f.wantLeft(t, 1, 1)
	if lines := f.logged(t, "leaked tokens revoked"); len(lines) != 1 || lines[0]["source"] != "gitlab" || !strings.Contains(f.log.String(), place) {
		t.Errorf("got lines %v, want one of gitlab with the place", lines)
	}
	wantNoSecret(t, f, f.handle(t, of), ann, leaked)
}

func TestGitLabTypes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		got := f.handle(t, event(method, leaks.ResourceGitLabTypes, "", http.Header{"Authorization": {shared}}))
		wantStatus(t, method, got, http.StatusOK)
		if want := `{"types":["gitleaks_rule_id_pats-token"]}`; got.Body != want {
			t.Errorf("got %s, want %s", got.Body, want)
		}
	}
	wantProblem(t, "without the token", f.handle(t, event(http.MethodGet, leaks.ResourceGitLabTypes, "", nil)), http.StatusUnauthorized, "shared token")
}

func TestGitLabOfAnotherType(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann := f.holder(t, "ann")
	other := toGitLab("glpat-x")
	for _, kind := range []any{"gitleaks_rule_id_gitlab_personal_access_token", "", nil} {
		other["type"] = kind
		got := f.handle(t, fromGitLab(body(t, []report{toGitLab(ann.Secret.Reveal()), other})))
		wantProblem(t, "another type", got, http.StatusBadRequest, "Element 1 has a type other than")
	}
	f.wantLeft(t, 1, 1)
}

func TestGitLabToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann := f.holder(t, "ann")
	report := body(t, []report{toGitLab(ann.Secret.Reveal())})
	for name, values := range map[string][]string{
		"none":                 nil,
		"an empty one":         {""},
		"another":              {shared + "x"},
		"a shorter one":        {shared[:len(shared)-1]},
		"a token of a user":    {ann.Secret.Reveal()},
		"two":                  {shared, shared},
		"Basic":                {"Basic " + shared},
		"in another case":      {strings.ToUpper(shared)},
		"with a space after":   {shared + " "},
		"the scheme alone":     {"Bearer"},
		"a mebibyte":           {strings.Repeat("x", 1<<20)},
		"its hash in hex":      {"5d41402abc4b2a76b9719d911017c592"},
		"a newline and a line": {shared + "\nX: y"},
	} {
		got := f.handle(t, event(http.MethodPost, leaks.ResourceGitLab, report, http.Header{"Authorization": values}))
		wantProblem(t, name, got, http.StatusUnauthorized, "shared token")
		wantHeader(t, got, "Www-Authenticate", "Bearer")
	}
	f.wantLeft(t, 1, 1)
	wantStatus(t, "with Bearer", f.handle(t, event(http.MethodPost, leaks.ResourceGitLab, report, http.Header{"Authorization": {"Bearer " + shared}})), http.StatusNoContent)
	f.wantLeft(t, 1)
}

// TestShortSharedTokenIsRefused, even if its hash is configured: it can be guessed.
func TestShortSharedTokenIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.settings.GitLabTokenHash = hashOf("hunter2")
	f.with(pat.Settings{})
	got := f.handle(t, event(http.MethodPost, leaks.ResourceGitLab, "[]", http.Header{"Authorization": {"hunter2"}}))
	wantProblem(t, "a short token", got, http.StatusUnauthorized, "shared token")
}
