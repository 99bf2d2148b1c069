package races_test

import (
	"math"
	"slices"

	"github.com/anishathalye/porcupine"

	"pats/pkg/pat"
)

// account is the state of a user in the model. Its tokens are never changed in place.
type account struct {
	// limit is how many tokens it can have.
	limit       int
	next        pat.TokenID
	tokens      []heldToken
	disabled    bool
	wasDisabled bool
}

// heldToken is a token in the model.
type heldToken struct {
	listedToken
	scoped bool
	// ancestors are the tokens that led to this one, the nearest first.
	ancestors []pat.TokenID
	// present is the number of the present secret, and replaced that of the replaced one, if it works. They are noSecret for a secret
	// that no client knows, and for none.
	present, replaced int
}

const noSecret = -1

// newToken returns a token that was not rotated.
func newToken(listed listedToken, scoped bool, ancestors []pat.TokenID) heldToken {
	return heldToken{listedToken: listed, scoped: scoped, ancestors: ancestors, replaced: noSecret}
}

func (t heldToken) equal(u heldToken) bool {
	return t.listedToken == u.listedToken && t.scoped == u.scoped && slices.Equal(t.ancestors, u.ancestors) &&
		t.present == u.present && t.replaced == u.replaced
}

// exceeded reports whether a token with scopes, or without, is stronger than the secret of t with this number: every token lasts longer
// than a replaced secret.
func (t heldToken) exceeded(secret int, scoped bool) bool {
	return t.scoped && (!scoped || secret != t.present)
}

// admits reports whether the secret with this number works.
func (t heldToken) admits(secret int) bool { return secret == t.present || secret == t.replaced }

// newAccount returns the account of a user with one token.
func newAccount(limit int) account {
	return account{limit: limit, next: firstToken + 1, tokens: []heldToken{newToken(listedToken{firstToken, ownDescription}, false, nil)}}
}

// apply is the specification as a plain function: the response to an operation without concurrency, and the state after it. secret is
// the number of the secret that a rotation issues.
func (a account) apply(r request, secret int) (response, account) {
	switch r.action {
	case endSecret, report:
		return response{outcome: done}, a.end(r)
	case removeScoped:
		a.tokens = slices.DeleteFunc(slices.Clone(a.tokens), func(t heldToken) bool { return t.scoped })
		return response{outcome: done}, a
	}
	if r.as != operator && (a.disabled || !a.admits(r)) {
		return response{outcome: refused}, a
	}
	switch r.action {
	case create:
		return a.create(r)
	case remove:
		a = a.without(r)
	case rotate:
		return a.rotate(r, secret)
	case list:
		return response{outcome: done, tokens: a.listed()}, a
	case disable:
		a.disabled, a.wasDisabled = true, true
	case enable:
		a.disabled = false
	case importTokens:
		return a.importTokens(r.imported)
	}
	return response{outcome: done}, a
}

// end ends the secret that is presented: a replaced one alone, the present one with its token.
func (a account) end(r request) account {
	i := slices.Index(a.listedIDs(), r.as)
	if i < 0 {
		return a
	}
	switch r.secret {
	case a.tokens[i].present:
		return a.without(request{token: r.as, descendants: r.action == report})
	case a.tokens[i].replaced:
		a.tokens = slices.Clone(a.tokens)
		a.tokens[i].replaced = noSecret
	}
	return a
}

// without returns a without the tokens that r, a delete, removes.
func (a account) without(r request) account {
	doomed := a.doomed(r)
	a.tokens = slices.DeleteFunc(slices.Clone(a.tokens), func(t heldToken) bool { return slices.Contains(doomed, t.id) })
	return a
}

// admits reports whether the caller's secret works.
func (a account) admits(r request) bool {
	i := slices.Index(a.listedIDs(), r.as)
	return i >= 0 && a.tokens[i].admits(r.secret)
}

func (a account) has(id pat.TokenID) bool { return slices.Contains(a.listedIDs(), id) }

func (a account) listedIDs() []pat.TokenID {
	ids := make([]pat.TokenID, len(a.tokens))
	for i, t := range a.tokens {
		ids[i] = t.id
	}
	return ids
}

func (a account) listed() []listedToken {
	listed := make([]listedToken, len(a.tokens))
	for i, t := range a.tokens {
		listed[i] = t.listedToken
	}
	return listed
}

// doomed returns the tokens that a delete removes, if they are there.
func (a account) doomed(r request) []pat.TokenID {
	doomed := []pat.TokenID{r.token}
	for _, t := range a.tokens {
		if r.descendants && slices.ContainsFunc(t.ancestors, func(id pat.TokenID) bool { return slices.Contains(doomed, id) }) {
			doomed = append(doomed, t.id)
		}
	}
	return doomed
}

// maxAncestors is how many ancestors a token remembers.
const maxAncestors = 10

func (a account) create(r request) (response, account) {
	by := a.tokens[slices.Index(a.listedIDs(), r.as)]
	switch {
	case r.tooLong:
		return response{outcome: tooLong}, a
	case by.exceeded(r.secret, r.scoped):
		return response{outcome: stronger}, a
	case len(a.tokens) >= a.limit:
		return response{outcome: full}, a
	case slices.ContainsFunc(a.tokens, func(t heldToken) bool { return t.description == r.description }):
		return response{outcome: taken}, a
	}
	ancestors := append([]pat.TokenID{by.id}, by.ancestors...)
	token := newToken(listedToken{a.next, r.description}, r.scoped, ancestors[:min(len(ancestors), maxAncestors)])
	return response{outcome: done, id: a.next}, a.with(token)
}

func (a account) rotate(r request, secret int) (response, account) {
	by, i := a.tokens[slices.Index(a.listedIDs(), r.as)], slices.Index(a.listedIDs(), r.token)
	switch {
	case i < 0:
		return response{outcome: missing}, a
	case r.tooLong:
		return response{outcome: tooLong}, a
	case r.as == r.token && r.secret != by.present:
		return response{outcome: replaced}, a
	case r.as != r.token && by.exceeded(r.secret, a.tokens[i].scoped):
		return response{outcome: stronger}, a
	}
	a.tokens = slices.Clone(a.tokens)
	token := &a.tokens[i]
	token.present, token.replaced = secret, token.present
	if !r.overlap {
		token.replaced = noSecret
	}
	return response{outcome: done, id: r.token, secret: secret}, a
}

func (a account) with(token heldToken) account {
	a.tokens = append(slices.Clip(a.tokens), token)
	a.next = token.id + 1
	return a
}

// importTokens adds the tokens that are missing, except those whose ID has been used. There is no limit.
func (a account) importTokens(imported []listedToken) (response, account) {
	var present []listedToken
	for _, token := range imported {
		isHere := slices.Contains(a.listed(), token)
		if !isHere && token.id < a.next {
			continue
		}
		if !isHere {
			a = a.with(newToken(token, false, nil))
		}
		present = append(present, token)
	}
	return response{outcome: done, tokens: present}, a
}

func (a account) equal(b account) bool {
	return a.next == b.next && a.disabled == b.disabled && a.wasDisabled == b.wasDisabled && slices.EqualFunc(a.tokens, b.tokens, heldToken.equal)
}

// rules are what a target promises.
//
// Every response is one that the account gave at one moment between request and response, also where the authorizer's responses
// are cached, since each handler reads the account afresh: a success, a limit, a duplicate and a list are never stale. There are
// three exceptions, none of which accepts a caller who must be refused:
//
// A refusal (401) can be stale where denials are cached: a user who was disabled once may be refused until the cached denial
// expires.
//
// A delete that finds the token gone can return 200 although the caller's own token has ended since the request arrived: its
// first attempt found both, and then another delete was quicker. usedAfterDelete and usedAfterDisable check that no request that
// began after the end of the caller's token is accepted.
//
// A create whose first attempt took effect, although the response of the store was lost, is refused if a delete of several tokens then
// removes the new one before the next attempt, and the caller's token has ended or its user is disabled by then. It has used an ID, and
// nothing else is left of it. If the caller still works, the next attempt creates another.
type rules struct {
	cachedDenials bool
	// limit is how many tokens a user can have.
	limit int
}

func (r rules) step(before account, sent request, got response) (bool, account) {
	issued := got.secret
	if got.unknown() {
		issued = noSecret
	}
	want, after := before.apply(sent, issued)
	switch {
	case got.unknown():
		return true, after
	case got.outcome == refused && r.cachedDenials && before.wasDisabled && sent.as != operator:
		return true, before
	case got.outcome == done && sent.action == remove && !slices.ContainsFunc(before.doomed(sent), before.has):
		return true, before
	}
	return want.equal(got), after
}

// model returns the rules in the checker's terms.
func (r rules) model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return newAccount(r.limit) },
		Step: func(state, input, output any) (bool, any) {
			return r.step(state.(account), input.(request), output.(response)) //nolint:errcheck // the checker passes them on
		},
		Equal: func(a, b any) bool { return a.(account).equal(b.(account)) }, //nolint:errcheck // the checker passes them on
		DescribeOperation: func(input, output any) string {
			return input.(request).String() + ": " + output.(response).String() //nolint:errcheck // the checker passes them on
		},
		DescribeState: func(state any) string { return describe(state.(account).listed()) }, //nolint:errcheck // the checker passes them on
	}
}

// forever is when an operation with an unknown outcome ends: it can take effect at any time after its beginning.
const forever = math.MaxInt64

// history returns the operations in the checker's form, without unknown ones that had no effect. If the responses of the store can get
// lost, a create that was answered may have taken effect once before.
func history(operations []operation, canLose bool) []porcupine.Operation {
	var events []porcupine.Operation
	clients := 0
	for _, o := range operations {
		clients = max(clients, o.client+1)
	}
	vanished := vanished(operations)
	effect := effects(operations, vanished)
	for _, o := range operations {
		if canLose && !o.unknown() && vanished(o) {
			events = append(events, porcupine.Operation{
				ClientId: clients, Input: o.request, Call: o.begin, Output: response{outcome: busy}, Return: forever,
			})
			clients++
		}
		event := porcupine.Operation{ClientId: o.client, Input: o.request, Call: o.begin, Output: o.response, Return: o.end}
		if o.unknown() {
			if !effect(o) {
				continue
			}
			event.ClientId, event.Return = clients, forever // a separate client: the caller went on
			clients++
		}
		events = append(events, event)
	}
	return events
}

// effects returns a function that reports whether an operation with an unknown outcome can have taken effect: a token without a response
// must have been in a list or have vanished, and a token to delete must be missing in the last list. Without it the checker would try every
// order of operations that never happened.
func effects(operations []operation, vanished func(operation) bool) func(operation) bool {
	_, orphans := unclaimed(operations)
	last := map[pat.TokenID]bool{}
	for _, o := range lists(operations) {
		clear(last)
		for _, token := range o.tokens {
			last[token.id] = true
		}
	}
	return func(o operation) bool {
		switch o.action {
		case create:
			return orphans[o.description] || vanished(o)
		case remove:
			return o.descendants || !last[o.token]
		case list, use:
			return false
		}
		return true
	}
}

// vanished returns a function that reports whether an operation can have created a token that its response does not tell of, and that
// is gone: no response to a create tells of an ID or of a listed token with that description, and a delete of several tokens must have run
// meanwhile.
func vanished(operations []operation) func(operation) bool {
	missing, orphans := unclaimed(operations)
	return func(o operation) bool {
		return o.action == create && (missing || orphans[o.description]) && slices.ContainsFunc(operations, func(p operation) bool {
			canTakeAll := p.action == remove && p.descendants || p.action == report || p.action == removeScoped
			return canTakeAll && p.end > o.begin && (o.unknown() || p.begin < o.end)
		})
	}
}

// unclaimed reports whether an ID is in no response at all, and returns the descriptions of listed tokens that are in no response to
// a create or an import.
func unclaimed(operations []operation) (missing bool, orphans map[string]bool) {
	claimed, listed, last := map[pat.TokenID]bool{firstToken: true}, map[pat.TokenID]string{}, firstToken
	for _, o := range operations {
		for _, token := range append([]listedToken{{id: o.id}}, o.imported...) {
			claimed[token.id] = true
			last = max(last, token.id)
		}
		for _, token := range o.tokens {
			listed[token.id] = token.description
			last = max(last, token.id)
		}
	}
	orphans = map[string]bool{}
	for id := firstToken; id <= last; id++ {
		description, seen := listed[id]
		switch {
		case claimed[id]:
		case seen:
			orphans[description] = true
		default:
			missing = true
		}
	}
	return missing, orphans
}
