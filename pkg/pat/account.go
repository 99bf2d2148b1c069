package pat

import (
	"slices"
	"time"
)

// MaxTokens is how many tokens a user can have by default. Unleash has the same limit.
const MaxTokens = 10

// UserID identifies a user. It is from 1 to MaxID and is never reused.
type UserID int64

// TokenID identifies a token among those of its user. It is at least 1, rises with each token created, and is never reused.
type TokenID int64

// MaxID is the largest ID, 2^53-1: the largest integer that every JSON parser represents exactly (RFC 8259 §6).
const MaxID = 1<<53 - 1

// Account is a user with tokens. It is read and written as a whole.
type Account struct {
	ID   UserID
	Type AccountType
	Profile
	CreatedAt time.Time
	SignIn    SignIn
	// NextTokenID is the ID of the next token created, at least 1.
	NextTokenID TokenID
	// Tokens are in ascending order of ID.
	Tokens []Token
	// Spent are in the order in which they were added.
	Spent []Spent
	// Version counts the changes; see Store.ReplaceAccount.
	Version int64
}

// SignIn is what an account keeps about signing in. The zero value is that of a user who cannot sign in.
type SignIn struct {
	// Login is the user at the identity provider, or empty.
	Login LoginKey
	// RoleBefore is the role that the user returns to when the provider's group of Admins no longer has the user. It is 0 unless the
	// user became an Admin by that group.
	RoleBefore Role
	// SessionsFrom ends the sessions that did not start after it.
	SessionsFrom time.Time
}

// UniqueKeys returns the values that no two users share, each after the name of its field and a colon.
func (a Account) UniqueKeys() []string {
	keys := a.Profile.UniqueKeys()
	if a.SignIn.Login != "" {
		keys = append(keys, a.SignIn.Login.unique())
	}
	return keys
}

// Token is the record of a personal access token. It does not contain the token itself, which is a Secret.
type Token struct {
	ID          TokenID
	Description string
	Scopes      Scopes
	Selector    Selector
	Verifier    Verifier
	CreatedAt   time.Time
	ExpiresAt   time.Time
	// RotatedAt is when the present secret was issued by a rotation, or zero if the token was never rotated.
	RotatedAt time.Time
	// Keyed is set if the present secret was issued with an IdempotencyKey.
	Keyed bool
	// Replaced is the secret before the last rotation, or zero.
	Replaced Replaced
	Maker    Maker
	// Ancestors are the tokens of this account that led to this one, at most ten: the one that created it, the one that created that
	// one, and so on. They can have been revoked since.
	Ancestors []TokenID
	// SeenAt is when the token was last used, at most SeenInterval behind, or zero. Recording a use does not change Version.
	SeenAt time.Time
	// ExceedsMaxLifetime is set by the methods of Service that return a token whose expiry date is later than Settings.MaxLifetime allows.
	// It is not stored.
	ExceedsMaxLifetime bool
}

// ExpiredAt reports whether the token is expired at now.
func (t Token) ExpiredAt(now time.Time) bool { return !now.Before(t.ExpiresAt) }

// Find returns the token whose present or replaced secret has selector, if the account has one.
func (a Account) Find(selector Selector) (Token, bool) {
	return a.find(func(t Token) bool { return t.Selector == selector || t.replaces(selector) })
}

// Token returns the token with id, if the account has one.
func (a Account) Token(id TokenID) (Token, bool) {
	return a.find(func(t Token) bool { return t.ID == id })
}

func (a Account) find(match func(Token) bool) (Token, bool) {
	i := slices.IndexFunc(a.Tokens, match)
	if i < 0 {
		return Token{}, false
	}
	return a.Tokens[i], true
}

// admit returns the token as presented with selector, if its holder may act at now. Errors: KindUnauthenticated.
func (a Account) admit(selector Selector, now time.Time, settings Settings) (Token, error) {
	token, ok := a.Find(selector)
	switch {
	case !ok:
		return Token{}, Refused(ReasonInvalid, nil)
	case token.replaces(selector) && !now.Before(settings.replacedEnd(token.Replaced)):
		return Token{}, Refused(ReasonRotated, nil)
	case settings.expired(token, now):
		return Token{}, Refused(ReasonExpired, nil)
	case a.Disabled:
		return Token{}, Refused(ReasonDisabled, nil)
	}
	return settings.presented(token, selector), nil
}

// add returns a with a token that by creates from draft and secret, which a must have room for.
func (a Account) add(draft Draft, secret Secret, by author, keyed bool, now time.Time) (Account, Token) {
	token := Token{
		ID:          a.NextTokenID,
		Description: draft.Description,
		Scopes:      draft.Scopes,
		Selector:    secret.Selector(),
		Verifier:    secret.Verifier(),
		CreatedAt:   now,
		ExpiresAt:   draft.ExpiresAt,
		Keyed:       keyed,
		Maker:       by.maker(),
		Ancestors:   by.ancestors(),
	}
	a.NextTokenID++
	a.Tokens = append(slices.Clone(a.Tokens), token)
	return a, token
}

// remove returns a without the tokens with ids, and the IDs of those that a had.
func (a Account) remove(ids []TokenID, now time.Time, settings Settings) (Account, []TokenID) {
	var kept []Token
	var removed []TokenID
	for _, token := range a.Tokens {
		if !slices.Contains(ids, token.ID) {
			kept = append(kept, token)
			continue
		}
		a = a.spend(now, settings.maxSpent(), token.Replaced.spent(), token.spent())
		removed = append(removed, token.ID)
	}
	a.Tokens = kept
	return a, removed
}

// withDescendants returns ids and the IDs of the tokens that descend from one of them, whether or not a has tokens with ids. A token
// that is too many generations away to have one of ids among its ancestors is found if a has one of the generations between.
func (a Account) withDescendants(ids ...TokenID) []TokenID {
	family := slices.Clone(ids)
	for _, token := range a.Tokens { // in order of ID, so ancestors come before descendants
		if slices.ContainsFunc(token.Ancestors, func(ancestor TokenID) bool { return slices.Contains(family, ancestor) }) {
			family = append(family, token.ID)
		}
	}
	return family
}

// prune returns a without the tokens that neither are listed nor count, and without the Spent that have ended.
func (a Account) prune(now time.Time, settings Settings) Account {
	a.Tokens = settings.prune(a.Tokens, now)
	spent := slices.Clone(a.Spent)
	a.Spent = slices.DeleteFunc(spent, func(s Spent) bool { return !s.lasts(now) })
	return a
}
