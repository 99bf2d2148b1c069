package pat

import (
	"cmp"
	"slices"
	"time"
)

// UserID names a user. It is at least 1, at most MaxID, and never used again after the user is deleted.
type UserID int64

// TokenID names a token among those of its user. It is at least 1, rises with each token made, and is never used again.
type TokenID int64

// MaxID is the largest id: 2^53-1, the largest integer that every JSON reader holds exactly (RFC 8259 §6).
const MaxID = 1<<53 - 1

// Account is a user and the user's tokens: the unit that is read and written as a whole.
type Account struct {
	ID UserID
	Profile
	CreatedAt time.Time
	// NextTokenID is the id of the next token to be made, at least 1.
	NextTokenID TokenID
	// Tokens stand in rising order of ID.
	Tokens []Token
	// Spent stand in the order in which their tokens were revoked.
	Spent []Spent
	// Version counts the changes. A write names the version it read; see Store.
	Version int64
}

// Token is the record of a personal access token. The token itself is not in it.
type Token struct {
	ID          TokenID
	Description string
	Selector    Selector
	Verifier    Verifier
	CreatedAt   time.Time
	ExpiresAt   time.Time
	// Keyed says that an IdempotencyKey made the token.
	Keyed bool
	// SeenAt is the last recorded use, late by at most SeenInterval, or zero. Stores keep it apart from the account's version.
	SeenAt time.Time
}

// ExpiredAt says whether the token is past its end at now.
func (t Token) ExpiredAt(now time.Time) bool { return !now.Before(t.ExpiresAt) }

// Find gives the token with selector, if the account has one.
func (a Account) Find(selector Selector) (Token, bool) {
	i := slices.IndexFunc(a.Tokens, func(t Token) bool { return t.Selector == selector })
	if i < 0 {
		return Token{}, false
	}
	return a.Tokens[i], true
}

// prune leaves out the tokens that ended at least retention ago: no list shows them and they count no more. It leaves out each
// Spent whose time is over, too.
func (a Account) prune(now time.Time, retention time.Duration) Account {
	kept := slices.Clone(a.Tokens)
	a.Tokens = slices.DeleteFunc(kept, func(t Token) bool { return t.ExpiredAt(now.Add(-retention)) })
	spent := slices.Clone(a.Spent)
	a.Spent = slices.DeleteFunc(spent, func(s Spent) bool { return !now.Before(s.Until) })
	return a
}

// admit checks that the holder of the token with selector may act at now. Errors: KindUnauthenticated.
func (a Account) admit(selector Selector, now time.Time) (Token, error) {
	token, ok := a.Find(selector)
	switch {
	case !ok:
		return Token{}, Refused(ReasonInvalid, nil)
	case token.ExpiredAt(now):
		return Token{}, Refused(ReasonExpired, nil)
	case a.Disabled:
		return Token{}, Refused(ReasonDisabled, nil)
	}
	return token, nil
}

// add makes draft a token of a. The rules are checked in Unleash's order: description, expiry, limit, duplicate.
// Errors: KindInvalid, KindLimit, KindDuplicate.
func (a Account) add(draft Draft, secret Secret, keyed bool, now time.Time) (Account, Token, error) {
	draft = draft.normal()
	if err := cmp.Or(draft.check(now), a.room(draft.Description)); err != nil {
		return Account{}, Token{}, err
	}
	token := Token{
		ID:          a.NextTokenID,
		Description: draft.Description,
		Selector:    secret.Selector(),
		Verifier:    secret.Verifier(),
		CreatedAt:   now,
		ExpiresAt:   draft.ExpiresAt,
		Keyed:       keyed,
	}
	a.NextTokenID++
	a.Tokens = append(slices.Clone(a.Tokens), token)
	return a, token, nil
}

func (a Account) room(description string) error {
	if len(a.Tokens) >= MaxTokens {
		return &Error{Kind: KindLimit, Message: tooMany}
	}
	if slices.ContainsFunc(a.Tokens, func(t Token) bool { return t.Description == description }) {
		return &Error{Kind: KindDuplicate, Message: "PAT description already exists."}
	}
	return nil
}

// remove takes the token with id out of a, and says whether there was one.
func (a Account) remove(id TokenID, now time.Time) (Account, bool) {
	i := slices.IndexFunc(a.Tokens, func(t Token) bool { return t.ID == id })
	if i < 0 {
		return a, false
	}
	a = a.spend(a.Tokens[i], now)
	a.Tokens = slices.Delete(slices.Clone(a.Tokens), i, i+1)
	return a, true
}
