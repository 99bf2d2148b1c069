package pat_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestCallsOfTheStore(t *testing.T) {
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
		t.Fatalf("RevokeToken of a revoked token: %v", err)
	}
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 1})
}

// operations returns the methods that act for a caller, by name.
func operations(f *fixture) map[string]func(context.Context) error {
	who := f.holder.Identity()
	return map[string]func(context.Context) error{
		"Tokens": func(ctx context.Context) error { _, err := f.service.Tokens(ctx, who); return err },
		"CreateToken": func(ctx context.Context) error {
			_, _, err := f.service.CreateToken(ctx, who, pat.Draft{Description: "new", Scopes: pat.Unscoped(), ExpiresAt: f.clock.Now().Add(time.Hour)})
			return err
		},
		"RevokeToken": func(ctx context.Context) error { return f.service.RevokeToken(ctx, who, f.holder.Token.ID) },
		"RevokeSelf":  func(ctx context.Context) error { return f.service.RevokeSelf(ctx, who) },
		"RevokeSelfAndDescendants": func(ctx context.Context) error {
			_, err := f.service.RevokeSelfAndDescendants(ctx, who)
			return err
		},
		"RotateToken": func(ctx context.Context) error {
			_, _, err := f.service.RotateToken(ctx, who, f.holder.Token.ID, overlap)
			return err
		},
		"RotateSelf": func(ctx context.Context) error { _, _, err := f.service.RotateSelf(ctx, who, overlap); return err },
	}
}

func TestOperationsRefuseCallersWhoLostAccess(t *testing.T) {
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

func TestTokensAreInOrderOfID(t *testing.T) {
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

func TestOperatorMethodsOnMissingUsersAndTokens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, listErr := f.service.UserTokens(t.Context(), 99)
	_, _, createErr := f.service.CreateUserToken(t.Context(), 99, f.draft("x"))
	for name, err := range map[string]error{
		"UserTokens": listErr, "CreateUserToken": createErr,
		"RevokeUserToken":                f.service.RevokeUserToken(t.Context(), 99, 1),
		"RevokeUserToken, unknown token": f.service.RevokeUserToken(t.Context(), f.holder.Account.ID, 99),
		"UpdateUser":                     pattest.SetDisabled(t.Context(), f.service, 99, true),
		"DeleteUser":                     f.service.DeleteUser(t.Context(), 99),
		"RevokeUserToken, revoked token": secondRevoke(t, f),
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
