// Package claims defines what the shared authorizer tells other APIs about a valid token, and how they read it.
package claims

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pats/pkg/pat"
)

// Claims describe a valid token and its user.
type Claims struct {
	// UserID never changes and is never reused.
	UserID pat.UserID
	// Username can change, and is empty for users with only an email address.
	Username string
	// Scopes are those that the token carries. There can be none.
	Scopes []pat.Scope
	// TokenID is unique among the tokens of one user.
	TokenID pat.TokenID
	// ExpiresAt is when the token expires.
	ExpiresAt time.Time
	// Role is the user's root role, or 0 for a token that is limited to scopes, so that no handler grants it what the role permits.
	Role pat.Role
}

// Of returns the claims of holder, whose token carries granted.
func Of(holder pat.Holder, granted []pat.Scope) Claims {
	claims := Claims{
		UserID:    holder.Account.ID,
		Username:  holder.Account.Username,
		Scopes:    granted,
		TokenID:   holder.Token.ID,
		ExpiresAt: holder.Token.ExpiresAt,
	}
	if holder.Token.Scopes.Unscoped() {
		claims.Role = holder.Account.Role
	}
	return claims
}

// Has reports whether the token carries scope.
func (c Claims) Has(scope pat.Scope) bool { return slices.Contains(c.Scopes, scope) }

// ExpiredAt reports whether the token is expired at now.
func (c Claims) ExpiredAt(now time.Time) bool { return !now.Before(c.ExpiresAt) }

// Strings are Claims as an authorizer hands them on in its context. REST APIs hand on only strings.
type Strings struct {
	// UserID and TokenID are in decimal.
	UserID   string `json:"userId"`
	Username string `json:"username"`
	// Scope has a space between two scopes (RFC 6749 §3.3).
	Scope   string `json:"scope"`
	TokenID string `json:"tokenId"`
	// ExpiresAt is in UTC, in RFC 3339 with milliseconds.
	ExpiresAt string `json:"expiresAt"`
	// Role is empty for a token that is limited to scopes.
	Role string `json:"role,omitempty"`
}

// The names of the members of Strings.
const (
	userID    = "userId"
	username  = "username"
	scope     = "scope"
	tokenID   = "tokenId"
	expiresAt = "expiresAt"
	role      = "role"
)

const timeLayout = "2006-01-02T15:04:05.000Z"

// Strings returns c as an authorizer hands it on.
func (c Claims) Strings() Strings {
	texts := Strings{
		UserID:    strconv.FormatInt(int64(c.UserID), 10),
		Username:  c.Username,
		Scope:     join(c.Scopes),
		TokenID:   strconv.FormatInt(int64(c.TokenID), 10),
		ExpiresAt: c.ExpiresAt.UTC().Format(timeLayout),
	}
	if c.Role != 0 {
		texts.Role = c.Role.String()
	}
	return texts
}

func join(scopes []pat.Scope) string {
	var joined strings.Builder
	for i, scope := range scopes {
		if i > 0 {
			joined.WriteByte(' ')
		}
		joined.WriteString(string(scope))
	}
	return joined.String()
}

// ErrNone is the error of Parse for an empty context: the API has no authorizer.
var ErrNone = errors.New("there are no claims of an authorizer")

// Parse returns the claims in the context of an API's authorizer, which may have other members. Unknown roles become 0.
// Errors: ErrNone; a claim is missing or malformed, as when another authorizer made the context. No error quotes a value.
func Parse(context map[string]any) (Claims, error) {
	if len(context) == 0 {
		return Claims{}, ErrNone
	}
	r := reader{context: context}
	claims := Claims{
		UserID:    pat.UserID(r.id(userID)),
		Username:  r.text(username),
		Scopes:    split(r.text(scope)),
		TokenID:   pat.TokenID(r.id(tokenID)),
		ExpiresAt: r.time(expiresAt),
		Role:      r.role(),
	}
	if r.err != nil {
		return Claims{}, r.err
	}
	return claims, nil
}

// split returns the scopes in text, none of them empty.
func split(text string) []pat.Scope {
	var scopes []pat.Scope
	for name := range strings.SplitSeq(text, " ") {
		if name != "" {
			scopes = append(scopes, pat.Scope(name))
		}
	}
	return scopes
}

// reader reads the members of a context, and keeps the first error.
type reader struct {
	context map[string]any
	err     error
}

func (r *reader) fail(name, problem string) {
	if r.err == nil {
		r.err = fmt.Errorf("the claim %s is %s", name, problem)
	}
}

func (r *reader) text(name string) string {
	value, found := r.context[name]
	text, ok := value.(string)
	switch {
	case !found:
		r.fail(name, "missing")
	case !ok:
		r.fail(name, "not a text")
	}
	return text
}

// id returns the ID that Claims.Strings formats as the member with name.
func (r *reader) id(name string) int64 {
	text := r.text(name)
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 || id > pat.MaxID || strconv.FormatInt(id, 10) != text {
		r.fail(name, "not an ID")
	}
	return id
}

func (r *reader) time(name string) time.Time {
	at, err := time.Parse(time.RFC3339, r.text(name))
	if err != nil {
		r.fail(name, "not a time")
	}
	return at
}

func (r *reader) role() pat.Role {
	name, _ := r.context[role].(string)
	known, err := pat.ParseRole(name)
	if err != nil {
		return 0
	}
	return known
}
