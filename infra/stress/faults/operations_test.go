package faults_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pats/pkg/pat"
)

const (
	tokensPath = "/api/admin/user/tokens"
	selfPath   = "/api/admin/user"
	usersPath  = "/api/admin/user-admin"
	nowhere    = "/api/admin/nowhere"
)

// cast is who takes part in a case: an Admin with two tokens and, where the case is about users, another user with one.
type cast struct {
	admin      pat.Account
	own, other issued
	user       pat.Account
	users      issued
	// fresh is a name that nobody has.
	fresh string
}

// issued is a token and its secret.
type issued struct {
	pat.Token
	secret string
}

func (on *table) newCast(t *testing.T, withUser bool) *cast {
	t.Helper()
	name := strings.ToLower(rand.Text())
	c := &cast{fresh: "fresh-" + name}
	var tokens []issued
	c.admin, tokens = on.holder(t, "admin-"+name, pat.Admin, "own", "other")
	c.own, c.other = tokens[0], tokens[1]
	if withUser {
		c.user, tokens = on.holder(t, "user-"+name, pat.Viewer, "own")
		c.users = tokens[0]
	}
	return c
}

// holder is a user with tokens of these descriptions, made by as few requests as can be.
func (on *table) holder(t *testing.T, name string, role pat.Role, descriptions ...string) (pat.Account, []issued) {
	t.Helper()
	before := on.user(t, name, role)
	after := before
	var made []issued
	for _, description := range descriptions {
		secret, err := pat.NewSecret(rand.Reader, before.ID)
		must(t, err)
		now := time.Now().UTC().Truncate(time.Millisecond)
		token := pat.Token{
			ID: after.NextTokenID, Description: description, Selector: secret.Selector(), Verifier: secret.Verifier(),
			CreatedAt: now, ExpiresAt: now.Add(time.Hour),
		}
		after.Tokens = append(after.Tokens, token)
		after.NextTokenID++
		made = append(made, issued{token, secret.Reveal()})
	}
	must(t, on.store.ReplaceAccount(t.Context(), before, after))
	return after, made
}

func (on *table) user(t *testing.T, name string, role pat.Role) pat.Account {
	t.Helper()
	account, err := on.service.CreateUser(t.Context(), pat.Profile{Username: name, Name: name, Email: name + "@example.org", Role: role})
	must(t, err)
	return account
}

func (on *table) issue(t *testing.T, user pat.UserID, description string) issued {
	t.Helper()
	token, secret, err := on.service.CreateUserToken(t.Context(), user, draft(description))
	must(t, err)
	return issued{token, secret.Reveal()}
}

func draft(description string) pat.Draft {
	return pat.Draft{Description: description, ExpiresAt: time.Now().Add(time.Hour)}
}

// operation is a request and what has to be true after its answer.
type operation struct {
	name string
	call func(*cast) call
	// right are the statuses of a request that was served.
	right []int
	// after says what is wrong with the table, seen through the stack at url, which meets no faults any more.
	after func(ctx context.Context, url string, c *cast, a answer) error
	// calls is how many calls of DynamoDB one request makes at most, each of which the client repeats; rivalry is how many
	// if each write meets another one.
	calls, rivalry int
	// aboutUsers says that the case needs another user.
	aboutUsers bool
}

// What a change costs at most: a read and a write, three times if there is no answer, and sixty times if there is a rival.
const (
	change    = 3 * 2
	contested = 60 * 2
	// newUser is an ID and two commits, or twenty.
	newUser          = 1 + 2
	contestedNewUser = 1 + 20
)

var operations = []operation{
	{
		name: "list", right: []int{http.StatusOK}, calls: 1, rivalry: 1,
		call:  func(c *cast) call { return call{method: http.MethodGet, path: tokensPath, token: c.own.secret} },
		after: listedRight,
	},
	{
		name: "create", right: []int{http.StatusCreated}, calls: change, rivalry: contested,
		call: func(c *cast) call {
			return call{method: http.MethodPost, path: tokensPath, body: tokenBody(c.fresh), token: c.own.secret}
		},
		after: createdOnce,
	},
	{
		name: "create once", right: []int{http.StatusCreated}, calls: change, rivalry: contested,
		call: onceCall, after: createdForGood,
	},
	{
		name: "delete", right: []int{http.StatusOK}, calls: change, rivalry: contested,
		call: func(c *cast) call {
			return call{method: http.MethodDelete, path: tokensPath + "/" + id(c.other.ID), token: c.own.secret}
		},
		after: func(ctx context.Context, url string, c *cast, a answer) error {
			return deletedWhole(ctx, url, c.own, c.other, a)
		},
	},
	{
		name: "delete itself", right: []int{http.StatusOK}, calls: change, rivalry: contested,
		call: func(c *cast) call {
			return call{method: http.MethodDelete, path: tokensPath + "/" + id(c.own.ID), token: c.own.secret}
		},
		after: func(ctx context.Context, url string, c *cast, a answer) error {
			return deletedWhole(ctx, url, c.other, c.own, a)
		},
	},
	{
		name: "self", right: []int{http.StatusOK}, calls: 1, rivalry: 1,
		call:  func(c *cast) call { return call{method: http.MethodGet, path: selfPath, token: c.own.secret} },
		after: selfRight,
	},
	{
		name: "list users", aboutUsers: true, right: []int{http.StatusOK}, calls: 2, rivalry: 2,
		call: func(c *cast) call {
			return call{method: http.MethodGet, path: fmt.Sprintf("%s?after=%d&limit=1", usersPath, c.user.ID-1), token: c.own.secret}
		},
		after: usersRight,
	},
	{
		name: "read user", aboutUsers: true, right: []int{http.StatusOK}, calls: 2, rivalry: 2,
		call: func(c *cast) call {
			return call{method: http.MethodGet, path: userPath(c.user.ID), token: c.own.secret}
		},
		after: userRight,
	},
	{
		name: "create user", right: []int{http.StatusCreated}, calls: 1 + newUser, rivalry: 1 + contestedNewUser,
		call: func(c *cast) call {
			return call{method: http.MethodPost, path: usersPath, body: userBody(c.fresh), token: c.own.secret}
		},
		after: userCreatedWhole,
	},
	{
		name: "update user", aboutUsers: true, right: []int{http.StatusOK}, calls: 1 + change, rivalry: 1 + contested,
		call: func(c *cast) call {
			return call{method: http.MethodPut, path: userPath(c.user.ID), body: map[string]any{"name": c.fresh, "email": c.fresh + "@example.org"}, token: c.own.secret}
		},
		after: userUpdatedWhole,
	},
	{
		name: "disable user", aboutUsers: true, right: []int{http.StatusOK}, calls: 1 + change, rivalry: 1 + contested,
		call: func(c *cast) call {
			return call{method: http.MethodPut, path: userPath(c.user.ID), body: map[string]any{"disabled": true}, token: c.own.secret}
		},
		after: userDisabled,
	},
	{
		name: "delete user", aboutUsers: true, right: []int{http.StatusOK}, calls: 1 + change, rivalry: 1 + contested,
		call: func(c *cast) call {
			return call{method: http.MethodDelete, path: userPath(c.user.ID), token: c.own.secret}
		},
		after: userDeletedWhole,
	},
}

func id[T ~int64](n T) string { return strconv.FormatInt(int64(n), 10) }

func userPath(user pat.UserID) string { return usersPath + "/" + id(user) }

func tokenBody(description string) any {
	return map[string]any{"description": description, "expiresAt": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)}
}

func userBody(name string) any {
	return map[string]any{"username": name, "name": name, "email": name + "@example.org", "rootRole": int(pat.Viewer)}
}

// tokenJSON is a token as lists show it; Secret is in the answer to a create alone.
type tokenJSON struct {
	ID          pat.TokenID
	Description string
	ExpiresAt   time.Time
	UserID      pat.UserID
	CreatedAt   time.Time
	Secret      string
}

type userJSON struct {
	ID                    pat.UserID
	Username, Name, Email string
	RootRole              int
}

// list gives the tokens of who holds the token.
func list(ctx context.Context, url, token string) ([]tokenJSON, error) {
	a, err := send(ctx, url, call{method: http.MethodGet, path: tokensPath, token: token})
	if err != nil {
		return nil, err
	}
	var body struct{ Pats []tokenJSON }
	err = a.into(http.StatusOK, &body)
	return body.Pats, err
}

// works says what is wrong unless the token lets its holder in, or does not, as wanted.
func works(ctx context.Context, url, token string, wanted bool) error {
	a, err := send(ctx, url, call{method: http.MethodGet, path: tokensPath, token: token})
	if err != nil {
		return err
	}
	want := http.StatusUnauthorized
	if wanted {
		want = http.StatusOK
	}
	if a.status != want {
		return fmt.Errorf("a token gets %v, want %d", a, want)
	}
	return nil
}

// described are the tokens with the description.
func described(tokens []tokenJSON, description string) []tokenJSON {
	return slices.DeleteFunc(slices.Clone(tokens), func(t tokenJSON) bool { return t.Description != description })
}

func listedRight(_ context.Context, _ string, c *cast, a answer) error {
	if a.status != http.StatusOK {
		return nil
	}
	var body struct{ Pats []tokenJSON }
	if err := a.into(http.StatusOK, &body); err != nil {
		return err
	}
	if len(body.Pats) != 2 || body.Pats[0].ID != c.own.ID || body.Pats[1].ID != c.other.ID || body.Pats[0].Description != "own" ||
		body.Pats[1].Description != "other" || body.Pats[0].UserID != c.admin.ID {
		return fmt.Errorf("got the list %s, want the tokens %d and %d", a.body, c.own.ID, c.other.ID)
	}
	return nil
}

// createdOnce: a 201 is in the list as it was answered, and works. After a 503 the token may be there, but whole, and once.
func createdOnce(ctx context.Context, url string, c *cast, a answer) error {
	tokens, err := list(ctx, url, c.own.secret)
	if err != nil {
		return err
	}
	made := described(tokens, c.fresh)
	if len(made) > 1 || len(tokens) != 2+len(made) {
		return fmt.Errorf("the user has %d tokens of this description, and %d in all, want one more than 2 at most", len(made), len(tokens))
	}
	for _, token := range made {
		if token.ID <= c.other.ID || token.UserID != c.admin.ID || token.CreatedAt.IsZero() || !token.ExpiresAt.After(time.Now()) {
			return fmt.Errorf("the token is not whole: %+v", token)
		}
	}
	if a.status != http.StatusCreated {
		return nil
	}
	var body tokenJSON
	if err := a.into(http.StatusCreated, &body); err != nil {
		return err
	}
	secret := body.Secret
	body.Secret = ""
	if len(made) != 1 || made[0] != body {
		return fmt.Errorf("the answer was %+v, the list has %+v", body, made)
	}
	return works(ctx, url, secret, true)
}

func onceCall(c *cast) call {
	return call{method: http.MethodPost, path: tokensPath, body: fixedBody(c), token: c.own.secret, key: c.fresh}
}

// fixedBody is the same each time, as an Idempotency-Key demands.
func fixedBody(c *cast) any {
	return map[string]any{"description": c.fresh, "expiresAt": c.own.ExpiresAt}
}

// createdForGood: with an Idempotency-Key, the same request again gives the token that the first one made, or makes it.
func createdForGood(ctx context.Context, url string, c *cast, a answer) error {
	if err := createdOnce(ctx, url, c, a); err != nil {
		return err
	}
	again, err := send(ctx, url, onceCall(c))
	if err != nil {
		return err
	}
	var first, second tokenJSON
	if err := again.into(http.StatusCreated, &second); err != nil {
		return err
	}
	if a.status == http.StatusCreated && (a.into(http.StatusCreated, &first) != nil || first != second) {
		return fmt.Errorf("the repetition got token %d, the first request %d", second.ID, first.ID)
	}
	return createdOnce(ctx, url, c, again)
}

// deletedWhole: after a 200 the victim is gone and refused. After a 503 it may be, or is there and works.
func deletedWhole(ctx context.Context, url string, witness, victim issued, a answer) error {
	tokens, err := list(ctx, url, witness.secret)
	if err != nil {
		return err
	}
	there := len(described(tokens, victim.Description))
	if there > 1 || len(tokens) != 1+there || (there == 1 && a.status == http.StatusOK) {
		return fmt.Errorf("after %d the list has %+v", a.status, tokens)
	}
	return works(ctx, url, victim.secret, there == 1)
}

func selfRight(_ context.Context, _ string, c *cast, a answer) error {
	if a.status != http.StatusOK {
		return nil
	}
	var body struct{ User userJSON }
	if err := a.into(http.StatusOK, &body); err != nil {
		return err
	}
	if body.User.ID != c.admin.ID || body.User.Username != c.admin.Username || body.User.Email != c.admin.Email {
		return fmt.Errorf("got %s, want user %d", a.body, c.admin.ID)
	}
	return nil
}

func usersRight(_ context.Context, _ string, c *cast, a answer) error {
	if a.status != http.StatusOK {
		return nil
	}
	var body struct{ Users []userJSON }
	if err := a.into(http.StatusOK, &body); err != nil {
		return err
	}
	if len(body.Users) != 1 || body.Users[0] != shown(c.user) {
		return fmt.Errorf("got %s, want user %d", a.body, c.user.ID)
	}
	return nil
}

func userRight(_ context.Context, _ string, c *cast, a answer) error {
	if a.status != http.StatusOK {
		return nil
	}
	return userIs(a, shown(c.user))
}

func shown(account pat.Account) userJSON {
	return userJSON{account.ID, account.Username, account.Name, account.Email, int(account.Role)}
}

func userIs(a answer, want userJSON) error {
	var body userJSON
	if err := a.into(a.status, &body); err != nil {
		return err
	}
	if body != want {
		return fmt.Errorf("got user %+v, want %+v", body, want)
	}
	return nil
}

// byName are the users from the case's own on who have the username, of whom there may be one.
func byName(ctx context.Context, url string, c *cast, name string) ([]userJSON, error) {
	a, err := send(ctx, url, call{method: http.MethodGet, path: fmt.Sprintf("%s?after=%d&limit=500", usersPath, c.admin.ID), token: c.own.secret})
	if err != nil {
		return nil, err
	}
	var body struct{ Users []userJSON }
	err = a.into(http.StatusOK, &body)
	return slices.DeleteFunc(body.Users, func(u userJSON) bool { return u.Username != name }), err
}

// userCreatedWhole: the account, the directory, and the name's being taken tell the same story.
func userCreatedWhole(ctx context.Context, url string, c *cast, a answer) error {
	found, err := byName(ctx, url, c, c.fresh)
	if err != nil {
		return err
	}
	if len(found) > 1 || (len(found) == 0 && a.status == http.StatusCreated) {
		return fmt.Errorf("after %d there are %d users with the name", a.status, len(found))
	}
	again, err := send(ctx, url, call{method: http.MethodPost, path: usersPath, body: userBody(c.fresh), token: c.own.secret})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return again.into(http.StatusCreated, new(any))
	}
	if err := again.into(http.StatusBadRequest, new(any)); err != nil {
		return fmt.Errorf("the name is taken, and free: %w", err)
	}
	return errors.Join(userReads(ctx, url, c, found[0]), answered(a, http.StatusCreated, found[0]))
}

func userReads(ctx context.Context, url string, c *cast, want userJSON) error {
	a, err := send(ctx, url, call{method: http.MethodGet, path: userPath(want.ID), token: c.own.secret})
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return fmt.Errorf("the directory has user %d, who reads as %v", want.ID, a)
	}
	return userIs(a, want)
}

// answered says what is wrong unless the answer, if it has the status, shows the user.
func answered(a answer, status int, want userJSON) error {
	if a.status != status {
		return nil
	}
	return userIs(a, want)
}

// userUpdatedWhole: name and email address are both as before or both as asked for, and one of the addresses is free.
func userUpdatedWhole(ctx context.Context, url string, c *cast, a answer) error {
	read, err := send(ctx, url, call{method: http.MethodGet, path: userPath(c.user.ID), token: c.own.secret})
	if err != nil {
		return err
	}
	before, after := shown(c.user), shown(c.user)
	after.Name, after.Email = c.fresh, c.fresh+"@example.org"
	now, free := after, before
	if userIs(read, after) != nil {
		now, free = before, after
	}
	if now == before && a.status == http.StatusOK {
		return errors.New("after 200 the user is as before")
	}
	rival := map[string]any{"username": "rival-" + c.fresh, "rootRole": int(pat.Viewer), "email": now.Email}
	taken, err := send(ctx, url, call{method: http.MethodPost, path: usersPath, body: rival, token: c.own.secret})
	if err != nil {
		return err
	}
	rival["email"] = free.Email
	given, err := send(ctx, url, call{method: http.MethodPost, path: usersPath, body: rival, token: c.own.secret})
	return errors.Join(err, userIs(read, now), answered(a, http.StatusOK, after),
		taken.into(http.StatusBadRequest, new(any)), given.into(http.StatusCreated, new(any)))
}

func userDisabled(ctx context.Context, url string, c *cast, a answer) error {
	account, err := send(ctx, url, call{method: http.MethodGet, path: tokensPath, token: c.users.secret})
	if err != nil {
		return err
	}
	if account.status == http.StatusUnauthorized || (account.status == http.StatusOK && a.status != http.StatusOK) {
		return nil
	}
	return fmt.Errorf("after %d the user's token gets %v", a.status, account)
}

// userDeletedWhole: the user is gone with token and name, or is there with both.
func userDeletedWhole(ctx context.Context, url string, c *cast, a answer) error {
	read, err := send(ctx, url, call{method: http.MethodGet, path: userPath(c.user.ID), token: c.own.secret})
	if err != nil {
		return err
	}
	listed, err := byName(ctx, url, c, c.user.Username)
	if err != nil {
		return err
	}
	again, err := send(ctx, url, call{method: http.MethodPost, path: usersPath, body: userBody(c.user.Username), token: c.own.secret})
	if err != nil {
		return err
	}
	if read.status == http.StatusNotFound {
		if len(listed) != 0 {
			return errors.New("the user is gone, and listed")
		}
		return errors.Join(works(ctx, url, c.users.secret, false), again.into(http.StatusCreated, new(any)))
	}
	if a.status == http.StatusOK || len(listed) != 1 {
		return fmt.Errorf("after %d the user reads as %v and is listed %d times", a.status, read, len(listed))
	}
	return errors.Join(userIs(read, shown(c.user)), works(ctx, url, c.users.secret, true), again.into(http.StatusBadRequest, new(any)))
}
