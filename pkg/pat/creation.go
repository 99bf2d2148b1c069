package pat

import (
	"cmp"
	"time"
)

// creation is the create of one token, over all attempts to write it.
type creation struct {
	// draft is normal.
	draft  Draft
	secret Secret
	// key is nil if the create cannot be repeated.
	key      *IdempotencyKey
	permit   permission
	settings Settings
	// token is the record created, once an attempt has made one.
	token Token
}

// apply is an edit. It checks the rules in Unleash's order: description, expiry date, limit, duplicate.
// Errors: those of permit, KindInvalid, KindForbidden, KindKeySpent, KindLimit, KindDuplicate.
func (c *creation) apply(account Account, now time.Time) (Account, bool, error) {
	if token, ok := account.Find(c.secret.Selector()); ok {
		c.token = token // an earlier write took effect, although its response was lost
		return account, false, nil
	}
	by, err := c.permit(account, now)
	if err != nil {
		return Account{}, false, err
	}
	if err := cmp.Or(c.draft.check(now, c.settings), c.settings.Scopes.check(c.draft.Scopes, account)); err != nil { // before the key, so that a repetition returns no expired token
		return Account{}, false, err
	}
	if c.key != nil {
		if repeated, err := c.repeat(account, now); repeated || err != nil {
			return account, false, err
		}
	}
	if err := cmp.Or(by.checkBounds(c.draft), c.settings.checkRoom(account.Tokens, c.draft.Description, now)); err != nil {
		return Account{}, false, err
	}
	account, c.token = account.add(c.draft, c.secret, by, c.key != nil, now)
	return account, true, nil
}

// repeat sets token and secret to those that the key created before, and reports whether it did. Errors: KindKeySpent.
func (c *creation) repeat(account Account, now time.Time) (bool, error) {
	token, secret, found := c.key.find(account, now)
	switch {
	case c.key.spent(account, now):
		return false, keySpent("The token that was created with this Idempotency-Key has been revoked or rotated.")
	case !found:
		return false, nil
	case token.rotated():
		return false, keySpent("The Idempotency-Key was used to rotate a token.")
	case !c.draft.describes(token):
		return false, keySpent("The Idempotency-Key was used for another token.")
	}
	c.token, c.secret = token, secret
	return true, nil
}

func keySpent(message string) error { return &Error{Kind: KindKeySpent, Message: message} }

// result returns what was created, or err.
func (c *creation) result(err error) (Token, Secret, error) {
	if err != nil {
		return Token{}, Secret{}, err
	}
	return c.settings.shown(c.token), c.secret.spelled(c.settings.TokenPrefix), nil
}
