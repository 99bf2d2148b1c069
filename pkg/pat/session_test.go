package pat_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// session returns the holder in a session that started a second ago and lasts for a day.
func (f *fixture) session(t *testing.T) pat.Identity {
	t.Helper()
	caller := pattest.Session(t, f.holder.Account.ID)
	f.clock.Advance(2 * time.Second)
	return caller
}

// TestSessionIsAdmittedAfresh: each request reads the account, so a session ends at once.
func TestSessionIsAdmittedAfresh(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end    func(t *testing.T, f *fixture, caller pat.Identity)
		reason pat.Reason
	}{
		"expired": {func(_ *testing.T, f *fixture, _ pat.Identity) { f.clock.Advance(24 * time.Hour) }, pat.ReasonSessionExpired},
		"signed out everywhere": {func(t *testing.T, f *fixture, caller pat.Identity) {
			t.Helper()
			if err := f.service.EndSessions(t.Context(), caller); err != nil {
				t.Fatal(err)
			}
		}, pat.ReasonSessionEnded},
		"disabled": {func(t *testing.T, f *fixture, _ pat.Identity) { t.Helper(); disable(t, f) }, pat.ReasonDisabled},
		"enabled again": {func(t *testing.T, f *fixture, caller pat.Identity) {
			t.Helper()
			if _, err := f.service.LinkLogin(t.Context(), caller.User, "https://id.example", "1"); err != nil {
				t.Fatal(err)
			}
			disable(t, f)
			if err := pattest.SetDisabled(t.Context(), f.service, caller.User, false); err != nil {
				t.Fatal(err)
			}
		}, pat.ReasonSessionEnded},
		"deleted": {func(t *testing.T, f *fixture, caller pat.Identity) {
			t.Helper()
			pattest.Account(t, f.store, pattest.Profile("other admin", pat.Admin))
			if err := f.service.DeleteUser(t.Context(), caller.User); err != nil {
				t.Fatal(err)
			}
		}, pat.ReasonSessionEnded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			caller := f.session(t)
			if _, err := f.service.Tokens(t.Context(), caller); err != nil {
				t.Fatal(err)
			}
			c.end(t, f, caller)
			_, err := f.service.Tokens(t.Context(), caller)
			wantRefused(t, err, c.reason)
			_, _, err = f.service.CreateToken(t.Context(), caller, f.draft("late"))
			wantRefused(t, err, c.reason)
		})
	}
}

// TestExpiredSessionEndsNoOthers: a session that expires while another change is faster has ended nothing.
func TestExpiredSessionEndsNoOthers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	caller := f.session(t)
	f.store.Before(pattest.CallReplaceAccount, func() {
		f.create(t, "faster")
		f.clock.Advance(24 * time.Hour)
	})
	wantRefused(t, f.service.EndSessions(t.Context(), caller), pat.ReasonSessionExpired)
	if got := pattest.Read(t, f.store, caller.User).SignIn.SessionsFrom; !got.IsZero() {
		t.Errorf("got the sessions ended at %v, want them unchanged", got)
	}
}

// TestEndSessionsFindsItsOwnWrite: its response was lost, so the next attempt finds the caller's session ended.
func TestEndSessionsFindsItsOwnWrite(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	caller := f.session(t)
	f.store.LoseResponse(pattest.CallReplaceAccount)
	if err := f.service.EndSessions(t.Context(), caller); err != nil {
		t.Error(err)
	}
	wantRefused(t, f.service.EndSessions(t.Context(), caller), pat.ReasonSessionEnded)
}

// TestTokenOfASession: it is made by the user without a token, and has no ancestor, so that revoking another token does not take it.
func TestTokenOfASession(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	token, _, err := f.service.CreateToken(t.Context(), f.session(t), f.draft("from a session"))
	if err != nil {
		t.Fatal(err)
	}
	if token.Maker != (pat.Maker{User: f.holder.Account.ID}) || len(token.Ancestors) > 0 {
		t.Errorf("got maker %+v and ancestors %v, want the user alone", token.Maker, token.Ancestors)
	}
}

// TestSessionPresentsNoToken: the operations on the token presented are not for sessions.
func TestSessionPresentsNoToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	caller := f.session(t)
	pattest.WantKind(t, f.service.RevokeSelf(t.Context(), caller), pat.KindNotFound)
	_, err := f.service.RevokeSelfAndDescendants(t.Context(), caller)
	pattest.WantKind(t, err, pat.KindNotFound)
	_, _, err = f.service.RotateSelf(t.Context(), caller, pat.Rotation{Overlap: pat.DefaultOverlap})
	pattest.WantKind(t, err, pat.KindNotFound)
	f.wantDescriptions(t, "own")
}

func TestSessionRotatesAndRevokes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	caller, id := f.session(t), f.holder.Token.ID
	_, secret, err := f.service.RotateToken(t.Context(), caller, id, pat.Rotation{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.service.Authenticate(t.Context(), secret); err != nil {
		t.Errorf("Authenticate with the new secret: %v", err)
	}
	if err := f.service.RevokeToken(t.Context(), caller, id); err != nil {
		t.Error(err)
	}
	f.wantDescriptions(t)
}

// TestRepeatableCreateOfASession: the session's key stands in for a token, and only in this session of this user.
func TestRepeatableCreateOfASession(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	caller := f.session(t)
	key := pattest.SessionIdempotencyKey(t, caller, "k")
	draft := f.draft("once")
	first, secret, err := f.service.CreateTokenOnce(t.Context(), caller, draft, key)
	if err != nil {
		t.Fatal(err)
	}
	again, repeated, err := f.service.CreateTokenOnce(t.Context(), caller, draft, pattest.SessionIdempotencyKey(t, caller, "k"))
	if err != nil || again.ID != first.ID || repeated.Reveal() != secret.Reveal() {
		t.Errorf("got token %d and error %v, want token %d with the same secret", again.ID, err, first.ID)
	}
	other := caller
	if other.Session.Key, err = pat.NewSessionKey(bytes.NewReader(bytes.Repeat([]byte{7}, 32))); err != nil {
		t.Fatal(err)
	}
	_, _, err = f.service.CreateTokenOnce(t.Context(), other, draft, key)
	wantRefused(t, err, pat.ReasonInvalid)
	_, _, err = f.service.CreateTokenOnce(t.Context(), f.holder.Identity(), draft, key)
	wantRefused(t, err, pat.ReasonInvalid)
	_, _, err = f.service.CreateTokenOnce(t.Context(), caller, draft, f.key(t, "k"))
	wantRefused(t, err, pat.ReasonInvalid)
	_, _, err = f.service.CreateTokenOnce(t.Context(), other, draft, pattest.SessionIdempotencyKey(t, other, "k"))
	pattest.WantKind(t, err, pat.KindDuplicate)
}

// TestSessionKeyIsHidden: it derives tokens, so nothing prints it.
func TestSessionKeyIsHidden(t *testing.T) {
	t.Parallel()
	caller := pattest.Session(t, 1)
	key := pattest.SessionIdempotencyKey(t, caller, "k")
	for _, text := range []string{fmt.Sprintf("%+v", caller), fmt.Sprintf("%#v", key), fmt.Sprint(caller.Session.Key)} {
		if bytes.Contains([]byte(text), []byte(caller.Session.Key.Reveal())) {
			t.Errorf("%s contains the key", text)
		}
	}
}

func TestParseSessionKey(t *testing.T) {
	t.Parallel()
	good := pattest.Session(t, 1).Session.Key.Reveal()
	if key, err := pat.ParseSessionKey(good); err != nil || key.Reveal() != good {
		t.Errorf("got error %v, want the key", err)
	}
	for _, text := range []string{"", good[1:], good + "A", good[:42] + "!", good[:42] + "\n"} {
		_, err := pat.ParseSessionKey(text)
		pattest.WantKind(t, err, pat.KindUnauthenticated)
	}
}
