package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"pats/infra/testkit/deployed"
	"pats/infra/testkit/partners"
	"pats/pkg/pat"
)

const typesPath = deployed.GitLabPath + "/revocable_token_types"

// leakPlaceholders are those of the partners' credentials: GitHub's signature of a body, and the token that GitLab presents.
var leakPlaceholders = []string{"{signature}", "{sharedToken}"}

// reportOf returns a report of tokens, which are placeholders, of a type.
func reportOf(kind string, tokens ...string) string {
	var elements []string
	for _, token := range tokens {
		elements = append(elements, fmt.Sprintf(`{"token":%q,"type":%q,"url":"https://example.com/repo/file","location":null}`, token, kind))
	}
	return "[" + strings.Join(elements, ",") + "]"
}

func toGitHub(tokens ...string) string { return reportOf("pats_token", tokens...) }

func toGitLab(tokens ...string) string { return reportOf("gitleaks_rule_id_pats-token", tokens...) }

// github returns a step in which GitHub sends a body, signed.
func github(body string, want expected) step {
	headers := []string{jsonBody, "Github-Public-Key-Identifier: " + partners.KeyID, "Github-Public-Key-Signature: {signature}"}
	return step{first: signs(body), request: request{http.MethodPost, deployed.GitHubPath, headers, body}, want: want}
}

// signs makes {signature} that of a body.
func signs(body string) func(*env) {
	return func(e *env) {
		signature, err := e.target.Partners.Sign(e.fill(body))
		e.must(err)
		e.values["signature"] = signature
	}
}

// gitlab returns a step in which GitLab sends a body.
func gitlab(body string, want expected) step {
	return step{request: request{http.MethodPost, deployed.GitLabPath, []string{jsonBody, "Authorization: {sharedToken}"}, body}, want: want}
}

// keepsMade makes {leaked} the token made last.
func keepsMade(e *env) { e.values["leaked"] = e.value("made") }

// feedback expects GitHub's feedback with these labels.
func feedback(labels ...string) expected {
	return ok(func(got response) string {
		rest := got.body
		for _, label := range labels {
			_, after, found := strings.Cut(rest, `"label":"`+label+`"`)
			if !found {
				return fmt.Sprintf("got %s, want the labels %q", got.body, labels)
			}
			rest = after
		}
		if strings.Contains(rest, `"label"`) {
			return fmt.Sprintf("got %s, want only the labels %q", got.body, labels)
		}
		return ""
	})
}

const real, none = "true_positive", "false_positive"

var (
	accepted = expected{status: http.StatusNoContent, body: text("")}
	noArray  = plain(http.StatusBadRequest, "BadDataError", "The request body must be a JSON array of objects.")
	unsigned = plain(http.StatusForbidden, "NoAccessError", "The signature does not match the body.")
	// unshared is the 401 of the function, and notShared that of API Gateway, which renames its header.
	unshared = plain(http.StatusUnauthorized, "AuthenticationRequired", "The Authorization header does not contain the shared token.").
			having("WWW-Authenticate", "Bearer")
	notShared    = unshared.having("WWW-Authenticate", "").having("X-Amzn-Remapped-Www-Authenticate", "Bearer").sam(noRename, unshared)
	overMebibyte = plain(http.StatusRequestEntityTooLarge, "BadDataError", "The request body is larger than 1 MiB.")
)

// leakCases are cases about reports of leaked tokens.
var leakCases = []scenario{
	{"a token that GitHub reports is refused at once, and so are its descendants", []step{
		{request: create(good), want: made},
		{request: described(`"child"`).as("{made}"), first: keepsMade, want: token(3, "child")},
		{request: list("Authorization: {made}"), want: tokens("own", "laptop", "child")},
		github(toGitHub("{leaked}", "{stranger}", "nothing"), feedback(real, real, none)),
		{request: list("Authorization: {leaked}"), want: ended(pat.ReasonInvalid)},
		{request: list("Authorization: {made}"), want: ended(pat.ReasonInvalid)},
		{request: list(own), want: tokens("own")},
		github(toGitHub("{leaked}", "{stranger}", "nothing"), feedback(real, real, none)),
	}},
	{"a token that GitLab reports is refused at once, and so are its descendants", []step{
		{request: create(good), want: made},
		{request: described(`"child"`).as("{made}"), first: keepsMade, want: token(3, "child")},
		gitlab(toGitLab("{leaked}", "{stranger}", "nothing"), accepted),
		{request: list("Authorization: {leaked}"), want: ended(pat.ReasonInvalid)},
		{request: list("Authorization: {made}"), want: denied(pat.ReasonInvalid)},
		{request: list(own), want: tokens("own")},
		gitlab(toGitLab("{leaked}", "{stranger}", "nothing"), accepted),
	}},
	{"a report of a replaced secret ends that secret alone", []step{
		{request: rotate("self", ""), want: renewed(1, "own", "TIME")},
		github(toGitHub("{token}"), feedback(real)),
		{request: presented("GET"), want: ended(pat.ReasonRotated)},
		{request: presented("GET").as("{made}"), want: withoutOverlap(showsToken(1, "own", "TIME", true))},
	}},
	{"tokens of several users in both spellings, and one of a disabled user", []step{
		github(toGitHub("{pats}", "{other}", "{disabled}", "{expired}", "{revoked}"), feedback(real, real, real, real, real)),
		{request: list(own), want: denied(pat.ReasonInvalid)},
		{request: list("Authorization: {other}"), want: denied(pat.ReasonInvalid)},
		{request: list("Authorization: {disabled}"), want: denied(pat.ReasonInvalid)},
		{request: list("Authorization: {expired}"), want: denied(pat.ReasonInvalid)},
	}},
	{"a signature of another body", []step{
		{first: signs("[]"), request: github(toGitHub("{token}"), ok(nil)).request, want: unsigned},
		{request: list(own), want: tokens("own")},
	}},
	{"a signature of another key", []step{
		{
			first:   signs("[]"),
			request: newRequest("POST", deployed.GitHubPath, jsonBody, "Github-Public-Key-Identifier: other", "Github-Public-Key-Signature: {signature}").with("[]"),
			want:    plain(http.StatusForbidden, "NoAccessError", "The signature's key is unknown."),
		},
	}},
	{"bodies that are no reports", []step{
		github("", noArray),
		github("{}", noArray),
		github("[{bad", noArray),
		github(`[{"token":0}]`, plain(http.StatusBadRequest, "BadDataError", "The members token, type, url and location must be strings.")),
		github(`[{"token":""}]`, plain(http.StatusBadRequest, "BadDataError", "Element 0 has no token.")),
		gitlab("null", noArray),
		gitlab(toGitHub("{token}"), plain(http.StatusBadRequest, "BadDataError", "Element 0 has a type other than gitleaks_rule_id_pats-token.")),
		{request: list(own), want: tokens("own")},
	}},
	{"reports of 1 MiB, and of a byte more", []step{
		github("[]"+strings.Repeat(" ", 1<<20-2), feedback()),
		github("[]"+strings.Repeat(" ", 1<<20-1), overMebibyte),
		gitlab("[]"+strings.Repeat(" ", 1<<20-1), overMebibyte),
	}},
	{"GitLab's types, and reports without its token", []step{
		{request: newRequest("GET", typesPath, "Authorization: {sharedToken}"), want: shows(`{"types":["gitleaks_rule_id_pats-token"]}`)},
		{request: newRequest("GET", typesPath, "Authorization: Bearer {sharedToken}"), want: shows(`{"types":["gitleaks_rule_id_pats-token"]}`)},
		{request: newRequest("GET", typesPath, own), want: notShared},
		{request: newRequest("GET", typesPath), want: notShared},
		{request: newRequest("POST", deployed.GitLabPath, own, jsonBody).with(toGitLab("{token}")), want: notShared},
		{request: newRequest("OPTIONS", deployed.GitLabPath, "Authorization: {sharedToken}"), want: allows("POST")},
		{request: newRequest("GET", deployed.GitLabPath, "Authorization: {sharedToken}"), want: notThere(deployed.GitLabPath)},
		{request: list(own), want: tokens("own")},
	}},
}

// RunWithoutPartners runs the cases for an API that receives no reports.
func RunWithoutPartners(t *testing.T, target Target) {
	t.Helper()
	run(t, target, []scenario{
		one("GitHub", newRequest("POST", deployed.GitHubPath, jsonBody).with("[]"), notThere(deployed.GitHubPath)),
		one("GitLab", newRequest("POST", deployed.GitLabPath, jsonBody).with("[]"), notThere(deployed.GitLabPath)),
		one("GitLab's types", newRequest("GET", typesPath), notThere(typesPath)),
	})
}
