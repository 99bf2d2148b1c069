package pat

import (
	"cmp"
	"fmt"
	"time"
)

// The bounds of an overlap.
const (
	// DefaultOverlap is the overlap of a rotation that does not say one.
	DefaultOverlap = 5 * time.Minute
	// MaxOverlap is the longest overlap.
	MaxOverlap = 7 * 24 * time.Hour
)

// Rotation describes a rotation, which issues a new secret for a token. The token keeps its ID, description, scopes, maker and
// ancestors.
type Rotation struct {
	// ExpiresAt is the new expiry date, in the future, or zero to keep the present one. It is stored in whole milliseconds.
	ExpiresAt time.Time
	// Overlap is how long the replaced secret still works, from 0 to MaxOverlap, unless it expires earlier.
	Overlap time.Duration
	// Key makes the rotation repeatable, unless it is nil. It is for callers, since it derives from the token presented.
	Key *IdempotencyKey
}

// normal returns r as it is stored.
func (r Rotation) normal() Rotation {
	if !r.ExpiresAt.IsZero() {
		r.ExpiresAt = r.ExpiresAt.UTC().Truncate(time.Millisecond)
	}
	r.Overlap = r.Overlap.Truncate(time.Millisecond)
	return r
}

// check reports the first rule that r breaks. Errors: KindInvalid.
func (r Rotation) check(now time.Time, settings Settings) error {
	if r.Overlap < 0 || r.Overlap > MaxOverlap {
		return invalid(fmt.Sprintf("The overlap must be from 0 to %d seconds.", MaxOverlap/time.Second))
	}
	if r.ExpiresAt.IsZero() {
		return nil
	}
	return settings.checkExpiry(r.ExpiresAt, now)
}

// end returns the expiry date of a token that expires at present, after r.
func (r Rotation) end(present time.Time) time.Time {
	if r.ExpiresAt.IsZero() {
		return present
	}
	return r.ExpiresAt
}

// describes reports whether r was the last rotation of token. r is normal. The overlap of a secret that was revoked is forgotten.
func (r Rotation) describes(token Token) bool {
	last := token.Replaced
	return token.ExpiresAt.Equal(r.end(last.ExpiresAt)) && (last.Until.IsZero() || last.Until.Equal(token.RotatedAt.Add(r.Overlap)))
}

// Replaced is the secret that the last rotation of a token replaced. It works until its end, and is recognized until the next rotation.
type Replaced struct {
	Selector Selector
	Verifier Verifier
	IssuedAt time.Time
	// ExpiresAt is the expiry date that the token had.
	ExpiresAt time.Time
	// Until is the end of the overlap, or zero if the secret was revoked.
	Until time.Time
	// Keyed is set if the secret was issued with an IdempotencyKey.
	Keyed bool
}

// IssuedAt returns when the present secret was issued.
func (t Token) IssuedAt() time.Time {
	if t.rotated() {
		return t.RotatedAt
	}
	return t.CreatedAt
}

func (t Token) rotated() bool { return !t.RotatedAt.IsZero() }

// replaces reports whether selector is that of the replaced secret.
func (t Token) replaces(selector Selector) bool {
	return t.rotated() && t.Replaced.Selector == selector
}

// verifier returns the verifier of the secret with selector, which is one of t's.
func (t Token) verifier(selector Selector) Verifier {
	if t.replaces(selector) {
		return t.Replaced.Verifier
	}
	return t.Verifier
}

// rotate returns t with secret in place of its present one.
func (t Token) rotate(r Rotation, secret Secret, now time.Time) Token {
	t.Replaced = Replaced{t.Selector, t.Verifier, t.IssuedAt(), t.ExpiresAt, now.Add(r.Overlap), t.Keyed}
	t.Selector, t.Verifier, t.ExpiresAt = secret.Selector(), secret.Verifier(), r.end(t.ExpiresAt)
	t.RotatedAt, t.Keyed = now, r.Key != nil
	return t
}

// checkRotation checks that the author may rotate token so that it expires at end: with a scoped token, itself, or one with a subset
// of its scopes, and only to an end no later than its own. An enforced MaxLifetime shortens that of other tokens only: a token that
// rotates itself keeps its expiry date. Errors: KindRotated if the secret presented is the replaced one of token; KindForbidden.
func (a author) checkRotation(token Token, end time.Time) error {
	own := a.holder.Token
	if token.replaces(own.Selector) {
		return &Error{Kind: KindRotated, Message: "The token was rotated already. Rotate it with its new secret."}
	}
	if a.operator || own.Scopes.Unscoped() {
		return a.checkGiven(token.Scopes)
	}
	latest := own.ExpiresAt
	if token.ID == a.tokenID() {
		latest = token.ExpiresAt
	}
	return cmp.Or(checkSubset("rotate", token.Scopes, own.Scopes), checkEnd("rotate", end, latest))
}
