package faults_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"pats/infra/stress/faults"
	"pats/pkg/dynamostore"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// presented is a token, and the status with which a path that is not there answers to who presents it: 404 to who is let in.
type presented struct {
	name   string
	token  string
	status int
}

// presentations are tokens of every kind. None is changed by being presented, but for the time of its use.
func (on *table) presentations(t *testing.T) []presented {
	t.Helper()
	c := on.newCast(t, true)
	return []presented{
		{"of another secret", on.forged(t, c.own), http.StatusUnauthorized},
		{"of nobody", on.made(t, pat.MaxID), http.StatusUnauthorized},
		{"never issued", on.made(t, c.admin.ID), http.StatusUnauthorized},
		{"revoked", on.revoked(t, c), http.StatusUnauthorized},
		{"expired", on.expired(t, c), http.StatusUnauthorized},
		{"of a disabled user", on.disabled(t, c), http.StatusUnauthorized},
		{"of a deleted user", on.deleted(t), http.StatusUnauthorized},
		{"imported and revoked", on.imported(t, true), http.StatusUnauthorized},
		{"imported", on.imported(t, false), http.StatusNotFound},
		{"valid", c.own.secret, http.StatusNotFound},
	}
}

// forged is a well-formed token with the selector of another, and a secret of its own.
func (on *table) forged(t *testing.T, token issued) string {
	t.Helper()
	selector, err := base64.RawURLEncoding.DecodeString(string(token.Selector))
	if err != nil {
		t.Fatal(err)
	}
	secret, err := pat.NewSecret(io.MultiReader(bytes.NewReader(selector[8:]), rand.Reader), token.Selector.UserID())
	if err != nil {
		t.Fatal(err)
	}
	if secret.Selector() != token.Selector || secret.Reveal() == token.secret {
		t.Fatal("the forged token is not what it should be")
	}
	return secret.Reveal()
}

func (on *table) made(t *testing.T, user pat.UserID) string {
	t.Helper()
	secret, err := pat.NewSecret(rand.Reader, user)
	if err != nil {
		t.Fatal(err)
	}
	return secret.Reveal()
}

func (on *table) revoked(t *testing.T, c *cast) string {
	t.Helper()
	token := on.issue(t, c.admin.ID, "revoked")
	must(t, on.service.RevokeUserToken(t.Context(), c.admin.ID, token.ID))
	return token.secret
}

// expired is a token that was made in the past, for a shorter time.
func (on *table) expired(t *testing.T, c *cast) string {
	t.Helper()
	env := pat.SystemEnv(quiet())
	env.Now = func() time.Time { return time.Now().Add(-2 * time.Hour) }
	past := pat.NewService(on.store, pat.DefaultRetention, env)
	draft := pat.Draft{Description: "expired", ExpiresAt: time.Now().Add(-time.Hour)}
	_, secret, err := past.CreateUserToken(t.Context(), c.admin.ID, draft)
	must(t, err)
	return secret.Reveal()
}

func (on *table) disabled(t *testing.T, c *cast) string {
	t.Helper()
	must(t, pattest.SetDisabled(t.Context(), on.service, c.user.ID, true))
	return c.users.secret
}

func (on *table) deleted(t *testing.T) string {
	t.Helper()
	user := on.user(t, "deleted-"+strings.ToLower(rand.Text()), pat.Viewer)
	token := on.issue(t, user.ID, "own")
	must(t, on.service.DeleteUser(t.Context(), user.ID))
	return token.secret
}

// imported is a token of a user from elsewhere, without the checksum of those made here.
func (on *table) imported(t *testing.T, revoke bool) string {
	t.Helper()
	user := on.user(t, "before-"+strings.ToLower(rand.Text()), pat.Viewer)
	must(t, on.service.ReserveUserIDs(t.Context(), user.ID+1000))
	selector := make([]byte, 16)
	_, _ = rand.Read(selector) // it never fails
	text := "user:v2_" + base64.RawURLEncoding.EncodeToString(selector) + "_" + (rand.Text() + rand.Text())[:43]
	secret, err := pat.ParseForeignSecret(text)
	must(t, err)
	name := "imported-" + strings.ToLower(rand.Text())
	account := pat.Account{
		ID: user.ID + 1000, Profile: pat.Profile{Username: name, Role: pat.Viewer}, CreatedAt: time.Now(),
		Tokens: []pat.Token{{
			ID: 1, Description: "imported", Selector: secret.Selector(), Verifier: secret.Verifier(),
			CreatedAt: time.Now().Add(-time.Hour), ExpiresAt: time.Now().Add(time.Hour),
		}},
	}
	result, err := on.service.ImportUser(t.Context(), account)
	must(t, err)
	if !result.Made || len(result.Tokens) != 1 || !result.Tokens[0].Added {
		t.Fatalf("the import did %+v", result)
	}
	if revoke {
		must(t, on.service.RevokeUserToken(t.Context(), account.ID, 1))
	}
	return text
}

// authorizerCalls is how many calls of DynamoDB the authorizer makes at most: whom the token names, whom it was imported for, that
// user, and the record of its use.
const authorizerCalls = 4

// present shows the token to the authorizer under a plan, and says what is wrong with the answer.
func (f *front) present(ctx context.Context, p presented, plan faults.Plan) error {
	f.proxy.Follow(plan)
	a, err := send(ctx, f.url, call{method: http.MethodGet, path: nowhere, token: p.token})
	f.proxy.Settle()
	cost := sum(f.proxy.Requests())
	f.proxy.Follow(faults.Never)
	if err != nil {
		return err
	}
	err = judge(a, p.status)
	if most := attempts() * authorizerCalls; cost > most {
		err = errors.Join(err, fmt.Errorf("the authorizer made %d requests to DynamoDB, want at most %d", cost, most))
	}
	return errors.Join(err, f.punctual())
}

// check is one case of the authorizer's.
type check struct {
	fault faults.Fault
	presented
	scope
}

func (c check) name() string {
	return fmt.Sprintf("%s/%s/%s", c.fault, c.presented.name, c.scope.name)
}

// testAuthorizer: the right token is let in or gets a 503, and no other one is ever let in.
func testAuthorizer(t *testing.T, counts *tally) {
	t.Parallel()
	on := newTable(t, counts)
	tokens := on.presentations(t)
	run := func(t *testing.T, c check) {
		t.Helper()
		must(t, newFront(t, on, onlyAuthorizer, plant{}).present(t.Context(), c.presented, c.plan(c.fault)))
	}
	together(t, counts, checks(t, faults.Quick(), tokens), checks(t, faults.Slow(), tokens), check.name, run)
}

func checks(t *testing.T, of []faults.Fault, tokens []presented) []check {
	t.Helper()
	var all []check
	inTurns(t, of, tokens, func(f faults.Fault, p presented, s scope) { all = append(all, check{f, p, s}) })
	return all
}

// testUseThatIsNotRecorded: whatever becomes of the record of its use, the right token is let in.
func testUseThatIsNotRecorded(t *testing.T, counts *tally) {
	t.Parallel()
	on := newTable(t, counts)
	name := func(f faults.Fault) string { return string(f) }
	together(t, counts, faults.Quick(), faults.Slow(), name, func(t *testing.T, fault faults.Fault) {
		t.Helper()
		f := newFront(t, on, onlyAuthorizer, plant{})
		f.proxy.Follow(faults.Writes(fault))
		a, err := send(t.Context(), f.url, call{method: http.MethodGet, path: nowhere, token: on.newCast(t, false).own.secret})
		must(t, err)
		f.proxy.Settle()
		if a.status != http.StatusNotFound || sum(f.proxy.Injected()) == 0 {
			t.Errorf("got %v under %v, want the token to be let in", a, f.proxy.Injected())
		}
	})
}

// TestAdminTokenNeedsNoTable: it is let in while nothing is to be had from DynamoDB.
func TestAdminTokenNeedsNoTable(t *testing.T) {
	t.Parallel()
	settings := dynamotest.Settings(t)
	proxy := faults.Start(t, settings.Endpoint, patience(t))
	proxy.Follow(faults.Always(faults.Reset))
	settings.Endpoint = proxy.URL
	store := dynamostore.New(dynamostore.NewClient(settings), "none")
	server := laptoptest.Serve(t, store, laptoptest.Options{Parameters: parameters()})
	a, err := send(t.Context(), server.URL, call{method: http.MethodGet, path: nowhere, token: server.AdminToken})
	must(t, err)
	if a.status != http.StatusNotFound {
		t.Errorf("got %v, want the token to be let in", a)
	}
}
