package races_test

import (
	"math"
	"slices"

	"github.com/anishathalye/porcupine"

	"pats/pkg/pat"
)

// account is what the rules know of a user. Its tokens are never changed in place.
type account struct {
	next        pat.TokenID
	tokens      []listedToken
	disabled    bool
	wasDisabled bool
}

// beginning is the account of a user with one token, the manager's.
func newAccount() account {
	return account{next: manager + 1, tokens: []listedToken{{manager, ownDescription}}}
}

// apply is the account's rules as a plain function: how an operation is answered if nobody else is there, and what is then.
func (a account) apply(c request) (response, account) {
	if c.as != operator && (a.disabled || !a.has(c.as)) {
		return response{outcome: refused}, a
	}
	switch c.action {
	case create:
		return a.create(c.description)
	case remove:
		a.tokens = slices.DeleteFunc(slices.Clone(a.tokens), func(t listedToken) bool { return t.id == c.token })
	case list:
		return response{outcome: done, tokens: a.tokens}, a
	case disable:
		a.disabled, a.wasDisabled = true, true
	case enable:
		a.disabled = false
	case importTokens:
		return a.importTokens(c.imported)
	}
	return response{outcome: done}, a
}

func (a account) has(id pat.TokenID) bool {
	return slices.ContainsFunc(a.tokens, func(t listedToken) bool { return t.id == id })
}

func (a account) create(description string) (response, account) {
	switch {
	case len(a.tokens) >= pat.MaxTokens:
		return response{outcome: full}, a
	case slices.ContainsFunc(a.tokens, func(t listedToken) bool { return t.description == description }):
		return response{outcome: taken}, a
	}
	return response{outcome: done, id: a.next}, a.with(listedToken{a.next, description})
}

func (a account) with(token listedToken) account {
	a.tokens = append(slices.Clip(a.tokens), token)
	a.next = token.id + 1
	return a
}

// bring adds what is not there, unless its id has been used. The limit does not count.
func (a account) importTokens(imported []listedToken) (response, account) {
	var present []listedToken
	for _, token := range imported {
		if !slices.Contains(a.tokens, token) && token.id < a.next {
			continue
		}
		if !slices.Contains(a.tokens, token) {
			a = a.with(token)
		}
		present = append(present, token)
	}
	return response{outcome: done, tokens: present}, a
}

func (a account) equal(b account) bool {
	return a.next == b.next && a.disabled == b.disabled && a.wasDisabled == b.wasDisabled && slices.Equal(a.tokens, b.tokens)
}

// promise is what a front promises.
//
// Every answer is one that the account gave at one moment between request and answer, also where the authorizer's answers are
// cached, since each handler reads the account afresh: a success, a limit, a duplicate and a list are never stale. There are two
// exceptions, neither of which lets anybody in:
//
// A refusal (401) may be stale where denials are cached: who was disabled once may be refused until the cache lets go of it.
//
// A delete that finds the token gone may be answered 200 though the caller's own token has ended since the request came: its
// first attempt found both, and then another delete was quicker. That no request is answered so that came after the caller's
// token had ended is held by undead and usedLate.
type rules struct {
	cachedDenials bool
}

func (p rules) step(before account, c request, a response) (bool, account) {
	want, after := before.apply(c)
	switch {
	case a.unknown():
		return true, after
	case a.outcome == refused && p.cachedDenials && before.wasDisabled && c.as != operator:
		return true, before
	case a.outcome == done && c.action == remove && !before.has(c.token):
		return true, before
	}
	return want.same(a), after
}

// model is the promise in the checker's terms.
func (p rules) model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return newAccount() },
		Step: func(state, input, output any) (bool, any) {
			return p.step(state.(account), input.(request), output.(response)) //nolint:errcheck // they come from here
		},
		Equal: func(a, b any) bool { return a.(account).equal(b.(account)) }, //nolint:errcheck // they come from here
		DescribeOperation: func(input, output any) string {
			return input.(request).String() + ": " + output.(response).String() //nolint:errcheck // they come from here
		},
		DescribeState: func(state any) string { return describe(state.(account).tokens) }, //nolint:errcheck // they come from here
	}
}

// forever is when an operation with an unknown outcome ends: it may take effect at any time from its beginning on.
const forever = math.MaxInt64

// history is the operations in the checker's form, without those unknown ones that had no effect.
func history(operations []operation) []porcupine.Operation {
	var events []porcupine.Operation
	clients := 0
	for _, o := range operations {
		clients = max(clients, o.client+1)
	}
	effect := effects(operations)
	for _, o := range operations {
		event := porcupine.Operation{ClientId: o.client, Input: o.request, Call: o.begin, Output: o.response, Return: o.end}
		if o.unknown() {
			if !effect(o) {
				continue
			}
			event.ClientId, event.Return = clients, forever // a client of its own: the caller went on
			clients++
		}
		events = append(events, event)
	}
	return events
}

// effects tells, of an operation with an unknown outcome, whether it may have taken effect: a token that nobody was answered
// must have been seen in a list, and one to be deleted must be gone from the last. Otherwise the checker would try every order
// of what never happened.
func effects(operations []operation) func(operation) bool {
	given, orphans, last := map[pat.TokenID]bool{manager: true}, map[string]bool{}, map[pat.TokenID]bool{}
	for _, o := range operations {
		given[o.id] = true
		for _, token := range o.imported {
			given[token.id] = true
		}
	}
	for _, o := range operations {
		if o.action != list || o.outcome != done {
			continue
		}
		clear(last)
		for _, token := range o.tokens {
			last[token.id] = true
			if !given[token.id] {
				orphans[token.description] = true
			}
		}
	}
	return func(o operation) bool {
		switch o.action {
		case create:
			return orphans[o.description]
		case remove:
			return !last[o.token]
		case list, use:
			return false
		}
		return true
	}
}
