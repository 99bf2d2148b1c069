package pat_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// wantSameSecret fails the test unless both have one secret and one token.
func wantSameSecret(t *testing.T, got, want pattest.Holder) {
	t.Helper()
	wantSameToken(t, created{got.Token, got.Secret}, created{want.Token, want.Secret})
}

// TestRepeatedRotationReturnsTheSameSecret as long as the token presented works, in the window of creates.
func TestRepeatedRotationReturnsTheSameSecret(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ci := f.other(t, "ci")
	r := f.rotation(t, f.holder, "k")
	first := f.rotate(t, ci.Token.ID, r)
	f.store.Forget()
	for _, pause := range []time.Duration{0, time.Hour, 23*time.Hour - time.Millisecond} {
		f.clock.Advance(pause)
		wantSameSecret(t, f.rotate(t, ci.Token.ID, r), first)
		f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 1})
	}
	f.clock.Advance(time.Millisecond)
	if got := f.rotate(t, ci.Token.ID, r); got.Secret.Reveal() == first.Secret.Reveal() {
		t.Error("the repetition after the window returned the old secret")
	}
}

// TestOwnRotationIsRepeatedWithTheReplacedSecret until the overlap ends.
func TestOwnRotationIsRepeatedWithTheReplacedSecret(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ci := f.other(t, "ci")
	r := f.rotation(t, ci, "k")
	first := f.rotateSelf(t, ci, r)
	f.clock.Advance(pat.DefaultOverlap - time.Millisecond)
	wantSameSecret(t, f.rotateSelf(t, ci, r), first)
	byID, secret, err := f.service.RotateToken(t.Context(), ci.Identity(), ci.Token.ID, r)
	if err != nil {
		t.Fatal(err)
	}
	wantSameToken(t, created{byID, secret}, created{first.Token, first.Secret})
	f.clock.Advance(time.Millisecond)
	_, _, err = f.service.RotateSelf(t.Context(), ci.Identity(), r)
	wantRefused(t, err, pat.ReasonRotated)
	f.wantWorks(t, "the new secret", first.Secret)
}

func TestOwnRotationWithAKeyNeedsAnOverlap(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ci := f.other(t, "ci")
	r := f.rotation(t, ci, "k")
	r.Overlap = 0
	_, _, err := f.service.RotateSelf(t.Context(), ci.Identity(), r)
	pattest.WantKind(t, err, pat.KindInvalid)
	_, _, err = f.service.RotateToken(t.Context(), ci.Identity(), ci.Token.ID, r)
	pattest.WantKind(t, err, pat.KindInvalid)
	f.wantWorks(t, "the present secret", ci.Secret)
	of := f.rotation(t, f.holder, "k")
	of.Overlap = 0
	first := f.rotate(t, ci.Token.ID, of)
	wantSameSecret(t, f.rotate(t, ci.Token.ID, of), first)
	f.wantEnded(t, "the replaced secret", ci.Secret, pat.ReasonRotated)
}

func TestOperatorHasNoKeys(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, _, err := f.service.RotateUserToken(t.Context(), f.holder.Account.ID, f.holder.Token.ID, f.rotation(t, f.holder, "k"))
	pattest.WantKind(t, err, pat.KindInvalid)
	f.wantWorks(t, "the present secret", f.holder.Secret)
}

// TestSpentRotation: a key that was used for something else, or whose secret has ended, rotates nothing.
func TestSpentRotation(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(t *testing.T, f *fixture, ci pattest.Holder, r *pat.Rotation) pat.TokenID{
		"another overlap": func(_ *testing.T, _ *fixture, ci pattest.Holder, r *pat.Rotation) pat.TokenID {
			r.Overlap += time.Second
			return ci.Token.ID
		},
		"an end": func(_ *testing.T, _ *fixture, ci pattest.Holder, r *pat.Rotation) pat.TokenID {
			r.ExpiresAt = pattest.Start.Add(time.Hour)
			return ci.Token.ID
		},
		"another token": func(t *testing.T, f *fixture, _ pattest.Holder, _ *pat.Rotation) pat.TokenID {
			t.Helper()
			return f.other(t, "other").Token.ID
		},
		"after one later rotation": func(t *testing.T, f *fixture, ci pattest.Holder, _ *pat.Rotation) pat.TokenID {
			t.Helper()
			return f.rotate(t, ci.Token.ID, overlap).Token.ID
		},
		"after three later rotations": func(t *testing.T, f *fixture, ci pattest.Holder, _ *pat.Rotation) pat.TokenID {
			t.Helper()
			f.rotate(t, ci.Token.ID, f.rotation(t, f.holder, "l"))
			f.rotate(t, ci.Token.ID, overlap)
			return f.rotate(t, ci.Token.ID, f.rotation(t, f.holder, "m")).Token.ID
		},
		"after a revoke, for another token": func(t *testing.T, f *fixture, ci pattest.Holder, _ *pat.Rotation) pat.TokenID {
			t.Helper()
			if err := f.service.RevokeToken(t.Context(), f.holder.Identity(), ci.Token.ID); err != nil {
				t.Fatal(err)
			}
			return f.other(t, "other").Token.ID
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			ci := f.other(t, "ci")
			r := f.rotation(t, f.holder, "k")
			f.rotate(t, ci.Token.ID, r)
			id := prepare(t, f, ci, &r)
			before := f.account(t)
			_, secret, err := f.service.RotateToken(t.Context(), f.holder.Identity(), id, r)
			pattest.WantKind(t, err, pat.KindKeySpent)
			if secret.Reveal() != "" {
				t.Error("got a secret with the error")
			}
			if f.account(t).Version != before.Version {
				t.Error("the account was written")
			}
		})
	}
}

func TestKeyOfARotationCreatesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ci := f.other(t, "ci")
	r := f.rotation(t, f.holder, "k")
	f.rotate(t, ci.Token.ID, r)
	draft := pat.Draft{Description: ci.Token.Description, Scopes: ci.Token.Scopes, ExpiresAt: ci.Token.ExpiresAt}
	_, _, err := f.service.CreateTokenOnce(t.Context(), f.holder.Identity(), draft, *r.Key)
	pattest.WantKind(t, err, pat.KindKeySpent)
}

// TestRepetitionOfACreateAfterARotation is refused, whether one rotation came between or several.
func TestRepetitionOfACreateAfterARotation(t *testing.T) {
	t.Parallel()
	for rotations := 1; rotations <= 3; rotations++ {
		t.Run(strconv.Itoa(rotations), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			first := f.once(t, f.key(t, "k"), "ci")
			for range rotations {
				f.rotate(t, first.token.ID, overlap)
			}
			before := f.account(t)
			_, _, err := f.service.CreateTokenOnce(t.Context(), f.holder.Identity(), f.until("ci"), f.key(t, "k"))
			pattest.WantKind(t, err, pat.KindKeySpent)
			if f.account(t).Version != before.Version {
				t.Error("the account was written")
			}
		})
	}
}

// TestKeyOfACreateRotatesNothing: a rotation with it is refused.
func TestKeyOfACreateRotatesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.once(t, f.key(t, "k"), "ci")
	_, _, err := f.service.RotateToken(t.Context(), f.holder.Identity(), first.token.ID, f.rotation(t, f.holder, "k"))
	pattest.WantKind(t, err, pat.KindKeySpent)
	f.wantWorks(t, "the token created", first.secret)
}

// TestRotationsLeaveABoundedTrace: an account remembers the last ten keyed secrets that ended, and none after their window.
func TestRotationsLeaveABoundedTrace(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ci := f.other(t, "ci")
	for i := range 3 * pat.MaxTokens {
		f.rotate(t, ci.Token.ID, f.rotation(t, f.holder, fmt.Sprint("k", i)))
	}
	if got := len(f.account(t).Spent); got != pat.MaxTokens {
		t.Errorf("got %d spent, want %d", got, pat.MaxTokens)
	}
	f.clock.Advance(pat.IdempotencyWindow)
	f.rotate(t, ci.Token.ID, overlap)
	if got := len(f.account(t).Spent); got != 0 {
		t.Errorf("after the window: got %d spent, want none", got)
	}
}

func TestKeyOfAnotherSecretRotatesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ci := f.other(t, "ci")
	renewed := f.rotateSelf(t, ci, overlap)
	for what, by := range map[string]pattest.Holder{"the replaced secret's": renewed, "another token's": f.holder} {
		_, _, err := f.service.RotateSelf(t.Context(), ci.Identity(), f.rotation(t, by, "k"))
		if pat.KindOf(err) != pat.KindUnauthenticated {
			t.Errorf("with %s key: got %v, want kind %d", what, err, pat.KindUnauthenticated)
		}
	}
}
