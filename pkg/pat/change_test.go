package pat_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// maxTries is the most writes of one change.
const maxTries = 60

func (f *fixture) wantDescriptions(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, f.descriptions(t)); diff != "" {
		t.Errorf("tokens, -want +got:\n%s", diff)
	}
}

func TestCreateSurvivesALostResponse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store.LoseResponse(pattest.CallReplaceAccount)
	token, secret := f.create(t, "new")
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 2, pattest.CallReplaceAccount: 1})
	f.wantDescriptions(t, "own", "new")
	who, err := f.service.Authenticate(t.Context(), secret)
	if err != nil || who.Selector != token.Selector {
		t.Errorf("got %v and %v, want the token to be valid", who, err)
	}
}

func TestCreateSurvivesALostResponseAtTheLimit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, draft := range pattest.Drafts(pat.MaxTokens - 2) {
		f.create(t, draft.Description)
	}
	f.store.LoseResponse(pattest.CallReplaceAccount)
	if token, _ := f.create(t, "the last"); token.ID != pat.MaxTokens {
		t.Errorf("got ID %d, want %d", token.ID, pat.MaxTokens)
	}
}

func TestCreateSurvivesALostWrite(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store.Refuse(pattest.CallReplaceAccount, 1, pat.Unavailable(io.ErrUnexpectedEOF))
	f.create(t, "new")
	f.wantDescriptions(t, "own", "new")
}

func TestRevokeSurvivesALostResponse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	token, _ := f.create(t, "new")
	for name, revoke := range map[string]func(id pat.TokenID) error{
		"by its holder":  func(id pat.TokenID) error { return f.service.RevokeToken(t.Context(), f.holder.Identity(), id) },
		"by an operator": func(id pat.TokenID) error { return f.service.RevokeUserToken(t.Context(), f.holder.Account.ID, id) },
	} {
		f.store.LoseResponse(pattest.CallReplaceAccount)
		if err := revoke(token.ID); err != nil {
			t.Errorf("%s: got %v, want no error", name, err)
		}
		token, _ = f.create(t, "new")
	}
	f.store.LoseResponse(pattest.CallReplaceAccount)
	if err := f.service.RevokeToken(t.Context(), f.holder.Identity(), f.holder.Token.ID); err != nil {
		t.Errorf("of the caller's own token: got %v, want no error", err)
	}
	f.wantDescriptions(t, "new")
}

func TestUserChangesSurviveALostResponse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	other := pattest.Account(t, f.store, pattest.Profile("bob", pat.Viewer))
	f.store.LoseResponse(pattest.CallReplaceAccount)
	if err := pattest.SetDisabled(t.Context(), f.service, other.ID, true); err != nil {
		t.Errorf("SetDisabled: got %v, want no error", err)
	}
	if !pattest.Read(t, f.store, other.ID).Disabled {
		t.Error("the user is enabled, want disabled")
	}
	f.store.LoseResponse(pattest.CallDeleteAccount)
	if err := f.service.DeleteUser(t.Context(), other.ID); err != nil {
		t.Errorf("DeleteUser: got %v, want no error", err)
	}
	_, err := f.service.User(t.Context(), other.ID)
	pattest.WantKind(t, err, pat.KindNotFound)
}

func TestConflictsAreRetried(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store.Refuse(pattest.CallReplaceAccount, maxTries-1, pat.Conflict(nil))
	f.create(t, "new")
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: maxTries, pattest.CallReplaceAccount: maxTries})
	f.wantDescriptions(t, "own", "new")
}

func TestTooManyConflictsAreUnavailable(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store.Refuse(pattest.CallReplaceAccount, maxTries, pat.Conflict(nil))
	_, _, err := f.service.CreateToken(t.Context(), f.holder.Identity(), f.draft("new"))
	pattest.WantKind(t, err, pat.KindUnavailable)
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: maxTries, pattest.CallReplaceAccount: maxTries})
	f.wantDescriptions(t, "own")
}

func TestUnavailableStoreIsRetriedTwice(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store.Refuse(pattest.CallReplaceAccount, 9, pat.Unavailable(io.ErrUnexpectedEOF))
	_, _, err := f.service.CreateToken(t.Context(), f.holder.Identity(), f.draft("new"))
	pattest.WantKind(t, err, pat.KindUnavailable)
	if got := f.store.Count(pattest.CallReplaceAccount); got != 3 {
		t.Errorf("got %d writes, want 3", got)
	}
}

func TestOtherFailuresAreNotRetried(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	broken := &pat.Error{Kind: pat.KindInternal, Message: "broken", Err: io.ErrUnexpectedEOF}
	f.store.Refuse(pattest.CallReplaceAccount, 1, broken)
	_, _, err := f.service.CreateToken(t.Context(), f.holder.Identity(), f.draft("new"))
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 1, pattest.CallReplaceAccount: 1})
}

func TestCancelledContextEndsRetries(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.store.Refuse(pattest.CallReplaceAccount, 3, pat.Conflict(nil))
	f.store.Before(pattest.CallReplaceAccount, cancel)
	_, _, err := f.service.CreateToken(ctx, f.holder.Identity(), f.draft("new"))
	pattest.WantKind(t, err, pat.KindUnavailable)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled in the chain", err)
	}
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 4, pattest.CallReplaceAccount: 4})
	f.wantDescriptions(t, "own")
}

// TestRulesHoldOnEveryTry makes another change between the read and the write of a create.
func TestRulesHoldOnEveryTry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		other func(t *testing.T, f *fixture)
		want  pat.Kind
	}{
		"the description is taken": {func(t *testing.T, f *fixture) {
			t.Helper()
			f.create(t, "new")
		}, pat.KindDuplicate},
		"the limit is reached": {func(t *testing.T, f *fixture) {
			t.Helper()
			for _, draft := range pattest.Drafts(pat.MaxTokens - 1) {
				f.create(t, draft.Description)
			}
		}, pat.KindLimit},
		"the caller's token is revoked": {func(t *testing.T, f *fixture) {
			t.Helper()
			if err := f.service.RevokeUserToken(t.Context(), f.holder.Account.ID, f.holder.Token.ID); err != nil {
				t.Fatalf("RevokeUserToken: %v", err)
			}
		}, pat.KindUnauthenticated},
		"the caller is disabled": {disable, pat.KindUnauthenticated},
		"the caller is deleted": {func(t *testing.T, f *fixture) {
			t.Helper()
			pattest.Account(t, f.store, pattest.Profile("other admin", pat.Admin))
			if err := f.service.DeleteUser(t.Context(), f.holder.Account.ID); err != nil {
				t.Fatalf("DeleteUser: %v", err)
			}
		}, pat.KindUnauthenticated},
		"the caller's token expires": {func(t *testing.T, f *fixture) {
			t.Helper()
			f.create(t, "another")
			f.clock.Advance(pattest.Lifetime)
		}, pat.KindUnauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.store.Before(pattest.CallReplaceAccount, func() { c.other(t, f) })
			_, _, err := f.service.CreateToken(t.Context(), f.holder.Identity(), f.draft("new"))
			pattest.WantKind(t, err, c.want)
		})
	}
}

func TestPausesGrowUpToABound(t *testing.T) {
	t.Parallel()
	store := pattest.NewFaulty(openStore(t))
	clock, pauses := pattest.NewClock(), []time.Duration(nil)
	env := pattest.Env(clock)
	env.Wait = func(_ context.Context, d time.Duration) error {
		pauses = append(pauses, d)
		return nil
	}
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, env)
	account := pattest.Account(t, store, pattest.Profile("ann", pat.Viewer))
	store.Refuse(pattest.CallReplaceAccount, maxTries, pat.Conflict(nil))
	_, _, err := service.CreateUserToken(t.Context(), account.ID, pattest.Draft("new"))
	pattest.WantKind(t, err, pat.KindUnavailable)
	bound, distinct := 5*time.Millisecond, map[time.Duration]bool{}
	for i, pause := range pauses {
		if pause < 0 || pause >= bound {
			t.Errorf("pause %d: got %v, want less than %v", i, pause, bound)
		}
		bound, distinct[pause] = min(2*bound, 200*time.Millisecond), true
	}
	if len(distinct) < len(pauses)/2 {
		t.Errorf("got %d distinct pauses of %d, want them random", len(distinct), len(pauses))
	}
}
