package faults_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pats/infra/stress/faults"
	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/infra/testkit/figures"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

const (
	// holders is the number of users in a round, and clients that of each user's clients; all work at once.
	holders, clients = 3, 2
	// steps is the number of a client's operations in a round.
	steps = 12
	// maxSends is how often a client sends a request at most.
	maxSends = 6
	// maxRounds is the number of rounds that run at once, since they wait as much as they work.
	maxRounds = 3
)

// testRounds runs clients that retry as docs/api.md advises, while 10 to 60 percent of the requests to DynamoDB meet a fault. In
// the end it compares the table with the responses.
func testRounds(t *testing.T, n *counts) {
	t.Helper()
	first := figures.Seed(t)
	running := make(chan struct{}, maxRounds)
	var wg sync.WaitGroup
	for i := range figures.Rounds(t, 1) {
		seed := first + uint64(i)
		running <- struct{}{}
		wg.Go(func() {
			defer func() { <-running }()
			n.run(t, testCase{fmt.Sprintf("seed %d", seed), func(t *testing.T) {
				n.addRound()
				if err := round(t, newEnv(t, n), seed, weighted(), planted{}); err != nil {
					t.Error(err)
				}
			}})
		})
	}
	wg.Wait()
}

// round returns what was wrong in it.
func round(t *testing.T, e *env, seed uint64, of []faults.Fault, broken planted) error {
	t.Helper()
	var all []*client
	for h := range holders {
		account, tokens := e.newHolder(t, fmt.Sprintf("holder%d", h), pat.Admin, "own")
		for range clients {
			n := uint64(len(all))
			target := newTarget(t, e, allFunctions, broken)
			target.proxy.Follow(faults.Random(seed<<8+n, percentOf(seed), of))
			all = append(all, &client{
				target: target, checker: e.newChecker(&fixture{admin: account, own: tokens[0]}), random: rand.New(rand.NewPCG(seed, n+1)),
				token: tokens[0].secret, name: fmt.Sprintf("c%d", n),
			})
		}
	}
	var wg sync.WaitGroup
	for _, c := range all {
		wg.Go(func() { c.work(t.Context()) })
	}
	wg.Wait()
	var errs []error
	for _, c := range all {
		c.proxy.Settle()
	}
	for _, c := range all {
		c.audit(t.Context())
		errs = append(errs, c.errs...)
	}
	return errors.Join(append(errs, checkAdminCount(t.Context(), e.service))...)
}

// percentOf returns the percentage of requests that meet a fault in the round of a seed.
func percentOf(seed uint64) int { return 10 + rand.New(rand.NewPCG(seed, 0)).IntN(51) }

// weighted returns all faults. The slow ones are rarer: each takes a client two seconds.
func weighted() []faults.Fault {
	return append(slices.Repeat(faults.Quick(), 4), faults.Slow()...)
}

// checkAdminCount demotes one Admin after the other: only the last one can be refused, whatever went wrong before.
func checkAdminCount(ctx context.Context, service *pat.Service) error {
	users, err := service.Users(ctx, 0, 1000)
	if err != nil {
		return err
	}
	admins := slices.DeleteFunc(users, func(a pat.Account) bool { return !a.EnabledAdmin() })
	for i, admin := range admins {
		_, err := service.UpdateUser(ctx, admin.ID, func(p *pat.Profile) { p.Role = pat.Viewer })
		last := i == len(admins)-1
		if last && pat.KindOf(err) != pat.KindLastAdmin || !last && err != nil {
			return fmt.Errorf("demoting Admin %d of %d: got error %w, want one for the last Admin only", i+1, len(admins), err)
		}
	}
	return nil
}

// client records what its responses said.
type client struct {
	*target
	*checker
	random *rand.Rand
	token  string
	name   string
	names  int
	// tokens and users are those that this client created, or tried to.
	tokens []*clientToken
	users  []*clientUser
	lastID pat.TokenID
	errs   []error
}

// fate is what a client knows of a token or a user.
type fate string

const (
	exists  fate = "exists"
	deleted fate = "deleted"
	unknown fate = "unknown"
)

// clientToken is a token. Its ID and secret are zero if no response showed them.
type clientToken struct {
	description string
	id          pat.TokenID
	secret      string
	fate        fate
}

// clientUser is a user. Its ID is zero if no response showed it.
type clientUser struct {
	name string
	id   pat.UserID
	fate fate
}

// maxClientTokens keeps the clients of a user below the limit.
const maxClientTokens = 4

func (c *client) work(ctx context.Context) {
	for range steps {
		switch c.random.IntN(8) {
		case 0, 1:
			c.create(ctx, false)
		case 2:
			c.create(ctx, true)
		case 3:
			c.remove(ctx)
		case 4:
			c.list(ctx)
		case 5:
			c.use(ctx)
		case 6:
			c.createUser(ctx)
		case 7:
			c.removeUser(ctx)
		}
	}
}

func (c *client) fail(format string, arguments ...any) {
	c.errs = append(c.errs, fmt.Errorf(c.name+": "+format, arguments...))
}

// afterUnknown are the additional statuses of a repeated request, which say that an earlier one took effect.
var afterUnknown = map[string][]int{
	http.MethodPost:   {http.StatusConflict, http.StatusBadRequest},
	http.MethodDelete: {http.StatusNotFound},
}

// send repeats a request until it gets another response than a 503, or maxSends times, and returns the last response.
func (c *client) send(ctx context.Context, r apiclient.Request, success int) apiclient.Response {
	statuses := []int{success}
	var got apiclient.Response
	for range maxSends {
		var err error
		if got, err = apiclient.Send(ctx, c.target.client, c.target.url, r); err != nil {
			c.fail("%v: %w", r, err)
			return apiclient.Response{}
		}
		if err := errors.Join(checkStatus(got, statuses...), c.late.check()); err != nil {
			c.fail("%v: %w", r, err)
		}
		if got.Status != http.StatusServiceUnavailable {
			break
		}
		statuses = append([]int{success}, afterUnknown[r.Method]...)
	}
	return got
}

func (c *client) nextName() string {
	c.names++
	return fmt.Sprintf("%s-%d", c.name, c.names)
}

// create repeats a POST until it succeeds. With an Idempotency-Key, a further repetition must return the same token. Without one,
// a 409 says that a request without a response created the token, whose secret is lost: it is deleted and created again.
func (c *client) create(ctx context.Context, keyed bool) {
	kept := slices.DeleteFunc(slices.Clone(c.tokens), func(t *clientToken) bool { return t.fate == deleted })
	if len(kept) >= maxClientTokens {
		return
	}
	token := &clientToken{description: c.nextName(), fate: unknown}
	c.tokens = append(c.tokens, token)
	r := post(deployed.TokensPath, c.token, createToken(token.description, time.Now().Add(time.Hour).Truncate(time.Second)))
	if keyed {
		r.Key = token.description
	}
	got := c.send(ctx, r, http.StatusCreated)
	if !keyed && got.Status == http.StatusConflict && c.discard(ctx, token) {
		got = c.send(ctx, r, http.StatusCreated)
	}
	c.record(token, got)
	var repeated apitypes.CreatedToken
	if keyed && token.fate == exists && c.send(ctx, r, http.StatusCreated).Decode(http.StatusCreated, &repeated) == nil &&
		(repeated.ID != token.id || repeated.Secret != token.secret) {
		c.fail("the repetition returned token %d instead of %d, or another secret", repeated.ID, token.id)
	}
}

// discard deletes the token with the description of token, and reports whether it is gone.
func (c *client) discard(ctx context.Context, token *clientToken) bool {
	var body apitypes.TokenList
	if c.send(ctx, get(deployed.TokensPath, c.token), http.StatusOK).Decode(http.StatusOK, &body) != nil {
		return false
	}
	found := described(body.Pats, token.description)
	if len(found) != 1 {
		c.fail("after a 409 there are %d tokens with the description, want 1", len(found))
		return false
	}
	return c.send(ctx, remove(deployed.TokenPath(found[0].ID), c.token), http.StatusOK).Status == http.StatusOK
}

// record records the response to a create.
func (c *client) record(token *clientToken, got apiclient.Response) {
	var body apitypes.CreatedToken
	if got.Decode(http.StatusCreated, &body) != nil {
		return
	}
	if body.ID <= c.lastID || body.Description != token.description || body.UserID != c.admin.ID {
		c.fail("got token %+v for %q after token %d", body.Token, token.description, c.lastID)
	}
	c.lastID = body.ID
	token.id, token.secret, token.fate = body.ID, body.Secret, exists
}

// remove repeats a DELETE until it succeeds.
func (c *client) remove(ctx context.Context) {
	token := c.pick(exists)
	if token == nil {
		return
	}
	token.fate = unknown
	if c.send(ctx, remove(deployed.TokenPath(token.id), c.token), http.StatusOK).Status == http.StatusOK {
		token.fate = deleted
	}
}

// pick returns one of the client's tokens with the fate and a known secret, or nil.
func (c *client) pick(of fate) *clientToken {
	some := slices.DeleteFunc(slices.Clone(c.tokens), func(t *clientToken) bool { return t.fate != of || t.secret == "" })
	if len(some) == 0 {
		return nil
	}
	return some[c.random.IntN(len(some))]
}

func (c *client) list(ctx context.Context) {
	var body apitypes.TokenList
	if c.send(ctx, get(deployed.TokensPath, c.token), http.StatusOK).Decode(http.StatusOK, &body) == nil {
		c.compare(body.Pats)
	}
}

// compare compares a list with what the client knows.
func (c *client) compare(tokens []apitypes.Token) {
	for _, token := range c.tokens {
		found := described(tokens, token.description)
		switch {
		case len(found) > 1,
			token.fate == exists && (len(found) != 1 || found[0].ID != token.id),
			token.fate == deleted && len(found) != 0:
			c.fail("token %d has fate %q and is listed as %+v", token.id, token.fate, found)
		}
	}
}

// use presents a token that exists, or a deleted one.
func (c *client) use(ctx context.Context) {
	token, want := c.pick(exists), http.StatusOK
	if c.random.IntN(2) == 0 {
		token, want = c.pick(deleted), http.StatusUnauthorized
	}
	if token != nil {
		c.send(ctx, get(deployed.TokensPath, token.secret), want)
	}
}

// createUser repeats a POST until it succeeds, or until a 400 says that a request without a response created the user.
func (c *client) createUser(ctx context.Context) {
	user := &clientUser{name: strings.ToLower(c.nextName()), fate: unknown}
	c.users = append(c.users, user)
	body := userBody(user.name)
	if c.random.IntN(2) == 0 {
		body["rootRole"] = int(pat.Admin)
	}
	got := c.send(ctx, post(deployed.UsersPath, c.token, body), http.StatusCreated)
	var created apitypes.CreatedUser
	switch got.Status {
	case http.StatusCreated:
		if err := got.Decode(http.StatusCreated, &created); err != nil || created.Username != user.name {
			c.fail("got %v, error %v, want user %q", got, err, user.name)
		}
		user.id, user.fate = created.ID, exists
	case http.StatusBadRequest:
		c.findUser(ctx, user)
	}
}

// findUser finds a user whose name is taken.
func (c *client) findUser(ctx context.Context, user *clientUser) {
	var body apitypes.UserList
	if c.send(ctx, get(deployed.UsersPath, c.token), http.StatusOK).Decode(http.StatusOK, &body) != nil {
		return
	}
	i := slices.IndexFunc(body.Users, func(u apitypes.User) bool { return u.Username == user.name })
	if i < 0 {
		c.fail("the name %q is taken, but no user has it", user.name)
		return
	}
	user.id, user.fate = body.Users[i].ID, exists
}

// removeUser changes a user, and then repeats a DELETE until it succeeds, or until a 404 says that a request without a response
// deleted the user.
func (c *client) removeUser(ctx context.Context) {
	i := slices.IndexFunc(c.users, func(u *clientUser) bool { return u.fate == exists })
	if i < 0 {
		return
	}
	user := c.users[i]
	c.send(ctx, put(deployed.UserPath(user.id), c.token, map[string]any{"rootRole": int(pat.Editor)}), http.StatusOK)
	got := c.send(ctx, remove(deployed.UserPath(user.id), c.token), http.StatusOK)
	user.fate = unknown
	if got.Status == http.StatusOK || got.Status == http.StatusNotFound {
		user.fate = deleted
	}
}

// audit compares the table with what the client knows, without faults.
func (c *client) audit(ctx context.Context) {
	tokens, err := c.checker.list(ctx, c.token)
	if err != nil {
		c.fail("%w", err)
		return
	}
	c.compare(tokens)
	for _, token := range c.tokens {
		if token.secret != "" && token.fate != unknown {
			c.check(c.checkAccepted(ctx, token.secret, token.fate == exists))
		}
	}
	for _, user := range c.users {
		c.check(c.auditUser(ctx, user))
	}
}

func (c *client) check(err error) {
	if err != nil {
		c.fail("%w", err)
	}
}

// auditUser checks that a user exists with account and name, or with neither.
func (c *client) auditUser(ctx context.Context, user *clientUser) error {
	found, err := c.usersNamed(ctx, user.name)
	if err != nil {
		return err
	}
	if len(found) > 1 || user.fate == exists && (len(found) != 1 || found[0].ID != user.id) || user.fate == deleted && len(found) != 0 {
		return fmt.Errorf("user %d has fate %q and is listed as %+v", user.id, user.fate, found)
	}
	_, err = c.service.CreateUser(ctx, pat.Profile{Username: user.name, Role: pat.Viewer})
	if taken := pat.KindOf(err) == pat.KindUserExists; err != nil && !taken || taken != (len(found) == 1) {
		return fmt.Errorf("creating user %q again: got error %w, but %d users are listed", user.name, err, len(found))
	}
	return nil
}
