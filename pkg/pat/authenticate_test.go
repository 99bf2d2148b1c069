package pat_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestMalformedTokenCostsNoRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if _, err := pat.ParseSecret(f.holder.Secret.Reveal() + "\n"); err == nil {
		t.Fatal("a malformed token was accepted")
	}
	f.wantCalls(t, map[pattest.Call]int{})
}

var refusedAuthentications = map[string]struct {
	prepare func(t *testing.T, f *fixture)
	secret  func(t *testing.T, f *fixture) pat.Secret
	want    pat.Reason
}{
	"a token of a missing user": {
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
	"a known selector with another secret part": {
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
}

func TestAuthenticateRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range refusedAuthentications {
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

func TestTokenExpires(t *testing.T) {
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

func TestUserIsAdmittedAfterBeingEnabledAgain(t *testing.T) {
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

func TestUseIsRecordedOncePerInterval(t *testing.T) {
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

func TestUnreachableStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store.Refuse(pattest.CallAccount, 1, pat.Unavailable(io.ErrUnexpectedEOF))
	_, err := f.service.Authenticate(t.Context(), f.holder.Secret)
	pattest.WantKind(t, err, pat.KindUnavailable)
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 1})
}

func TestNewTokenIsValidAtOnce(t *testing.T) {
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
