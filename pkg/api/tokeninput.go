package api

import (
	"strings"

	"pats/pkg/api/unleashjson"
	"pats/pkg/pat"
)

// readDraft reads the body of a create, checking in Unleash's order: presence, types, format.
func readDraft(req *request) (pat.Draft, error) {
	body, err := req.object()
	if err != nil {
		return pat.Draft{}, err
	}
	if err := body.Require("description", "expiresAt"); err != nil {
		return pat.Draft{}, err
	}
	return newDraft(body)
}

func newDraft(body unleashjson.Object) (draft pat.Draft, err error) {
	if draft.Description, err = body.Text("description"); err != nil {
		return pat.Draft{}, err
	}
	if draft.ExpiresAt, err = body.Time("expiresAt"); err != nil {
		return pat.Draft{}, err
	}
	draft.Scopes, err = readScopes(body)
	return draft, err
}

// scopePattern matches a scope.
const scopePattern = `^[A-Za-z0-9._:/-]{1,64}$`

// readScopes reads the scopes of a new token. Only an absent member means that it acts as its user. A misspelled one is an error,
// although other unknown members are ignored: the token would have more access than the client meant.
func readScopes(body unleashjson.Object) (pat.Scopes, error) {
	if err := body.Refuse(misspellsScopes); err != nil {
		return pat.Scopes{}, err
	}
	if !body.Has("scopes") {
		return pat.Unscoped(), nil
	}
	names, err := body.Strings("scopes", 1, pat.MaxScopes)
	if err != nil {
		return pat.Scopes{}, err
	}
	for i, name := range names {
		if _, err := pat.NewScopes([]string{name}); err != nil {
			return pat.Scopes{}, unleashjson.PatternMismatch("scopes", i, scopePattern, name)
		}
	}
	return pat.NewScopes(names)
}

// misspellsScopes reports whether name is "scope" or "scopes" in any case, but not "scopes" itself.
func misspellsScopes(name string) bool {
	return name != "scopes" && (strings.EqualFold(name, "scope") || strings.EqualFold(name, "scopes"))
}
