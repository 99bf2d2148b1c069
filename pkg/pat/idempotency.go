package pat

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

const (
	// IdempotencyWindow is for how long an IdempotencyKey gives back the token that it made.
	IdempotencyWindow = 24 * time.Hour
	// MaxIdempotencyKeyLen is the longest idempotency key, in characters.
	MaxIdempotencyKeyLen = 255
	// maxSpent is how many Spent an account keeps: the youngest.
	maxSpent = MaxTokens
)

// IdempotencyKey makes a create repeatable without a secret being stored: the secret of the token that is made is derived from
// the token that its caller presents, from the client's key, and from the selector, which is random and is stored. Whoever
// presents the same two again gets the same secret, and nobody else can derive it: the presented token is stored nowhere, and the
// selector is told to nobody but in the token itself. It never prints itself.
type IdempotencyKey struct {
	presented Secret
	material  sealed
}

// NewIdempotencyKey is the client's key for requests that present a token. Errors: KindInvalid if key is not 1 to
// MaxIdempotencyKeyLen visible ASCII characters.
func NewIdempotencyKey(presented Secret, key string) (IdempotencyKey, error) {
	if key == "" || len(key) > MaxIdempotencyKeyLen || strings.ContainsFunc(key, func(r rune) bool { return r < '!' || r > '~' }) {
		return IdempotencyKey{}, invalid(fmt.Sprintf("The Idempotency-Key must be 1 to %d visible ASCII characters.", MaxIdempotencyKeyLen))
	}
	material, err := hkdf.Extract(sha256.New, []byte(presented.Reveal()), []byte(key))
	if err != nil {
		return IdempotencyKey{}, &Error{Kind: KindInternal, Message: "the idempotency key could not be used", Err: err}
	}
	return IdempotencyKey{presented, seal(string(material))}, nil
}

// CreateTokenOnce is CreateToken, but if the caller made a token with the same key in the last IdempotencyWindow it gives that
// one back, with its Secret.
// Errors: those of CreateToken; KindKeySpent if the key was used for another draft, or its token was revoked since.
func (s *Service) CreateTokenOnce(ctx context.Context, caller Identity, draft Draft, key IdempotencyKey) (Token, Secret, error) {
	secret, err := key.newSecret(s.env.Random, caller.User)
	if err != nil {
		return Token{}, Secret{}, noRandomness(err)
	}
	c := creation{draft: draft, secret: secret, key: &key, may: s.presenting(caller, key)}
	return c.outcome(refuseStranger(s.change(ctx, caller.User, c.apply)))
}

// presenting is admitted for a caller who presents the token that key was made with.
func (s *Service) presenting(caller Identity, key IdempotencyKey) gate {
	return func(account Account, now time.Time) error {
		token, err := s.admit(account, caller, now)
		if err == nil && !token.Verifier.Matches(key.presented) {
			return Refused(ReasonInvalid, errPresented)
		}
		return err
	}
}

var errPresented = errors.New("the token presented is not the one that was authenticated")

func (k IdempotencyKey) newSecret(random io.Reader, user UserID) (Secret, error) {
	selector, err := newSelector(random, user)
	if err != nil {
		return Secret{}, err
	}
	return k.secret(selector)
}

// secret derives the secret of a token with selector (RFC 5869).
func (k IdempotencyKey) secret(selector Selector) (Secret, error) {
	chars, err := hkdf.Expand(sha256.New, []byte(k.material.Reveal()), "pats token "+string(selector), randomLen)
	if err != nil {
		return Secret{}, fmt.Errorf("deriving a secret: %w", err)
	}
	return newSecret(selector, chars), nil
}

// made finds the token that k made in account, if it still counts at now.
func (k IdempotencyKey) made(account Account, now time.Time) (Token, Secret, bool) {
	for _, token := range account.Tokens {
		if !token.repeatable(now) {
			continue
		}
		if secret, ok := k.opens(token.Selector, token.Verifier); ok {
			return token, secret, true
		}
	}
	return Token{}, Secret{}, false
}

// spent says whether k made a token that was revoked since.
func (k IdempotencyKey) spent(account Account) bool {
	return slices.ContainsFunc(account.Spent, func(s Spent) bool {
		_, ok := k.opens(s.Selector, s.Verifier)
		return ok
	})
}

func (k IdempotencyKey) opens(selector Selector, verifier Verifier) (Secret, bool) {
	secret, err := k.secret(selector)
	return secret, err == nil && verifier.Matches(secret)
}

// repeatable says whether the key that made t still stands for it at now.
func (t Token) repeatable(now time.Time) bool { return t.Keyed && now.Before(t.repeatableUntil()) }

func (t Token) repeatableUntil() time.Time { return t.CreatedAt.Add(IdempotencyWindow) }

// Spent is what is left of a token that an IdempotencyKey made and that was revoked before Until, the end of the key's window: a
// late repetition of the create is known by it, and does not make the token again.
type Spent struct {
	Selector Selector
	Verifier Verifier
	Until    time.Time
}

// spend adds what is left of token, which leaves a.
func (a Account) spend(token Token, now time.Time) Account {
	if !token.repeatable(now) {
		return a
	}
	spent := append(slices.Clone(a.Spent), Spent{token.Selector, token.Verifier, token.repeatableUntil()})
	a.Spent = spent[max(0, len(spent)-maxSpent):]
	return a
}
