package faults_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pats/infra/stress/faults"
	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/must"
	"pats/pkg/dynamostore"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// presentedToken is a token, and the status for its holder of a path without a route: 404 if the authorizer accepts the token.
type presentedToken struct {
	name   string
	token  string
	status int
}

// noRoute is a path without a route.
const noRoute = "/api/admin/nowhere"

// newPresentedTokens returns tokens of every kind. Presenting one changes nothing but the time of its last use.
func (e *env) newPresentedTokens(t *testing.T) []presentedToken {
	t.Helper()
	f := e.newFixture(t, true)
	return []presentedToken{
		{"with another secret", pattest.Forge(t, f.own.Selector), http.StatusUnauthorized},
		{"of an unknown user", newUnknownToken(t, pat.MaxID), http.StatusUnauthorized},
		{"never created", newUnknownToken(t, f.admin.ID), http.StatusUnauthorized},
		{"revoked", e.newRevokedToken(t, f), http.StatusUnauthorized},
		{"expired", e.newExpiredToken(t, f), http.StatusUnauthorized},
		{"of a disabled user", e.newDisabledToken(t, f), http.StatusUnauthorized},
		{"of a deleted user", e.newDeletedToken(t), http.StatusUnauthorized},
		{"imported and revoked", e.newImportedToken(t, true), http.StatusUnauthorized},
		{"imported", e.newImportedToken(t, false), http.StatusNotFound},
		{"valid", f.own.secret, http.StatusNotFound},
	}
}

func newUnknownToken(t *testing.T, user pat.UserID) string {
	t.Helper()
	secret, err := pat.NewSecret(rand.Reader, user)
	must.Do(t, err)
	return secret.Reveal()
}

func (e *env) newRevokedToken(t *testing.T, f *fixture) string {
	t.Helper()
	token, secret, err := e.service.CreateUserToken(t.Context(), f.admin.ID, pat.Draft{Description: "revoked", Scopes: pat.Unscoped(), ExpiresAt: time.Now().Add(time.Hour)})
	must.Do(t, err)
	must.Do(t, e.service.RevokeUserToken(t.Context(), f.admin.ID, token.ID))
	return secret.Reveal()
}

// newExpiredToken creates a token two hours ago, for an hour.
func (e *env) newExpiredToken(t *testing.T, f *fixture) string {
	t.Helper()
	system := pat.SystemEnv(slog.New(slog.DiscardHandler))
	system.Now = func() time.Time { return time.Now().Add(-2 * time.Hour) }
	draft := pat.Draft{Description: "expired", Scopes: pat.Unscoped(), ExpiresAt: time.Now().Add(-time.Hour)}
	_, secret, err := pat.NewService(e.store, pat.Settings{Retention: pat.DefaultRetention}, system).CreateUserToken(t.Context(), f.admin.ID, draft)
	must.Do(t, err)
	return secret.Reveal()
}

func (e *env) newDisabledToken(t *testing.T, f *fixture) string {
	t.Helper()
	must.Do(t, pattest.SetDisabled(t.Context(), e.service, f.user.ID, true))
	return f.userToken.secret
}

func (e *env) newDeletedToken(t *testing.T) string {
	t.Helper()
	user, tokens := e.newHolder(t, "deleted-"+strings.ToLower(rand.Text()), pat.Viewer, "own")
	must.Do(t, e.service.DeleteUser(t.Context(), user.ID))
	return tokens[0].secret
}

// newImportedToken imports a user with a token that has no checksum, unlike those created here.
func (e *env) newImportedToken(t *testing.T, revoke bool) string {
	t.Helper()
	name := strings.ToLower(rand.Text())
	user := e.newUser(t, "before-"+name, pat.Viewer).ID + 1000
	must.Do(t, e.service.ReserveUserIDs(t.Context(), user))
	selector := make([]byte, 16)
	_, _ = rand.Read(selector) // it never fails
	text := "user:v2_" + base64.RawURLEncoding.EncodeToString(selector) + "_" + (rand.Text() + rand.Text())[:43]
	secret, err := pat.ParseForeignSecret(text)
	must.Do(t, err)
	result, err := e.service.ImportUser(t.Context(), pat.Account{
		ID: user, Profile: pat.Profile{Username: "imported-" + name, Role: pat.Viewer}, CreatedAt: time.Now(),
		Tokens: []pat.Token{{
			ID: 1, Description: "imported", Scopes: pat.Unscoped(), Selector: secret.Selector(), Verifier: secret.Verifier(),
			CreatedAt: time.Now().Add(-time.Hour), ExpiresAt: time.Now().Add(time.Hour),
		}},
	})
	must.Do(t, err)
	if !result.Made || len(result.Tokens) != 1 || !result.Tokens[0].Added {
		t.Fatalf("got import result %+v, want a new user with one token", result)
	}
	if revoke {
		must.Do(t, e.service.RevokeUserToken(t.Context(), user, 1))
	}
	return text
}

// authorizerCalls is the maximum number of the authorizer's calls of DynamoDB: the user in the token, the owner of an imported
// token, that user, and the record of the use.
const authorizerCalls = 4

// present presents the token to the authorizer under a plan, and returns an error unless the response has one of the statuses.
func (t *target) present(ctx context.Context, p presentedToken, plan faults.Plan, statuses ...int) error {
	got, err := t.sendUnder(ctx, plan, get(noRoute, p.token), maxAttempts()*authorizerCalls)
	if err == nil && !slices.Contains(statuses, got.Status) {
		err = fmt.Errorf("got %v, want one of %v", got, statuses)
	}
	if got.Status == http.StatusServiceUnavailable {
		err = errors.Join(err, got.CheckUnavailable())
	}
	return err
}

// testAuthorizer checks that a valid token is accepted or gets a 503, and that no other token is ever accepted. A fault of a
// write, which is the record of the use, must change nothing.
func testAuthorizer(t *testing.T, n *counts) {
	t.Helper()
	e := newEnv(t, n)
	matrix(t, n, e.newPresentedTokens(t), func(p presentedToken) string { return p.name },
		func(t *testing.T, fault faults.Fault, p presentedToken, s scope) {
			t.Helper()
			statuses := []int{p.status}
			if !s.writes {
				statuses = append(statuses, http.StatusServiceUnavailable)
			}
			must.Do(t, newTarget(t, e, onlyAuthorizer, planted{}).present(t.Context(), p, s.plan(fault), statuses...))
		})
}

// TestAdminTokenNeedsNoTable checks that the admin token is accepted while DynamoDB is unavailable.
func TestAdminTokenNeedsNoTable(t *testing.T) {
	t.Parallel()
	settings := dynamotest.Settings(t)
	settings.Endpoint = unusedURL
	store := dynamostore.New(dynamostore.NewClient(settings), "none")
	server := laptoptest.Serve(t, store, laptoptest.Options{Parameters: parameters(t)})
	got, err := apiclient.Send(t.Context(), apiclient.New(t, 1), server.URL, get(noRoute, server.AdminToken))
	must.Do(t, err)
	if got.Status != http.StatusNotFound {
		t.Errorf("got %v, want a 404", got)
	}
}
