package pat_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// overlap is a rotation with the default overlap.
var overlap = pat.Rotation{Overlap: pat.DefaultOverlap}

// rotation returns overlap with the key of requests that present the token of by.
func (f *fixture) rotation(t *testing.T, by pattest.Holder, key string) pat.Rotation {
	t.Helper()
	r, k := overlap, keyOf(t, by.Secret, key)
	r.Key = &k
	return r
}

// rotate rotates a token of the holder's with the holder's, and returns its holder with the new secret.
func (f *fixture) rotate(t *testing.T, id pat.TokenID, r pat.Rotation) pattest.Holder {
	t.Helper()
	token, secret, err := f.service.RotateToken(t.Context(), f.holder.Identity(), id, r)
	if err != nil {
		t.Fatalf("RotateToken(%d): %v", id, err)
	}
	return pattest.Holder{Account: f.holder.Account, Token: token, Secret: secret}
}

// rotateSelf rotates the token of by with itself.
func (f *fixture) rotateSelf(t *testing.T, by pattest.Holder, r pat.Rotation) pattest.Holder {
	t.Helper()
	token, secret, err := f.service.RotateSelf(t.Context(), by.Identity(), r)
	if err != nil {
		t.Fatalf("RotateSelf: %v", err)
	}
	return pattest.Holder{Account: by.Account, Token: token, Secret: secret}
}

// other creates another token of the holder's.
func (f *fixture) other(t *testing.T, description string) pattest.Holder {
	t.Helper()
	return f.with(t, f.holder, description, pat.Unscoped())
}

// wantWorks fails the test unless the secret works.
func (f *fixture) wantWorks(t *testing.T, what string, secret pat.Secret) {
	t.Helper()
	if _, err := f.service.Check(t.Context(), secret); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// wantEnded fails the test unless the secret is refused with reason.
func (f *fixture) wantEnded(t *testing.T, what string, secret pat.Secret, reason pat.Reason) {
	t.Helper()
	_, err := f.service.Check(t.Context(), secret)
	if e, ok := errors.AsType[*pat.Error](err); !ok || e.Kind != pat.KindUnauthenticated || e.Message != string(reason) {
		t.Errorf("%s: got %v, want %q", what, err, reason)
	}
}

// account returns the stored account of the holder.
func (f *fixture) account(t *testing.T) pat.Account {
	t.Helper()
	return pattest.Read(t, f.store, f.holder.Account.ID)
}

func TestRotationKeepsTheToken(t *testing.T) {
	t.Parallel()
	f, caller := scoped(t, "orders:read", "pats:write")
	child := f.with(t, caller, "child", pattest.Scopes(t, "orders:read"))
	f.clock.Advance(time.Hour)
	for name, rotate := range map[string]func(pat.Rotation) (pat.Token, pat.Secret, error){
		"by its parent": func(r pat.Rotation) (pat.Token, pat.Secret, error) {
			return f.service.RotateToken(t.Context(), caller.Identity(), child.Token.ID, r)
		},
		"by an unscoped token": func(r pat.Rotation) (pat.Token, pat.Secret, error) {
			return f.service.RotateToken(t.Context(), f.holder.Identity(), child.Token.ID, r)
		},
		"by an operator": func(r pat.Rotation) (pat.Token, pat.Secret, error) {
			return f.service.RotateUserToken(t.Context(), f.holder.Account.ID, child.Token.ID, r)
		},
	} {
		before, _ := f.account(t).Token(child.Token.ID)
		got, secret, err := rotate(overlap)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := before
		want.Selector, want.Verifier, want.RotatedAt = secret.Selector(), secret.Verifier(), f.clock.Now()
		want.Replaced = pat.Replaced{
			Selector: before.Selector, Verifier: before.Verifier, IssuedAt: before.IssuedAt(), ExpiresAt: before.ExpiresAt,
			Until: f.clock.Now().Add(pat.DefaultOverlap),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: token, -want +got:\n%s", name, diff)
		}
		if stored, _ := f.account(t).Token(child.Token.ID); !cmp.Equal(stored, got) {
			t.Errorf("%s: stored %+v, returned %+v", name, stored, got)
		}
	}
}

func TestRotationSetsTheEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	other := f.other(t, "ci")
	later := other.Token.ExpiresAt.Add(48*time.Hour + time.Microsecond)
	if got := f.rotate(t, other.Token.ID, pat.Rotation{ExpiresAt: later}).Token.ExpiresAt; !got.Equal(later.Truncate(time.Millisecond)) {
		t.Errorf("a later end: got %s, want %s", got, later)
	}
	sooner := f.clock.Now().Add(time.Hour)
	if got := f.rotate(t, other.Token.ID, pat.Rotation{ExpiresAt: sooner}).Token.ExpiresAt; !got.Equal(sooner) {
		t.Errorf("a sooner end: got %s, want %s", got, sooner)
	}
}

// TestReplacedSecretEnds: it works until the overlap or its own end, whichever is earlier, and then its holder alone learns why it ended.
func TestReplacedSecretEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rotation pat.Rotation
		works    time.Duration
		reason   pat.Reason
	}{
		"after the default overlap":     {overlap, pat.DefaultOverlap, pat.ReasonRotated},
		"at once":                       {pat.Rotation{}, 0, pat.ReasonRotated},
		"after the longest overlap":     {pat.Rotation{Overlap: pat.MaxOverlap, ExpiresAt: pattest.Start.AddDate(1, 0, 0)}, pat.MaxOverlap, pat.ReasonRotated},
		"at its own end":                {pat.Rotation{Overlap: pat.MaxOverlap, ExpiresAt: pattest.Start.AddDate(1, 0, 0)}, 48 * time.Hour, pat.ReasonRotated},
		"when the whole token expires":  {pat.Rotation{Overlap: time.Hour, ExpiresAt: pattest.Start.Add(time.Minute)}, time.Minute, pat.ReasonExpired},
		"a millisecond after it starts": {pat.Rotation{Overlap: time.Millisecond + time.Microsecond}, time.Millisecond, pat.ReasonRotated},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			lifetime := pattest.Lifetime
			if name == "at its own end" {
				lifetime = c.works
			}
			draft := pat.Draft{Description: "ci", Scopes: pat.Unscoped(), ExpiresAt: f.clock.Now().Add(lifetime)}
			token, old, err := f.service.CreateToken(t.Context(), f.holder.Identity(), draft)
			if err != nil {
				t.Fatal(err)
			}
			before := pat.Identity{User: f.holder.Account.ID, Selector: old.Selector()}
			renewed := f.rotate(t, token.ID, c.rotation)
			if c.works > 0 {
				f.clock.Advance(c.works - time.Millisecond)
				f.wantWorks(t, "the replaced secret before its end", old)
				f.clock.Advance(time.Millisecond)
			}
			f.wantEnded(t, "the replaced secret after its end", old, c.reason)
			_, err = f.service.Admit(t.Context(), before)
			wantRefused(t, err, c.reason)
			f.wantEnded(t, "a forgery of it", parse(t, withSelector(string(old.Selector()))), pat.ReasonInvalid)
			if c.reason == pat.ReasonRotated {
				f.wantWorks(t, "the new secret", renewed.Secret)
			}
		})
	}
}

// TestHolderOfAReplacedSecret: what a check returns is about the secret presented, so no cache of it outlasts the secret.
func TestHolderOfAReplacedSecret(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	other, short := f.other(t, "ci"), f.other(t, "short")
	renewed := f.rotate(t, other.Token.ID, overlap)
	until := f.clock.Now().Add(pat.DefaultOverlap)
	f.rotate(t, short.Token.ID, pat.Rotation{Overlap: pat.DefaultOverlap, ExpiresAt: until.Add(-time.Minute)})
	for what, c := range map[string]struct {
		secret pat.Secret
		id     pat.TokenID
		ends   time.Time
	}{
		"replaced": {other.Secret, other.Token.ID, until},
		"new":      {renewed.Secret, other.Token.ID, renewed.Token.ExpiresAt},
		"replaced, of a token that ends before it is": {short.Secret, short.Token.ID, until.Add(-time.Minute)},
	} {
		checked, err := f.service.Check(t.Context(), c.secret)
		if err != nil {
			t.Fatal(err)
		}
		admitted, err := f.service.Admit(t.Context(), checked.Identity())
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range []pat.Holder{checked, admitted} {
			if got.Token.ID != c.id || got.Identity().Selector != c.secret.Selector() || !got.Token.Verifier.Matches(c.secret) ||
				!got.Token.ExpiresAt.Equal(c.ends) {
				t.Errorf("%s: got token %+v, want selector %s and end %s", what, got.Token, c.secret.Selector(), c.ends)
			}
		}
	}
}

// TestAtMostTwoSecretsWork: a further rotation ends the oldest secret at once, and the account does not remember it.
func TestAtMostTwoSecretsWork(t *testing.T) {
	t.Parallel()
	for name, rotate := range map[string]func(t *testing.T, f *fixture, present pattest.Holder) pattest.Holder{
		"by the new secret": func(t *testing.T, f *fixture, present pattest.Holder) pattest.Holder {
			t.Helper()
			return f.rotateSelf(t, present, overlap)
		},
		"by another token": func(t *testing.T, f *fixture, present pattest.Holder) pattest.Holder {
			t.Helper()
			return f.rotate(t, present.Token.ID, overlap)
		},
		"by an operator": func(t *testing.T, f *fixture, present pattest.Holder) pattest.Holder {
			t.Helper()
			token, secret, err := f.service.RotateUserToken(t.Context(), present.Account.ID, present.Token.ID, overlap)
			if err != nil {
				t.Fatal(err)
			}
			return pattest.Holder{Account: present.Account, Token: token, Secret: secret}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			first := f.other(t, "ci")
			second := f.rotateSelf(t, first, overlap)
			third := rotate(t, f, second)
			f.wantEnded(t, "the first secret", first.Secret, pat.ReasonInvalid)
			f.wantWorks(t, "the second secret", second.Secret)
			f.wantWorks(t, "the third secret", third.Secret)
			for range 20 {
				third = rotate(t, f, third)
			}
			if account := f.account(t); len(account.Tokens) != 2 || len(account.Spent) != 0 {
				t.Errorf("got %d tokens and %d spent, want 2 and none", len(account.Tokens), len(account.Spent))
			}
		})
	}
}

// TestReplacedSecretCannotRotateAgain: during the overlap it is a KindRotated, with a key or without, and after it a refusal.
func TestReplacedSecretCannotRotateAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	old := f.other(t, "ci")
	renewed := f.rotateSelf(t, old, overlap)
	before := f.account(t)
	attempts := map[string]func() error{
		"itself": func() error { _, _, err := f.service.RotateSelf(t.Context(), old.Identity(), overlap); return err },
		"by its ID": func() error {
			_, _, err := f.service.RotateToken(t.Context(), old.Identity(), old.Token.ID, overlap)
			return err
		},
		"with a key": func() error {
			_, _, err := f.service.RotateSelf(t.Context(), old.Identity(), f.rotation(t, old, "k"))
			return err
		},
	}
	for name, attempt := range attempts {
		pattest.WantKind(t, attempt(), pat.KindRotated)
		if diff := cmp.Diff(before, f.account(t)); diff != "" {
			t.Errorf("%s: the account, -before +after:\n%s", name, diff)
		}
	}
	f.wantWorks(t, "the new secret", renewed.Secret)
	f.clock.Advance(pat.DefaultOverlap)
	for _, attempt := range attempts {
		wantRefused(t, attempt(), pat.ReasonRotated)
	}
}

// TestReplacedSecretActsDuringTheOverlap: until its end it does whatever the token may do, other than rotate it.
func TestReplacedSecretActsDuringTheOverlap(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	old := f.other(t, "ci")
	f.rotateSelf(t, old, overlap)
	child := f.with(t, old, "child", pat.Unscoped())
	if want := []pat.TokenID{old.Token.ID, f.holder.Token.ID}; !cmp.Equal(child.Token.Ancestors, want) {
		t.Errorf("got ancestors %v, want %v", child.Token.Ancestors, want)
	}
	if _, _, err := f.service.RotateToken(t.Context(), old.Identity(), child.Token.ID, overlap); err != nil {
		t.Errorf("rotating another token: %v", err)
	}
	if _, err := f.service.Tokens(t.Context(), old.Identity()); err != nil {
		t.Errorf("listing: %v", err)
	}
}

// TestReplacedSecretCreatesNothingThatOutlastsIt with scopes. What it created before the rotation can still be repeated.
func TestReplacedSecretCreatesNothingThatOutlastsIt(t *testing.T) {
	t.Parallel()
	f, old := scoped(t, "orders:read", "pats:write")
	draft := pat.Draft{Description: "child", Scopes: pattest.Scopes(t, "orders:read"), ExpiresAt: old.Token.ExpiresAt}
	key := keyOf(t, old.Secret, "k")
	child, secret, err := f.service.CreateTokenOnce(t.Context(), old.Identity(), draft, key)
	if err != nil {
		t.Fatal(err)
	}
	f.rotateSelf(t, old, overlap)
	again, repeated, err := f.service.CreateTokenOnce(t.Context(), old.Identity(), draft, key)
	if err != nil {
		t.Fatal(err)
	}
	wantSameToken(t, created{again, repeated}, created{child, secret})
	draft.Description, draft.ExpiresAt = "another", f.clock.Now().Add(pat.DefaultOverlap+time.Millisecond)
	_, _, err = f.service.CreateToken(t.Context(), old.Identity(), draft)
	pattest.WantKind(t, err, pat.KindForbidden)
	draft.ExpiresAt = f.clock.Now().Add(pat.DefaultOverlap)
	if _, _, err := f.service.CreateToken(t.Context(), old.Identity(), draft); err != nil {
		t.Errorf("until the end of the overlap: %v", err)
	}
}

func TestRevokeEndsBothSecrets(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	old := f.other(t, "ci")
	renewed := f.rotateSelf(t, old, overlap)
	if err := f.service.RevokeToken(t.Context(), f.holder.Identity(), old.Token.ID); err != nil {
		t.Fatal(err)
	}
	f.wantEnded(t, "the replaced secret", old.Secret, pat.ReasonInvalid)
	f.wantEnded(t, "the new secret", renewed.Secret, pat.ReasonInvalid)
}

func TestDisablingEndsBothSecrets(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	old := f.other(t, "ci")
	renewed := f.rotateSelf(t, old, overlap)
	disable(t, f)
	f.wantEnded(t, "the replaced secret", old.Secret, pat.ReasonDisabled)
	f.wantEnded(t, "the new secret", renewed.Secret, pat.ReasonDisabled)
}

func TestChecksAndRotationsTakeOneCall(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	old := f.other(t, "ci")
	f.store.Forget()
	renewed := f.rotateSelf(t, old, overlap)
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 1, pattest.CallReplaceAccount: 1})
	f.wantWorks(t, "the replaced secret", old.Secret)
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 1, pattest.CallMarkSeen: 1})
	f.wantWorks(t, "the new secret", renewed.Secret)
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 1}) // a use of the token is recorded
}

// TestRefusedRotations: each leaves the account as it is.
func TestRefusedRotations(t *testing.T) {
	t.Parallel()
	now := pattest.Start
	for name, c := range map[string]struct {
		id       pat.TokenID // or 0 for a token of the holder's
		rotation pat.Rotation
		want     pat.Kind
	}{
		"a negative overlap":    {0, pat.Rotation{Overlap: -time.Millisecond}, pat.KindInvalid},
		"an overlap of 7 days+": {0, pat.Rotation{Overlap: pat.MaxOverlap + time.Millisecond}, pat.KindInvalid},
		"an end now":            {0, pat.Rotation{ExpiresAt: now}, pat.KindInvalid},
		"an end in the past":    {0, pat.Rotation{ExpiresAt: now.Add(-time.Hour)}, pat.KindInvalid},
		"an end in 10000":       {0, pat.Rotation{ExpiresAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, pat.KindInvalid},
		"a token that is gone":  {999, overlap, pat.KindNotFound},
		"ID -1":                 {-1, overlap, pat.KindNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			id := c.id
			if id == 0 {
				id = f.other(t, "ci").Token.ID
			}
			before := f.account(t)
			for _, key := range []bool{false, true} {
				r := c.rotation
				if key {
					k := f.key(t, "k")
					r.Key = &k
				}
				_, secret, err := f.service.RotateToken(t.Context(), f.holder.Identity(), id, r)
				pattest.WantKind(t, err, c.want)
				if secret.Reveal() != "" {
					t.Error("got a secret with the error")
				}
			}
			_, _, err := f.service.RotateUserToken(t.Context(), before.ID, id, c.rotation)
			pattest.WantKind(t, err, c.want)
			if diff := cmp.Diff(before, f.account(t)); diff != "" {
				t.Errorf("the account, -before +after:\n%s", diff)
			}
		})
	}
}

// TestIDZeroIsNoToken: 0 does not stand for the token presented, nor for an operator's.
func TestIDZeroIsNoToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, _, err := f.service.RotateToken(t.Context(), f.holder.Identity(), 0, overlap)
	pattest.WantKind(t, err, pat.KindNotFound)
	_, _, err = f.service.RotateUserToken(t.Context(), f.holder.Account.ID, 0, overlap)
	pattest.WantKind(t, err, pat.KindNotFound)
	if err := f.service.RevokeToken(t.Context(), f.holder.Identity(), 0); err != nil {
		t.Fatal(err)
	}
	f.wantWorks(t, "the token presented", f.holder.Secret)
}

func TestExpiredTokenCannotBeRotated(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	who := expire(t, f, time.Hour)
	before := f.account(t)
	r := pat.Rotation{ExpiresAt: f.clock.Now().Add(time.Hour)}
	_, _, err := f.service.RotateToken(t.Context(), who, f.holder.Token.ID, r)
	pattest.WantKind(t, err, pat.KindInvalid)
	wantMessage(t, err, "Token 1 has expired, so it cannot be rotated.")
	_, _, err = f.service.RotateUserToken(t.Context(), who.User, f.holder.Token.ID, r)
	pattest.WantKind(t, err, pat.KindInvalid)
	_, _, err = f.service.RotateSelf(t.Context(), f.holder.Identity(), r)
	wantRefused(t, err, pat.ReasonExpired)
	if diff := cmp.Diff(before, f.account(t)); diff != "" {
		t.Errorf("the account, -before +after:\n%s", diff)
	}
}

func TestRotationOfAForeignToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	bob := pattest.NewHolder(t, f.store, f.service, pattest.Profile("bob", pat.Viewer))
	bobs, _, err := f.service.CreateToken(t.Context(), bob.Identity(), f.draft("bob's second"))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = f.service.RotateToken(t.Context(), f.holder.Identity(), bobs.ID, overlap)
	pattest.WantKind(t, err, pat.KindNotFound)
	wantMessage(t, err, fmt.Sprintf("You have no token %d.", bobs.ID))
	_, _, err = f.service.RotateUserToken(t.Context(), 999, 1, overlap)
	pattest.WantKind(t, err, pat.KindNotFound)
}

func TestRotationByWhoLostAccess(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lose func(t *testing.T, f *fixture)
		want pat.Reason
	}{
		"revoked": {func(t *testing.T, f *fixture) {
			t.Helper()
			if err := f.service.RevokeUserToken(t.Context(), f.holder.Account.ID, f.holder.Token.ID); err != nil {
				t.Fatal(err)
			}
		}, pat.ReasonInvalid},
		"expired":  {func(_ *testing.T, f *fixture) { f.clock.Advance(pattest.Lifetime) }, pat.ReasonExpired},
		"disabled": {disable, pat.ReasonDisabled},
		"deleted": {func(t *testing.T, f *fixture) {
			t.Helper()
			pattest.Account(t, f.store, pattest.Profile("other admin", pat.Admin))
			if err := f.service.DeleteUser(t.Context(), f.holder.Account.ID); err != nil {
				t.Fatal(err)
			}
		}, pat.ReasonInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			c.lose(t, f)
			for _, r := range []pat.Rotation{overlap, {Overlap: -1}, f.rotation(t, f.holder, "k")} {
				_, _, err := f.service.RotateSelf(t.Context(), f.holder.Identity(), r)
				wantRefused(t, err, c.want)
				_, _, err = f.service.RotateToken(t.Context(), f.holder.Identity(), 999, r)
				wantRefused(t, err, c.want)
			}
		})
	}
}

// TestScopedTokenRotates only itself or a token with a subset of its scopes, and only to an end no later than its own.
func TestScopedTokenRotates(t *testing.T) {
	t.Parallel()
	end := pattest.Start.Add(pattest.Lifetime)
	for name, c := range map[string]struct {
		own, target []string // no target: itself; "*" means unscoped
		end         time.Time
		want        pat.Kind
	}{
		"itself, without any scope for it": {own: []string{"orders:read"}, want: succeeds},
		"itself, sooner":                   {own: []string{"orders:read"}, end: end.Add(-time.Hour), want: succeeds},
		"itself, at its end":               {own: []string{"orders:read"}, end: end, want: succeeds},
		"itself, later":                    {own: []string{"orders:read"}, end: end.Add(time.Millisecond), want: pat.KindForbidden},
		"itself, later, with pats:write":   {own: []string{"pats:write"}, end: end.Add(time.Millisecond), want: pat.KindForbidden},
		"a subset":                         {own: []string{"orders:read", "pats:write"}, target: []string{"orders:read"}, want: succeeds},
		"a subset, later":                  {own: []string{"orders:read", "pats:write"}, target: []string{"orders:read"}, end: end.Add(1e6), want: pat.KindForbidden},
		"equal scopes":                     {own: []string{"pats:write"}, target: []string{"pats:write"}, want: succeeds},
		"more scopes":                      {own: []string{"pats:write"}, target: []string{"orders:read", "pats:write"}, want: pat.KindForbidden},
		"other scopes":                     {own: []string{"pats:write"}, target: []string{"orders:read"}, want: pat.KindForbidden},
		"an unscoped token":                {own: []string{"pats:write", "orders:read"}, target: []string{"*"}, want: pat.KindForbidden},
		"another without pats:write":       {own: []string{"orders:read", "pats:read"}, target: []string{"orders:read"}, want: pat.KindForbidden},
		"an unscoped one rotates any":      {own: []string{"*"}, target: []string{"orders:read"}, end: end.AddDate(1, 0, 0), want: succeeds},
		"an unscoped one rotates itself":   {own: []string{"*"}, end: end.AddDate(1, 0, 0), want: succeeds},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			scopes := func(names []string) pat.Scopes {
				if names[0] == "*" {
					return pat.Unscoped()
				}
				return pattest.Scopes(t, names...)
			}
			caller := f.with(t, f.holder, "caller", scopes(c.own))
			id := caller.Token.ID
			if c.target != nil {
				id = f.with(t, f.holder, "target", scopes(c.target)).Token.ID
			}
			before := f.account(t)
			_, _, err := f.service.RotateToken(t.Context(), caller.Identity(), id, pat.Rotation{ExpiresAt: c.end})
			if c.want == succeeds {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			pattest.WantKind(t, err, c.want)
			if diff := cmp.Diff(before, f.account(t)); diff != "" {
				t.Errorf("the account, -before +after:\n%s", diff)
			}
		})
	}
}

const succeeds pat.Kind = -1

// TestScopedTokenRotatesALongerOne: to keep the end of a token that outlasts the caller's is refused too.
func TestScopedTokenRotatesALongerOne(t *testing.T) {
	t.Parallel()
	f, caller := scoped(t, "orders:read", "pats:write")
	draft := pat.Draft{Description: "longer", Scopes: pattest.Scopes(t, "orders:read"), ExpiresAt: caller.Token.ExpiresAt.Add(time.Millisecond)}
	longer, _, err := f.service.CreateToken(t.Context(), f.holder.Identity(), draft)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = f.service.RotateToken(t.Context(), caller.Identity(), longer.ID, overlap)
	pattest.WantKind(t, err, pat.KindForbidden)
	r := pat.Rotation{ExpiresAt: caller.Token.ExpiresAt}
	if _, _, err = f.service.RotateToken(t.Context(), caller.Identity(), longer.ID, r); err != nil {
		t.Errorf("to the caller's end: %v", err)
	}
}

func TestRotationSurvivesALostResponse(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]func(*fixture) pat.Rotation{
		"without a key": func(*fixture) pat.Rotation { return overlap },
		"with a key":    func(f *fixture) pat.Rotation { return f.rotation(t, f.holder, "k") },
		"no overlap":    func(*fixture) pat.Rotation { return pat.Rotation{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.store.LoseResponse(pattest.CallReplaceAccount)
			renewed := f.rotateSelf(t, f.holder, r(f))
			f.wantWorks(t, "the new secret", renewed.Secret)
			if version := f.account(t).Version; version != f.holder.Account.Version+1 {
				t.Errorf("got version %d, want one write after %d", version, f.holder.Account.Version)
			}
		})
	}
}

// lateStore carries out the first write only when the second one arrives.
type lateStore struct {
	memory
	clock *pattest.Clock
	late  pat.Account
}

func (s *lateStore) Account(ctx context.Context, id pat.UserID) (pat.Account, error) {
	s.clock.Advance(time.Second)
	return s.memory.Account(ctx, id)
}

func (s *lateStore) ReplaceAccount(ctx context.Context, before, after pat.Account) error {
	if s.late.ID == 0 {
		s.late = after
		return pat.Unavailable(nil)
	}
	if err := s.memory.ReplaceAccount(ctx, before, s.late); err != nil {
		return err
	}
	return pat.Conflict(nil)
}

// TestLateRotation: a write without a response takes effect after the next attempt began. What is returned is what is stored.
func TestLateRotation(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	store := &lateStore{memory: memory{account: f.account(t)}, clock: f.clock}
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, f.env)
	token, secret, err := service.RotateSelf(t.Context(), f.holder.Identity(), overlap)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(store.account.Tokens[0], token); diff != "" {
		t.Errorf("token, -stored +returned:\n%s", diff)
	}
	if _, err := service.Check(t.Context(), secret); err != nil {
		t.Errorf("the new secret: %v", err)
	}
}

// TestLostRotationThatWasOvertaken: the response was lost, and another rotation came before the retry.
func TestLostRotationThatWasOvertaken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ci := f.other(t, "ci")
	f.store.LoseResponse(pattest.CallReplaceAccount)
	f.store.Before(pattest.CallAccount, func() {})
	f.store.Before(pattest.CallAccount, func() {
		if _, _, err := f.service.RotateUserToken(t.Context(), ci.Account.ID, ci.Token.ID, overlap); err != nil {
			t.Errorf("RotateUserToken: %v", err)
		}
	})
	renewed := f.rotate(t, ci.Token.ID, overlap)
	f.wantWorks(t, "the new secret, which was replaced since", renewed.Secret)
	f.wantEnded(t, "the first secret", ci.Secret, pat.ReasonInvalid)
}

// TestImportedTokenIsRotated: it works on without being imported again, and so does the new secret while imported ones are refused.
func TestImportedTokenIsRotated(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := importable(t, 20, 21)
	f.importUser(t, user)
	accepting := f.accepting()
	for _, id := range []int{20, 21} {
		for range 2 {
			_, secret, err := accepting.RotateUserToken(t.Context(), 7, pat.TokenID(id), overlap)
			if err != nil {
				t.Fatal(err)
			}
			f.wantWorks(t, "the new secret", secret)
			wantImport(t, f.importUser(t, user), false, "=20 =21")
		}
		f.wantEnded(t, "the imported secret after two rotations", foreign(t, id), pat.ReasonInvalid)
	}
}

func TestReplacedImportedSecretWorksWhileImportsAreAccepted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.importUser(t, importable(t, 20))
	accepting := f.accepting()
	if _, _, err := accepting.RotateUserToken(t.Context(), 7, 20, overlap); err != nil {
		t.Fatal(err)
	}
	f.wantEnded(t, "the imported secret, refused", foreign(t, 20), pat.ReasonInvalid)
	if _, err := accepting.Check(t.Context(), foreign(t, 20)); err != nil {
		t.Errorf("the imported secret, accepted: %v", err)
	}
	f.clock.Advance(pat.DefaultOverlap)
	_, err := accepting.Check(t.Context(), foreign(t, 20))
	wantRefused(t, err, pat.ReasonRotated)
}

func TestRotationMintsThePrefixOfTheSettings(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, secret, err := f.minting(pat.PrefixPats).RotateSelf(t.Context(), f.holder.Identity(), overlap)
	if err != nil {
		t.Fatal(err)
	}
	wantPrefix(t, "the new secret", secret, string(pat.PrefixPats))
}
