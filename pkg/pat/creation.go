package pat

import "time"

// creation is the making of one token, over several attempts.
type creation struct {
	draft  Draft
	secret Secret
	// key is nil where the create cannot be repeated.
	key  *IdempotencyKey
	may  gate
	made Token
}

// apply is an edit.
func (c *creation) apply(account Account, now time.Time) (Account, bool, error) {
	if own, ok := account.Find(c.secret.Selector()); ok {
		c.made = own // a write without an answer took effect
		return account, false, nil
	}
	if err := c.may(account, now); err != nil {
		return Account{}, false, err
	}
	// Ahead of the key, so that a repetition returns no token that has expired since.
	if err := c.draft.normal().check(now); err != nil {
		return Account{}, false, err
	}
	if c.key != nil {
		if repeated, err := c.repeat(account, now); repeated || err != nil {
			return account, false, err
		}
	}
	after, made, err := account.add(c.draft, c.secret, c.key != nil, now)
	c.made = made
	return after, true, err
}

// outcome is what became of it, given the error of its change.
func (c *creation) outcome(err error) (Token, Secret, error) {
	if err != nil {
		return Token{}, Secret{}, err
	}
	return c.made, c.secret, nil
}

// repeat takes the token that the key made before, if it did. Errors: KindKeySpent.
func (c *creation) repeat(account Account, now time.Time) (bool, error) {
	made, secret, found := c.key.made(account, now)
	switch {
	case c.key.spent(account):
		return false, keySpent("The token that was made with this Idempotency-Key has been revoked.")
	case !found:
		return false, nil
	case !c.draft.describes(made):
		return false, keySpent("The Idempotency-Key was used for another token.")
	}
	c.made, c.secret = made, secret
	return true, nil
}

func keySpent(message string) *Error { return &Error{Kind: KindKeySpent, Message: message} }
