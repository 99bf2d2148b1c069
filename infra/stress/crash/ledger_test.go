package crash_test

import (
	"slices"
	"sync"

	"pats/pkg/pat"
)

// ledger is what was asked of a data folder through its whole life, and what was answered.
type ledger struct {
	admin   *holder
	holders []*holder
	members *roll
}

// people are all whose tokens are in the ledger.
func (l *ledger) people() []*holder { return append([]*holder{l.admin}, l.holders...) }

// offline stands for the id of a request that was not sent over HTTP.
const offline = "offline"

// op is a request for a change.
type op struct {
	// request is the id that the server gave to it, "" if it was not answered.
	request string
	// answered says that it was acknowledged.
	answered bool
	// void says that it had no effect: it was refused, or it was not answered and a later look has shown it.
	void bool
}

func (o *op) acknowledge(a answer) { o.answered, o.request = true, a.request() }

func (o *op) refuse(a answer) { o.void, o.request = true, a.request() }

// settle notes what has become of a request without an answer.
func (o *op) settle(happened bool) { o.answered, o.void = happened, !happened }

// stage is how far a request has come.
type stage int

const (
	unsent stage = iota
	sent
	done
)

// moment is a point in time, as the stage of each request.
type moment func(*op) stage

// afterAll is the moment after all that was sent.
func afterAll(o *op) stage {
	switch {
	case o == nil || o.void:
		return unsent
	case o.answered:
		return done
	default:
		return sent
	}
}

// presence is whether something has to be there.
type presence int

const (
	mustNot presence = iota
	may
	must
)

// lifetime is a request that makes something, and perhaps one that removes it.
type lifetime struct{ create, remove *op }

func (l lifetime) expected(at moment) presence {
	made, gone := at(l.create), at(l.remove)
	switch {
	case made == unsent || gone == done:
		return mustNot
	case gone == sent || made == sent:
		return may
	default:
		return must
	}
}

// settle notes whether the thing has turned out to be there.
func (l lifetime) settle(there bool) {
	if afterAll(l.create) == sent {
		l.create.settle(there)
	}
	if afterAll(l.remove) == sent {
		l.remove.settle(!there)
	}
}

// token is a token that was asked for.
type token struct {
	lifetime
	description string
	// id is 0 until an answer or a list has told it.
	id int64
	// floor is the highest id that was known when the token was asked for.
	floor int64
	// secret is the zero Secret if its answer was lost.
	secret pat.Secret
	// refusals is how often the token was found to be refused after its end.
	refusals int
}

// holder is a user with tokens.
type holder struct {
	name string
	user int64
	// anchor is the token that the clients present. It is among tokens, and stays.
	anchor pat.Secret

	mu     sync.Mutex
	tokens []*token
	top    int64
}

// ask writes down that a token is about to be asked for.
func (h *holder) ask(description string) *token {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := &token{lifetime: lifetime{create: &op{}}, description: description, floor: h.top}
	h.tokens = append(h.tokens, t)
	return t
}

// learn writes down the token's id.
func (h *holder) learn(t *token, id int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t.id = id
	h.top = max(h.top, id)
}

// keep writes down a token that is there, whatever its origin.
func (h *holder) keep(description string, id int64, secret pat.Secret) {
	t := h.ask(description)
	h.learn(t, id)
	*t.create, t.secret = op{request: offline, answered: true}, secret
}

// profile is what changes of a member.
type profile struct {
	name     string
	disabled bool
}

// change is a request to change a member's profile.
type change struct {
	op *op
	to profile
}

// member is a user that was asked for.
type member struct {
	lifetime
	username string
	first    profile
	id       int64
	changes  []*change
	// gift is a token that the user was given while no server ran, or the zero Secret.
	gift pat.Secret
}

func (m *member) email() string { return m.username + "@example.com" }

// profiles are those that the member may have.
func (m *member) profiles(at moment) []profile {
	possible := []profile{m.first}
	for _, c := range m.changes {
		switch at(c.op) {
		case done:
			possible = []profile{c.to}
		case sent:
			possible = append(possible, c.to)
		case unsent:
		}
	}
	return possible
}

// settleProfile notes which profile the member has turned out to have.
func (m *member) settleProfile(p profile) {
	for _, c := range m.changes {
		if afterAll(c.op) == sent {
			c.op.settle(c.to == p)
		}
	}
}

// roll is the users that one client administers.
type roll struct{ members []*member }

// present are the members that have to be there.
func (r *roll) present() []*member {
	return slices.DeleteFunc(slices.Clone(r.members), func(m *member) bool { return m.expected(afterAll) != must })
}

// counts is what a ledger amounts to.
type counts struct{ creates, deletes, changes, unanswered int }

func (l *ledger) counts() counts {
	var n counts
	for _, h := range l.people() {
		for _, t := range h.tokens {
			n.add(t.lifetime)
		}
	}
	for _, m := range l.members.members {
		n.add(m.lifetime)
		for _, c := range m.changes {
			n.count(c.op, &n.changes)
		}
	}
	return n
}

func (n *counts) add(l lifetime) {
	n.count(l.create, &n.creates)
	n.count(l.remove, &n.deletes)
}

// count tells requests that were answered by their id: settling gives none to the others.
func (n *counts) count(o *op, acknowledged *int) {
	switch {
	case o == nil, o.void && o.request != "":
	case o.request != "":
		*acknowledged++
	default:
		n.unanswered++
	}
}
