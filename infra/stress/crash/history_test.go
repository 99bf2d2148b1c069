package crash_test

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/pkg/pat"
)

// history is all requests for changes of a data folder, with what their responses said.
type history struct {
	admin   *holder
	holders []*holder
	// members are the users that the admin creates, changes and deletes.
	members []*member
}

// allHolders returns the admin and the other holders.
func (h *history) allHolders() []*holder { return append([]*holder{h.admin}, h.holders...) }

// present returns the members that must exist.
func (h *history) present() []*member {
	return slices.DeleteFunc(slices.Clone(h.members), func(m *member) bool { return m.expected(afterAll) != required })
}

// offline stands for the ID of a request that was not sent over HTTP.
const offline = "offline"

// op is a request for a change.
type op struct {
	// request is the ID that the server assigned to it, or "" without a response.
	request string
	// acknowledged is true if the change was made.
	acknowledged bool
	// void is true if the change was not made: the request was refused, or had no response and an audit did not find the change.
	void bool
}

func (o *op) acknowledge(r apiclient.Response) { o.acknowledged, o.request = true, r.RequestID() }

func (o *op) refuse(r apiclient.Response) { o.void, o.request = true, r.RequestID() }

// settle notes whether a request without a response took effect.
func (o *op) settle(happened bool) { o.acknowledged, o.void = happened, !happened }

// stage is how far a request has come.
type stage int

const (
	unsent stage = iota
	sent
	done
)

// moment is a point in time, as the stage of each request.
type moment func(*op) stage

// afterAll is the moment after all requests.
func afterAll(o *op) stage {
	switch {
	case o == nil || o.void:
		return unsent
	case o.acknowledged:
		return done
	default:
		return sent
	}
}

// presence is whether something must exist.
type presence int

const (
	forbidden presence = iota
	possible
	required
)

// lifetime is a request that creates something, and the one that deletes it, or nil. One request can delete several things.
type lifetime struct{ create, remove *op }

func (l lifetime) expected(at moment) presence {
	created, removed := at(l.create), at(l.remove)
	switch {
	case created == unsent || removed == done:
		return forbidden
	case removed == sent || created == sent:
		return possible
	default:
		return required
	}
}

// settle notes whether an audit found the thing.
func (l lifetime) settle(exists bool) {
	if afterAll(l.create) == sent {
		l.create.settle(exists)
	}
	if afterAll(l.remove) == sent {
		l.remove.settle(!exists)
	}
}

// token is a requested token.
type token struct {
	lifetime
	description string
	expiresAt   time.Time
	// id is 0 until a response or a list shows it.
	id pat.TokenID
	// floor is the highest ID of the holder's tokens known before the request.
	floor pat.TokenID
	// secret is the first one, or the zero Secret if the response was lost.
	secret    pat.Secret
	rotations []*rotation
	// refused is true if an audit found the token refused.
	refused bool
}

// repeatable reports whether a repetition of the request can bring the secret of the token, which exists.
func (t *token) repeatable() bool {
	return t.secret == (pat.Secret{}) && t.id != 0 && len(t.rotations) == 0 && keyOf(t.description) != ""
}

// repeated reports whether a repetition of the request brought the secret.
func (t *token) repeated() bool { return t.create.request == "" && t.secret != (pat.Secret{}) }

// rotation is a request to rotate a token without an overlap.
type rotation struct {
	op *op
	// secret is the new one, or the zero Secret if the response was lost.
	secret pat.Secret
}

// secrets returns those of which one must work if the token exists, with zero Secrets for unknown ones, and those that must not work.
func (t *token) secrets(at moment) (possible, dead []pat.Secret) {
	possible = []pat.Secret{t.secret}
	for _, r := range t.rotations {
		switch at(r.op) {
		case done:
			possible, dead = []pat.Secret{r.secret}, append(dead, possible...)
		case sent:
			possible = append(possible, r.secret)
		case unsent:
			dead = append(dead, r.secret)
		}
	}
	return possible, dead
}

// settleRotation notes whether an audit found that the last rotation took effect.
func (t *token) settleRotation(happened bool) {
	if n := len(t.rotations); n > 0 && afterAll(t.rotations[n-1].op) == sent {
		t.rotations[n-1].op.settle(happened)
	}
}

// holder is a user with tokens.
type holder struct {
	name string
	user pat.UserID
	// own is the token that the clients present. It is one of tokens, and is never revoked; for a service account it is the admin's.
	own pat.Secret
	// admin is the admin's token, which revokes others' tokens.
	admin pat.Secret
	// service is true for a service account.
	service bool

	mu     sync.Mutex
	tokens []*token
	top    pat.TokenID
}

func (h *holder) tokensPath() string {
	if h.service {
		return deployed.ServiceTokensPath(h.user)
	}
	return deployed.TokensPath
}

func (h *holder) tokenPath(id pat.TokenID) string {
	return h.tokensPath() + "/" + strconv.FormatInt(int64(id), 10)
}

// request notes that a token is about to be requested.
func (h *holder) request(description string) *token {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := &token{lifetime: lifetime{create: &op{}}, description: description, floor: h.top}
	h.tokens = append(h.tokens, t)
	return t
}

// setID notes a token's ID.
func (h *holder) setID(t *token, id pat.TokenID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t.id = id
	h.top = max(h.top, id)
}

// add notes a token that exists.
func (h *holder) add(description string, id pat.TokenID, secret pat.Secret) {
	t := h.request(description)
	h.setID(t, id)
	*t.create, t.secret = op{request: offline, acknowledged: true}, secret
}

// profile is the part of a member's profile that changes.
type profile struct {
	name     string
	disabled bool
}

// change is a request to change a member's profile.
type change struct {
	op *op
	to profile
}

// member is a requested user.
type member struct {
	lifetime
	username string
	first    profile
	id       pat.UserID
	changes  []*change
}

func (m *member) email() string { return m.username + "@example.com" }

// profiles returns the possible profiles of the member.
func (m *member) profiles(at moment) []profile {
	profiles := []profile{m.first}
	for _, c := range m.changes {
		switch at(c.op) {
		case done:
			profiles = []profile{c.to}
		case sent:
			profiles = append(profiles, c.to)
		case unsent:
		}
	}
	return profiles
}

// settleProfile notes the profile that an audit found.
func (m *member) settleProfile(p profile) {
	for _, c := range m.changes {
		if afterAll(c.op) == sent {
			c.op.settle(c.to == p)
		}
	}
}

// counts are the numbers of acknowledged requests, of those without a response, and of creates that were repeated with success.
type counts struct{ creates, repeated, deletes, rotations, changes, unanswered int }

func (n *counts) add(h *history) {
	for _, holder := range h.allHolders() {
		for _, t := range holder.tokens {
			n.addLifetime(t.lifetime)
			if t.repeated() {
				n.repeated++
			}
			for _, r := range t.rotations {
				n.count(r.op, &n.rotations)
			}
		}
	}
	for _, m := range h.members {
		n.addLifetime(m.lifetime)
		for _, c := range m.changes {
			n.count(c.op, &n.changes)
		}
	}
}

func (n *counts) addLifetime(l lifetime) {
	n.count(l.create, &n.creates)
	n.count(l.remove, &n.deletes)
}

// count recognizes requests with a response by their ID: settling sets none.
func (n *counts) count(o *op, acknowledged *int) {
	switch {
	case o == nil, o.void && o.request != "":
	case o.request != "":
		*acknowledged++
	default:
		n.unanswered++
	}
}
