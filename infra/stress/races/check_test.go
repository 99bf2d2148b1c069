package races_test

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"pats/pkg/pat"
)

const (
	// maxSearched is the largest number of clients for which the checks search for an order: that takes milliseconds for 12
	// clients and has no end for 64.
	maxSearched = 12
	// searchTime bounds the search.
	searchTime = time.Minute
)

// noOrder begins the finding of a search that tried every order.
const noOrder = "not linearizable"

// result is that of the checks of a history.
type result struct {
	findings []string
	// searched is the number of operations in the search for an order.
	searched int
	// draw writes a picture of the history in HTML. It is nil if there is an order.
	draw func(path string) error
}

// inspect checks the operations of several clients against the rules. The last operation is a list that begins after all others
// have ended.
func inspect(operations []operation, p rules, clients int) result {
	operations = inOrder(operations)
	r := result{findings: violated(operations, p)}
	if clients > maxSearched {
		return r
	}
	return r.linearize(operations, p)
}

func inOrder(operations []operation) []operation {
	return slices.SortedFunc(slices.Values(operations), func(a, b operation) int { return cmp.Compare(a.begin, b.begin) })
}

// violated returns the invariants that the operations, sorted by begin, violate.
func violated(operations []operation, p rules) []string {
	found := slices.Concat(limits(operations, p.limit), unjustified(operations, p))
	if !p.mayBeBusy {
		found = append(found, busyOnes(operations)...)
	}
	for _, check := range []func([]operation) []string{unexpectedOnes, duplicates, order, reusedIDs, lost, usedAfterDelete, usedAfterRotation, usedAfterDisable} {
		found = append(found, check(operations)...)
	}
	return found
}

// linearize searches for an order of the operations.
func (r result) linearize(operations []operation, p rules) result {
	var found result
	for _, lost := range p.lostResponses() {
		if found = search(operations, p, lost); len(found.findings) == 0 {
			break
		}
	}
	found.findings = append(r.findings, found.findings...)
	return found
}

// search searches for an order of the operations in which up to lost earlier attempts of each change may have taken effect.
func search(operations []operation, p rules, lost int) result {
	model := judge{p, newVacancies(operations)}.model()
	verdict, info := porcupine.CheckOperationsVerbose(model, history(operations, lost), searchTime)
	r := result{searched: len(operations)}
	switch verdict {
	case porcupine.Illegal:
		r.findings = []string{noOrder + ": no order of the operations explains these responses"}
		r.draw = func(path string) error { return porcupine.VisualizePath(model, info, path) }
	case porcupine.Unknown:
		r.findings = []string{fmt.Sprintf("undecided: no order of the operations was found within %s", searchTime)}
	}
	return r
}

func unexpectedOnes(operations []operation) []string {
	return each(operations, func(o operation) string {
		if o.outcome == unexpected {
			return fmt.Sprintf("unexpected response to %s: %s", o.request, o.detail)
		}
		return ""
	})
}

func busyOnes(operations []operation) []string {
	return each(operations, func(o operation) string {
		if o.outcome == busy {
			return fmt.Sprintf("busy: %s got a 503", o.request)
		}
		return ""
	})
}

// limits checks that no list has more tokens than the limit, to which imported tokens do not count.
func limits(operations []operation, limit int) []string {
	importOutcome := map[pat.TokenID]bool{}
	for _, o := range operations {
		for _, token := range o.imported {
			importOutcome[token.id] = true
		}
	}
	return each(lists(operations), func(o operation) string {
		n := 0
		for _, token := range o.tokens {
			if !importOutcome[token.id] {
				n++
			}
		}
		if n > limit {
			return fmt.Sprintf("limit: %d tokens in %s", n, describe(o.tokens))
		}
		return ""
	})
}

func duplicates(operations []operation) []string {
	return each(lists(operations), func(o operation) string {
		seen := map[string]bool{}
		for _, token := range o.tokens {
			if seen[token.description] {
				return fmt.Sprintf("duplicate: two tokens have the description %q in %s", token.description, describe(o.tokens))
			}
			seen[token.description] = true
		}
		return ""
	})
}

// order checks that IDs rise in every list, and that a create that began later got a higher ID.
func order(operations []operation) []string {
	found := each(lists(operations), func(o operation) string {
		if !slices.IsSortedFunc(o.tokens, func(a, b listedToken) int { return cmp.Compare(a.id, b.id+1) }) {
			return "order: IDs do not rise in " + describe(o.tokens)
		}
		return ""
	})
	creates := created(operations)
	for i, late := range creates {
		for _, early := range creates[:i] {
			if early.end < late.begin && early.id >= late.id {
				found = append(found, fmt.Sprintf("order: ID %d was assigned after %d", late.id, early.id))
			}
		}
	}
	return found
}

func reusedIDs(operations []operation) []string {
	given := map[pat.TokenID]bool{}
	return each(created(operations), func(o operation) string {
		if given[o.id] {
			return fmt.Sprintf("ID %d was assigned twice", o.id)
		}
		given[o.id] = true
		return ""
	})
}

// lost checks that a created token is in every list that begins later, unless a delete of it began before that list ended.
func lost(operations []operation) []string {
	lists := lists(operations)
	return each(created(operations), func(creation operation) string {
		for _, l := range lists {
			ended := slices.ContainsFunc(operations, func(o operation) bool {
				return o.begin < l.end && (o.action == report || !o.descendants && o.canEnd(creation.id))
			})
			if l.begin < creation.end || ended || takenWithOthers(operations, creation, l) || slices.Contains(l.tokens, listedToken{creation.id, creation.description}) {
				continue
			}
			return fmt.Sprintf("lost: %s returned ID %d, which is not in %s", creation.request, creation.id, describe(l.tokens))
		}
		return ""
	})
}

// takenWithOthers reports whether a delete with descendants, of a token that led to the created one, began before the list ended.
func takenWithOthers(operations []operation, creation, list operation) bool {
	makers := map[pat.TokenID]pat.TokenID{}
	for _, c := range created(operations) {
		if c.as < c.id { // else the IDs are wrong, which order and reusedIDs report
			makers[c.id] = c.as
		}
	}
	for id := creation.as; id != operator; id = makers[id] {
		if slices.ContainsFunc(operations, func(o operation) bool {
			return o.descendants && (o.token == id || o.token == creation.id) && o.begin < list.end
		}) {
			return true
		}
	}
	return false
}

// usedAfterDelete checks that a deleted token is in no list that begins later, and is refused.
func usedAfterDelete(operations []operation) []string {
	ended := endings(operations)
	over := func(id pat.TokenID, at int64) bool {
		end, ok := ended[id]
		return ok && end < at
	}
	return each(operations, func(o operation) string {
		if o.as != operator && accepted(o) && over(o.as, o.begin) {
			return fmt.Sprintf("deleted token: %s got %q after token %d was deleted", o.request, o.outcome, o.as)
		}
		i := slices.IndexFunc(o.tokens, func(t listedToken) bool { return o.action == list && over(t.id, o.begin) })
		if i >= 0 {
			return fmt.Sprintf("deleted token: %d is in %s", o.tokens[i].id, describe(o.tokens))
		}
		return ""
	})
}

// usedAfterRotation checks that a secret is refused in every request that begins after it was replaced without an overlap, or after
// two later rotations, since at most two secrets of a token work.
func usedAfterRotation(operations []operation) []string {
	rotations := only(operations, func(o operation) bool { return o.action == rotate && o.outcome == done })
	return each(operations, func(o operation) string {
		if !accepted(o) || o.as == operator {
			return ""
		}
		issued := issuedBy(rotations, o)
		later := 0
		for _, r := range rotations {
			if r.token != o.as || r.begin < issued || r.end > o.begin || r.response.secret == o.request.secret {
				continue
			}
			if later++; later == 2 || !r.overlap {
				return fmt.Sprintf("replaced secret: %s got %q", o.request, o.outcome)
			}
		}
		return ""
	})
}

// issuedBy returns when the rotation that issued the caller's secret had ended, or 0 for the first secret.
func issuedBy(rotations []operation, o operation) int64 {
	for _, r := range rotations {
		if r.token == o.as && r.response.secret == o.request.secret {
			return r.end
		}
	}
	return 0
}

// endings returns when the first delete of each deleted token ended. A delete with descendants counts for the tokens that the deleted
// one created.
func endings(operations []operation) map[pat.TokenID]int64 {
	ended := map[pat.TokenID]int64{}
	for _, o := range operations {
		ids := []pat.TokenID{o.token}
		for _, c := range created(operations) {
			if o.descendants && c.as == o.token {
				ids = append(ids, c.id)
			}
		}
		for _, id := range ids {
			if first, ok := ended[id]; o.action == remove && o.outcome == done && (!ok || o.end < first) {
				ended[id] = o.end
			}
		}
	}
	return ended
}

// usedAfterDisable checks that between the end of a disable and the next enable every token is refused.
func usedAfterDisable(operations []operation) []string {
	var disables, enables []operation
	for _, o := range operations {
		switch {
		case o.action == disable && o.outcome == done:
			disables = append(disables, o)
		case o.action == enable:
			enables = append(enables, o)
		}
	}
	return each(operations, func(o operation) string {
		for _, d := range disables {
			newStore := slices.ContainsFunc(enables, func(e operation) bool { return e.end > d.begin && e.begin < o.end })
			if o.as != operator && accepted(o) && d.end < o.begin && !newStore {
				return fmt.Sprintf("disabled user: %s got %q after the user was disabled", o.request, o.outcome)
			}
		}
		return ""
	})
}

// unjustified checks that a refusal, a limit, a duplicate and the like each have a cause that began before the response.
func unjustified(operations []operation, p rules) []string {
	isFull := func(earlier []operation, _ operation) bool { return canBeFull(earlier, p.limit) }
	return each(operations, func(o operation) string {
		reason := map[outcome]func([]operation, operation) bool{
			tooLong: func(_ []operation, o operation) bool { return o.tooLong },
			refused: isOver, full: isFull, taken: isTaken, stronger: isScoped, replaced: isReplaced, missing: isGone,
		}[o.outcome]
		if reason == nil || reason(before(operations, o, p.mayBeBusy), o) {
			return ""
		}
		return fmt.Sprintf("unjustified: %s got %q", o.request, o.outcome)
	})
}

// before returns the other operations that may have taken effect before the response to o. If the store can lose responses, they include
// changes that were refused: an earlier attempt may have taken effect.
func before(operations []operation, o operation, canLose bool) []operation {
	return only(operations, func(p operation) bool {
		return p.begin < o.end && p.begin != o.begin && (p.outcome == done || p.unknown() || canLose && p.changes())
	})
}

func isOver(earlier []operation, o operation) bool {
	return slices.ContainsFunc(earlier, func(p operation) bool {
		replaced := p.action == rotate && p.token == o.as && (p.outcome != done || p.response.secret != o.request.secret)
		return p.action == disable || p.canEnd(o.as) || replaced
	})
}

func isReplaced(earlier []operation, o operation) bool {
	return o.token == o.as && slices.ContainsFunc(earlier, func(p operation) bool { return p.action == rotate && p.token == o.as })
}

func isGone(earlier []operation, o operation) bool {
	return o.action == rotate && slices.ContainsFunc(earlier, func(p operation) bool {
		return p.canEnd(o.token)
	})
}

func isScoped(earlier []operation, o operation) bool {
	scoped := slices.ContainsFunc(earlier, func(p operation) bool { return p.action == create && p.id == o.as && p.scoped })
	rotated := slices.ContainsFunc(earlier, func(p operation) bool { return p.action == rotate && p.token == o.as })
	return scoped && (!o.scoped || rotated) // a replaced secret creates nothing that outlasts it
}

func canBeFull(earlier []operation, limit int) bool {
	tokens := 1 // the manager's
	for _, p := range earlier {
		tokens += len(p.imported)
		if p.action == create {
			tokens++
		}
	}
	return tokens >= limit
}

func isTaken(earlier []operation, o operation) bool {
	return slices.ContainsFunc(earlier, func(p operation) bool {
		return p.action == create && p.description == o.description ||
			slices.ContainsFunc(p.imported, func(token listedToken) bool { return token.description == o.description })
	})
}

// accepted reports whether the response shows that the caller's token was accepted. Any secret can be ended and reported.
func accepted(o operation) bool {
	return o.action != endSecret && o.action != report && slices.Contains([]outcome{done, full, taken, stronger, replaced, missing, tooLong}, o.outcome)
}

func lists(operations []operation) []operation {
	return only(operations, func(o operation) bool { return o.action == list && o.outcome == done })
}

func created(operations []operation) []operation {
	return only(operations, func(o operation) bool { return o.action == create && o.outcome == done })
}

func only(operations []operation, is func(operation) bool) []operation {
	var found []operation
	for _, o := range operations {
		if is(o) {
			found = append(found, o)
		}
	}
	return found
}

// each returns the non-empty results of check.
func each(operations []operation, check func(operation) string) []string {
	var found []string
	for _, o := range operations {
		if text := check(o); text != "" {
			found = append(found, text)
		}
	}
	return found
}
