package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"pats/infra/testkit/deployed"
	"pats/infra/testkit/skip"
	"pats/pkg/pat"
)

// Invoke calls the function with a logical id with an event, and returns its result or its error.
type Invoke func(ctx context.Context, function string, event []byte) ([]byte, error)

// RunEvents calls, through invoke, the function for each file of the folder events/, and logs their number. Of target it uses only
// Store and AdminToken, which must be those of the functions.
func RunEvents(t *testing.T, target Target, folder fs.FS, invoke Invoke) {
	t.Helper()
	sameFiles(t, folder)
	ran, leftOut := 0, 0
	for _, c := range eventCases {
		t.Run(c.file, func(t *testing.T) {
			if c.holder == "adminToken" && target.AdminToken == "" {
				leftOut++
				skip.Test(t, noAdminToken)
			}
			if c.function == leaksOf && !target.Partners.Known() {
				leftOut++
				skip.Test(t, noPartners)
			}
			ran++
			c.run(t, target, folder, invoke)
		})
	}
	t.Logf("%d events sent to the functions, %d skipped", ran, leftOut)
}

// sameFiles checks that each file has a case, and each case a file.
func sameFiles(t *testing.T, folder fs.FS) {
	t.Helper()
	files, err := fs.Glob(folder, "*.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []string
	for _, c := range eventCases {
		cases = append(cases, c.file+".json")
	}
	slices.Sort(cases)
	if diff := cmp.Diff(cases, files); diff != "" {
		t.Fatalf("files (-cases +folder):\n%s", diff)
	}
}

// The functions.
const (
	authorizer    = deployed.AuthorizerFunction
	tokensOf      = deployed.TokensFunction
	usersOf       = deployed.UsersFunction
	oauthOf       = deployed.OAuthFunction
	servicesOf    = deployed.ServiceAccountsFunction
	adminTokensOf = deployed.AdminTokensFunction
	leaksOf       = deployed.LeaksFunction
	pageOf        = deployed.PageFunction
	signInOf      = deployed.SignInFunction
	sessionsOf    = deployed.SessionFunction
	adminsOf      = deployed.AdminSessionFunction
)

// eventCase is a file of events/ with the expected result of its function.
type eventCase struct {
	file, function string
	// holder is the placeholder of the token that replaces YOUR_TOKEN; empty for the caller's own.
	holder string
	first  func(*env)
	want   outcome
}

// outcome checks the result of a function.
type outcome func(e *env, payload []byte, err error)

var eventCases = []eventCase{
	{"authorizer-allow", authorizer, "", nil, lets("user")},
	{"authorizer-allow-bearer", authorizer, "", nil, lets("user")},
	{"authorizer-allow-admin", authorizer, "adminToken", nil, lets("admin")},
	{"authorizer-deny-malformed", authorizer, "", nil, turnsAway(pat.ReasonInvalid)},
	{"authorizer-deny-checksum", authorizer, "", nil, turnsAway(pat.ReasonInvalid)},
	{"authorizer-deny-unknown", authorizer, "", nil, turnsAway(pat.ReasonInvalid)},
	{"authorizer-deny-expired", authorizer, "expired", nil, turnsAway(pat.ReasonExpired)},
	{"authorizer-deny-disabled", authorizer, "disabled", nil, turnsAway(pat.ReasonDisabled)},
	{"authorizer-deny-admin", authorizer, "", nil, turnsAway(pat.ReasonInvalid)},
	{"authorizer-fail-arn", authorizer, "", nil, fails},

	{"list", tokensOf, "", nil, responds(tokens("own"))},
	{"list-head", tokensOf, "", nil, responds(tokens("own"))}, // the body goes no further than API Gateway
	{"list-options", tokensOf, "", nil, responds(allows("GET,HEAD,POST"))},
	{"list-not-modified", tokensOf, "", nil, responds(notModified)},
	{"list-query", tokensOf, "", nil, responds(tokens("own"))},
	{"list-no-claims", tokensOf, "", nil, responds(unknown)},
	{"list-forged-claims", tokensOf, "", nil, responds(unknown)},
	{"list-token-gone", tokensOf, "", nil, responds(unknown)},
	{"list-admin", tokensOf, "adminToken", nil, responds(noUser)},
	{"list-no-scope", tokensOf, "patsWriter", nil, responds(lacks(pat.ScopePatsRead))},
	{"create", tokensOf, "", nil, responds(made)},
	{"create-once", tokensOf, "", nil, responds(made)},
	{"create-key-spent", tokensOf, "", useKey, responds(keySpent("The Idempotency-Key was used for another token."))},
	{"create-base64", tokensOf, "", nil, responds(made)},
	{"create-malformed", tokensOf, "", nil, responds(notJSON)},
	{"create-not-an-object", tokensOf, "", nil, responds(notObject("[]"))},
	{"create-no-expiry", tokensOf, "", nil, responds(missing("expiresAt"))},
	{"create-no-time", tokensOf, "", nil, responds(notTime("soon"))},
	{"create-past", tokensOf, "", nil, responds(rule("The expiry date should be in future."))},
	{"create-control-character", tokensOf, "", nil, responds(rule("PAT description cannot contain control characters."))},
	{"create-duplicate", tokensOf, "", addToken("laptop"), responds(duplicate)},
	{"create-limit", tokensOf, "", fillUp(10), responds(limit)},
	{"create-scoped", tokensOf, "", nil, responds(createdWith(`["pats:read"]`))},
	{"create-no-scopes", tokensOf, "", nil, responds(emptyScopes)},
	{"create-text", tokensOf, "", nil, responds(wrongType("text/plain"))},
	{"revoke", tokensOf, "", addToken("second"), then(responds(done), "own")},
	{"revoke-descendants", tokensOf, "", addToken("second"), then(responds(done), "own")},
	{"revoke-unknown-id", tokensOf, "", nil, then(responds(done), "own")},
	{"revoke-no-number", tokensOf, "", nil, responds(notWhole("abc"))},
	{"revoke-options", tokensOf, "", nil, responds(allows("DELETE"))},
	{"revoke-not-there", tokensOf, "", nil, responds(notThere(listPath + "/1"))},
	{"rotate", tokensOf, "", addToken("second"), responds(renewed(2, "second", "null"))},
	{"token-self-rotate", tokensOf, "", nil, responds(renewed(1, "own", "null"))},
	{"token-self", tokensOf, "", nil, responds(showsToken(1, "own", "null", false))},
	{"token-self-revoke", tokensOf, "", nil, then(responds(done))},
	{"not-there", tokensOf, "", nil, responds(notThere("/api/admin/nope"))},
	{"not-there-method", tokensOf, "", nil, responds(notThere(listPath))},
	{"document", tokensOf, "", nil, responds(document)},
	{"document-not-modified", tokensOf, "", nil, responds(notModified)},

	{"page", pageOf, "", nil, responds(pageUnder("/prod/"))},
	{"page-post", pageOf, "", nil, responds(pageRefusal)},
	{"page-asset", pageOf, "", nil, responds(oldAsset("text/javascript; charset=utf-8"))},
	{"page-asset-not-there", pageOf, "", nil, responds(noAsset)},

	{"sign-in-login", signInOf, "", nil, responds(noSignInPage)},
	{"sign-in-callback", signInOf, "", nil, responds(noSignInPage)},
	{"session", sessionsOf, "", nil, responds(nobody)},
	{"session-enter", sessionsOf, "", nil, responds(noSession)},
	{"session-sign-out", sessionsOf, "", nil, responds(noSession)},
	{"session-login-request", sessionsOf, "", nil, responds(noSession)},
	{"session-login-approve", sessionsOf, "", nil, responds(noSession)},
	{"session-login-token", sessionsOf, "", nil, responds(noSession)},
	{"session-tokens", sessionsOf, "", nil, responds(noSession)},
	{"session-token-create", sessionsOf, "", nil, responds(noSession)},
	{"session-token-revoke", sessionsOf, "", nil, responds(noSession)},
	{"session-token-rotate", sessionsOf, "", nil, responds(noSession)},
	{"session-not-there", sessionsOf, "", nil, responds(noSession)},
	{"admin-session-self", adminsOf, "", nil, responds(noSession)},
	{"admin-session-users", adminsOf, "", nil, responds(noSession)},
	{"admin-session-search", adminsOf, "", nil, responds(noSession)},
	{"admin-session-count", adminsOf, "", nil, responds(noSession)},
	{"admin-session-delete", adminsOf, "", nil, responds(noSession)},
	{"admin-session-all-tokens", adminsOf, "", nil, responds(noSession)},
	{"admin-session-user-tokens", adminsOf, "", nil, responds(noSession)},
	{"admin-session-user-token", adminsOf, "", nil, responds(noSession)},

	{"self", usersOf, "admin", nil, responds(adminSelf)},
	{"self-viewer", usersOf, "viewer", nil, responds(viewerSelf)},
	{"self-admin", usersOf, "adminToken", nil, responds(adminTokenSelf)},
	{"self-options", usersOf, "admin", nil, responds(allows("GET,HEAD"))},
	{"self-token-gone", usersOf, "admin", nil, responds(unknown)},
	{"users-list", usersOf, "admin", nil, responds(everybody(1000))},
	{"users-list-page", usersOf, "admin", comeLater, responds(viewerPage)},
	{"users-list-limit", usersOf, "admin", nil, responds(notInRange("limit", "1 to 1000", "0"))},
	{"users-list-viewer", usersOf, "viewer", nil, responds(needAdmin)},
	{"users-list-no-scope", usersOf, "usersWriter", nil, responds(lacks(pat.ScopeUsersRead))},
	{"users-search", usersOf, "admin", nil, responds(shows("[" + found("{viewerID}", viewerNames) + "]"))},
	{"users-search-viewer", usersOf, "viewer", nil, responds(needAdmin)},
	{"admin-count", usersOf, "admin", nil, responds(adminCount)},
	{"admin-count-viewer", usersOf, "viewer", nil, responds(needAdmin)},
	{"users-create", usersOf, "admin", nil, responds(createdUser)},
	{"users-create-taken", usersOf, "admin", takeName, responds(userTaken)},
	{"users-create-no-role", usersOf, "admin", nil, responds(missing("rootRole"))},
	{"users-create-bad-role", usersOf, "admin", nil, responds(rule("Could not find rootRole=99"))},
	{"users-create-bad-email", usersOf, "admin", nil, responds(notEmail("nobody"))},
	{"users-create-extra", usersOf, "admin", nil, responds(additional("admin"))},
	{"users-create-text", usersOf, "admin", nil, responds(wrongType("text/plain"))},
	{"users-create-viewer", usersOf, "viewer", nil, responds(needAdmin)},
	{"users-read", usersOf, "admin", nil, responds(viewer)},
	{"users-read-no-number", usersOf, "admin", nil, responds(notWhole("abc"))},
	{"users-read-not-there", usersOf, "admin", nil, responds(noSuchUser)},
	{"users-read-viewer", usersOf, "viewer", nil, responds(needAdmin)},
	{"users-update", usersOf, "admin", nil, responds(renamed)},
	{"users-update-refused", usersOf, "admin", nil, responds(rule("Could not find rootRole=4"))},
	{"users-update-not-there", usersOf, "admin", nil, responds(noSuchUser)},
	{"users-update-viewer", usersOf, "viewer", nil, responds(needAdmin)},
	{"users-delete", usersOf, "admin", nil, removes(responds(done))},
	{"users-delete-not-there", usersOf, "admin", nil, responds(noSuchUser)},
	{"users-delete-viewer", usersOf, "viewer", nil, responds(needAdmin)},
	{"users-patch", usersOf, "admin", nil, responds(notThere(usersPath + "/abc"))},

	{"service-accounts-list", servicesOf, "admin", nil, responds(servicePage)},
	{"service-accounts-list-viewer", servicesOf, "viewer", nil, responds(needAdmin)},
	{"service-accounts-create", servicesOf, "admin", nil, responds(createdService)},
	{"service-accounts-create-taken", servicesOf, "admin", takeName, responds(serviceNamed)},
	{"service-accounts-create-no-name", servicesOf, "admin", nil, responds(missing("name"))},
	{"service-accounts-create-no-scope", servicesOf, "usersReader", nil, responds(lacks(pat.ScopeUsersWrite))},
	{"service-accounts-update", servicesOf, "admin", nil, responds(disabledService)},
	{"service-accounts-update-person", servicesOf, "admin", nil, responds(notAService)},
	{"service-accounts-delete", servicesOf, "admin", nil, responds(done)},
	{"service-tokens-list", servicesOf, "admin", nil, responds(unusedServiceTokens)},
	{"service-tokens-create", servicesOf, "admin", nil, responds(createdServiceToken(byAdminsToken))},
	{"service-tokens-create-admin", servicesOf, "adminToken", nil, responds(createdServiceToken())},
	{"service-tokens-create-no-bounds", servicesOf, "usersWriter", nil, responds(strongerService)},
	{"service-tokens-rotate", servicesOf, "admin", nil, responds(rotatedServiceToken)},
	{"service-tokens-revoke", servicesOf, "admin", nil, responds(done)},

	{"introspect", oauthOf, "admin", nil, responds(active("{adminID}", "{adminName}", "", "Admin", 1))},
	{"introspect-client-secret", oauthOf, "admin", nil, responds(active("{adminID}", "{adminName}", "", "Admin", 1))},
	{"introspect-inactive", oauthOf, "admin", nil, responds(inactive)},
	{"introspect-no-caller", oauthOf, "", nil, responds(oauthError(http.StatusUnauthorized, "invalid_client"))},
	{"introspect-no-scope", oauthOf, "viewer", nil, responds(oauthError(http.StatusForbidden, "insufficient_scope"))},
	{"introspect-two-credentials", oauthOf, "admin", nil, responds(oauthError(http.StatusBadRequest, "invalid_request"))},
	{"introspect-repeated", oauthOf, "admin", nil, responds(oauthError(http.StatusBadRequest, "invalid_request"))},
	{"introspect-json", oauthOf, "admin", nil, responds(oauthError(http.StatusBadRequest, "invalid_request"))},
	{"introspect-method", oauthOf, "admin", nil, responds(oauthError(http.StatusMethodNotAllowed, "invalid_request").having("Allow", "POST"))},
	{"introspect-options", oauthOf, "", nil, responds(allows("POST"))},
	{"oauth-revoke", oauthOf, "", addToken("second"), then(responds(done), "second")},
	{"oauth-revoke-unknown", oauthOf, "", addToken("second"), then(responds(done), "own", "second")},
	{"oauth-revoke-no-token", oauthOf, "", nil, responds(oauthError(http.StatusBadRequest, "invalid_request"))},
	{"oauth-grant", oauthOf, "", nil, responds(oauthError(http.StatusBadRequest, "unsupported_grant_type"))},
	{"oauth-metadata", oauthOf, "", nil, responds(metadata("https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/prod"))},
	{"all-tokens", adminTokensOf, "admin", nil, responds(viewerTokens)},
	{"all-tokens-empty", adminTokensOf, "admin", comeLater, responds(emptyPage)},
	{"all-tokens-unknown-filter", adminTokensOf, "admin", nil, responds(unknownQuery("unusedsince"))},
	{"all-tokens-no-time", adminTokensOf, "admin", nil, responds(notQueryTime("unusedSince", "90d"))},
	{"all-tokens-viewer", adminTokensOf, "viewer", nil, responds(needAdmin)},
	{"all-tokens-no-scope", adminTokensOf, "usersWriter", nil, responds(lacks(pat.ScopeUsersRead))},
	{"user-tokens-revoke", adminTokensOf, "admin", nil, responds(revokedTokens("1"))},
	{"user-tokens-revoke-none", adminTokensOf, "admin", nil, responds(revokedTokens(""))},
	{"user-tokens-revoke-viewer", adminTokensOf, "viewer", nil, responds(needAdmin)},
	{"user-token-revoke", adminTokensOf, "admin", nil, responds(revokedTokens("1"))},
	{"user-token-revoke-not-there", adminTokensOf, "admin", nil, responds(noUserToken(7))},
	{"user-token-revoke-no-scope", adminTokensOf, "usersReader", nil, responds(lacks(pat.ScopeUsersWrite))},
	{"leaks-github", leaksOf, "", nil, then(responds(feedback(real)))},
	{"leaks-github-forged", leaksOf, "", nil, then(responds(unsigned), "own")},
	{"leaks-github-malformed", leaksOf, "", nil, then(responds(noArray), "own")},
	{"leaks-gitlab", leaksOf, "", nil, then(responds(accepted))},
	{"leaks-gitlab-no-token", leaksOf, "", nil, then(responds(unshared), "own")},
	{"leaks-gitlab-types", leaksOf, "", nil, responds(shows(`{"types":["gitleaks_rule_id_pats-token"]}`))},
}

// useKey creates another token with the idempotency key of the event.
func useKey(e *env) {
	presented, err := pat.ParseSecret(e.value("token"))
	e.must(err)
	key, err := pat.NewIdempotencyKey(presented, strings.TrimPrefix(onceOnly, "Idempotency-Key: "))
	e.must(err)
	who := pat.Identity{User: e.callerID(), Selector: presented.Selector()}
	_, _, err = e.service(0).CreateTokenOnce(e.t.Context(), who, pat.Draft{Description: "other", Scopes: pat.Unscoped(), ExpiresAt: e.inAnHour()}, key)
	e.must(err)
}

// renamed is the Viewer with another name.
var renamed = shows(person("{viewerID}", `"name":"Nina B","username":"{viewerName}"`, `,"rootRole":3`))

// unknown is a 401 of a function, before API Gateway renames its header.
var unknown = denied(pat.ReasonInvalid)

func (c eventCase) run(t *testing.T, target Target, folder fs.FS, invoke Invoke) {
	t.Helper()
	e := newEnv(t, target)
	raw, err := fs.ReadFile(folder, c.file+".json")
	e.must(err)
	if c.first != nil {
		c.first(e)
	}
	payload, err := invoke(t.Context(), c.function, []byte(e.event(string(raw), or(c.holder, "token"))))
	c.want(e, payload, err)
	if t.Failed() {
		t.Logf("got %s, error %v", secret.ReplaceAllString(string(payload), "${1}…"), err)
	}
}

// Placeholders in the files for a token and for the claims of its holder: user 1 with a selector of zeros, and the admin API
// token under no key.
const (
	tokenInFiles       = "YOUR_TOKEN"
	selectorInFiles    = "AAAAAAAAAAEAAAAAAAAAAA"
	userInFiles        = `"userId": "1"`
	clientInFiles      = "client_id=1&"
	fingerprintInFiles = `"fingerprint": "0000000000000000"`
	signatureInFiles   = "YOUR_SIGNATURE"
	sharedInFiles      = "YOUR_SHARED_TOKEN"
)

// event returns the file with a token of this environment and the claims of its holder.
func (e *env) event(file, holder string) string {
	if strings.Contains(file, usersPath) || strings.Contains(file, allTokensPath) {
		file = e.aboutViewer(file)
	}
	if strings.Contains(file, servicesPath) {
		file = e.aboutService(file)
	}
	file = strings.ReplaceAll(file, tokenInFiles, e.value(holder))
	if strings.Contains(file, deployed.GitHubPath) || strings.Contains(file, deployed.GitLabPath) {
		return e.proved(file)
	}
	if holder == "adminToken" {
		return strings.Replace(file, fingerprintInFiles, `"fingerprint": "`+e.fingerprint()+`"`, 1)
	}
	selector := selectorOf(e, e.value(holder))
	file = strings.ReplaceAll(file, clientInFiles, fmt.Sprintf("client_id=%d&", selector.UserID()))
	if !strings.Contains(file, selectorInFiles) {
		return file
	}
	file = strings.Replace(file, userInFiles, fmt.Sprintf(`"userId": "%d"`, selector.UserID()), 1)
	return strings.ReplaceAll(file, selectorInFiles, string(selector))
}

// proved returns the file of a report with the credentials of its partner: GitHub's signature of the body, or GitLab's token.
func (e *env) proved(file string) string {
	var event events.APIGatewayProxyRequest
	e.must(json.Unmarshal([]byte(file), &event))
	signature, err := e.target.Partners.Sign(event.Body)
	e.must(err)
	return strings.NewReplacer(signatureInFiles, signature, sharedInFiles, e.target.Partners.Token()).Replace(file)
}

// aboutViewer returns a file of the user routes with the Viewer in place of user 2, and an unused name in place of the one in it.
func (e *env) aboutViewer(file string) string {
	return strings.NewReplacer(
		usersPath+`/2"`, usersPath+"/"+e.value("viewerID")+`"`,
		usersPath+"/2/", usersPath+"/"+e.value("viewerID")+"/",
		`"user": "2"`, `"user": "`+e.value("viewerID")+`"`,
		"\"user\": [\n      \"2\"", "\"user\": [\n      \""+e.value("viewerID")+`"`,
		`"id": "2"`, `"id": "`+e.value("viewerID")+`"`,
		`"after": "1"`, `"after": "`+e.value("beforeViewer")+`"`,
		"\"after\": [\n      \"1\"", "\"after\": [\n      \""+e.value("beforeViewer")+`"`,
		"nina", e.value("name"),
		`"vera"`, `"`+e.value("viewerStart")+`"`, // other tests have a Viewer of the same name
	).Replace(file)
}

// aboutService replaces what stands in the files for user 3, a service account, for user 2, and for an unused name.
func (e *env) aboutService(file string) string {
	if strings.Contains(file, servicesPath+"/2") {
		return e.aboutViewer(strings.ReplaceAll(file, servicesPath+"/2", servicesPath+"/"+e.value("viewerID")))
	}
	return strings.NewReplacer(
		servicesPath+"/3", servicesPath+"/"+e.value("serviceID"),
		`"id": "3"`, `"id": "`+e.value("serviceID")+`"`,
		`"after": "2"`, `"after": "`+e.value("beforeService")+`"`,
		"\"after\": [\n      \"2\"", "\"after\": [\n      \""+e.value("beforeService")+`"`,
		"nina", e.value("name"),
	).Replace(file)
}

// fingerprint returns the fingerprint of the key of the admin API token.
func (e *env) fingerprint() string {
	sum := sha256.Sum256([]byte(e.target.AdminToken))
	key, err := pat.ParseAdminKey(hex.EncodeToString(sum[:]))
	e.must(err)
	return key.Principal().Claims()["fingerprint"]
}

// addToken adds a second token of the caller.
func addToken(description string) func(*env) {
	return func(e *env) {
		e.value("token")
		e.newToken(e.callerID(), description, e.inAnHour(), 0)
	}
}

// comeLater creates a user after the Viewer.
func comeLater(e *env) {
	e.value("viewer")
	e.newUser()
}

// takeName creates a user with the name in the file.
func takeName(e *env) { e.addUser(pat.Profile{Username: e.value("name"), Role: pat.Viewer}) }

// responds expects a proxy response.
func responds(want expected) outcome {
	return func(e *env, payload []byte, err error) {
		e.t.Helper()
		e.must(err)
		var proxy events.APIGatewayProxyResponse
		e.must(strict(string(payload), &proxy))
		header := http.Header{}
		for name, values := range proxy.MultiValueHeaders {
			header[http.CanonicalHeaderKey(name)] = values
		}
		got := response{proxy.StatusCode, header, proxy.Body}
		e.learn(got)
		want.in(e).check(e.t, got)
	}
}

// then expects first, and that the caller is left with tokens with these descriptions.
func then(first outcome, left ...string) outcome {
	return func(e *env, payload []byte, err error) {
		e.t.Helper()
		first(e, payload, err)
		list, err := e.service(0).UserTokens(e.t.Context(), e.callerID())
		e.must(err)
		var got []string
		for _, token := range list {
			got = append(got, token.Description)
		}
		if diff := cmp.Diff(left, got); diff != "" {
			e.t.Errorf("tokens left (-want +got):\n%s", diff)
		}
	}
}

// removes expects first, and that the Viewer does not exist.
func removes(first outcome) outcome {
	return func(e *env, payload []byte, err error) {
		e.t.Helper()
		first(e, payload, err)
		if got := e.service(0).DeleteUser(e.t.Context(), selectorOf(e, e.value("viewer")).UserID()); pat.KindOf(got) != pat.KindNotFound {
			e.t.Errorf("the user: got error %v, want that there is none", got)
		}
	}
}

// stage is the stage in the method ARN of every file.
const stage = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/*"

// lets expects a policy that allows a holder of this kind the stage.
func lets(kind string) outcome {
	return func(e *env, payload []byte, err error) {
		e.t.Helper()
		e.must(err)
		wantPolicy(e, payload, "Allow", map[string]any{"kind": kind})
	}
}

// turnsAway expects a policy that denies the stage, with the reason.
func turnsAway(reason pat.Reason) outcome {
	return func(e *env, payload []byte, err error) {
		e.t.Helper()
		e.must(err)
		wantPolicy(e, payload, "Deny", map[string]any{"reason": string(reason)})
	}
}

func wantPolicy(e *env, payload []byte, effect string, context map[string]any) {
	e.t.Helper()
	var got events.APIGatewayCustomAuthorizerResponse
	e.must(json.Unmarshal(payload, &got))
	for name, want := range context {
		if got.Context[name] != want {
			e.t.Errorf("context: got %s %v, want %v", name, got.Context[name], want)
		}
	}
	statement := []events.IAMPolicyStatement{{Action: []string{"execute-api:Invoke"}, Effect: effect, Resource: []string{stage}}}
	if diff := cmp.Diff(statement, got.PolicyDocument.Statement); diff != "" {
		e.t.Errorf("policy (-want +got):\n%s", diff)
	}
}

// fails expects an error of the authorizer, which API Gateway turns into a 503. "Unauthorized" would be a 401.
func fails(e *env, payload []byte, err error) {
	e.t.Helper()
	if err == nil || strings.Contains(err.Error(), "Unauthorized") {
		e.t.Errorf("got %s and error %v, want an error that says nothing", payload, err)
	}
}
