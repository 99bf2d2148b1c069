package races_test

import (
	"math"
	"slices"

	"github.com/anishathalye/porcupine"

	"pats/pkg/pat"
)

// account is the state of a user in the model. Its tokens are never changed in place.
type account struct {
	next        pat.TokenID
	tokens      []listedToken
	disabled    bool
	wasDisabled bool
}

// newAccount returns the account of a user with one token.
func newAccount() account {
	return account{next: firstToken + 1, tokens: []listedToken{{firstToken, ownDescription}}}
}

// apply is the specification as a plain function: the response to an operation without concurrency, and the state after it.
func (a account) apply(r request) (response, account) {
	if r.as != operator && (a.disabled || !a.has(r.as)) {
		return response{outcome: refused}, a
	}
	switch r.action {
	case create:
		return a.create(r.description)
	case remove:
		a.tokens = slices.DeleteFunc(slices.Clone(a.tokens), func(t listedToken) bool { return t.id == r.token })
	case list:
		return response{outcome: done, tokens: a.tokens}, a
	case disable:
		a.disabled, a.wasDisabled = true, true
	case enable:
		a.disabled = false
	case importTokens:
		return a.importTokens(r.imported)
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

// importTokens adds the tokens that are missing, except those whose ID has been used. There is no limit.
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

// rules are what a target promises.
//
// Every response is one that the account gave at one moment between request and response, also where the authorizer's responses
// are cached, since each handler reads the account afresh: a success, a limit, a duplicate and a list are never stale. There are
// two exceptions, neither of which accepts a caller who must be refused:
//
// A refusal (401) can be stale where denials are cached: a user who was disabled once may be refused until the cached denial
// expires.
//
// A delete that finds the token gone can return 200 although the caller's own token has ended since the request arrived: its
// first attempt found both, and then another delete was quicker. usedAfterDelete and usedAfterDisable check that no request that
// began after the end of the caller's token is accepted.
type rules struct {
	cachedDenials bool
}

func (r rules) step(before account, sent request, got response) (bool, account) {
	want, after := before.apply(sent)
	switch {
	case got.unknown():
		return true, after
	case got.outcome == refused && r.cachedDenials && before.wasDisabled && sent.as != operator:
		return true, before
	case got.outcome == done && sent.action == remove && !before.has(sent.token):
		return true, before
	}
	return want.equal(got), after
}

// model returns the rules in the checker's terms.
func (r rules) model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return newAccount() },
		Step: func(state, input, output any) (bool, any) {
			return r.step(state.(account), input.(request), output.(response)) //nolint:errcheck // the checker passes them on
		},
		Equal: func(a, b any) bool { return a.(account).equal(b.(account)) }, //nolint:errcheck // the checker passes them on
		DescribeOperation: func(input, output any) string {
			return input.(request).String() + ": " + output.(response).String() //nolint:errcheck // the checker passes them on
		},
		DescribeState: func(state any) string { return describe(state.(account).tokens) }, //nolint:errcheck // the checker passes them on
	}
}

// forever is when an operation with an unknown outcome ends: it can take effect at any time after its beginning.
const forever = math.MaxInt64

// history returns the operations in the checker's form, without unknown ones that had no effect.
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
			event.ClientId, event.Return = clients, forever // a separate client: the caller went on
			clients++
		}
		events = append(events, event)
	}
	return events
}

// effects returns a function that reports whether an operation with an unknown outcome can have taken effect: a token without a
// response must have been in a list, and a token to delete must be missing in the last list. Without it the checker would try
// every order of operations that never happened.
func effects(operations []operation) func(operation) bool {
	given, orphans, last := map[pat.TokenID]bool{firstToken: true}, map[string]bool{}, map[pat.TokenID]bool{}
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
