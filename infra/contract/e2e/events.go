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

// Invoke calls a function, by its logical id, with an event, and gives what it returned or its error.
type Invoke func(ctx context.Context, function string, event []byte) ([]byte, error)

// RunEvents gives every file of the folder events/ to the function it is for, through invoke, and logs how many there were.
// Of target only Store and AdminToken count: they are the functions'.
func RunEvents(t *testing.T, target Target, folder fs.FS, invoke Invoke) {
	t.Helper()
	sameFiles(t, folder)
	ran, leftOut := 0, 0
	for _, c := range eventCases {
		t.Run(c.file, func(t *testing.T) {
			if c.holder == "admin" && target.AdminToken == "" {
				leftOut++
				skip.Test(t, noAdminToken)
			}
			ran++
			c.run(t, target, folder, invoke)
		})
	}
	t.Logf("%d events given to the functions, %d left out", ran, leftOut)
}

// sameFiles checks that there is a case for each file, and a file for each case.
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
	authorizer = deployed.AuthorizerFunction
	tokensOf   = deployed.TokensFunction
	usersOf    = deployed.UsersFunction
)

// eventCase is a file of events/ and what its function makes of it.
type eventCase struct {
	file, function string
	// holder names, as a placeholder does, the token that YOUR_TOKEN stands for; the caller's own if it is empty.
	holder string
	first  func(*world)
	want   outcome
}

// outcome checks what a function returned.
type outcome func(w *world, payload []byte, err error)

var eventCases = []eventCase{
	{"authorizer-allow", authorizer, "", nil, lets("user")},
	{"authorizer-allow-bearer", authorizer, "", nil, lets("user")},
	{"authorizer-allow-admin", authorizer, "admin", nil, lets("admin")},
	{"authorizer-deny-malformed", authorizer, "", nil, turnsAway(pat.ReasonInvalid)},
	{"authorizer-deny-checksum", authorizer, "", nil, turnsAway(pat.ReasonInvalid)},
	{"authorizer-deny-unknown", authorizer, "", nil, turnsAway(pat.ReasonInvalid)},
	{"authorizer-deny-expired", authorizer, "expired", nil, turnsAway(pat.ReasonExpired)},
	{"authorizer-deny-disabled", authorizer, "disabled", nil, turnsAway(pat.ReasonDisabled)},
	{"authorizer-deny-admin", authorizer, "", nil, turnsAway(pat.ReasonInvalid)},
	{"authorizer-fail-arn", authorizer, "", nil, fails},

	{"list", tokensOf, "", nil, replies(tokens("own"))},
	{"list-head", tokensOf, "", nil, replies(tokens("own"))}, // the body goes no further than API Gateway
	{"list-options", tokensOf, "", nil, replies(allows("GET,HEAD,POST"))},
	{"list-not-modified", tokensOf, "", nil, replies(notModified)},
	{"list-query", tokensOf, "", nil, replies(tokens("own"))},
	{"list-no-claims", tokensOf, "", nil, replies(unknown)},
	{"list-forged-claims", tokensOf, "", nil, replies(unknown)},
	{"list-token-gone", tokensOf, "", nil, replies(unknown)},
	{"list-admin", tokensOf, "admin", nil, replies(noUser)},
	{"create", tokensOf, "", nil, replies(made)},
	{"create-once", tokensOf, "", nil, replies(made)},
	{"create-key-spent", tokensOf, "", useKey, replies(keySpent("The Idempotency-Key was used for another token."))},
	{"create-base64", tokensOf, "", nil, replies(made)},
	{"create-malformed", tokensOf, "", nil, replies(notJSON)},
	{"create-not-an-object", tokensOf, "", nil, replies(notObject("[]"))},
	{"create-no-expiry", tokensOf, "", nil, replies(missing("expiresAt"))},
	{"create-no-time", tokensOf, "", nil, replies(notTime("soon"))},
	{"create-past", tokensOf, "", nil, replies(rule("The expiry date should be in future."))},
	{"create-control-character", tokensOf, "", nil, replies(rule("PAT description cannot contain control characters."))},
	{"create-duplicate", tokensOf, "", addToken("laptop"), replies(duplicate)},
	{"create-limit", tokensOf, "", fillUp(10), replies(limit)},
	{"create-text", tokensOf, "", nil, replies(wrongType("text/plain"))},
	{"revoke", tokensOf, "", addToken("second"), then(replies(done), "own")},
	{"revoke-unknown-id", tokensOf, "", nil, then(replies(done), "own")},
	{"revoke-no-number", tokensOf, "", nil, replies(notWhole("abc"))},
	{"revoke-options", tokensOf, "", nil, replies(allows("DELETE"))},
	{"revoke-not-there", tokensOf, "", nil, replies(notThere(listPath + "/1"))},
	{"not-there", tokensOf, "", nil, replies(notThere("/api/admin/nope"))},
	{"not-there-root", tokensOf, "", nil, replies(notThere("/"))},
	{"not-there-method", tokensOf, "", nil, replies(notThere(listPath))},
	{"document", tokensOf, "", nil, replies(document)},
	{"document-not-modified", tokensOf, "", nil, replies(notModified)},

	{"self", usersOf, "boss", nil, replies(bossSelf)},
	{"self-viewer", usersOf, "viewer", nil, replies(viewerSelf)},
	{"self-admin", usersOf, "admin", nil, replies(adminSelf)},
	{"self-options", usersOf, "boss", nil, replies(allows("GET,HEAD"))},
	{"self-token-gone", usersOf, "boss", nil, replies(unknown)},
	{"users-list", usersOf, "boss", nil, replies(everybody(1000))},
	{"users-list-page", usersOf, "boss", comeLater, replies(viewerPage)},
	{"users-list-limit", usersOf, "boss", nil, replies(notInRange("limit", "1 to 1000", "0"))},
	{"users-list-viewer", usersOf, "viewer", nil, replies(needAdmin)},
	{"users-search", usersOf, "boss", nil, replies(shows("[" + found("{viewerID}", viewerNames) + "]"))},
	{"users-search-viewer", usersOf, "viewer", nil, replies(needAdmin)},
	{"admin-count", usersOf, "boss", nil, replies(adminCount)},
	{"admin-count-viewer", usersOf, "viewer", nil, replies(needAdmin)},
	{"users-create", usersOf, "boss", nil, replies(hired)},
	{"users-create-taken", usersOf, "boss", takeName, replies(userTaken)},
	{"users-create-no-role", usersOf, "boss", nil, replies(missing("rootRole"))},
	{"users-create-bad-role", usersOf, "boss", nil, replies(rule("Could not find rootRole=99"))},
	{"users-create-bad-email", usersOf, "boss", nil, replies(notEmail("nobody"))},
	{"users-create-extra", usersOf, "boss", nil, replies(additional("admin"))},
	{"users-create-text", usersOf, "boss", nil, replies(wrongType("text/plain"))},
	{"users-create-viewer", usersOf, "viewer", nil, replies(needAdmin)},
	{"users-read", usersOf, "boss", nil, replies(viewer)},
	{"users-read-no-number", usersOf, "boss", nil, replies(notWhole("abc"))},
	{"users-read-not-there", usersOf, "boss", nil, replies(noSuchUser)},
	{"users-read-viewer", usersOf, "viewer", nil, replies(needAdmin)},
	{"users-update", usersOf, "boss", nil, replies(renamed)},
	{"users-update-refused", usersOf, "boss", nil, replies(rule("Could not find rootRole=4"))},
	{"users-update-not-there", usersOf, "boss", nil, replies(noSuchUser)},
	{"users-update-viewer", usersOf, "viewer", nil, replies(needAdmin)},
	{"users-delete", usersOf, "boss", nil, removes(replies(done))},
	{"users-delete-not-there", usersOf, "boss", nil, replies(noSuchUser)},
	{"users-delete-viewer", usersOf, "viewer", nil, replies(needAdmin)},
	{"users-patch", usersOf, "boss", nil, replies(notThere(usersPath + "/abc"))},
}

// useKey makes another token with the idempotency key of the event.
func useKey(w *world) {
	presented, err := pat.ParseSecret(w.value("token"))
	w.must(err)
	key, err := pat.NewIdempotencyKey(presented, strings.TrimPrefix(onceOnly, "Idempotency-Key: "))
	w.must(err)
	who := pat.Identity{User: w.callerID(), Selector: presented.Selector()}
	_, _, err = w.service(0).CreateTokenOnce(w.t.Context(), who, pat.Draft{Description: "other", ExpiresAt: w.inAnHour()}, key)
	w.must(err)
}

// renamed is the Viewer with another name.
var renamed = shows(person("{viewerID}", `"name":"Newton","username":"{viewerName}"`, `,"rootRole":3`))

// unknown is a function's 401, as it is before API Gateway renames its header.
var unknown = denied(pat.ReasonInvalid)

func (c eventCase) run(t *testing.T, target Target, folder fs.FS, invoke Invoke) {
	t.Helper()
	w := &world{t: t, target: target, values: map[string]string{"admin": target.AdminToken}}
	raw, err := fs.ReadFile(folder, c.file+".json")
	w.must(err)
	if c.first != nil {
		c.first(w)
	}
	payload, err := invoke(t.Context(), c.function, []byte(w.event(string(raw), or(c.holder, "token"))))
	c.want(w, payload, err)
	if t.Failed() {
		t.Logf("got %s, error %v", secret.ReplaceAllString(string(payload), "${1}…"), err)
	}
}

// What the files have in the place of a token, and of the claims of the token's holder: user 1 with a selector of zeros, and
// the admin API token under no key.
const (
	tokenInFiles       = "YOUR_TOKEN"
	selectorInFiles    = "AAAAAAAAAAEAAAAAAAAAAA"
	userInFiles        = `"userId": "1"`
	fingerprintInFiles = `"fingerprint": "0000000000000000"`
)

// event is a file with a token of this world and its holder's claims.
func (w *world) event(file, holder string) string {
	if strings.Contains(file, usersPath) {
		file = w.aboutViewer(file)
	}
	file = strings.ReplaceAll(file, tokenInFiles, w.value(holder))
	if holder == "admin" {
		return strings.Replace(file, fingerprintInFiles, `"fingerprint": "`+w.fingerprint()+`"`, 1)
	}
	if !strings.Contains(file, selectorInFiles) {
		return file
	}
	selector := selectorOf(w, w.value(holder))
	file = strings.Replace(file, userInFiles, fmt.Sprintf(`"userId": "%d"`, selector.UserID()), 1)
	return strings.ReplaceAll(file, selectorInFiles, string(selector))
}

// aboutViewer is a file of the user routes with the Viewer for user 2, and a name that nobody has for the one in it.
func (w *world) aboutViewer(file string) string {
	return strings.NewReplacer(
		usersPath+`/2"`, usersPath+"/"+w.value("viewerID")+`"`,
		`"id": "2"`, `"id": "`+w.value("viewerID")+`"`,
		`"after": "1"`, `"after": "`+w.value("beforeViewer")+`"`,
		"newt", w.value("name"),
	).Replace(file)
}

// fingerprint is that of the admin API token's key.
func (w *world) fingerprint() string {
	sum := sha256.Sum256([]byte(w.target.AdminToken))
	key, err := pat.ParseAdminKey(hex.EncodeToString(sum[:]))
	w.must(err)
	return key.Principal().Claims()["fingerprint"]
}

// addToken gives the caller a second token.
func addToken(description string) func(*world) {
	return func(w *world) {
		w.value("token")
		w.newToken(w.callerID(), description, w.inAnHour(), 0)
	}
}

// comeLater makes a user after the Viewer.
func comeLater(w *world) {
	w.value("viewer")
	w.newUser()
}

// takeName gives the name in the file to somebody.
func takeName(w *world) { w.addUser(pat.Profile{Username: w.value("name"), Role: pat.Viewer}) }

// replies is a proxy answer.
func replies(want answer) outcome {
	return func(w *world, payload []byte, err error) {
		w.t.Helper()
		w.must(err)
		var got events.APIGatewayProxyResponse
		w.must(strict(string(payload), &got))
		header := http.Header{}
		for name, values := range got.MultiValueHeaders {
			header[http.CanonicalHeaderKey(name)] = values
		}
		answered := reply{got.StatusCode, header, got.Body}
		w.learn(answered)
		want.in(w).check(w.t, answered)
	}
}

// then is an outcome after which the caller has tokens with these descriptions.
func then(first outcome, left ...string) outcome {
	return func(w *world, payload []byte, err error) {
		w.t.Helper()
		first(w, payload, err)
		list, err := w.service(0).UserTokens(w.t.Context(), w.callerID())
		w.must(err)
		var got []string
		for _, token := range list {
			got = append(got, token.Description)
		}
		if diff := cmp.Diff(left, got); diff != "" {
			w.t.Errorf("tokens left (-want +got):\n%s", diff)
		}
	}
}

// removes is an outcome after which the Viewer is no more.
func removes(first outcome) outcome {
	return func(w *world, payload []byte, err error) {
		w.t.Helper()
		first(w, payload, err)
		if got := w.service(0).DeleteUser(w.t.Context(), selectorOf(w, w.value("viewer")).UserID()); pat.KindOf(got) != pat.KindNotFound {
			w.t.Errorf("the user: got error %v, want that there is none", got)
		}
	}
}

// stage is the one in the method ARN of every file.
const stage = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/*"

// lets is a policy that allows the stage to a holder of this kind.
func lets(kind string) outcome {
	return func(w *world, payload []byte, err error) {
		w.t.Helper()
		w.must(err)
		wantPolicy(w, payload, "Allow", map[string]any{"kind": kind})
	}
}

// turnsAway is a policy that denies the stage, with the reason.
func turnsAway(reason pat.Reason) outcome {
	return func(w *world, payload []byte, err error) {
		w.t.Helper()
		w.must(err)
		wantPolicy(w, payload, "Deny", map[string]any{"reason": string(reason)})
	}
}

func wantPolicy(w *world, payload []byte, effect string, context map[string]any) {
	w.t.Helper()
	var got events.APIGatewayCustomAuthorizerResponse
	w.must(json.Unmarshal(payload, &got))
	for name, want := range context {
		if got.Context[name] != want {
			w.t.Errorf("context: got %s %v, want %v", name, got.Context[name], want)
		}
	}
	statement := []events.IAMPolicyStatement{{Action: []string{"execute-api:Invoke"}, Effect: effect, Resource: []string{stage}}}
	if diff := cmp.Diff(statement, got.PolicyDocument.Statement); diff != "" {
		w.t.Errorf("policy (-want +got):\n%s", diff)
	}
}

// fails is an error of the authorizer's, which API Gateway turns into a 503. "Unauthorized" would be a 401.
func fails(w *world, payload []byte, err error) {
	w.t.Helper()
	if err == nil || strings.Contains(err.Error(), "Unauthorized") {
		w.t.Errorf("got %s and error %v, want an error that says nothing", payload, err)
	}
}
