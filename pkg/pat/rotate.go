package pat

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// RotateToken issues a new secret for the caller's token with id, and returns the token and the Secret, which is not stored. The
// present secret works until the overlap ends; one that an earlier rotation replaced ends at once.
//
// With a Key, the caller can repeat the rotation in the IdempotencyWindow, as long as the secret presented works, and gets the same
// Secret. A token that rotates itself with a Key needs an overlap, since a repetition presents the replaced secret.
//
// Errors: KindUnauthenticated; KindForbidden without ScopePatsWrite, unless the token is the one presented, or if the caller's token is
// scoped and the token exceeds its scopes or its end; KindNotFound if the caller has no such token; KindInvalid, also for an expired
// token; KindRotated if a rotation replaced the secret presented, and the token with id is its own; KindKeySpent if the Key was used
// for something else, or if the secret issued with it has been revoked or replaced; KindUnavailable.
func (s *Service) RotateToken(ctx context.Context, caller Identity, id TokenID, r Rotation) (Token, Secret, error) {
	return s.rotateAs(ctx, caller, r, func(author) TokenID { return id }, s.allowToken(caller, id))
}

// RotateSelf rotates the token that the caller presented, as RotateToken does. Errors: those of RotateToken but KindNotFound.
func (s *Service) RotateSelf(ctx context.Context, caller Identity, r Rotation) (Token, Secret, error) {
	return s.rotateAs(ctx, caller, r, author.tokenID, s.allowSelf(caller))
}

// RotateUserToken rotates a user's token with id for an operator. Errors: KindNotFound if the user or the token does not exist;
// KindInvalid, also for an expired token or with a Key; KindUnavailable.
func (s *Service) RotateUserToken(ctx context.Context, user UserID, id TokenID, r Rotation) (Token, Secret, error) {
	if r.Key != nil {
		return Token{}, Secret{}, invalid(keyWithoutToken)
	}
	return s.rotate(ctx, user, rotating{rotation: r, id: func(author) TokenID { return id }, permit: allowOperator})
}

// keyWithoutToken is the message for a key of an operator.
const keyWithoutToken = "An Idempotency-Key requires a personal access token that is presented." //nolint:gosec // a message, not a credential

// rotateAs rotates the token that id returns. The account of a caller exists, unless the caller's user was deleted.
func (s *Service) rotateAs(
	ctx context.Context, caller Identity, r Rotation, id func(author) TokenID, permit permission,
) (Token, Secret, error) {
	if r.Key != nil {
		permit = presenting(*r.Key, caller, permit)
	}
	token, secret, err := s.rotate(ctx, caller.User, rotating{rotation: r, id: id, permit: permit})
	return token, secret, caller.hideMissingUser(err)
}

func (s *Service) rotate(ctx context.Context, user UserID, c rotating) (Token, Secret, error) {
	c.rotation, c.settings = c.rotation.normal(), s.settings
	var err error
	if c.secret, err = s.nextSecret(user, c.rotation.Key); err != nil {
		return Token{}, Secret{}, err
	}
	if err := s.change(ctx, user, c.apply); err != nil {
		return Token{}, Secret{}, err
	}
	return s.settings.shown(c.token), c.secret.spelled(s.settings.TokenPrefix), nil
}

// nextSecret returns a new secret for user, derived from key unless that is nil. Errors: KindInternal.
func (s *Service) nextSecret(user UserID, key *IdempotencyKey) (Secret, error) {
	if key == nil {
		return s.NewSecret(user)
	}
	secret, err := key.newSecret(s.env.Random, user)
	if err != nil {
		return Secret{}, noRandomness(err)
	}
	return secret, nil
}

// rotating is the rotation of one token, over all attempts to write it.
type rotating struct {
	// rotation is normal.
	rotation Rotation
	// id returns the ID of the token.
	id       func(author) TokenID
	permit   permission
	settings Settings
	secret   Secret
	// token is the record after the rotation, once an attempt has made one.
	token Token
}

// apply is an edit. Errors: those of permit, KindNotFound, KindInvalid, KindForbidden, KindKeySpent, KindRotated.
func (c *rotating) apply(account Account, now time.Time) (Account, bool, error) {
	if token, found := account.Find(c.secret.Selector()); found { // an earlier write took effect, although its response was lost
		if !token.replaces(c.secret.Selector()) {
			c.token = token // which attempt wrote it is not certain
		}
		return account, false, nil
	}
	by, err := c.permit(account, now)
	if err != nil {
		return Account{}, false, err
	}
	id := c.id(by)
	token, found := account.Token(id)
	if !found {
		return Account{}, false, by.noToken(account.ID, id)
	}
	if err := c.check(token, by, now); err != nil { // before the key, so that a repetition returns no expired token
		return Account{}, false, err
	}
	if repeated, err := c.repeat(account, id, now); repeated || err != nil {
		return account, false, err
	}
	if err := by.checkRotation(token, c.rotation.end(token.ExpiresAt)); err != nil { // after the key, since a repetition is no new secret
		return Account{}, false, err
	}
	c.token = token.rotate(c.rotation, c.secret, now)
	return account.spend(now, c.settings.maxSpent(), token.Replaced.spent()).replace(c.token), true, nil
}

// check checks that the rotation is valid for token. Errors: KindInvalid.
func (c *rotating) check(token Token, by author, now time.Time) error {
	if err := c.rotation.check(now, c.settings); err != nil {
		return err
	}
	if c.settings.expired(token, now) {
		return invalid(fmt.Sprintf("Token %d has expired, so it cannot be rotated.", token.ID))
	}
	if c.rotation.Key != nil && c.rotation.Overlap == 0 && by.tokenID() == token.ID {
		return invalid("A token that rotates itself with an Idempotency-Key needs an overlap, since a repetition presents the replaced secret.")
	}
	return nil
}

// repeat sets token and secret to those of an earlier rotation with the same key, and reports whether there was one.
// Errors: KindKeySpent.
func (c *rotating) repeat(account Account, id TokenID, now time.Time) (bool, error) {
	if c.rotation.Key == nil {
		return false, nil
	}
	token, secret, found := c.rotation.Key.find(account, now)
	switch {
	case c.rotation.Key.spent(account, now):
		return false, keySpent("The secret that was issued with this Idempotency-Key has been revoked or replaced.")
	case !found:
		return false, nil
	case token.ID != id || !token.rotated() || !c.rotation.describes(token):
		return false, keySpent("The Idempotency-Key was used for another request.")
	}
	c.token, c.secret = token, secret
	return true, nil
}

// replace returns a with token in place of the one with its ID.
func (a Account) replace(token Token) Account {
	a.Tokens = slices.Clone(a.Tokens)
	for i := range a.Tokens {
		if a.Tokens[i].ID == token.ID {
			a.Tokens[i] = token
		}
	}
	return a
}

// noToken returns the KindNotFound for a token that user, whose account the author changes, does not have.
func (a author) noToken(user UserID, id TokenID) error {
	if a.operator || a.foreign {
		return noToken(user, id)
	}
	return &Error{Kind: KindNotFound, Message: fmt.Sprintf("You have no token %d.", id), Err: errNoToken}
}

// tokenID returns the ID of the token that the author presented, or 0 if that is none of the account that is changed.
func (a author) tokenID() TokenID {
	if a.foreign {
		return 0
	}
	return a.holder.Token.ID
}
