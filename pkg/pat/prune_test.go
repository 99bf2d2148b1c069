package pat_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// expire fills the holder's account with tokens, all but one of which expired the given time ago. It returns the Identity of the
// remaining token, which expires in a year.
func expire(t *testing.T, f *fixture, after time.Duration) pat.Identity {
	t.Helper()
	for _, draft := range pattest.Drafts(pat.MaxTokens - 2) {
		f.create(t, draft.Description)
	}
	long := pat.Draft{Description: "long", Scopes: pat.Unscoped(), ExpiresAt: pattest.Start.AddDate(1, 0, 0)}
	token, _, err := f.service.CreateToken(t.Context(), f.holder.Identity(), long)
	if err != nil {
		t.Fatalf("CreateToken: %v", err)
	}
	f.clock.Advance(pattest.Lifetime + after)
	return pat.Identity{User: f.holder.Account.ID, Selector: token.Selector}
}

func TestExpiredTokensCountUntilRetentionEnds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	who := expire(t, f, pat.DefaultRetention-time.Millisecond)
	if got := len(f.descriptions(t)); got != pat.MaxTokens {
		t.Errorf("got %d tokens listed, want %d", got, pat.MaxTokens)
	}
	_, _, err := f.service.CreateToken(t.Context(), who, f.draft("one more"))
	pattest.WantKind(t, err, pat.KindLimit)
}

func TestExpiredTokensAreDroppedWhenRetentionEnds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	who := expire(t, f, pat.DefaultRetention)
	if got := f.descriptions(t); !cmp.Equal(got, []string{"long"}) {
		t.Errorf("got tokens %v, want only the valid one", got)
	}
	own, err := f.service.Tokens(t.Context(), who)
	if err != nil || len(own) != 1 {
		t.Errorf("got %d tokens and %v, want 1", len(own), err)
	}
	token, _, err := f.service.CreateToken(t.Context(), who, f.draft("own"))
	if err != nil {
		t.Fatalf("CreateToken with the description of a dropped token: %v", err)
	}
	if want := pat.TokenID(pat.MaxTokens + 1); token.ID != want {
		t.Errorf("got ID %d, want %d", token.ID, want)
	}
	if got := len(pattest.Read(t, f.store, who.User).Tokens); got != 2 {
		t.Errorf("the store has %d tokens, want 2", got)
	}
	err = f.service.RevokeUserToken(t.Context(), who.User, f.holder.Token.ID)
	pattest.WantKind(t, err, pat.KindNotFound)
}

func TestRetentionIsAParameter(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	who := expire(t, f, 0)
	service := pat.NewService(f.store, pat.Settings{}, pattest.Env(f.clock))
	tokens, err := service.Tokens(t.Context(), who)
	if err != nil || len(tokens) != 1 {
		t.Errorf("got %d tokens and %v, want 1", len(tokens), err)
	}
}
