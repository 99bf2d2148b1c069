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
	"pats/infra/testkit/figures"
	"pats/pkg/pat"
)

const (
	// holders is how many users a round has, and clients how many clients each of them; all work at once.
	holders, clients = 3, 2
	// steps is how many things a client does in a round.
	steps = 12
	// patient is how often a client sends a request at most.
	patient = 6
	// roundsAtOnce overlaps rounds, which wait as much as they work.
	roundsAtOnce = 3
)

// testRounds lets clients work as docs/api.md tells them to, while 10 to 60 percent of what they cause to be sent to DynamoDB goes
// wrong, and compares what is there in the end with what they were told.
func testRounds(t *testing.T, counts *tally) {
	t.Parallel()
	first := figures.Seed(t)
	running := make(chan struct{}, roundsAtOnce)
	var wg sync.WaitGroup
	for i := range figures.Rounds(t, 1) {
		seed := first + uint64(i)
		running <- struct{}{}
		wg.Go(func() {
			defer func() { <-running }()
			counts.run(t, fmt.Sprintf("seed %d", seed), func(t *testing.T) {
				counts.round()
				if err := round(t, newTable(t, counts), seed, weighted(), plant{}); err != nil {
					t.Error(err)
				}
			})
		})
	}
	wg.Wait()
}

// round says what was wrong in it.
func round(t *testing.T, on *table, seed uint64, of []faults.Fault, planted plant) error {
	t.Helper()
	var all []*client
	for h := range holders {
		account, tokens := on.holder(t, fmt.Sprintf("holder%d", h), pat.Admin, "own")
		for range clients {
			n := uint64(len(all))
			f := newFront(t, on, everything, planted)
			f.proxy.Follow(faults.Random(seed<<8+n, percentOf(seed), of))
			all = append(all, &client{
				front: f, dice: rand.New(rand.NewPCG(seed, n+1)), user: account.ID, token: tokens[0].secret, name: fmt.Sprintf("c%d", n),
			})
		}
	}
	var wg sync.WaitGroup
	for _, c := range all {
		wg.Go(func() { c.work(t.Context()) })
	}
	wg.Wait()
	var wrong []error
	for _, c := range all {
		c.proxy.Settle()
		wrong = append(wrong, c.wrong...)
	}
	for _, c := range all {
		wrong = append(wrong, c.audit(t.Context()))
	}
	return errors.Join(append(wrong, countAdmins(t.Context(), on.service))...)
}

// percentOf is how many requests in a hundred meet a fault in the round of a seed.
func percentOf(seed uint64) int { return 10 + rand.New(rand.NewPCG(seed, 0)).IntN(51) }

// weighted are all faults, the slow ones less often: each costs a client two seconds.
func weighted() []faults.Fault {
	return append(slices.Repeat(faults.Quick(), 4), faults.Slow()...)
}

// countAdmins takes the role from one Admin after the other: only the last one may be refused, whatever went wrong before.
func countAdmins(ctx context.Context, service *pat.Service) error {
	users, err := service.Users(ctx, 0, 1000)
	if err != nil {
		return err
	}
	admins := slices.DeleteFunc(users, func(a pat.Account) bool { return !a.EnabledAdmin() })
	for i, admin := range admins {
		_, err := service.UpdateUser(ctx, admin.ID, func(p *pat.Profile) { p.Role = pat.Viewer })
		last := i == len(admins)-1
		if last && pat.KindOf(err) != pat.KindLastAdmin || !last && err != nil {
			return fmt.Errorf("Admin %d of %d loses the role with error %w", i+1, len(admins), err)
		}
	}
	return nil
}

// client keeps book of what it was told.
type client struct {
	*front
	dice  *rand.Rand
	user  pat.UserID
	token string
	name  string
	made  int
	// tokens and people are what this client made, or tried to.
	tokens []*kept
	people []*person
	lastID pat.TokenID
	wrong  []error
}

// fate is what a client knows of a thing.
type fate int

const (
	there fate = iota
	gone
	unknown
)

// kept is a token. Its id and secret are known unless its fate never was.
type kept struct {
	description string
	id          pat.TokenID
	secret      string
	fate        fate
}

// person is a user who is no Admin, or is one.
type person struct {
	name string
	role pat.Role
	id   pat.UserID
	fate fate
}

// room is how many tokens a client keeps at most, so that all of a user's clients stay below the limit.
const room = 4

func (c *client) work(ctx context.Context) {
	for range steps {
		switch c.dice.IntN(8) {
		case 0, 1:
			c.create(ctx)
		case 2:
			c.createOnce(ctx)
		case 3:
			c.remove(ctx)
		case 4:
			c.list(ctx)
		case 5:
			c.use(ctx)
		case 6:
			c.createPerson(ctx)
		case 7:
			c.removePerson(ctx)
		}
	}
}

func (c *client) fail(format string, arguments ...any) {
	c.wrong = append(c.wrong, fmt.Errorf(c.name+": "+format, arguments...))
}

// ask sends a request until it is answered with something else than a 503, but not for ever. doubt says that one of the answers
// before was a 503.
func (c *client) ask(ctx context.Context, request call, right ...int) (last answer, doubt bool) {
	for range patient {
		a, err := send(ctx, c.url, request)
		if err != nil {
			c.fail("%s: %w", request.method, err)
			return answer{}, true
		}
		allowed := right
		if doubt {
			allowed = append(slices.Clone(right), again[request.method]...)
		}
		if err := errors.Join(judge(a, allowed...), c.punctual()); err != nil {
			c.fail("%s %s: %w", request.method, request.path, err)
		}
		if a.status != http.StatusServiceUnavailable {
			return a, doubt
		}
		last, doubt = a, true
	}
	return last, true
}

// again are the statuses that say that a request had taken effect before it was repeated.
var again = map[string][]int{
	http.MethodPost:   {http.StatusConflict, http.StatusBadRequest},
	http.MethodDelete: {http.StatusNotFound},
}

func (c *client) next() string {
	c.made++
	return fmt.Sprintf("%s-%d", c.name, c.made)
}

func (c *client) full() bool {
	return len(slices.DeleteFunc(slices.Clone(c.tokens), func(k *kept) bool { return k.fate == gone })) >= room
}

// create repeats a POST until it is a 201. A 409 says that one without an answer made the token, whose secret is lost: it is
// deleted, and made again.
func (c *client) create(ctx context.Context) {
	if c.full() {
		return
	}
	k := &kept{description: c.next(), fate: unknown}
	c.tokens = append(c.tokens, k)
	request := call{method: http.MethodPost, path: tokensPath, body: tokenBody(k.description), token: c.token}
	a, _ := c.ask(ctx, request, http.StatusCreated)
	if a.status == http.StatusConflict && c.discard(ctx, k) {
		a, _ = c.ask(ctx, request, http.StatusCreated)
	}
	c.keep(k, a)
}

// discard deletes the token of a description.
func (c *client) discard(ctx context.Context, k *kept) bool {
	a, _ := c.ask(ctx, call{method: http.MethodGet, path: tokensPath, token: c.token}, http.StatusOK)
	var body struct{ Pats []tokenJSON }
	if a.into(http.StatusOK, &body) != nil {
		return false
	}
	found := described(body.Pats, k.description)
	if len(found) != 1 {
		c.fail("a 409, and %d tokens of the description", len(found))
		return false
	}
	a, _ = c.ask(ctx, call{method: http.MethodDelete, path: tokensPath + "/" + id(found[0].ID), token: c.token}, http.StatusOK)
	return a.status == http.StatusOK
}

// createOnce repeats a POST with an Idempotency-Key until it is a 201, and once more.
func (c *client) createOnce(ctx context.Context) {
	if c.full() {
		return
	}
	k := &kept{description: c.next(), fate: unknown}
	c.tokens = append(c.tokens, k)
	body := map[string]any{"description": k.description, "expiresAt": time.Now().Add(time.Hour).UTC().Truncate(time.Second)}
	request := call{method: http.MethodPost, path: tokensPath, body: body, token: c.token, key: k.description}
	a, _ := c.ask(ctx, request, http.StatusCreated)
	c.keep(k, a)
	repeated, _ := c.ask(ctx, request, http.StatusCreated)
	var second tokenJSON
	if k.fate == there && repeated.into(http.StatusCreated, &second) == nil && (second.ID != k.id || second.Secret != k.secret) {
		c.fail("the repetition got token %d instead of %d, or another secret", second.ID, k.id)
	}
}

// keep books what a create was answered.
func (c *client) keep(k *kept, a answer) {
	var body tokenJSON
	if a.into(http.StatusCreated, &body) != nil {
		return
	}
	if body.ID <= c.lastID || body.Description != k.description || body.UserID != c.user {
		c.fail("got token %d of %d, described %q, after token %d", body.ID, body.UserID, body.Description, c.lastID)
	}
	c.lastID = body.ID
	k.id, k.secret, k.fate = body.ID, body.Secret, there
}

// remove repeats a DELETE until it is a 200.
func (c *client) remove(ctx context.Context) {
	k := c.pick(there)
	if k == nil {
		return
	}
	a, _ := c.ask(ctx, call{method: http.MethodDelete, path: tokensPath + "/" + id(k.id), token: c.token}, http.StatusOK)
	k.fate = unknown
	if a.status == http.StatusOK {
		k.fate = gone
	}
}

// pick is one of the client's tokens whose fate is that, or nil.
func (c *client) pick(of fate) *kept {
	some := slices.DeleteFunc(slices.Clone(c.tokens), func(k *kept) bool { return k.fate != of || k.secret == "" })
	if len(some) == 0 {
		return nil
	}
	return some[c.dice.IntN(len(some))]
}

// list shows what is there, and nothing that is gone.
func (c *client) list(ctx context.Context) {
	a, _ := c.ask(ctx, call{method: http.MethodGet, path: tokensPath, token: c.token}, http.StatusOK)
	var body struct{ Pats []tokenJSON }
	if a.into(http.StatusOK, &body) == nil {
		c.compare(body.Pats)
	}
}

func (c *client) compare(tokens []tokenJSON) {
	for _, k := range c.tokens {
		found := described(tokens, k.description)
		switch {
		case len(found) > 1,
			k.fate == there && (len(found) != 1 || found[0].ID != k.id),
			k.fate == gone && len(found) != 0:
			c.fail("token %d has fate %d and is listed as %+v", k.id, k.fate, found)
		}
	}
}

// use presents a token that is there, or one that is gone.
func (c *client) use(ctx context.Context) {
	k, want := c.pick(there), http.StatusOK
	if c.dice.IntN(2) == 0 {
		k, want = c.pick(gone), http.StatusUnauthorized
	}
	if k != nil {
		c.ask(ctx, call{method: http.MethodGet, path: tokensPath, token: k.secret}, want)
	}
}

// createPerson repeats a POST until it is a 201, or a 400 which says that one without an answer made the user.
func (c *client) createPerson(ctx context.Context) {
	p := &person{name: strings.ToLower(c.next()), role: pat.Viewer, fate: unknown}
	if c.dice.IntN(2) == 0 {
		p.role = pat.Admin
	}
	c.people = append(c.people, p)
	body := map[string]any{"username": p.name, "name": p.name, "email": p.name + "@example.org", "rootRole": int(p.role)}
	a, _ := c.ask(ctx, call{method: http.MethodPost, path: usersPath, body: body, token: c.token}, http.StatusCreated)
	var made userJSON
	switch a.status {
	case http.StatusCreated:
		if err := a.into(http.StatusCreated, &made); err != nil || made.Username != p.name {
			c.fail("created %q, got %v", p.name, a)
		}
		p.id, p.fate = made.ID, there
	case http.StatusBadRequest:
		p.id, p.fate = c.findPerson(ctx, p.name)
	}
}

// findPerson looks in the list for who has a name that is taken.
func (c *client) findPerson(ctx context.Context, name string) (pat.UserID, fate) {
	a, _ := c.ask(ctx, call{method: http.MethodGet, path: usersPath, token: c.token}, http.StatusOK)
	var body struct{ Users []userJSON }
	if a.into(http.StatusOK, &body) != nil {
		return 0, unknown
	}
	i := slices.IndexFunc(body.Users, func(u userJSON) bool { return u.Username == name })
	if i < 0 {
		c.fail("the name %q is taken by nobody", name)
		return 0, unknown
	}
	return body.Users[i].ID, there
}

// removePerson changes a user and then repeats a DELETE until it is a 200, or a 404 which says that one without an answer removed
// the user.
func (c *client) removePerson(ctx context.Context) {
	i := slices.IndexFunc(c.people, func(p *person) bool { return p.fate == there })
	if i < 0 {
		return
	}
	p := c.people[i]
	c.ask(ctx, call{method: http.MethodPut, path: userPath(p.id), body: map[string]any{"rootRole": int(pat.Editor)}, token: c.token}, http.StatusOK)
	a, _ := c.ask(ctx, call{method: http.MethodDelete, path: userPath(p.id), token: c.token}, http.StatusOK)
	p.fate = unknown
	if a.status == http.StatusOK || a.status == http.StatusNotFound {
		p.fate = gone
	}
}

// audit compares what is there, now that nothing goes wrong, with the client's book.
func (c *client) audit(ctx context.Context) error {
	c.wrong = nil
	tokens, err := list(ctx, c.sound.URL, c.token)
	if err != nil {
		return err
	}
	c.compare(tokens)
	wrong := c.wrong
	for _, k := range c.tokens {
		if k.secret != "" && k.fate != unknown {
			wrong = append(wrong, works(ctx, c.sound.URL, k.secret, k.fate == there))
		}
	}
	for _, p := range c.people {
		wrong = append(wrong, c.auditPerson(ctx, p))
	}
	return errors.Join(wrong...)
}

// auditPerson: a user is there in every way, or in none.
func (c *client) auditPerson(ctx context.Context, p *person) error {
	a, err := send(ctx, c.sound.URL, call{method: http.MethodGet, path: usersPath, token: c.token})
	if err != nil {
		return err
	}
	var body struct{ Users []userJSON }
	if err := a.into(http.StatusOK, &body); err != nil {
		return err
	}
	found := slices.DeleteFunc(body.Users, func(u userJSON) bool { return u.Username != p.name })
	if len(found) > 1 || p.fate == there && (len(found) != 1 || found[0].ID != p.id) || p.fate == gone && len(found) != 0 {
		return fmt.Errorf("%s: user %d has fate %d and is listed as %+v", c.name, p.id, p.fate, found)
	}
	_, err = c.service.CreateUser(ctx, pat.Profile{Username: p.name, Role: pat.Viewer})
	if taken := pat.KindOf(err) == pat.KindUserExists; err != nil && !taken || taken != (len(found) == 1) {
		return fmt.Errorf("%s: the name of user %d is taken: %t (%w), the user is listed: %d", c.name, p.id, taken, err, len(found))
	}
	return nil
}
