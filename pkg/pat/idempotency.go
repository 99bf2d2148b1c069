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
	// IdempotencyWindow is how long a create or a rotation can be repeated with its IdempotencyKey.
	IdempotencyWindow = 24 * time.Hour
	// MaxIdempotencyKeyLen is the length of the longest key that a client can choose, in characters.
	MaxIdempotencyKeyLen = 255
)

// IdempotencyKey makes the create or the rotation of a token repeatable without storing the token. The new token's secret part is derived
// from the token that the caller presents, the key that the client chose, and the new token's selector, which is random and stored. Whoever
// presents the same token and key again gets the same new token. No one else can derive it: the presented token is not stored, and the
// selector is revealed only as part of the new token. It never prints itself.
//
// Where no token is presented, another secret that only the caller has stands in for it, with a separate info (RFC 5869 §3.2).
type IdempotencyKey struct {
	source idempotencySource
	// material is HKDF's pseudorandom key (RFC 5869 §2.2) from the secret that the caller presents and the client's key.
	material sealed
}

// idempotencySource says who can use an IdempotencyKey.
type idempotencySource struct {
	// info keeps apart what is derived from secrets of different kinds. The selector follows it.
	info string
	// presented is the token, and zero if another secret stands in for it.
	presented Secret
	// caller has the session in which the key can be used, if no token is presented.
	caller Identity
}

// NewIdempotencyKey returns the key for requests that present a token and have a client's key. Errors: KindInvalid if key is not 1
// to MaxIdempotencyKeyLen visible ASCII characters.
func NewIdempotencyKey(presented Secret, key string) (IdempotencyKey, error) {
	return newIdempotencyKey(presented.canonical(), idempotencySource{info: "pats token ", presented: presented}, key)
}

func newIdempotencyKey(secret string, source idempotencySource, key string) (IdempotencyKey, error) {
	if key == "" || len(key) > MaxIdempotencyKeyLen || strings.ContainsFunc(key, func(r rune) bool { return r < '!' || r > '~' }) {
		return IdempotencyKey{}, invalid(fmt.Sprintf("The Idempotency-Key must be 1 to %d visible ASCII characters.", MaxIdempotencyKeyLen))
	}
	material, err := hkdf.Extract(sha256.New, []byte(secret), []byte(key))
	if err != nil {
		return IdempotencyKey{}, &Error{Kind: KindInternal, Message: "the idempotency key could not be used", Err: err}
	}
	return IdempotencyKey{source, seal(string(material))}, nil
}

// CreateTokenOnce creates a token for the caller, or returns the one that the caller created with the same key in the last
// IdempotencyWindow, with its Secret. Errors: those of CreateToken; KindKeySpent if the key was used for another draft, or if
// its token has been revoked.
func (s *Service) CreateTokenOnce(ctx context.Context, caller Identity, draft Draft, key IdempotencyKey) (Token, Secret, error) {
	secret, err := key.newSecret(s.env.Random, caller.User)
	if err != nil {
		return Token{}, Secret{}, noRandomness(err)
	}
	c := creation{
		draft: draft.normal(), secret: secret, key: &key, permit: presenting(key, caller, s.allow(caller, ScopePatsWrite)),
		settings: s.settings,
	}
	return c.result(caller.hideMissingUser(s.change(ctx, caller.User, c.apply)))
}

// presenting permits what allow permits if the caller is the one who presented the secret of key.
func presenting(key IdempotencyKey, caller Identity, allow permission) permission {
	return func(account Account, now time.Time) (author, error) {
		if !key.source.isOf(account, caller) {
			return author{}, Refused(ReasonInvalid, errPresented)
		}
		return allow(account, now)
	}
}

// isOf reports whether the caller, whose account is account, presented what s has. It leaves it to the admission of the caller to refuse
// one whose token is gone.
func (s idempotencySource) isOf(account Account, caller Identity) bool {
	if caller.session() {
		return s.caller.User == caller.User && s.caller.Session.Key.equal(caller.Session.Key)
	}
	token, found := account.Find(caller.Selector)
	return !found || token.verifier(caller.Selector).Matches(s.presented)
}

var errPresented = errors.New("the token presented is not the one that was authenticated")

func (k IdempotencyKey) newSecret(random io.Reader, user UserID) (Secret, error) {
	selector, err := newSelector(random, user)
	if err != nil {
		return Secret{}, err
	}
	return k.secret(selector)
}

// find returns the token whose present secret k issued in the IdempotencyWindow before now, and that Secret.
func (k IdempotencyKey) find(account Account, now time.Time) (Token, Secret, bool) {
	for _, token := range account.Tokens {
		if !token.spent().lasts(now) {
			continue
		}
		if secret, ok := k.derive(token.Selector, token.Verifier); ok {
			return token, secret, true
		}
	}
	return Token{}, Secret{}, false
}

// spent reports whether k issued a secret in the IdempotencyWindow before now that has been revoked or replaced.
func (k IdempotencyKey) spent(account Account, now time.Time) bool {
	ended := slices.Clone(account.Spent)
	for _, token := range account.Tokens {
		ended = append(ended, token.Replaced.spent())
	}
	return slices.ContainsFunc(ended, func(s Spent) bool {
		_, ok := k.derive(s.Selector, s.Verifier)
		return ok && s.lasts(now)
	})
}

// derive returns the Secret of the token with selector and verifier, if k created it.
func (k IdempotencyKey) derive(selector Selector, verifier Verifier) (Secret, bool) {
	secret, err := k.secret(selector)
	return secret, err == nil && verifier.Matches(secret)
}

// secret derives the token with selector (RFC 5869 §2.3).
func (k IdempotencyKey) secret(selector Selector) (Secret, error) {
	chars, err := hkdf.Expand(sha256.New, []byte(k.material.Reveal()), k.source.info+string(selector), randomLen)
	if err != nil {
		return Secret{}, fmt.Errorf("deriving a secret: %w", err)
	}
	return newSecret(selector, chars), nil
}

// Spent remembers a secret that was issued with an IdempotencyKey and ended within the IdempotencyWindow, so that a late
// repetition of the create or the rotation does not issue another one.
type Spent struct {
	Selector Selector
	Verifier Verifier
	// Until is the end of the IdempotencyWindow.
	Until time.Time
}

func newSpent(selector Selector, verifier Verifier, issuedAt time.Time, keyed bool) Spent {
	if !keyed {
		return Spent{}
	}
	return Spent{selector, verifier, issuedAt.Add(IdempotencyWindow)}
}

// spent returns what must be remembered of the present secret when it ends. It is zero unless the secret was issued with a key.
func (t Token) spent() Spent { return newSpent(t.Selector, t.Verifier, t.IssuedAt(), t.Keyed) }

// spent returns what must be remembered of r when the next rotation replaces it, as for Token.
func (r Replaced) spent() Spent { return newSpent(r.Selector, r.Verifier, r.IssuedAt, r.Keyed) }

// lasts reports whether s must still be remembered at now.
func (s Spent) lasts(now time.Time) bool { return now.Before(s.Until) }

// spend returns a with those of ended that must be remembered, and with at most most Spent, the latest ones.
func (a Account) spend(now time.Time, most int, ended ...Spent) Account {
	spent := slices.Clone(a.Spent)
	for _, s := range ended {
		if s.lasts(now) {
			spent = append(spent, s)
		}
	}
	a.Spent = spent[max(0, len(spent)-most):]
	return a
}
