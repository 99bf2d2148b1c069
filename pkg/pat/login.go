package pat

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"time"
)

const (
	// LoginLifetime is how long a Login can be redeemed after its user approved it.
	LoginLifetime = time.Minute
	// loginTokenLifetime is the lifetime of a token whose draft has no end, unless Settings.MaxLifetime is shorter.
	loginTokenLifetime = 90 * 24 * time.Hour
)

// A Login is a request of `pats login` for a token, which a user approved in a session. Whoever has it and the verifier of its challenge
// gets the token.
type Login struct {
	User UserID
	// SessionStart and SessionEnd are those of the session.
	SessionStart, SessionEnd time.Time
	ApprovedAt               time.Time
	Challenge                LoginChallenge
	Draft                    Draft
}

// LoginVerifier is the secret with which a command begins a login, the code verifier of RFC 7636 §4.1: base64url of 32 random bytes. The
// command reveals it only to redeem the login. It prints as "[redacted]".
type LoginVerifier struct{ sealed }

// NewLoginVerifier returns a verifier from 32 bytes of random. Errors: those of random.
func NewLoginVerifier(random io.Reader) (LoginVerifier, error) {
	key, err := NewSessionKey(random)
	return LoginVerifier(key), err
}

// ParseLoginVerifier returns the verifier whose Reveal is text. Errors: KindInvalid.
func ParseLoginVerifier(text string) (LoginVerifier, error) {
	if _, err := decode(text, hashLen); err != nil {
		return LoginVerifier{}, invalid("The verifier is not 43 characters of base64url.")
	}
	return LoginVerifier{seal(text)}, nil
}

// Challenge returns the code challenge of v by the method S256 (RFC 7636 §4.2).
func (v LoginVerifier) Challenge() LoginChallenge {
	sum := sha256.Sum256([]byte(v.Reveal()))
	return LoginChallenge(base64.RawURLEncoding.EncodeToString(sum[:]))
}

// LoginChallenge is the hash of a LoginVerifier: 43 characters of base64url.
type LoginChallenge string

// ParseLoginChallenge returns text as a LoginChallenge. Errors: KindInvalid.
func ParseLoginChallenge(text string) (LoginChallenge, error) {
	if _, err := decode(text, hashLen); err != nil {
		return "", invalid("The challenge is not 43 characters of base64url.")
	}
	return LoginChallenge(text), nil
}

// matches reports whether c is the challenge of v, comparing in constant time.
func (c LoginChallenge) matches(v LoginVerifier) bool {
	return subtle.ConstantTimeCompare([]byte(c), []byte(v.Challenge())) == 1
}

const (
	// shortCodeChars have no vowels, so that a code is no word, and no characters that look alike (RFC 8628 §6.1).
	shortCodeChars = "BCDFGHJKLMNPQRSTVWXZ"
	shortCodeLen   = 8
)

// ShortCode returns a text like BCDF-GHJK that depends on all of c. People compare the one in their terminal with the one in their browser.
func (c LoginChallenge) ShortCode() string {
	sum := sha256.Sum256([]byte("pats login short code " + c))
	code := make([]byte, shortCodeLen)
	for i := range code {
		// 16 bits a character, so that the remainder is not noticeably biased.
		code[i] = shortCodeChars[(int(sum[2*i])<<8|int(sum[2*i+1]))%len(shortCodeChars)]
	}
	return string(code[:shortCodeLen/2]) + "-" + string(code[shortCodeLen/2:])
}

// ApproveLogin returns the Login by which the command with challenge gets the token of draft for the caller, who must be in a session. A
// draft without an end gets 90 days, or Settings.MaxLifetime if that is shorter. The limit of tokens is checked when the login is redeemed.
// Errors: KindUnauthenticated; KindForbidden without a session; KindInvalid.
func (s *Service) ApproveLogin(ctx context.Context, caller Identity, challenge LoginChallenge, draft Draft) (Login, Account, error) {
	if !caller.session() {
		return Login{}, Account{}, forbidden("Only a user who is signed in can approve a login.", nil)
	}
	holder, err := s.Admit(ctx, caller)
	if err != nil {
		return Login{}, Account{}, err
	}
	now := s.now()
	if draft.ExpiresAt.IsZero() {
		draft.ExpiresAt = now.Add(s.CapLifetime(loginTokenLifetime))
	}
	draft = draft.normal()
	if err := cmp.Or(draft.check(now, s.settings), s.settings.Scopes.check(draft.Scopes, holder.Account)); err != nil {
		return Login{}, Account{}, err
	}
	return Login{
		User: caller.User, SessionStart: caller.Session.StartedAt, SessionEnd: caller.Session.ExpiresAt,
		ApprovedAt: now, Challenge: challenge, Draft: draft,
	}, holder.Account, nil
}

// RedeemLogin returns the token of a login, and its Secret. Redeeming a login again returns the same ones: they derive from the verifier
// as those of a create with an IdempotencyKey do from the token presented. If previous is a valid token of the same user with the same
// scopes, RedeemLogin rotates that one, and previous works for DefaultOverlap; otherwise it creates a token.
// Errors: KindInvalid, also for a login that has ended or another verifier's; KindUnauthenticated if the session has been ended since;
// those of CreateTokenOnce.
func (s *Service) RedeemLogin(ctx context.Context, login Login, verifier LoginVerifier, previous Secret) (Token, Secret, error) {
	if !login.Challenge.matches(verifier) {
		return Token{}, Secret{}, invalid("The code belongs to another login. Run `pats login` again.")
	}
	if !s.now().Before(login.ApprovedAt.Add(LoginLifetime)) {
		return Token{}, Secret{}, invalid(fmt.Sprintf("The code has expired: it is valid for %g seconds. Run `pats login` again.", LoginLifetime.Seconds()))
	}
	caller := login.caller(verifier)
	key, err := newLoginIdempotencyKey(caller)
	if err != nil {
		return Token{}, Secret{}, err
	}
	id, err := s.rotatable(ctx, login, previous)
	if err != nil {
		return Token{}, Secret{}, err
	}
	if id != 0 {
		return s.RotateToken(ctx, caller, id, Rotation{ExpiresAt: login.Draft.ExpiresAt, Overlap: DefaultOverlap, Key: &key})
	}
	return s.CreateTokenOnce(ctx, caller, login.Draft, key)
}

// caller returns the Identity of who redeems l: the user in the session in which the user approved l, with the verifier as its key.
func (l Login) caller(verifier LoginVerifier) Identity {
	return Identity{User: l.User, Session: Session{StartedAt: l.SessionStart, ExpiresAt: l.SessionEnd, Key: SessionKey(verifier)}}
}

// newLoginIdempotencyKey returns the key with which caller redeems a login. Its info keeps the secrets apart from those of a session.
func newLoginIdempotencyKey(caller Identity) (IdempotencyKey, error) {
	source := idempotencySource{info: fmt.Sprintf("pats login %d token ", caller.User), caller: caller}
	return newIdempotencyKey(caller.Session.Key.Reveal(), source, "login")
}

// rotatable returns the ID of the token with the secret previous, if login can rotate it, or else 0. A secret that an earlier redemption
// of login has replaced counts. Errors: KindUnavailable.
func (s *Service) rotatable(ctx context.Context, login Login, previous Secret) (TokenID, error) {
	selector := previous.Selector()
	if selector == "" || selector.UserID() != login.User {
		return 0, nil
	}
	holder, err := s.Admit(ctx, Identity{User: login.User, Selector: selector})
	switch {
	case KindOf(err) == KindUnauthenticated:
		return 0, nil
	case err != nil:
		return 0, err
	case !holder.Token.Verifier.Matches(previous) || !holder.Token.Scopes.Equal(login.Draft.Scopes):
		return 0, nil
	}
	return holder.Token.ID, nil
}
