package races_test

import (
	"math"
	"slices"

	"github.com/anishathalye/porcupine"

	"pats/pkg/pat"
)

// history returns the operations in the checker's form, without unanswered ones that had no effect. Each change is preceded by lost earlier
// attempts, which may have taken effect. Attempts and unanswered operations have clients of their own, since the caller went on.
func history(operations []operation, lost int) []porcupine.Operation {
	var events []porcupine.Operation
	clients := maxSearched
	alone := func(o operation, f fate, end int64) {
		events = append(events, porcupine.Operation{ClientId: clients, Input: o, Call: o.begin, Output: f, Return: end})
		clients++
	}
	last := int64(0)
	kept := kept(operations)
	for _, o := range operations {
		last = max(last, o.end)
		for range lost {
			if o.changes() {
				alone(o, attempted, o.end)
			}
		}
		switch {
		case !o.unknown():
			events = append(events, porcupine.Operation{ClientId: o.client, Input: o, Call: o.begin, Output: answered, Return: o.end})
		case o.changes() && !kept(o):
			alone(o, unanswered, math.MaxInt64)
		}
	}
	alone(operation{request: request{action: settle}, response: response{outcome: done}, begin: last + 1}, answered, last+2)
	return events
}

// kept returns a function that reports whether an operation is a delete of a single token that is in the last list. Without it the checker
// would try every order of operations that never happened.
func kept(operations []operation) func(operation) bool {
	lists := lists(operations)
	return func(o operation) bool {
		return o.action == remove && !o.descendants && len(lists) > 0 &&
			slices.ContainsFunc(lists[len(lists)-1].tokens, func(t listedToken) bool { return t.id == o.token })
	}
}

// vacancies are the IDs that no response assigns to a create or an import: creates without a response can have used them.
type vacancies struct {
	// descriptions maps those below the last ID to the description in a list, or to "" if they are in none.
	descriptions map[pat.TokenID]string
	last         pat.TokenID
}

// fit reports whether a token with the description can have had the ID.
func (v vacancies) fit(id pat.TokenID, description string) bool {
	listed, vacant := v.descriptions[id]
	return id > v.last || vacant && (listed == "" || listed == description)
}

func newVacancies(operations []operation) vacancies {
	v := vacancies{descriptions: map[pat.TokenID]string{}, last: firstToken}
	claimed, listed := map[pat.TokenID]bool{firstToken: true}, map[pat.TokenID]string{}
	for _, o := range operations {
		for _, token := range append([]listedToken{{id: o.id}}, o.imported...) {
			claimed[token.id] = true
			v.last = max(v.last, token.id)
		}
		for _, token := range o.tokens {
			listed[token.id] = token.description
			v.last = max(v.last, token.id)
		}
	}
	for id := firstToken; id <= v.last; id++ {
		if !claimed[id] {
			v.descriptions[id] = listed[id]
		}
	}
	return v
}
