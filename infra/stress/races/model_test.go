package races_test

import (
	"fmt"
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
	// answered are the beginnings of the changes whose answered attempt has taken effect. They follow from the order so far, which is why
	// equal need not compare them.
	answered []int64
	// settled is set when all operations have ended: what is unanswered has taken effect by then, or never does.
	settled bool
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
	case settle:
		a.settled = true
		return response{outcome: done}, a
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
	return a.next == b.next && a.disabled == b.disabled && a.wasDisabled == b.wasDisabled && a.settled == b.settled &&
		slices.EqualFunc(a.tokens, b.tokens, heldToken.equal)
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
// A change whose first attempt took effect, although the response of the store was lost, is made again if another client undid it before
// the next attempt: a user is disabled twice, and a create that finds its token deleted creates another, or is refused if the caller's own
// token has ended by then.
type rules struct {
	cachedDenials bool
	// limit is how many tokens a user can have.
	limit int
	// mayBeBusy allows a 503, and loses is set if the store loses many of its responses.
	mayBeBusy, loses bool
}

// lostResponses returns the numbers of lost responses to try, for each change, in a search. The smallest comes first, since the search takes
// longer with each. Of a change's three attempts, two can have lost their responses.
func (r rules) lostResponses() []int {
	switch {
	case r.loses:
		return []int{1, 2}
	case r.mayBeBusy:
		return []int{0, 1}
	}
	return []int{0}
}

// fate is what is known of an operation's effect.
type fate string

const (
	// answered operations took effect once between begin and end, as the response tells.
	answered fate = "answered"
	// attempted ones may have done so before as well.
	attempted fate = "attempted"
	// unanswered ones may take effect once at any time after begin.
	unanswered fate = "unanswered"
)

// judge applies the rules to one history.
type judge struct {
	rules
	vacant vacancies
}

// step returns the states that can follow from before. There is none if the operation cannot have taken effect then.
func (j judge) step(before account, o operation, f fate) []account {
	switch f {
	case attempted:
		if slices.Contains(before.answered, o.begin) {
			return nil
		}
		return append(j.changed(before, o), before)
	case unanswered:
		if before.settled {
			return []account{before}
		}
		return j.changed(before, o)
	}
	after, ok := j.answer(before, o)
	if !ok {
		return nil
	}
	if o.changes() {
		after.answered = append(slices.Clip(after.answered), o.begin)
	}
	return []account{after}
}

// changed returns the state after an operation without a response, or nothing if it changes nothing.
func (j judge) changed(before account, o operation) []account {
	_, after := before.apply(o.request, noSecret)
	if after.equal(before) || o.action == create && !j.vacant.fit(before.next, o.description) {
		return nil
	}
	return []account{after}
}

// answer returns the state after an answered operation, and reports whether the account can have given the answer.
func (j judge) answer(before account, o operation) (account, bool) {
	want, after := before.apply(o.request, o.response.secret)
	switch {
	case o.outcome == refused && j.cachedDenials && before.wasDisabled && o.as != operator:
		return before, true
	case o.outcome == done && o.action == remove && !slices.ContainsFunc(before.doomed(o.request), before.has):
		return before, true
	}
	return after, want.equal(o.response)
}

// model returns the rules in the checker's terms.
func (j judge) model() porcupine.Model {
	model := porcupine.NondeterministicModel{
		Init: func() []any { return []any{newAccount(j.limit)} },
		Step: func(state, input, output any) (after []any) {
			for _, a := range j.step(state.(account), input.(operation), output.(fate)) { //nolint:errcheck // the checker passes them on
				after = append(after, a)
			}
			return after
		},
		Equal: func(a, b any) bool { return a.(account).equal(b.(account)) }, //nolint:errcheck // the checker passes them on
		DescribeOperation: func(input, output any) string {
			o := input.(operation) //nolint:errcheck // the checker passes it on
			return fmt.Sprintf("%s: %s (%s)", o.request, o.response, output)
		},
		DescribeState: func(state any) string { return describe(state.(account).listed()) }, //nolint:errcheck // the checker passes it on
	}
	return model.ToModel()
}
