package races_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pats/pkg/pat"
)

// action is what a client requests.
type action string

const (
	create       action = "create"
	remove       action = "delete"
	rotate       action = "rotate"
	list         action = "list"
	use          action = "use"
	disable      action = "disable"
	enable       action = "enable"
	importTokens action = "import"
	// endSecret revokes the secret that is presented, and report does so with all that its token led to. Both admit everybody.
	endSecret action = "end"
	report    action = "report"
	// removeScoped deletes all tokens with scopes, as an operator does.
	removeScoped action = "delete those with scopes"
	// settle stands in a search for the end of all operations. No client requests it.
	settle action = "settle"
)

// listedToken is a token in a list.
type listedToken struct {
	id          pat.TokenID
	description string
}

func (n listedToken) String() string { return fmt.Sprintf("%d %q", n.id, n.description) }

// operator stands in for a token's ID where the caller has no token.
const operator pat.TokenID = 0

// request is a requested operation.
type request struct {
	action action
	// as is the ID of the caller's token, and secret the number of the token's secret that is presented: 0 for the first one.
	as     pat.TokenID
	secret int
	// description is that of the token to create.
	description string
	// scoped asks for a token with the scopes of tokens, and until is when the token to create expires. tooLong asks for an end beyond the
	// longest lifetime, of a token to create or to rotate.
	scoped  bool
	until   time.Time
	tooLong bool
	// token is the ID of the token to delete, if descendants is set with all that it led to, or of the token to rotate, if overlap is set
	// so that the secret until then still works.
	token       pat.TokenID
	descendants bool
	overlap     bool
	// self names the token presented in the path, instead of its ID.
	self bool
	// imported are the tokens to import, by rising ID.
	imported []listedToken
}

// changes reports whether the request asks for a change of the account.
func (r request) changes() bool { return r.action != list && r.action != use }

func (r request) String() string {
	text := string(r.action)
	switch r.action {
	case create:
		text += fmt.Sprintf(" %q", r.description)
		if r.scoped {
			text += " with scopes"
		}
	case remove:
		text += fmt.Sprintf(" %d", r.token)
		if r.descendants {
			text += " and descendants"
		}
	case rotate:
		text += fmt.Sprintf(" %d", r.token)
		if r.overlap {
			text += " with an overlap"
		}
	case importTokens:
		text += " " + describe(r.imported)
	}
	if r.tooLong {
		text += " for too long"
	}
	if r.self {
		text += " (itself)"
	}
	if r.as != operator {
		text += fmt.Sprintf(" as %d", r.as)
	}
	if r.secret != 0 {
		text += fmt.Sprintf(" with secret %d", r.secret)
	}
	return text
}

// outcome is the result of an operation.
type outcome string

const (
	done       outcome = "done"
	refused    outcome = "refused"    // 401
	full       outcome = "limit"      // 403 OperationDeniedError
	stronger   outcome = "stronger"   // 403 NoAccessError: the token to create has more scopes than the caller's
	taken      outcome = "taken"      // 409 NameExistsError
	replaced   outcome = "replaced"   // 409 TokenRotatedError: the secret presented was replaced, and the token to rotate is its own
	missing    outcome = "missing"    // 404: there is no token to rotate
	tooLong    outcome = "too long"   // 400: the end is beyond the longest lifetime
	busy       outcome = "busy"       // 503 with Retry-After; the request may have taken effect
	unexpected outcome = "unexpected" // must not happen; the request may have taken effect
)

// response is the response to an operation.
type response struct {
	outcome outcome
	// id is that of the created or rotated token, and secret the number of a rotated token's new secret.
	id     pat.TokenID
	secret int
	// tokens are those in a list, or those of an import that are in the account.
	tokens []listedToken
	// detail explains an unexpected outcome.
	detail string
}

func (r response) String() string {
	switch {
	case r.outcome == unexpected:
		return "unexpected: " + r.detail
	case r.secret != 0:
		return fmt.Sprintf("done: %d with secret %d", r.id, r.secret)
	case r.id != 0:
		return fmt.Sprintf("done: %d", r.id)
	case r.tokens != nil:
		return "done: " + describe(r.tokens)
	}
	return string(r.outcome)
}

func (r response) unknown() bool { return r.outcome == busy || r.outcome == unexpected }

func (r response) equal(other response) bool {
	return r.outcome == other.outcome && r.id == other.id && r.secret == other.secret && slices.Equal(r.tokens, other.tokens)
}

func describe(tokens []listedToken) string {
	texts := make([]string, len(tokens))
	for i, token := range tokens {
		texts[i] = token.String()
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// canEnd reports whether the request can remove the token with id, directly or with a token that led to it.
func (r request) canEnd(id pat.TokenID) bool {
	switch r.action {
	case remove:
		return r.token == id || r.descendants
	case endSecret:
		return r.as == id
	case report, removeScoped:
		return true
	}
	return false
}

// operation is a request with its response. begin and end are unique and rise with time: one operation ended before another began
// if and only if end is less than begin.
type operation struct {
	client int
	request
	response
	begin, end int64
}
