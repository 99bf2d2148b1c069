package pat_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// secrets returns the secrets of the tokens with ids.
func (f family) secrets(ids ...pat.TokenID) []pat.Secret {
	var secrets []pat.Secret
	for _, id := range ids {
		secrets = append(secrets, f.of[id].Secret)
	}
	return secrets
}

// rotated rotates token id of the family with an overlap, and leaves the replaced secret in of.
func (f family) rotated(t *testing.T, id pat.TokenID) pattest.Holder {
	t.Helper()
	return f.rotateSelf(t, f.of[id], overlap)
}

// wantEndedBy fails the test unless a revocation of user 1 ended these tokens and replaced secrets.
func wantEndedBy(t *testing.T, got pat.Ended, err error, tokens, replaced []pat.TokenID) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	want := pat.Ended{Tokens: tokens, Replaced: replaced}
	if !want.Empty() {
		want.User = 1
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("ended, -want +got:\n%s", diff)
	}
}

// wantOneWrite fails the test unless one account was read, and written if changed.
func (f family) wantOneWrite(t *testing.T, changed bool) {
	t.Helper()
	want := map[pattest.Call]int{pattest.CallAccount: 1, pattest.CallReplaceAccount: 1}
	if !changed {
		delete(want, pattest.CallReplaceAccount)
	}
	f.wantCalls(t, want)
}

func TestRevokeSecretEndsOneSecret(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(t *testing.T, f family)
		tokens  []pat.TokenID
		left    []pat.TokenID
	}{
		"a token with descendants":   {func(*testing.T, family) {}, []pat.TokenID{2}, []pat.TokenID{1, 3, 4, 5, 6}},
		"an expired token":           {func(_ *testing.T, f family) { f.clock.Advance(pattest.Lifetime) }, []pat.TokenID{2}, []pat.TokenID{1, 3, 4, 5, 6}},
		"a token of a disabled user": {func(t *testing.T, f family) { t.Helper(); disable(t, f.fixture) }, []pat.TokenID{2}, []pat.TokenID{1, 3, 4, 5, 6}},
		"a revoked token": {func(t *testing.T, f family) {
			t.Helper()
			if err := f.service.RevokeUserToken(t.Context(), 1, 2); err != nil {
				t.Fatal(err)
			}
		}, nil, []pat.TokenID{1, 3, 4, 5, 6}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFamily(t)
			c.prepare(t, f)
			f.store.Forget()
			got, err := f.service.RevokeSecret(t.Context(), f.of[2].Secret)
			wantEndedBy(t, got, err, c.tokens, nil)
			f.wantOneWrite(t, len(c.tokens) > 0)
			f.wantLeft(t, c.left...)
		})
	}
}

func TestRevokeLeakedEndsDescendantsToo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		leaked       []pat.TokenID
		tokens, left []pat.TokenID
	}{
		"one token":                  {[]pat.TokenID{4}, []pat.TokenID{4, 5}, []pat.TokenID{1, 2, 3, 6}},
		"the ancestor of all":        {[]pat.TokenID{1}, []pat.TokenID{1, 2, 3, 4, 5, 6}, nil},
		"several, one of them twice": {[]pat.TokenID{6, 4, 6}, []pat.TokenID{4, 5, 6}, []pat.TokenID{1, 2, 3}},
		"a token and its descendant": {[]pat.TokenID{5, 2}, []pat.TokenID{2, 3, 4, 5}, []pat.TokenID{1, 6}},
		"none":                       {nil, nil, []pat.TokenID{1, 2, 3, 4, 5, 6}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFamily(t)
			found, err := f.service.FindLeaked(t.Context(), 1, f.secrets(c.leaked...))
			wantEndedBy(t, found, err, c.tokens, nil)
			f.wantOneWrite(t, false)
			got, err := f.service.RevokeLeaked(t.Context(), 1, f.secrets(c.leaked...))
			wantEndedBy(t, got, err, c.tokens, nil)
			f.wantOneWrite(t, len(c.tokens) > 0)
			got, err = f.service.RevokeLeaked(t.Context(), 1, f.secrets(c.leaked...))
			wantEndedBy(t, got, err, nil, nil)
			f.wantOneWrite(t, false)
			f.wantLeft(t, c.left...)
		})
	}
}

// TestRevokedReplacedSecretEndsAlone: its token, whose new secret did not leak, works on, and so do its descendants.
func TestRevokedReplacedSecretEndsAlone(t *testing.T) {
	t.Parallel()
	for name, revoke := range map[string]func(*testing.T, family) (pat.Ended, error){
		"RevokeSecret": func(t *testing.T, f family) (pat.Ended, error) {
			t.Helper()
			return f.service.RevokeSecret(t.Context(), f.of[2].Secret)
		},
		"RevokeLeaked": func(t *testing.T, f family) (pat.Ended, error) {
			t.Helper()
			return f.service.RevokeLeaked(t.Context(), 1, f.secrets(2))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFamily(t)
			renewed := f.rotated(t, 2)
			f.store.Forget()
			got, err := revoke(t, f)
			wantEndedBy(t, got, err, nil, []pat.TokenID{2})
			f.wantOneWrite(t, true)
			f.wantEnded(t, "the replaced secret", f.of[2].Secret, pat.ReasonRotated)
			f.wantWorks(t, "the new secret", renewed.Secret)
			f.store.Forget()
			got, err = revoke(t, f)
			wantEndedBy(t, got, err, nil, nil)
			f.wantOneWrite(t, false)
			f.wantLeft(t, 1, 2, 3, 4, 5, 6)
		})
	}
}

// TestBothSecretsOfATokenLeaked: the token is revoked with its descendants.
func TestBothSecretsOfATokenLeaked(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	renewed := f.rotated(t, 4)
	got, err := f.service.RevokeLeaked(t.Context(), 1, []pat.Secret{f.of[4].Secret, renewed.Secret})
	wantEndedBy(t, got, err, []pat.TokenID{4, 5}, nil)
	f.wantLeft(t, 1, 2, 3, 6)
}

// TestReplacedSecretsOfDescendantsEndWithThem: only tokens that are left have a replaced secret that ends alone.
func TestReplacedSecretsOfDescendantsEndWithThem(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	f.rotated(t, 5)
	f.rotated(t, 6)
	got, err := f.service.RevokeLeaked(t.Context(), 1, f.secrets(5, 4, 6))
	wantEndedBy(t, got, err, []pat.TokenID{4, 5}, []pat.TokenID{6})
	f.wantLeft(t, 1, 2, 3, 6)
}

// TestAnExpiredReplacedSecretIsNotWritten: its overlap has ended already.
func TestAnExpiredReplacedSecretIsNotWritten(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	f.rotated(t, 2)
	f.clock.Advance(pat.DefaultOverlap)
	f.store.Forget()
	got, err := f.service.RevokeSecret(t.Context(), f.of[2].Secret)
	wantEndedBy(t, got, err, nil, nil)
	f.wantOneWrite(t, false)
}

func TestSecretsOfNoTokenEndNothing(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	all := map[string]struct {
		secret pat.Secret
		reads  int
	}{
		"a known selector with another secret part": {forged(t, f.fixture), 1},
		"a token of a missing user":                 {parse(t, withSelector(selectorOf(4711))), 1},
		"a token that the user never had":           {parse(t, withSelector(selectorOf(1))), 1},
		"an imported token while none are accepted": {foreign(t, 20), 0},
		"the zero Secret":                           {pat.Secret{}, 0},
	}
	f.importUser(t, importable(t, 20))
	f.store.Forget()
	for name, c := range all {
		got, err := f.service.RevokeSecret(t.Context(), c.secret)
		wantEndedBy(t, got, err, nil, nil)
		if reads := f.store.Count(pattest.CallAccount); reads != c.reads || f.store.Count(pattest.CallReplaceAccount) > 0 {
			t.Errorf("%s: got %d reads and %d writes, want %d and 0", name, reads, f.store.Count(pattest.CallReplaceAccount), c.reads)
		}
		got, err = f.service.RevokeLeaked(t.Context(), 1, []pat.Secret{c.secret})
		wantEndedBy(t, got, err, nil, nil)
		f.store.Forget()
	}
	f.wantLeft(t, 1, 2, 3, 4, 5, 6)
}

func TestFindLeakedOfNoUser(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	got, err := f.service.FindLeaked(t.Context(), 4711, f.secrets(1))
	wantEndedBy(t, got, err, nil, nil)
	f.store.Refuse(pattest.CallAccount, 1, pat.Unavailable(nil))
	_, err = f.service.FindLeaked(t.Context(), 1, f.secrets(1))
	pattest.WantKind(t, err, pat.KindUnavailable)
}

// TestRevokeImportedSecret: the user is looked up, and a rotated one that was imported ends alone.
func TestRevokeImportedSecret(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.importUser(t, importable(t, 20, 21))
	service := f.accepting()
	if _, _, err := service.RotateUserToken(t.Context(), 7, 21, overlap); err != nil {
		t.Fatal(err)
	}
	f.store.Forget()
	for id, want := range map[int]pat.Ended{20: {User: 7, Tokens: []pat.TokenID{20}}, 21: {User: 7, Replaced: []pat.TokenID{21}}} {
		got, err := service.RevokeSecret(t.Context(), foreign(t, id))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("token %d: got error %v, -want +got:\n%s", id, err, diff)
		}
		f.wantCalls(t, map[pattest.Call]int{pattest.CallLookUp: 1, pattest.CallAccount: 1, pattest.CallReplaceAccount: 1})
	}
	f.store.Refuse(pattest.CallLookUp, 1, pat.Unavailable(nil))
	_, err := service.RevokeSecret(t.Context(), foreign(t, 20))
	pattest.WantKind(t, err, pat.KindUnavailable)
}

// TestRevokeLeakedRepeatsItself: a write whose response is lost, or that another change overtakes, takes effect once.
func TestRevokeLeakedRepeatsItself(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		disturb func(*testing.T, family)
		tokens  []pat.TokenID
	}{
		"lost response":   {func(_ *testing.T, f family) { f.store.LoseResponse(pattest.CallReplaceAccount) }, []pat.TokenID{2, 3, 4, 5}},
		"not written":     {func(_ *testing.T, f family) { f.store.Refuse(pattest.CallReplaceAccount, 1, pat.Unavailable(nil)) }, []pat.TokenID{2, 3, 4, 5}},
		"another revoked": {func(t *testing.T, f family) { t.Helper(); f.overtake(t, 3) }, []pat.TokenID{2, 4, 5}},
		"another created": {func(t *testing.T, f family) { t.Helper(); f.descend(t, 5) }, []pat.TokenID{2, 3, 4, 5, 7}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFamily(t)
			f.rotated(t, 6)
			c.disturb(t, f)
			got, err := f.service.RevokeLeaked(t.Context(), 1, f.secrets(2, 6))
			wantEndedBy(t, got, err, c.tokens, []pat.TokenID{6})
			f.wantLeft(t, 1, 6)
		})
	}
}

// descend creates a token with the token by ahead of the next write.
func (f family) descend(t *testing.T, by pat.TokenID) {
	t.Helper()
	f.store.Before(pattest.CallReplaceAccount, func() {
		if _, _, err := f.service.CreateToken(context.WithoutCancel(t.Context()), f.of[by].Identity(), f.draft("overtaking")); err != nil {
			t.Error(err)
		}
	})
}

// TestRevokeLeakedFailsWhileTheStoreDoes: a repetition finishes it.
func TestRevokeLeakedFailsWhileTheStoreDoes(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	f.store.Refuse(pattest.CallReplaceAccount, 3, pat.Unavailable(nil))
	_, err := f.service.RevokeLeaked(t.Context(), 1, f.secrets(2))
	pattest.WantKind(t, err, pat.KindUnavailable)
	f.wantLeft(t, 1, 2, 3, 4, 5, 6)
	got, err := f.service.RevokeLeaked(t.Context(), 1, f.secrets(2))
	wantEndedBy(t, got, err, []pat.TokenID{2, 3, 4, 5}, nil)
}

// TestLeakedTokensAreNotCreatedAgain: the keys of their creates are spent.
func TestLeakedTokensAreNotCreatedAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	made := f.once(t, f.key(t, "key"), "ci")
	if _, err := f.service.RevokeLeaked(t.Context(), 1, []pat.Secret{made.secret}); err != nil {
		t.Fatal(err)
	}
	_, _, err := f.service.CreateTokenOnce(t.Context(), f.holder.Identity(), f.until("ci"), f.key(t, "key"))
	pattest.WantKind(t, err, pat.KindKeySpent)
}

// TestRotationIsRepeatableAfterTheReplacedSecretLeaked: the repetition returns the secret that the rotation issued.
func TestRotationIsRepeatableAfterTheReplacedSecretLeaked(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	r := f.rotation(t, f.holder, "key")
	renewed := f.rotate(t, 2, r)
	if _, err := f.service.RevokeSecret(t.Context(), f.of[2].Secret); err != nil {
		t.Fatal(err)
	}
	if repeated := f.rotate(t, 2, r); repeated.Secret.Reveal() != renewed.Secret.Reveal() {
		t.Error("the repetition returned another secret")
	}
	f.wantEnded(t, "the replaced secret", f.of[2].Secret, pat.ReasonRotated)
}
