package api

import (
	"pats/pkg/api/unleashjson"
	"pats/pkg/pat"
)

// maxTokenPage is the maximum number of users in a page of tokens, and the default.
const maxTokenPage = 100

// readTokenFilter reads the query parameters that select tokens. Each can be given once.
func readTokenFilter(req *request) (filter pat.TokenFilter, err error) {
	for _, read := range []func() error{
		func() error { return readQuery(req, "user", &filter.User, parseUser) },
		func() error {
			return readQuery(req, "expiresBefore", &filter.ExpiresBefore, unleashjson.ParseQueryTime)
		},
		func() error { return readQuery(req, "unusedSince", &filter.UnusedSince, unleashjson.ParseQueryTime) },
		func() error { return readQuery(req, "scope", &filter.Scope, parseScope) },
		func() error { return readQuery(req, "state", &filter.State, parseState) },
	} {
		if err := read(); err != nil {
			return pat.TokenFilter{}, err
		}
	}
	return filter, nil
}

// readQuery sets place to the value of a query parameter, if there is one. Errors: several values, and those of parse.
func readQuery[T any](req *request, name string, place *T, parse func(name, text string) (T, error)) error {
	if !req.query.Has(name) {
		return nil
	}
	text, err := req.queryText(name)
	if err == nil {
		*place, err = parse(name, text)
	}
	return err
}

func parseUser(name, text string) (pat.UserID, error) {
	id, err := unleashjson.ParseQueryNumber(name, text, 1, pat.MaxID)
	return pat.UserID(id), err
}

// parseScope accepts scopes that are not in the catalog, since tokens can have such.
func parseScope(_, text string) (pat.Scope, error) {
	return pat.Scope(text), pat.CheckScope(pat.Scope(text))
}

func parseState(name, text string) (pat.TokenState, error) {
	return unleashjson.ParseQueryEnum(name, text, pat.TokenStates())
}
