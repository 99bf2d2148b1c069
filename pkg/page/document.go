package page

import (
	"encoding/json"
	"strings"

	"pats/pkg/pat"
)

// Settings are what the page shows before a user has signed in. They are public.
type Settings struct {
	// SignIn reports whether people can sign in at an identity provider. Otherwise they paste a token.
	SignIn bool `json:"signIn"`
	// MaxTokenDays is the longest lifetime of a new token in days, or 0 for none.
	MaxTokenDays int `json:"maxTokenDays"`
	// MaxTokens is how many tokens a user can have.
	MaxTokens int     `json:"maxTokens"`
	Scopes    []Scope `json:"scopes"`
}

// Scope is a scope that a token can have.
type Scope struct {
	Name pat.Scope `json:"name"`
	// Role is the lowest root role that carries the scope: 1 is Admin, 2 Editor, 3 Viewer.
	Role pat.Role `json:"role"`
}

// Scopes returns the scopes of catalog in ascending order.
func Scopes(catalog pat.ScopeCatalog) []Scope {
	lowest := map[pat.Scope]pat.Role{}
	for _, role := range []pat.Role{pat.Admin, pat.Editor, pat.Viewer} {
		for _, scope := range catalog.Carried(pat.Account{Profile: pat.Profile{Role: role}}) {
			lowest[scope] = role
		}
	}
	var scopes []Scope
	for _, scope := range catalog.Carried(pat.Account{Profile: pat.Profile{Role: pat.Admin}}) {
		scopes = append(scopes, Scope{scope, lowest[scope]})
	}
	return scopes
}

// document is the HTML document, complete but for the base.
type document string

const basePlace = "{{base}}"

func newDocument(name string, settings Settings, script asset) document {
	return document(strings.NewReplacer(
		"{{config}}", attribute(settings),
		"{{script}}", script.path(),
	).Replace(read(name)))
}

// attribute returns settings as JSON for an attribute in single quotes. JSON already escapes &, < and >.
func attribute(settings Settings) string {
	text, _ := json.Marshal(settings) // strings and numbers always have a JSON form
	return strings.ReplaceAll(string(text), "'", `\u0027`)
}

// render returns the document under base, which needs no escapes.
func (d document) render(base string) string { return strings.Replace(string(d), basePlace, base, 1) }
