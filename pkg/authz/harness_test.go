package authz_test

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"pats/pkg/authz"
	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

const (
	stage     = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/prod"
	methodARN = stage + "/GET/api/admin/user/tokens"
)

// fixture is an authorizer on a fresh store with one holder of a token, and an admin API token.
type fixture struct {
	authorizer *authz.Authorizer
	store      *pattest.Faulty
	service    *pat.Service
	clock      *pattest.Clock
	env        pat.Env
	log        *bytes.Buffer
	holder     pattest.Holder
	admin      pat.AdminSecret
	key        pat.AdminKey
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	bolt, err := boltstore.Open(filepath.Join(t.TempDir(), "pats.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bolt.Close() })
	f := &fixture{store: pattest.NewFaulty(bolt), clock: pattest.NewClock(), log: &bytes.Buffer{}}
	f.env = pattest.Env(f.clock)
	f.service = pat.NewService(f.store, pat.Settings{Retention: pat.DefaultRetention}, f.env)
	f.holder = pattest.NewHolder(t, f.store, f.service, pattest.Profile("vera", pat.Viewer))
	f.admin, f.key = newAdmin(t)
	f.authorizer = authz.New(f.service, f.key, slog.New(slog.NewJSONHandler(f.log, nil)))
	f.store.Forget()
	return f
}

// accepting returns a service on the fixture's store that accepts imported tokens.
func (f *fixture) accepting() *pat.Service {
	return pat.NewService(f.store, pat.Settings{AcceptImported: true}, pattest.Env(f.clock))
}

func newAdmin(t testing.TB) (pat.AdminSecret, pat.AdminKey) {
	t.Helper()
	secret, err := pat.NewAdminSecret(pattest.NewRandom())
	if err != nil {
		t.Fatal(err)
	}
	key, err := pat.ParseAdminKey(secret.Hash())
	if err != nil {
		t.Fatal(err)
	}
	return secret, key
}

func event(header string) events.APIGatewayCustomAuthorizerRequest {
	return events.APIGatewayCustomAuthorizerRequest{Type: "TOKEN", AuthorizationToken: header, MethodArn: methodARN}
}

func (f *fixture) authorize(t testing.TB, header string) events.APIGatewayCustomAuthorizerResponse {
	t.Helper()
	response, err := f.authorizer.Handle(t.Context(), event(header))
	if err != nil {
		t.Fatalf("Handle: got error %v, want a response", err)
	}
	return response
}

// wantResponse checks the whole response: principal, context, and the one statement, which covers the stage.
func wantResponse(t testing.TB, got events.APIGatewayCustomAuthorizerResponse, effect, principal string, context map[string]any) {
	t.Helper()
	want := events.APIGatewayCustomAuthorizerResponse{
		PrincipalID: principal,
		PolicyDocument: events.APIGatewayCustomAuthorizerPolicy{Version: "2012-10-17", Statement: []events.IAMPolicyStatement{{
			Action: []string{"execute-api:Invoke"}, Effect: effect, Resource: []string{stage + "/*"},
		}}},
		Context: context,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
}

func wantDenied(t testing.TB, got events.APIGatewayCustomAuthorizerResponse, reason pat.Reason) {
	t.Helper()
	wantResponse(t, got, "Deny", "nobody", map[string]any{"reason": string(reason)})
}

// swap returns a letter other than c.
func swap(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

// newToken returns a token of user that was never created.
func newToken(t testing.TB, user pat.UserID) string {
	t.Helper()
	secret, err := pat.NewSecret(bytes.NewReader(make([]byte, 45)), user)
	if err != nil {
		t.Fatal(err)
	}
	return secret.Reveal()
}

func wantReads(t testing.TB, f *fixture, want int) {
	t.Helper()
	if got := f.store.Count(pattest.CallAccount); got != want {
		t.Errorf("reads: got %d, want %d", got, want)
	}
}

// importToken imports user 7 with one token.
func (f *fixture) importToken(t *testing.T, token string) pat.Secret {
	t.Helper()
	secret, err := pat.ParseForeignSecret(token)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.service.ImportUser(t.Context(), pat.Account{
		ID: 7, Profile: pattest.Profile("ida", pat.Viewer), CreatedAt: pattest.Start,
		Tokens: []pat.Token{{
			ID: 20, Description: "imported", Scopes: pat.Unscoped(), Selector: secret.Selector(), Verifier: secret.Verifier(),
			CreatedAt: pattest.Start, ExpiresAt: pattest.Start.Add(pattest.Lifetime),
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.store.Forget()
	return secret
}
