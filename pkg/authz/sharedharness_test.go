package authz_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/authz"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// sharedScopes are the scopes of other APIs in the tests.
const sharedScopes = "orders:read,orders:write@Editor,orders:delete@Admin"

// sharedFixture is a Shared on the fixture's store. The fixture's holder is a Viewer with an unscoped token.
type sharedFixture struct {
	*fixture
	shared *authz.Shared
}

func newSharedFixture(t testing.TB, settings authz.SharedSettings) *sharedFixture {
	t.Helper()
	f := &sharedFixture{fixture: newFixture(t)}
	f.serve(t, settings, sharedScopes)
	return f
}

// serve replaces the Shared by one with the settings and scopes.
func (f *sharedFixture) serve(t testing.TB, settings authz.SharedSettings, scopes string) {
	t.Helper()
	catalog, err := pat.ParseScopeCatalog(scopes)
	if err != nil {
		t.Fatal(err)
	}
	f.service = pat.NewService(f.store, pat.Settings{Retention: pat.DefaultRetention, Scopes: catalog}, f.env)
	f.shared = authz.NewShared(f.service, settings, slog.New(slog.NewJSONHandler(f.log, nil)))
}

// addToken creates a token of the holder's with scopes.
func (f *sharedFixture) addToken(t testing.TB, description string, scopes ...string) string {
	t.Helper()
	limited, err := pat.NewScopes(scopes)
	if err != nil {
		t.Fatal(err)
	}
	draft := pattest.Draft(description)
	draft.Scopes = limited
	_, secret, err := f.service.CreateUserToken(t.Context(), f.holder.Account.ID, draft)
	if err != nil {
		t.Fatal(err)
	}
	f.store.Forget()
	return secret.Reveal()
}

// setRole changes the holder's role.
func (f *sharedFixture) setRole(t testing.TB, role pat.Role) {
	t.Helper()
	if _, err := f.service.UpdateUser(t.Context(), f.holder.Account.ID, func(profile *pat.Profile) { profile.Role = role }); err != nil {
		t.Fatal(err)
	}
	f.store.Forget()
}

// enabled are the settings of a Shared that accepts tokens in headers alone.
var enabled = authz.SharedSettings{Enabled: true}

// object is an event's JSON.
type object = map[string]any

// sampleFiles are the names of all events in testdata/events.
func sampleFiles(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/events/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("got %d events and error %v, want some", len(paths), err)
	}
	var names []string
	for _, path := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(path), ".json"))
	}
	return names
}

// sampleEvent returns the event in a file of testdata/events, with token in the place of its placeholder.
func sampleEvent(t testing.TB, file, token string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/events/" + file + ".json")
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(token)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(text, []byte("YOUR_TOKEN"), bytes.Trim(quoted, `"`))
}

// sampleObject returns a sampleEvent that can be changed.
func sampleObject(t testing.TB, file, token string) object {
	t.Helper()
	var event object
	if err := json.Unmarshal(sampleEvent(t, file, token), &event); err != nil {
		t.Fatal(err)
	}
	return event
}

// withRoutes returns a sampleEvent of an API with a route map.
func withRoutes(t testing.TB, file, token, routes string) object {
	t.Helper()
	event := sampleObject(t, file, token)
	event["stageVariables"] = object{"patsScopes": routes}
	return event
}

// stageOf returns the stage of an event.
func stageOf(event object) string {
	arn, found := event["methodArn"].(string)
	if !found {
		arn, _ = event["routeArn"].(string)
	}
	return strings.Join(strings.SplitN(arn, "/", 3)[:2], "/")
}

// sharedResponse is a response of Shared, as API Gateway reads it.
type sharedResponse struct {
	PrincipalID    string `json:"principalId"`
	PolicyDocument struct {
		Version   string
		Statement []struct {
			Action   []string
			Effect   string
			Resource []string
		}
	} `json:"policyDocument"`
	IsAuthorized any            `json:"isAuthorized"`
	Context      map[string]any `json:"context"`
}

func (r sharedResponse) effect() string { return r.PolicyDocument.Statement[0].Effect }

func (r sharedResponse) resources() []string { return r.PolicyDocument.Statement[0].Resource }

// invoke returns the response to an event, which must have one with one statement.
func (f *sharedFixture) invoke(t testing.TB, event object) sharedResponse {
	t.Helper()
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := f.shared.Invoke(t.Context(), payload)
	if err != nil {
		t.Fatalf("Invoke: got error %v, want a response", err)
	}
	return parseResponse(t, encoded)
}

func parseResponse(t testing.TB, encoded []byte) sharedResponse {
	t.Helper()
	var response sharedResponse
	if err := json.Unmarshal(encoded, &response); err != nil {
		t.Fatalf("the response %s: %v", encoded, err)
	}
	statements := response.PolicyDocument.Statement
	if len(statements) != 1 || !cmp.Equal(statements[0].Action, []string{"execute-api:Invoke"}) || response.PolicyDocument.Version != "2012-10-17" {
		t.Fatalf("got the policy %+v, want one statement for execute-api:Invoke", response.PolicyDocument)
	}
	return response
}

// wantRefusal wants a response that denies the whole stage in every form that the event's kind has.
func wantRefusal(t testing.TB, event object, got sharedResponse, reason pat.Reason) {
	t.Helper()
	if got.effect() != "Deny" || !cmp.Equal(got.resources(), []string{stageOf(event) + "/*"}) {
		t.Errorf("policy: got %s on %q, want Deny on the stage", got.effect(), got.resources())
	}
	if got.Context["reason"] != string(reason) {
		t.Errorf("reason: got %v, want %q", got.Context["reason"], reason)
	}
	if want := simpleResponse(event, false); got.IsAuthorized != want {
		t.Errorf("isAuthorized: got %v, want %v", got.IsAuthorized, want)
	}
}

// simpleResponse returns the value of isAuthorized in the response to an event, which is nil unless its format has simple responses.
func simpleResponse(event object, allowed bool) any {
	if event["routeArn"] == nil {
		return nil
	}
	return allowed
}
