package faults_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/infra/testkit/must"
	"pats/infra/testkit/partners"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// fixture is the users of a case: an Admin with two tokens and, where the case needs them, another Admin with one and a service account.
type fixture struct {
	admin      pat.Account
	own, other ownedToken
	user       pat.Account
	userToken  ownedToken
	service    pat.Account
	// gitHubReport and gitLabReport report the user's token as leaked.
	gitHubReport, gitLabReport apiclient.Request
	// fresh is a name that is not used yet.
	fresh string
	// prepare sets cookie, the browser's header Cookie, and login, which a user has approved.
	cookie string
	login  apitypes.RedeemLogin
}

// ownedToken is a token with its secret.
type ownedToken struct {
	pat.Token
	secret string
}

func (e *env) newFixture(t *testing.T, withUser bool) *fixture {
	t.Helper()
	name := strings.ToLower(rand.Text())
	f := &fixture{fresh: "fresh-" + name}
	var tokens []ownedToken
	f.admin, tokens = e.newHolder(t, "admin-"+name, pat.Admin, "own", "other")
	f.own, f.other = tokens[0], tokens[1]
	if withUser {
		f.user, tokens = e.newHolder(t, "user-"+name, pat.Admin, "own")
		f.userToken = tokens[0]
		var err error
		f.service, err = e.service.CreateServiceAccount(t.Context(), pat.Profile{Username: "service-" + name, Role: pat.Viewer})
		must.Do(t, err)
		reporters := partners.Fixed(t)
		f.gitHubReport, err = reporters.GitHubReport(f.userToken.secret)
		must.Do(t, err)
		f.gitLabReport = reporters.GitLabReport(f.userToken.secret)
	}
	return f
}

// newHolder creates a user with tokens that have the descriptions, in one write. The first one led to the others.
func (e *env) newHolder(t *testing.T, name string, role pat.Role, descriptions ...string) (pat.Account, []ownedToken) {
	t.Helper()
	before := e.newUser(t, name, role)
	after := before
	var tokens []ownedToken
	for _, description := range descriptions {
		secret, err := pat.NewSecret(rand.Reader, before.ID)
		must.Do(t, err)
		now := time.Now().UTC().Truncate(time.Millisecond)
		token := pat.Token{
			ID: after.NextTokenID, Description: description, Scopes: pat.Unscoped(), Selector: secret.Selector(), Verifier: secret.Verifier(),
			CreatedAt: now, ExpiresAt: now.Add(time.Hour),
		}
		if len(tokens) > 0 {
			token.Maker, token.Ancestors = pat.Maker{User: before.ID, Token: tokens[0].ID}, []pat.TokenID{tokens[0].ID}
		}
		after.Tokens = append(after.Tokens, token)
		after.NextTokenID++
		tokens = append(tokens, ownedToken{token, secret.Reveal()})
	}
	must.Do(t, e.store.ReplaceAccount(t.Context(), before, after))
	return after, tokens
}

func (e *env) newUser(t *testing.T, name string, role pat.Role) pat.Account {
	t.Helper()
	account, err := e.service.CreateUser(t.Context(), pat.Profile{Username: name, Name: name, Email: name + "@example.org", Role: role})
	must.Do(t, err)
	return account
}

// checkFunc is the type of operation.check.
type checkFunc func(ctx context.Context, c *checker, got apiclient.Response) error

// operation is a request, and what must be true after its response.
type operation struct {
	name    string
	request func(*fixture) apiclient.Request
	// success is the status of a request that was served.
	success int
	// check returns what is wrong with the response and with the table. c reaches the table without faults.
	check checkFunc
	// calls is the maximum number of calls of DynamoDB, each of which the client repeats; contested is the maximum if each write
	// conflicts with another one.
	calls, contested int
	// withUser is true if the case needs another user.
	withUser bool
	// prepare does what comes before the request, without faults.
	prepare func(*testing.T, *checker)
	// page is true if a 503 is a page for a person.
	page bool
}

// The maximum cost of a change: a read and a write, three times without a response, and sixty times with conflicts.
const (
	change          = 3 * 2
	changeContested = 60 * 2
	// newUser is a new ID and two commits, or twenty.
	newUser          = 1 + 2
	newUserContested = 1 + 20
)

var operations = slices.Concat(ownOperations, adminOperations, openOperations, sessionOperations)

// ownOperations are those of the token and user routes.
var ownOperations = []operation{
	{
		name: "list", success: http.StatusOK, calls: 1, contested: 1,
		request: func(f *fixture) apiclient.Request { return get(deployed.TokensPath, f.own.secret) },
		check:   checkList,
	},
	{
		name: "create", success: http.StatusCreated, calls: change, contested: changeContested,
		request: func(f *fixture) apiclient.Request {
			return post(deployed.TokensPath, f.own.secret, createToken(f.fresh, time.Now().Add(time.Hour)))
		},
		check: checkCreated,
	},
	{
		name: "create with a key", success: http.StatusCreated, calls: change, contested: changeContested,
		request: keyedCreate, check: checkRepeatable(keyedCreate, http.StatusCreated, checkCreated),
	},
	{
		name: "create with scopes", success: http.StatusCreated, calls: change, contested: changeContested,
		request: func(f *fixture) apiclient.Request {
			body := createToken(f.fresh, time.Now().Add(time.Hour))
			body.Scopes = someScopes
			return post(deployed.TokensPath, f.own.secret, body)
		},
		check: checkScopedCreate,
	},
	{
		name: "delete", success: http.StatusOK, calls: change, contested: changeContested,
		request: func(f *fixture) apiclient.Request { return remove(deployed.TokenPath(f.other.ID), f.own.secret) },
		check: func(ctx context.Context, c *checker, got apiclient.Response) error {
			return c.checkDeleted(ctx, c.own, c.other, got)
		},
	},
	{
		name: "delete itself", success: http.StatusOK, calls: change, contested: changeContested,
		request: func(f *fixture) apiclient.Request { return remove(deployed.TokenPath(f.own.ID), f.own.secret) },
		check: func(ctx context.Context, c *checker, got apiclient.Response) error {
			return c.checkDeleted(ctx, c.other, c.own, got)
		},
	},
	{
		name: "delete with descendants", success: http.StatusOK, calls: change, contested: changeContested,
		request: func(f *fixture) apiclient.Request {
			return remove(deployed.TokenPath(f.own.ID)+"?descendants=true", f.own.secret)
		},
		check: checkBothDeleted,
	},
	{
		name: "rotate", success: http.StatusOK, calls: change, contested: changeContested,
		request: func(f *fixture) apiclient.Request { return rotate(f.other.ID, f.own.secret) },
		check:   checkRotated,
	},
	{
		name: "rotate with a key", success: http.StatusOK, calls: change, contested: changeContested,
		request: keyedRotate, check: checkRepeatable(keyedRotate, http.StatusOK, checkRotated),
	},
	{
		name: "rotate itself", success: http.StatusOK, calls: change, contested: changeContested,
		request: rotateSelf, check: checkSelfRotated,
	},
	{
		name: "show itself", success: http.StatusOK, calls: 1, contested: 1,
		request: func(f *fixture) apiclient.Request { return get(deployed.SelfPath, f.other.secret) },
		check:   checkShown,
	},
	{
		name: "delete the one presented", success: http.StatusOK, calls: change, contested: changeContested,
		request: func(f *fixture) apiclient.Request { return remove(deployed.SelfPath, f.other.secret) },
		check: func(ctx context.Context, c *checker, got apiclient.Response) error {
			return c.checkDeleted(ctx, c.own, c.other, got)
		},
	},
	{
		name: "profile", success: http.StatusOK, calls: 1, contested: 1,
		request: func(f *fixture) apiclient.Request { return get(deployed.ProfilePath, f.own.secret) },
		check:   checkSelf,
	},
	{
		name: "list users", withUser: true, success: http.StatusOK, calls: 2, contested: 2,
		request: func(f *fixture) apiclient.Request {
			return get(fmt.Sprintf("%s?after=%d&limit=1", deployed.UsersPath, f.user.ID-1), f.own.secret)
		},
		check: checkUsers,
	},
	{
		name: "read user", withUser: true, success: http.StatusOK, calls: 2, contested: 2,
		request: func(f *fixture) apiclient.Request { return get(deployed.UserPath(f.user.ID), f.own.secret) },
		check: func(_ context.Context, c *checker, got apiclient.Response) error {
			return checkUser(got, http.StatusOK, apitypes.NewUser(c.user))
		},
	},
	{
		name: "create user", success: http.StatusCreated, calls: 1 + newUser, contested: 1 + newUserContested,
		request: func(f *fixture) apiclient.Request { return post(deployed.UsersPath, f.own.secret, userBody(f.fresh)) },
		check:   checkUserCreated,
	},
	{
		name: "update user", withUser: true, success: http.StatusOK, calls: 1 + change, contested: 1 + changeContested,
		request: func(f *fixture) apiclient.Request {
			return put(deployed.UserPath(f.user.ID), f.own.secret, map[string]any{"name": f.fresh, "email": f.fresh + "@example.org"})
		},
		check: checkUserUpdated,
	},
	{
		name: "disable user", withUser: true, success: http.StatusOK, calls: 1 + change, contested: 1 + changeContested,
		request: func(f *fixture) apiclient.Request {
			return put(deployed.UserPath(f.user.ID), f.own.secret, map[string]any{"disabled": true})
		},
		check: checkUserDisabled,
	},
	{
		name: "delete user", withUser: true, success: http.StatusOK, calls: 1 + change, contested: 1 + changeContested,
		request: func(f *fixture) apiclient.Request { return remove(deployed.UserPath(f.user.ID), f.own.secret) },
		check:   checkUserDeleted,
	},
}

func get(path, token string) apiclient.Request {
	return apiclient.Request{Method: http.MethodGet, Path: path, Token: token}
}

func post(path, token string, body any) apiclient.Request {
	return apiclient.Request{Method: http.MethodPost, Path: path, Token: token, Body: body}
}

func put(path, token string, body any) apiclient.Request {
	return apiclient.Request{Method: http.MethodPut, Path: path, Token: token, Body: body}
}

func remove(path, token string) apiclient.Request {
	return apiclient.Request{Method: http.MethodDelete, Path: path, Token: token}
}

func createToken(description string, expiresAt time.Time) apitypes.CreateToken {
	return apitypes.CreateToken{Description: description, ExpiresAt: apitypes.Time{Time: expiresAt}}
}

// keyedCreate returns the same request each time, as an Idempotency-Key demands.
func keyedCreate(f *fixture) apiclient.Request {
	r := post(deployed.TokensPath, f.own.secret, createToken(f.fresh, f.own.ExpiresAt))
	r.Key = f.fresh
	return r
}

func userBody(name string) map[string]any {
	return map[string]any{"username": name, "name": name, "email": name + "@example.org", "rootRole": int(pat.Admin)}
}

// checker reads the table through a stack without faults.
type checker struct {
	*fixture
	client *http.Client
	url    string
}

func (e *env) newChecker(f *fixture) *checker { return &checker{f, e.client, e.intact.URL} }

func (c *checker) send(ctx context.Context, r apiclient.Request) (apiclient.Response, error) {
	return apiclient.Send(ctx, c.client, c.url, r)
}

// want sends a request, and decodes the body of a response with the status into value. Errors: another response.
func (c *checker) want(ctx context.Context, r apiclient.Request, status int, value any) error {
	got, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	if err := got.Decode(status, value); err != nil {
		return fmt.Errorf("%v afterwards: %w", r, err)
	}
	return nil
}

// list returns the tokens of the token's user.
func (c *checker) list(ctx context.Context, token string) ([]apitypes.Token, error) {
	var body apitypes.TokenList
	err := c.want(ctx, get(deployed.TokensPath, token), http.StatusOK, &body)
	return body.Pats, err
}

// checkAccepted returns an error unless the token is accepted or refused as wanted.
func (c *checker) checkAccepted(ctx context.Context, token string, wanted bool) error {
	status := http.StatusUnauthorized
	if wanted {
		status = http.StatusOK
	}
	return c.want(ctx, get(deployed.TokensPath, token), status, new(any))
}

// usersNamed returns the users with the username among the case's own and later ones.
func (c *checker) usersNamed(ctx context.Context, name string) ([]apitypes.User, error) {
	return c.usersWith(ctx, func(u apitypes.User) bool { return u.Username == name })
}

// usersWith returns those of the case's own and later users that are wanted.
func (c *checker) usersWith(ctx context.Context, wanted func(apitypes.User) bool) ([]apitypes.User, error) {
	const page = 500
	var found []apitypes.User
	for last := c.admin.ID; ; {
		var body apitypes.UserList
		err := c.want(ctx, get(fmt.Sprintf("%s?after=%d&limit=%d", deployed.UsersPath, last, page), c.own.secret), http.StatusOK, &body)
		for _, user := range body.Users {
			last = user.ID
			if wanted(user) {
				found = append(found, user)
			}
		}
		if err != nil || len(body.Users) < page {
			return found, err
		}
	}
}

// described returns the tokens with the description.
func described(tokens []apitypes.Token, description string) []apitypes.Token {
	return slices.DeleteFunc(slices.Clone(tokens), func(t apitypes.Token) bool { return t.Description != description })
}

func checkList(_ context.Context, c *checker, got apiclient.Response) error {
	var body apitypes.TokenList
	if got.Status != http.StatusOK {
		return nil
	}
	if err := got.Decode(http.StatusOK, &body); err != nil {
		return err
	}
	for i := range body.Pats {
		body.Pats[i].SeenAt = nil // the record of a use can be early or late
	}
	if want := apitypes.NewTokenList(c.admin.ID, c.admin.Tokens).Pats; !reflect.DeepEqual(body.Pats, want) {
		return fmt.Errorf("got the tokens %v, want %v", body.Pats, want)
	}
	return nil
}

// checkCreated checks that a 201 is in the list as in the response, with a token that is accepted. After a 503 the list must have
// the whole token, or none.
func checkCreated(ctx context.Context, c *checker, got apiclient.Response) error {
	tokens, err := c.list(ctx, c.own.secret)
	if err != nil {
		return err
	}
	created := described(tokens, c.fresh)
	if len(created) > 1 || len(tokens) != 2+len(created) {
		return fmt.Errorf("the user has %d tokens with this description and %d in all, want at most one more than 2", len(created), len(tokens))
	}
	for _, token := range created {
		if token.ID <= c.other.ID || token.UserID != c.admin.ID || token.CreatedAt.IsZero() || !token.ExpiresAt.Time.After(time.Now()) {
			return fmt.Errorf("the token is not whole: %+v", token)
		}
	}
	if got.Status != http.StatusCreated {
		return nil
	}
	var body apitypes.CreatedToken
	if err := got.Decode(http.StatusCreated, &body); err != nil {
		return err
	}
	if len(created) == 1 {
		created[0].SeenAt = body.SeenAt
	}
	if len(created) != 1 || !reflect.DeepEqual(created[0], body.Token) {
		return fmt.Errorf("the response has %+v, the list has %+v", body.Token, created)
	}
	return c.checkAccepted(ctx, body.Secret, true)
}

// someScopes are the scopes of a token to create. checkCreated lists with it.
var someScopes = []pat.Scope{pat.ScopePatsRead, pat.ScopePatsWrite}

// checkScopedCreate checks in addition to checkCreated that a token that is there has its scopes.
func checkScopedCreate(ctx context.Context, c *checker, got apiclient.Response) error {
	tokens, err := c.list(ctx, c.own.secret)
	if err != nil {
		return err
	}
	for _, token := range described(tokens, c.fresh) {
		if !slices.Equal(token.Scopes, someScopes) {
			return fmt.Errorf("the token has the scopes %q, want %q", token.Scopes, someScopes)
		}
	}
	return checkCreated(ctx, c, got)
}

// checkRepeatable checks, besides check, that a repetition of the request succeeds, with the token and secret of the first response if that
// was a success.
func checkRepeatable(request func(*fixture) apiclient.Request, success int, check checkFunc) checkFunc {
	return func(ctx context.Context, c *checker, got apiclient.Response) error {
		if err := check(ctx, c, got); err != nil {
			return err
		}
		repeated, err := c.send(ctx, request(c.fixture))
		if err != nil {
			return err
		}
		var first, second apitypes.CreatedToken
		if err := repeated.Decode(success, &second); err != nil {
			return err
		}
		if got.Status == success && (got.Decode(success, &first) != nil || first.ID != second.ID || first.Secret != second.Secret) {
			return fmt.Errorf("the repetition returned token %d, the first request %d, with the same secret: %t", second.ID, first.ID, first.Secret == second.Secret)
		}
		return check(ctx, c, repeated)
	}
}

// checkEnded checks that r, whose token or session the response got ended, gets a 401. After a 503 it may be accepted.
func (c *checker) checkEnded(ctx context.Context, r apiclient.Request, got apiclient.Response) error {
	used, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	if used.Status == http.StatusUnauthorized || used.Status == http.StatusOK && got.Status == http.StatusServiceUnavailable {
		return nil
	}
	return fmt.Errorf("after %d, %v gets %v", got.Status, r, used)
}

// checkDeleted checks that after a 200 the token is gone and refused. After a 503 it must be gone and refused, or exist and be
// accepted.
func (c *checker) checkDeleted(ctx context.Context, caller, deleted ownedToken, got apiclient.Response) error {
	tokens, err := c.list(ctx, caller.secret)
	if err != nil {
		return err
	}
	exists := len(described(tokens, deleted.Description))
	if exists > 1 || len(tokens) != 1+exists || (exists == 1 && got.Status == http.StatusOK) {
		return fmt.Errorf("after %d the list has %+v", got.Status, tokens)
	}
	return c.checkAccepted(ctx, deleted.secret, exists == 1)
}

// checkBothDeleted checks that both tokens are refused, or after a 503 that both may be accepted: a part of them never is.
func checkBothDeleted(ctx context.Context, c *checker, got apiclient.Response) error {
	own, err := c.send(ctx, get(deployed.TokensPath, c.own.secret))
	if err != nil {
		return err
	}
	exist := own.Status == http.StatusOK
	if exist && got.Status == http.StatusOK {
		return errors.New("the token is accepted after it was deleted")
	}
	return errors.Join(c.checkAccepted(ctx, c.own.secret, exist), c.checkAccepted(ctx, c.other.secret, exist))
}

func checkSelf(_ context.Context, c *checker, got apiclient.Response) error {
	if got.Status != http.StatusOK {
		return nil
	}
	var body struct{ User apitypes.User }
	if err := got.Decode(http.StatusOK, &body); err != nil {
		return err
	}
	want := apitypes.NewUser(c.admin)
	want.RootRole = 0
	if !sameUser(body.User, want) {
		return fmt.Errorf("got %v, want %+v", got, want)
	}
	return nil
}

func checkUsers(_ context.Context, c *checker, got apiclient.Response) error {
	if got.Status != http.StatusOK {
		return nil
	}
	var body apitypes.UserList
	if err := got.Decode(http.StatusOK, &body); err != nil {
		return err
	}
	if len(body.Users) != 1 || !sameUser(body.Users[0], apitypes.NewUser(c.user)) {
		return fmt.Errorf("got %v, want user %d", got, c.user.ID)
	}
	return nil
}

// checkUser returns an error if the response has the status and another user.
func checkUser(got apiclient.Response, status int, want apitypes.User) error {
	if got.Status != status {
		return nil
	}
	var body apitypes.User
	if err := got.Decode(status, &body); err != nil {
		return err
	}
	if !sameUser(body, want) {
		return fmt.Errorf("got user %+v, want %+v", body, want)
	}
	return nil
}

func sameUser(a, b apitypes.User) bool {
	sameTime := a.CreatedAt.Time.Equal(b.CreatedAt.Time)
	a.CreatedAt, b.CreatedAt = apitypes.Time{}, apitypes.Time{}
	return sameTime && a == b
}

// checkUserCreated checks that the account, the list of users and the reserved name agree.
func checkUserCreated(ctx context.Context, c *checker, got apiclient.Response) error {
	found, err := c.usersNamed(ctx, c.fresh)
	if err != nil {
		return err
	}
	if len(found) > 1 || (len(found) == 0 && got.Status == http.StatusCreated) {
		return fmt.Errorf("after %d there are %d users with the name", got.Status, len(found))
	}
	createAgain := post(deployed.UsersPath, c.own.secret, userBody(c.fresh))
	if len(found) == 0 {
		return checkUserFree(ctx, c, createAgain)
	}
	var read apitypes.User
	err = errors.Join(
		c.want(ctx, createAgain, http.StatusBadRequest, new(any)),
		c.want(ctx, get(deployed.UserPath(found[0].ID), c.own.secret), http.StatusOK, &read),
		checkUser(got, http.StatusCreated, found[0]))
	if err == nil && !sameUser(read, found[0]) {
		err = fmt.Errorf("the list has %+v, the account is %+v", found[0], read)
	}
	return err
}

// checkUserFree checks that a user who was not found can be created, or exists by then: a write that was under way when the function
// gave up can take effect after it responded.
func checkUserFree(ctx context.Context, c *checker, create apiclient.Request) error {
	created := c.want(ctx, create, http.StatusCreated, new(any))
	if created == nil {
		return nil
	}
	found, err := c.usersNamed(ctx, c.fresh)
	if err == nil && len(found) != 1 {
		err = created
	}
	return err
}

// checkUserUpdated checks that name and email address are both the old ones or both the new ones, and that the other address is
// free.
func checkUserUpdated(ctx context.Context, c *checker, got apiclient.Response) error {
	var read apitypes.User
	if err := c.want(ctx, get(deployed.UserPath(c.user.ID), c.own.secret), http.StatusOK, &read); err != nil {
		return err
	}
	before, after := apitypes.NewUser(c.user), apitypes.NewUser(c.user)
	after.Name, after.Email = c.fresh, c.fresh+"@example.org"
	taken, free := after.Email, before.Email
	switch {
	case sameUser(read, after):
	case sameUser(read, before) && got.Status != http.StatusOK:
		taken, free = free, taken
	default:
		return fmt.Errorf("after %d the user is %+v, was %+v, want %+v", got.Status, read, before, after)
	}
	create := func(email string) apiclient.Request {
		return post(deployed.UsersPath, c.own.secret, map[string]any{"username": "rival-" + c.fresh, "rootRole": int(pat.Viewer), "email": email})
	}
	return errors.Join(checkUser(got, http.StatusOK, after),
		c.want(ctx, create(taken), http.StatusBadRequest, new(any)), c.want(ctx, create(free), http.StatusCreated, new(any)))
}

func checkUserDisabled(ctx context.Context, c *checker, got apiclient.Response) error {
	used, err := c.send(ctx, get(deployed.TokensPath, c.userToken.secret))
	if err != nil {
		return err
	}
	if used.Status == http.StatusUnauthorized || (used.Status == http.StatusOK && got.Status != http.StatusOK) {
		return nil
	}
	return fmt.Errorf("after %d the user's token gets %v", got.Status, used)
}

// checkUserDeleted checks that the user is gone with token and name, or exists with both.
func checkUserDeleted(ctx context.Context, c *checker, got apiclient.Response) error {
	read, err := c.send(ctx, get(deployed.UserPath(c.user.ID), c.own.secret))
	if err != nil {
		return err
	}
	listed, err := c.usersNamed(ctx, c.user.Username)
	if err != nil {
		return err
	}
	exists, createAgain := read.Status != http.StatusNotFound, http.StatusCreated
	if exists {
		createAgain = http.StatusBadRequest
	}
	if exists && (got.Status == http.StatusOK || read.Status != http.StatusOK) || exists != (len(listed) == 1) {
		return fmt.Errorf("after %d the user reads as %v and is listed %d times", got.Status, read, len(listed))
	}
	return errors.Join(c.checkAccepted(ctx, c.userToken.secret, exists), checkUser(read, http.StatusOK, apitypes.NewUser(c.user)),
		c.want(ctx, post(deployed.UsersPath, c.own.secret, userBody(c.user.Username)), createAgain, new(any)))
}
