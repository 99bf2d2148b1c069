package pat_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// calls are how often each method of the store was called since the fixture was made.
func (f *fixture) calls() map[pattest.Call]int {
	result := map[pattest.Call]int{}
	for _, call := range []pattest.Call{
		pattest.CallAccount, pattest.CallAccounts, pattest.CallCreateAccount, pattest.CallReplaceAccount,
		pattest.CallDeleteAccount, pattest.CallReserveUserIDs, pattest.CallImportAccount, pattest.CallLookUp, pattest.CallMarkSeen,
	} {
		if n := f.store.Count(call); n > 0 {
			result[call] = n
		}
	}
	return result
}

// wantCalls fails the test unless the store was called just so since the fixture was made or since the last look.
func (f *fixture) wantCalls(t *testing.T, want map[pattest.Call]int) {
	t.Helper()
	if diff := cmp.Diff(want, f.calls()); diff != "" {
		t.Errorf("calls of the store, -want +got:\n%s", diff)
	}
	f.store.Forget()
}

func TestEachRequestCostsWhatItShould(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if _, err := f.service.Authenticate(t.Context(), f.holder.Secret); err != nil {
		t.Fatalf("Authenticate: %v", err)
	}
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 1, pattest.CallMarkSeen: 1})
	if _, err := f.service.Authenticate(t.Context(), f.holder.Secret); err != nil {
		t.Fatalf("Authenticate: %v", err)
	}
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 1})
	if _, err := f.service.Tokens(t.Context(), f.holder.Identity()); err != nil {
		t.Fatalf("Tokens: %v", err)
	}
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 1})
	token, _ := f.create(t, "another")
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 1, pattest.CallReplaceAccount: 1})
	if err := f.service.RevokeToken(t.Context(), f.holder.Identity(), token.ID); err != nil {
		t.Fatalf("RevokeToken: %v", err)
	}
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 1, pattest.CallReplaceAccount: 1})
	if err := f.service.RevokeToken(t.Context(), f.holder.Identity(), token.ID); err != nil {
		t.Fatalf("RevokeToken of a token that is gone: %v", err)
	}
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 1})
}

func TestMalformedTokenCostsNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if _, err := pat.ParseSecret(f.holder.Secret.Reveal() + "\n"); err == nil {
		t.Fatal("a malformed token was read")
	}
	f.wantCalls(t, map[pattest.Call]int{})
}

func TestAuthenticateRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(t *testing.T, f *fixture)
		secret  func(t *testing.T, f *fixture) pat.Secret
		want    pat.Reason
	}{
		"a token of nobody": {
			secret: func(t *testing.T, _ *fixture) pat.Secret {
				t.Helper()
				return parse(t, withSelector(selectorOf(4711)))
			},
			want: pat.ReasonInvalid,
		},
		"a token that the user never had": {
			secret: func(t *testing.T, _ *fixture) pat.Secret {
				t.Helper()
				return parse(t, withSelector(selectorOf(1)))
			},
			want: pat.ReasonInvalid,
		},
		"a right selector with another secret part": {
			secret: forged,
			want:   pat.ReasonInvalid,
		},
		"a revoked token": {
			prepare: func(t *testing.T, f *fixture) {
				t.Helper()
				if err := f.service.RevokeToken(t.Context(), f.holder.Identity(), f.holder.Token.ID); err != nil {
					t.Fatalf("RevokeToken: %v", err)
				}
			},
			want: pat.ReasonInvalid,
		},
		"an expired token": {
			prepare: func(_ *testing.T, f *fixture) { f.clock.Advance(pattest.Lifetime) },
			want:    pat.ReasonExpired,
		},
		"a token of a disabled user": {prepare: disable, want: pat.ReasonDisabled},
		"an expired token of a disabled user": {
			prepare: func(t *testing.T, f *fixture) {
				t.Helper()
				disable(t, f)
				f.clock.Advance(pattest.Lifetime)
			},
			want: pat.ReasonExpired,
		},
		"another secret part for an expired token": {
			prepare: func(_ *testing.T, f *fixture) { f.clock.Advance(pattest.Lifetime) },
			secret:  forged,
			want:    pat.ReasonInvalid,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			if c.prepare != nil {
				c.prepare(t, f)
			}
			secret := f.holder.Secret
			if c.secret != nil {
				secret = c.secret(t, f)
			}
			f.store.Forget()
			_, err := f.service.Authenticate(t.Context(), secret)
			wantRefused(t, err, c.want)
			f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 1})
		})
	}
}

// forged has the holder's selector and a secret part of its own.
func forged(t *testing.T, f *fixture) pat.Secret {
	t.Helper()
	return parse(t, withSelector(string(f.holder.Token.Selector)))
}

func parse(t *testing.T, text string) pat.Secret {
	t.Helper()
	secret, err := pat.ParseSecret(text)
	if err != nil {
		t.Fatalf("ParseSecret: %v", err)
	}
	return secret
}

// disable disables the holder, after seeing to it that somebody else is an enabled Admin.
func disable(t *testing.T, f *fixture) {
	t.Helper()
	pattest.Account(t, f.store, pattest.Profile("other admin", pat.Admin))
	if err := pattest.SetDisabled(t.Context(), f.service, f.holder.Account.ID, true); err != nil {
		t.Fatal(err)
	}
}

func TestTokenEndsAtItsExpiry(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.clock.Advance(pattest.Lifetime - time.Millisecond)
	if _, err := f.service.Authenticate(t.Context(), f.holder.Secret); err != nil {
		t.Errorf("a millisecond before: got %v, want no error", err)
	}
	f.clock.Advance(time.Millisecond)
	_, err := f.service.Authenticate(t.Context(), f.holder.Secret)
	wantRefused(t, err, pat.ReasonExpired)
}

func TestEnabledUserIsLetInAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	disable(t, f)
	if err := pattest.SetDisabled(t.Context(), f.service, f.holder.Account.ID, false); err != nil {
		t.Fatal(err)
	}
	if _, err := f.service.Authenticate(t.Context(), f.holder.Secret); err != nil {
		t.Errorf("got %v, want no error", err)
	}
}

// operations are what a caller with a token may do.
func operations(f *fixture) map[string]func(context.Context) error {
	who := f.holder.Identity()
	return map[string]func(context.Context) error{
		"Tokens": func(ctx context.Context) error { _, err := f.service.Tokens(ctx, who); return err },
		"CreateToken": func(ctx context.Context) error {
			_, _, err := f.service.CreateToken(ctx, who, pat.Draft{Description: "new", ExpiresAt: f.clock.Now().Add(time.Hour)})
			return err
		},
		"RevokeToken": func(ctx context.Context) error { return f.service.RevokeToken(ctx, who, f.holder.Token.ID) },
	}
}

func TestOperationsRefuseWhoeverIsNotLetInAnyMore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(t *testing.T, f *fixture)
		want    pat.Reason
	}{
		"expired": {func(_ *testing.T, f *fixture) { f.clock.Advance(pattest.Lifetime) }, pat.ReasonExpired},
		"revoked": {func(t *testing.T, f *fixture) {
			t.Helper()
			if err := f.service.RevokeUserToken(t.Context(), f.holder.Account.ID, f.holder.Token.ID); err != nil {
				t.Fatalf("RevokeUserToken: %v", err)
			}
		}, pat.ReasonInvalid},
		"disabled": {disable, pat.ReasonDisabled},
		"deleted": {func(t *testing.T, f *fixture) {
			t.Helper()
			pattest.Account(t, f.store, pattest.Profile("other admin", pat.Admin))
			if err := f.service.DeleteUser(t.Context(), f.holder.Account.ID); err != nil {
				t.Fatalf("DeleteUser: %v", err)
			}
		}, pat.ReasonInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			c.prepare(t, f)
			f.store.Forget()
			for operation, do := range operations(f) {
				wantRefused(t, do(t.Context()), c.want)
				if got := f.store.Count(pattest.CallReplaceAccount); got != 0 {
					t.Errorf("%s: got %d writes, want none", operation, got)
				}
			}
		})
	}
}

func TestOperationsOnACancelledContextAreUnavailable(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, do := range operations(f) {
		if err := do(ctx); pat.KindOf(err) != pat.KindUnavailable {
			t.Errorf("%s: got %v, want kind %d", name, err, pat.KindUnavailable)
		}
	}
	if got := f.descriptions(t); !cmp.Equal(got, []string{"own"}) {
		t.Errorf("got tokens %v, want only the holder's own", got)
	}
}

func TestUseIsRecordedOnceInAnInterval(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, step := range []struct {
		advance time.Duration
		marks   int
		seen    time.Duration // since Start
	}{
		{0, 1, 0}, {0, 0, 0}, {pat.SeenInterval - time.Millisecond, 0, 0}, {time.Millisecond, 1, pat.SeenInterval},
		{pat.SeenInterval - time.Millisecond, 0, pat.SeenInterval},
	} {
		f.clock.Advance(step.advance)
		f.store.Forget()
		if _, err := f.service.Authenticate(t.Context(), f.holder.Secret); err != nil {
			t.Fatalf("Authenticate: %v", err)
		}
		if got := f.store.Count(pattest.CallMarkSeen); got != step.marks {
			t.Errorf("at %v: got %d writes, want %d", f.clock.Now(), got, step.marks)
		}
		if got := pattest.Read(t, f.store, f.holder.Account.ID).Tokens[0].SeenAt; !got.Equal(pattest.Start.Add(step.seen)) {
			t.Errorf("at %v: got seen %v, want %v", f.clock.Now(), got, pattest.Start.Add(step.seen))
		}
	}
}

func TestFailureToRecordAUseIsOnlyLogged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store.Refuse(pattest.CallMarkSeen, 1, pat.Unavailable(io.ErrUnexpectedEOF))
	who, err := f.service.Authenticate(t.Context(), f.holder.Secret)
	if err != nil || who != f.holder.Identity() {
		t.Fatalf("got %v and %v, want %v", who, err, f.holder.Identity())
	}
	log := f.log.String()
	for _, want := range []string{"level=WARN", "recording the use of a token failed", "user=1", "token=1", "unexpected EOF"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q: %s", want, log)
		}
	}
	wantHidden(t, log, []string{f.holder.Secret.Reveal()[31:]})
}

func TestStoreOutOfReachIsUnavailable(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store.Refuse(pattest.CallAccount, 1, pat.Unavailable(io.ErrUnexpectedEOF))
	_, err := f.service.Authenticate(t.Context(), f.holder.Secret)
	pattest.WantKind(t, err, pat.KindUnavailable)
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 1})
}

func TestTokensAreListedInOrderOfID(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(t, "z")
	middle, _ := f.create(t, "m")
	f.create(t, "a")
	if err := f.service.RevokeToken(t.Context(), f.holder.Identity(), middle.ID); err != nil {
		t.Fatalf("RevokeToken: %v", err)
	}
	f.create(t, "b")
	tokens, err := f.service.Tokens(t.Context(), f.holder.Identity())
	if err != nil {
		t.Fatalf("Tokens: %v", err)
	}
	got := map[pat.TokenID]string{}
	last := pat.TokenID(0)
	for _, token := range tokens {
		if token.ID <= last {
			t.Errorf("token %d comes after %d", token.ID, last)
		}
		last, got[token.ID] = token.ID, token.Description
	}
	if diff := cmp.Diff(map[pat.TokenID]string{1: "own", 2: "z", 4: "a", 5: "b"}, got); diff != "" {
		t.Errorf("tokens, -want +got:\n%s", diff)
	}
}

func TestNewTokenWorksAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	token, secret := f.create(t, "another")
	who, err := f.service.Authenticate(t.Context(), secret)
	if want := (pat.Identity{User: f.holder.Account.ID, Selector: token.Selector}); err != nil || who != want {
		t.Errorf("got %v and %v, want %v", who, err, want)
	}
	if _, err := f.service.Authenticate(t.Context(), f.holder.Secret); err != nil {
		t.Errorf("the other token: got %v, want no error", err)
	}
}

func TestOperatorsMeetUsersThatAreNotThere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, listErr := f.service.UserTokens(t.Context(), 99)
	_, _, createErr := f.service.CreateUserToken(t.Context(), 99, f.draft("x"))
	for name, err := range map[string]error{
		"UserTokens": listErr, "CreateUserToken": createErr,
		"RevokeUserToken":              f.service.RevokeUserToken(t.Context(), 99, 1),
		"RevokeUserToken of no token":  f.service.RevokeUserToken(t.Context(), f.holder.Account.ID, 99),
		"SetDisabled":                  pattest.SetDisabled(t.Context(), f.service, 99, true),
		"DeleteUser":                   f.service.DeleteUser(t.Context(), 99),
		"RevokeUserToken a second one": secondRevoke(t, f),
	} {
		if pat.KindOf(err) != pat.KindNotFound {
			t.Errorf("%s: got %v, want kind %d", name, err, pat.KindNotFound)
		}
	}
}

func secondRevoke(t *testing.T, f *fixture) error {
	t.Helper()
	token, _ := f.create(t, "short-lived")
	if err := f.service.RevokeUserToken(t.Context(), f.holder.Account.ID, token.ID); err != nil {
		t.Fatalf("RevokeUserToken: %v", err)
	}
	return f.service.RevokeUserToken(t.Context(), f.holder.Account.ID, token.ID)
}

func TestSystemEnvWaits(t *testing.T) {
	t.Parallel()
	env := pat.SystemEnv(nil)
	if err := env.Wait(t.Context(), time.Microsecond); err != nil {
		t.Errorf("got %v, want no error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := env.Wait(ctx, time.Hour); err == nil {
		t.Error("got no error from a cancelled wait")
	}
}
