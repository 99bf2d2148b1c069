package pat_test

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// sessionOf returns the Identity of an hour's session of user that starts now.
func (f *fixture) sessionOf(t *testing.T, user pat.UserID) pat.Identity {
	t.Helper()
	key, err := pat.NewSessionKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := f.clock.Now()
	return pat.Identity{User: user, Session: pat.Session{StartedAt: now, ExpiresAt: now.Add(time.Hour), Key: key}}
}

func newVerifier(t *testing.T) pat.LoginVerifier {
	t.Helper()
	verifier, err := pat.NewLoginVerifier(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

// approve returns the login with verifier for draft, which the holder approves in a session.
func (f *fixture) approve(t *testing.T, verifier pat.LoginVerifier, draft pat.Draft) pat.Login {
	t.Helper()
	return f.approveAs(t, f.sessionOf(t, f.holder.Account.ID), verifier, draft)
}

func (f *fixture) approveAs(t *testing.T, caller pat.Identity, verifier pat.LoginVerifier, draft pat.Draft) pat.Login {
	t.Helper()
	login, account, err := f.service.ApproveLogin(t.Context(), caller, verifier.Challenge(), draft)
	if err != nil {
		t.Fatalf("ApproveLogin: %v", err)
	}
	if account.ID != caller.User {
		t.Errorf("ApproveLogin: got user %d, want %d", account.ID, caller.User)
	}
	return login
}

func (f *fixture) redeem(t *testing.T, login pat.Login, verifier pat.LoginVerifier, previous pat.Secret) created {
	t.Helper()
	token, secret, err := f.service.RedeemLogin(t.Context(), login, verifier, previous)
	if err != nil {
		t.Fatalf("RedeemLogin: %v", err)
	}
	return created{token, secret}
}

func TestLoginCreatesAToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	verifier, draft := newVerifier(t), f.draft("pats login on a laptop")
	got := f.redeem(t, f.approve(t, verifier, draft), verifier, pat.Secret{})
	if got.token.Description != draft.Description || !got.token.Scopes.Unscoped() || !got.token.ExpiresAt.Equal(draft.ExpiresAt) {
		t.Errorf("got %+v, want the token of the draft", got.token)
	}
	if want := (pat.Maker{User: f.holder.Account.ID}); got.token.Maker != want {
		t.Errorf("got maker %+v, want %+v", got.token.Maker, want)
	}
	holder, err := f.service.Check(t.Context(), got.secret)
	if err != nil || holder.Account.ID != f.holder.Account.ID || holder.Token.ID != got.token.ID {
		t.Errorf("Check: got token %d of user %d and %v, want the new token", holder.Token.ID, holder.Account.ID, err)
	}
}

// TestRepeatedRedemption: redeeming a login again returns the same token, also at the same time.
func TestRepeatedRedemption(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	verifier := newVerifier(t)
	login := f.approve(t, verifier, f.draft("laptop"))
	results := make([]created, 4)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() { results[i] = f.redeem(t, login, verifier, pat.Secret{}) })
	}
	group.Wait()
	for _, got := range results[1:] {
		wantSameToken(t, got, results[0])
	}
	if got := strings.Join(f.descriptions(t), ", "); strings.Count(got, "laptop") != 1 {
		t.Errorf("got tokens %s, want one laptop", got)
	}
}

// TestRedemptionAfterRevocation: a code that was redeemed brings no second token once the first is revoked.
func TestRedemptionAfterRevocation(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	verifier := newVerifier(t)
	login := f.approve(t, verifier, f.draft("laptop"))
	first := f.redeem(t, login, verifier, pat.Secret{})
	if err := f.service.RevokeUserToken(t.Context(), f.holder.Account.ID, first.token.ID); err != nil {
		t.Fatal(err)
	}
	_, _, err := f.service.RedeemLogin(t.Context(), login, verifier, pat.Secret{})
	pattest.WantKind(t, err, pat.KindKeySpent)
}

func TestRefusedRedemptions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind  pat.Kind
		spoil func(t *testing.T, f *fixture, login *pat.Login, verifier *pat.LoginVerifier)
	}{
		"another verifier": {pat.KindInvalid, func(t *testing.T, _ *fixture, _ *pat.Login, verifier *pat.LoginVerifier) {
			t.Helper()
			*verifier = newVerifier(t)
		}},
		"no verifier": {pat.KindInvalid, func(_ *testing.T, _ *fixture, _ *pat.Login, verifier *pat.LoginVerifier) {
			*verifier = pat.LoginVerifier{}
		}},
		"no challenge": {pat.KindInvalid, func(_ *testing.T, _ *fixture, login *pat.Login, _ *pat.LoginVerifier) { login.Challenge = "" }},
		"the end of the code": {pat.KindInvalid, func(_ *testing.T, f *fixture, _ *pat.Login, _ *pat.LoginVerifier) {
			f.clock.Advance(pat.LoginLifetime)
		}},
		"the end of the session": {pat.KindUnauthenticated, func(_ *testing.T, f *fixture, login *pat.Login, _ *pat.LoginVerifier) {
			login.SessionEnd = f.clock.Now()
		}},
		"a disabled user": {pat.KindUnauthenticated, func(t *testing.T, f *fixture, _ *pat.Login, _ *pat.LoginVerifier) {
			t.Helper()
			disable(t, f)
		}},
		"a sign-out everywhere": {pat.KindUnauthenticated, func(t *testing.T, f *fixture, _ *pat.Login, _ *pat.LoginVerifier) {
			t.Helper()
			f.clock.Advance(time.Second)
			if err := f.service.EndSessions(t.Context(), f.sessionOf(t, f.holder.Account.ID)); err != nil {
				t.Fatal(err)
			}
		}},
		"no user": {pat.KindUnauthenticated, func(_ *testing.T, _ *fixture, login *pat.Login, _ *pat.LoginVerifier) { login.User = 99 }},
		"a full account": {pat.KindLimit, func(t *testing.T, f *fixture, _ *pat.Login, _ *pat.LoginVerifier) {
			t.Helper()
			for i := range pat.MaxTokens - 1 {
				f.create(t, fmt.Sprint("token ", i))
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			verifier := newVerifier(t)
			login := f.approve(t, verifier, f.draft("laptop"))
			c.spoil(t, f, &login, &verifier)
			_, _, err := f.service.RedeemLogin(t.Context(), login, verifier, pat.Secret{})
			pattest.WantKind(t, err, c.kind)
			if got := strings.Join(f.descriptions(t), ", "); strings.Contains(got, "laptop") {
				t.Errorf("got tokens %s, want none of the login", got)
			}
		})
	}
}

// TestOnlyASessionApproves: a token cannot make itself another one by way of a login, which would not have its scopes and its ancestors.
func TestOnlyASessionApproves(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, _, err := f.service.ApproveLogin(t.Context(), f.holder.Identity(), newVerifier(t).Challenge(), f.draft("laptop"))
	pattest.WantKind(t, err, pat.KindForbidden)
}

func TestApprovalChecksTheDraft(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*pat.Draft){
		"no description": func(d *pat.Draft) { d.Description = "" },
		"no scopes":      func(d *pat.Draft) { d.Scopes = pat.Scopes{} },
		"a past end":     func(d *pat.Draft) { d.ExpiresAt = time.Unix(1, 0) },
		"too late":       func(d *pat.Draft) { d.ExpiresAt = d.ExpiresAt.Add(31 * 24 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			service := pat.NewService(f.store, pat.Settings{MaxLifetime: 30 * 24 * time.Hour}, f.env)
			draft := f.draft("laptop")
			edit(&draft)
			_, _, err := service.ApproveLogin(t.Context(), f.sessionOf(t, f.holder.Account.ID), newVerifier(t).Challenge(), draft)
			pattest.WantKind(t, err, pat.KindInvalid)
		})
	}
}

func TestLoginWithoutAnEnd(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for longest, want := range map[time.Duration]time.Duration{0: 90 * day, 30 * day: 30 * day, 365 * day: 90 * day} {
		t.Run(longest.String(), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.service = pat.NewService(f.store, pat.Settings{MaxLifetime: longest}, f.env)
			draft := f.draft("laptop")
			draft.ExpiresAt = time.Time{}
			if got := f.approve(t, newVerifier(t), draft).Draft.ExpiresAt.Sub(f.clock.Now().Truncate(time.Millisecond)); got != want {
				t.Errorf("got an end after %v, want %v", got, want)
			}
		})
	}
}

// TestLoginRotates: a second login rotates the token of the first one, repeatably, and the first secret works for a while.
func TestLoginRotates(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	verifier := newVerifier(t)
	first := f.redeem(t, f.approve(t, verifier, f.draft("laptop")), verifier, pat.Secret{})
	f.clock.Advance(time.Hour)
	draft := f.draft("laptop again")
	verifier = newVerifier(t)
	login := f.approve(t, verifier, draft)
	second := f.redeem(t, login, verifier, first.secret)
	if second.token.ID != first.token.ID || !second.token.ExpiresAt.Equal(draft.ExpiresAt) {
		t.Errorf("got token %d until %v, want token %d until %v", second.token.ID, second.token.ExpiresAt, first.token.ID, draft.ExpiresAt)
	}
	wantSameToken(t, f.redeem(t, login, verifier, first.secret), second)
	if _, _, err := f.service.RedeemLogin(t.Context(), login, verifier, pat.Secret{}); pat.KindOf(err) != pat.KindKeySpent {
		t.Errorf("without the previous token: got %v, want no second token", err)
	}
	for when, secret := range map[string]pat.Secret{"the previous secret": first.secret, "the new secret": second.secret} {
		if _, err := f.service.Check(t.Context(), secret); err != nil {
			t.Errorf("%s: got %v, want it valid", when, err)
		}
	}
	f.clock.Advance(pat.DefaultOverlap)
	_, err := f.service.Check(t.Context(), first.secret)
	wantRefused(t, err, pat.ReasonRotated)
}

// TestLoginRotatesNoOtherToken: a token that is not of the same user and with the same scopes stays as it is.
func TestLoginRotatesNoOtherToken(t *testing.T) {
	t.Parallel()
	scoped, err := pat.NewScopes([]string{"pats:read"})
	if err != nil {
		t.Fatal(err)
	}
	for name, previous := range map[string]func(t *testing.T, f *fixture) pat.Secret{
		"of another user": func(t *testing.T, f *fixture) pat.Secret {
			t.Helper()
			return pattest.NewHolder(t, f.store, f.service, pattest.Profile("bob", pat.Viewer)).Secret
		},
		"with other scopes": func(t *testing.T, f *fixture) pat.Secret {
			t.Helper()
			_, secret, err := f.service.CreateUserToken(t.Context(), f.holder.Account.ID,
				pat.Draft{Description: "scoped", Scopes: scoped, ExpiresAt: f.clock.Now().Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			return secret
		},
		"forged": func(t *testing.T, f *fixture) pat.Secret {
			t.Helper()
			return forged(t, f)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			secret := previous(t, f)
			verifier := newVerifier(t)
			login := f.approve(t, verifier, f.draft("laptop"))
			got := f.redeem(t, login, verifier, secret)
			if got.token.Description != "laptop" || !got.token.RotatedAt.IsZero() {
				t.Errorf("got %+v, want a new token", got.token)
			}
			wantSameToken(t, f.redeem(t, login, verifier, secret), got)
		})
	}
}

// TestLoginSecretsAreApart: a session whose key is the verifier of a login, which no session has, does not get the token of the login.
func TestLoginSecretsAreApart(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	verifier, draft := newVerifier(t), f.until("laptop")
	login := f.approve(t, verifier, draft)
	got := f.redeem(t, login, verifier, pat.Secret{})
	session := pat.Session{StartedAt: login.SessionStart, ExpiresAt: login.SessionEnd, Key: pat.SessionKey(verifier)}
	key, err := pat.NewSessionIdempotencyKey(login.User, session, "login")
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := f.service.CreateTokenOnce(t.Context(), pat.Identity{User: login.User, Session: session}, draft, key)
	if err == nil && secret.Reveal() == got.secret.Reveal() {
		t.Error("the session got the token of the login")
	}
	pattest.WantKind(t, err, pat.KindDuplicate)
}

// TestLoginVerifier: the example of RFC 7636, appendix B.
func TestLoginVerifier(t *testing.T) {
	t.Parallel()
	verifier, err := pat.ParseLoginVerifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := verifier.Challenge(), pat.LoginChallenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"); got != want {
		t.Errorf("got challenge %s, want %s", got, want)
	}
	if got := fmt.Sprintf("%v %+v %q", verifier, verifier, verifier); strings.Contains(got, "dBjf") {
		t.Errorf("got %s, want it redacted", got)
	}
	for _, text := range []string{"", "short", strings.Repeat("A", 44), strings.Repeat("=", 43), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c\n"} {
		_, err := pat.ParseLoginVerifier(text)
		pattest.WantKind(t, err, pat.KindInvalid)
		_, err = pat.ParseLoginChallenge(text)
		pattest.WantKind(t, err, pat.KindInvalid)
	}
}

func TestShortCode(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$`)
	codes := map[string]bool{}
	for range 1000 {
		challenge := newVerifier(t).Challenge()
		code := challenge.ShortCode()
		if !form.MatchString(code) || codes[code] || challenge.ShortCode() != code {
			t.Fatalf("got %s, want another code for each challenge", code)
		}
		codes[code] = true
	}
}
