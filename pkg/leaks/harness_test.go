package leaks_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/api/apitypes"
	"pats/pkg/boltstore"
	"pats/pkg/leaks"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// keyID identifies the fixture's key.
const keyID = "bcb5"

// shared is the token that GitLab presents in tests.
const shared = "a shared token that is long enough"

// place is where the tokens of tests leaked.
const place = "https://github.com/octocat/Hello-World/blob/12345600b9cbe38a219f39a9941c9319b600c002/foo/bar.txt"

// fixture is a handler with both partners configured, on a store that fails on demand.
type fixture struct {
	clock    *pattest.Clock
	store    *pattest.Faulty
	service  *pat.Service
	env      pat.Env
	log      *bytes.Buffer
	key      *ecdsa.PrivateKey
	settings leaks.Settings
	handler  *leaks.Handler
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "pats.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	f := &fixture{clock: pattest.NewClock(), store: pattest.NewFaulty(store), log: &bytes.Buffer{}, key: newKey(t)}
	f.env = pattest.Env(f.clock)
	f.env.Log = slog.New(slog.NewJSONHandler(f.log, nil))
	hash := sha256.Sum256([]byte(shared))
	f.settings = leaks.Settings{GitHubKeys: map[string]*ecdsa.PublicKey{keyID: &f.key.PublicKey}, GitLabTokenHash: hash[:]}
	f.with(pat.Settings{Retention: pat.DefaultRetention})
	return f
}

// with makes the handler work with other settings of the domain.
func (f *fixture) with(settings pat.Settings) {
	f.service = pat.NewService(f.store, settings, f.env)
	f.handler = leaks.New(f.service, f.settings, f.env, nil)
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// holder creates a user with one token.
func (f *fixture) holder(t testing.TB, name string) pattest.Holder {
	t.Helper()
	return pattest.NewHolder(t, f.store, f.service, pattest.Profile(name, pat.Viewer))
}

// child creates a token with that of by.
func (f *fixture) child(t testing.TB, by pattest.Holder, description string) pattest.Holder {
	t.Helper()
	token, secret, err := f.service.CreateToken(t.Context(), by.Identity(), pattest.Draft(description))
	if err != nil {
		t.Fatal(err)
	}
	return pattest.Holder{Account: by.Account, Token: token, Secret: secret}
}

// report is an element of a report's body.
type report map[string]any

// reported returns the report of a token as GitHub sends it.
func reported(token string) report {
	return report{"token": token, "type": "pats_token", "url": place, "source": "content"}
}

func reportedAll(holders ...pattest.Holder) []report {
	var all []report
	for _, holder := range holders {
		all = append(all, reported(holder.Secret.Reveal()))
	}
	return all
}

func body(t testing.TB, reports any) string {
	t.Helper()
	text, err := json.Marshal(reports)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// signed returns the event of a report that GitHub signs with key.
func signed(t testing.TB, key *ecdsa.PrivateKey, body string) events.APIGatewayProxyRequest {
	t.Helper()
	digest := sha256.Sum256([]byte(body))
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return event(http.MethodPost, leaks.ResourceGitHub, body, http.Header{
		"Github-Public-Key-Identifier": {keyID},
		"Github-Public-Key-Signature":  {base64.StdEncoding.EncodeToString(signature)},
	})
}

// fromGitLab returns the event of a report of GitLab.
func fromGitLab(body string) events.APIGatewayProxyRequest {
	return event(http.MethodPost, leaks.ResourceGitLab, body, http.Header{"Authorization": {shared}})
}

func event(method, resource, body string, headers http.Header) events.APIGatewayProxyRequest {
	return events.APIGatewayProxyRequest{
		HTTPMethod: method, Resource: resource, Path: resource, Body: body, MultiValueHeaders: headers,
		RequestContext: events.APIGatewayProxyRequestContext{RequestID: "request"},
	}
}

func (f *fixture) handle(t testing.TB, of events.APIGatewayProxyRequest) events.APIGatewayProxyResponse {
	t.Helper()
	return f.handleIn(t.Context(), t, of)
}

func (f *fixture) handleIn(ctx context.Context, t testing.TB, of events.APIGatewayProxyRequest) events.APIGatewayProxyResponse {
	t.Helper()
	got, err := f.handler.Handle(ctx, of)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// wantStatus fails the test unless the response has the status.
func wantStatus(t testing.TB, what string, got events.APIGatewayProxyResponse, want int) {
	t.Helper()
	if got.StatusCode != want {
		t.Fatalf("%s: got status %d with %s, want %d", what, got.StatusCode, got.Body, want)
	}
}

// wantProblem fails the test unless the response is an error in the form of the API.
func wantProblem(t testing.TB, what string, got events.APIGatewayProxyResponse, status int, message string) {
	t.Helper()
	wantStatus(t, what, got, status)
	var e apitypes.Error
	if err := json.Unmarshal([]byte(got.Body), &e); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if !strings.Contains(e.Message, message) || e.ID != "request" || e.Name == "" || len(e.Details) != 1 {
		t.Errorf("%s: got %+v, want message %q", what, e, message)
	}
}

// wantHeader fails the test unless the response has the header.
func wantHeader(t testing.TB, got events.APIGatewayProxyResponse, name, want string) {
	t.Helper()
	if value := http.Header(got.MultiValueHeaders).Get(name); value != want {
		t.Errorf("got %s %q, want %q", name, value, want)
	}
}

// wantLeft fails the test unless the user's tokens are those with ids.
func (f *fixture) wantLeft(t testing.TB, user pat.UserID, ids ...pat.TokenID) {
	t.Helper()
	var got []pat.TokenID
	for _, token := range pattest.Read(t, f.store, user).Tokens {
		got = append(got, token.ID)
	}
	if fmt.Sprint(got) != fmt.Sprint(ids) {
		t.Errorf("user %d has tokens %v, want %v", user, got, ids)
	}
}

// logged returns the attributes of the lines of the log with a message.
func (f *fixture) logged(t testing.TB, message string) []map[string]any {
	t.Helper()
	var lines []map[string]any
	decoder := json.NewDecoder(bytes.NewReader(f.log.Bytes()))
	for decoder.More() {
		var line map[string]any
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		if line["msg"] == message {
			lines = append(lines, line)
		}
	}
	return lines
}
