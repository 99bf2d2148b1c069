package pat

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"
)

// Session is a user's session in a browser, which presents no token. The zero value is no session.
type Session struct {
	// StartedAt is when the user signed in at the identity provider.
	StartedAt time.Time
	ExpiresAt time.Time
	Key       SessionKey
}

// sessionKeyLen is how many random bytes a SessionKey has.
const sessionKeyLen = 32

// SessionKey is random and stays the same for a session. It stands in for a token that is presented where a request must be repeatable;
// see [NewSessionIdempotencyKey]. It prints as "[redacted]".
type SessionKey struct{ sealed }

// NewSessionKey returns a key from 32 bytes of random. Errors: those of random.
func NewSessionKey(random io.Reader) (SessionKey, error) {
	var raw [sessionKeyLen]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return SessionKey{}, fmt.Errorf("reading randomness: %w", err)
	}
	return SessionKey{seal(base64.RawURLEncoding.EncodeToString(raw[:]))}, nil
}

// ParseSessionKey returns the key whose Reveal is text. Errors: KindUnauthenticated.
func ParseSessionKey(text string) (SessionKey, error) {
	if _, err := decode(text, hashLen); err != nil {
		return SessionKey{}, Refused(ReasonInvalid, err)
	}
	return SessionKey{seal(text)}, nil
}

// equal reports whether k and other are the same key, and not zero, in constant time.
func (k SessionKey) equal(other SessionKey) bool {
	return k.text != nil && subtle.ConstantTimeCompare([]byte(k.Reveal()), []byte(other.Reveal())) == 1
}

// session reports whether the caller has a session instead of a token.
func (i Identity) session() bool { return i.Selector == "" && i.Session != Session{} }

// admitSession returns what stands in for the caller's token if the caller's session may act at now: an unscoped token without an ID. It
// ends with the session. Errors: KindUnauthenticated.
func (a Account) admitSession(session Session, now time.Time) (Token, error) {
	switch {
	case !now.Before(session.ExpiresAt):
		return Token{}, Refused(ReasonSessionExpired, nil)
	case !session.StartedAt.After(a.SignIn.SessionsFrom):
		return Token{}, Refused(ReasonSessionEnded, nil)
	case a.Disabled:
		return Token{}, Refused(ReasonDisabled, nil)
	}
	return Token{Scopes: Unscoped(), CreatedAt: session.StartedAt, ExpiresAt: session.ExpiresAt}, nil
}

// NewSessionIdempotencyKey returns the key for requests of the session of a user and with a client's key, as NewIdempotencyKey does for
// requests that present a token. Errors: KindInvalid.
func NewSessionIdempotencyKey(user UserID, session Session, key string) (IdempotencyKey, error) {
	source := idempotencySource{info: fmt.Sprintf("pats session %d token ", user), caller: Identity{User: user, Session: session}}
	return newIdempotencyKey(session.Key.Reveal(), source, key)
}

var errSession = errors.New("a session presents no token")

// noPresentedToken is the error of operations on the token presented, for callers who present none.
func noPresentedToken() error {
	return &Error{Kind: KindNotFound, Message: "You are signed in without a token.", Err: fmt.Errorf("%w: %w", errNoToken, errSession)}
}

// EndSessions ends all sessions of the caller, also those of other browsers. Errors: KindUnauthenticated, KindUnavailable.
func (s *Service) EndSessions(ctx context.Context, caller Identity) error {
	ended := false
	err := s.change(ctx, caller.User, func(account Account, now time.Time) (Account, bool, error) {
		if _, err := s.admit(account, caller, now); err != nil {
			if ended && !caller.Session.StartedAt.After(account.SignIn.SessionsFrom) {
				return account, false, nil // an earlier write took effect, although its response was lost
			}
			return Account{}, false, err
		}
		ended = true
		account.SignIn.SessionsFrom = later(now, caller.Session.StartedAt) // which a clock that is ahead can have set
		return account, true, nil
	})
	return caller.hideMissingUser(err)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
