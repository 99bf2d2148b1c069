package races_test

import (
	"fmt"
	"slices"
	"strings"

	"pats/pkg/pat"
)

// action is what a client asks for.
type action string

const (
	create       action = "create"
	remove       action = "delete"
	list         action = "list"
	use          action = "use"
	disable      action = "disable"
	enable       action = "enable"
	importTokens action = "import"
)

// named is a token as a list shows it.
type listedToken struct {
	id          pat.TokenID
	description string
}

func (n listedToken) String() string { return fmt.Sprintf("%d %q", n.id, n.description) }

// operator stands for a token's id where no token's holder asks.
const operator pat.TokenID = 0

// call is an operation as it was asked for.
type request struct {
	action action
	// as is the token whose holder asks.
	as pat.TokenID
	// description is that of a token to create.
	description string
	// target is the token to delete.
	token pat.TokenID
	// brought are the tokens to import, in rising order of id.
	imported []listedToken
}

func (c request) String() string {
	text := string(c.action)
	switch c.action {
	case create:
		text += fmt.Sprintf(" %q", c.description)
	case remove:
		text += fmt.Sprintf(" %d", c.token)
	case importTokens:
		text += " " + describe(c.imported)
	}
	if c.as != operator {
		text += fmt.Sprintf(" as %d", c.as)
	}
	return text
}

// verdict is what an operation came to.
type outcome string

const (
	done       outcome = "done"
	refused    outcome = "refused" // 401
	full       outcome = "limit"   // 403 OperationDeniedError
	taken      outcome = "taken"   // 409 NameExistsError
	busy       outcome = "busy"    // 503 with Retry-After; it may have taken effect
	unexpected outcome = "odd"     // what no client should see; it may have taken effect
)

// answer is how an operation was answered.
type response struct {
	outcome outcome
	// id is that of the token created.
	id pat.TokenID
	// tokens are those listed, or of an import those that are in the account.
	tokens []listedToken
	// detail says what was odd.
	detail string
}

func (a response) String() string {
	switch {
	case a.outcome == unexpected:
		return "odd: " + a.detail
	case a.id != 0:
		return fmt.Sprintf("done: %d", a.id)
	case a.tokens != nil:
		return "done: " + describe(a.tokens)
	}
	return string(a.outcome)
}

func (a response) unknown() bool { return a.outcome == busy || a.outcome == unexpected }

func (a response) same(b response) bool {
	return a.outcome == b.outcome && a.id == b.id && slices.Equal(a.tokens, b.tokens)
}

func describe(tokens []listedToken) string {
	texts := make([]string, len(tokens))
	for i, token := range tokens {
		texts[i] = token.String()
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// operation is a call with its answer. begin and end are unique numbers in the order of time: one operation ended before
// another began if and only if end is less than begin.
type operation struct {
	client int
	request
	response
	begin, end int64
}
