package pattest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
)

var rotationPromises = []promise{
	{"ReplaceAccount keeps the last rotation and the replaced secret", rotationIsKept},
	{"ReplaceAccount keeps a replaced secret that was revoked", revokedReplacedIsKept},
	{"ReplaceAccount keeps SeenAt of a rotated token", rotationKeepsSeen},
	{"Service: one rotation sent concurrently with one idempotency key rotates once", keyedRotationsAtOnce},
	{"Service: concurrent rotations with one secret rotate once, and the others are KindRotated", ownRotationsAtOnce},
	{"Service: concurrent rotations by an operator leave two secrets that work", operatorRotationsAtOnce},
	{"Service: a rotation during a revoke leaves no secret that works", rotationAgainstRevoke},
	{"Service: of concurrent rotations and reports of the first secret, either the token or that secret alone ends", rotationAgainstReport},
}

// rotated returns the last rotation of a token, with a replaced secret of the user.
func rotated(t *testing.T, user pat.UserID, keyed bool) (time.Time, pat.Replaced) {
	t.Helper()
	secret, err := pat.NewSecret(NewRandom(), user)
	succeed(t, err)
	at := Start.Add(time.Hour + time.Millisecond)
	return at, pat.Replaced{
		Selector: secret.Selector(), Verifier: secret.Verifier(), Keyed: keyed,
		IssuedAt: Start.AddDate(-100, 0, 0), ExpiresAt: Start.AddDate(7000, 0, 0), Until: at.Add(pat.MaxOverlap),
	}
}

func rotationIsKept(t *testing.T, store pat.Store) {
	for i, name := range []string{"ann", "bob"} {
		account := withTokens(t, Account(t, store, Profile(name, pat.Viewer)), 3)
		token := &account.Tokens[i]
		token.RotatedAt, token.Replaced = rotated(t, account.ID, i == 1)
		account = replaced(t, store, account)
		wantAccount(t, store, account)
		token.RotatedAt, token.Replaced = time.Time{}, pat.Replaced{}
		wantAccount(t, store, replaced(t, store, account))
	}
}

func revokedReplacedIsKept(t *testing.T, store pat.Store) {
	account := withTokens(t, Account(t, store, Profile("ann", pat.Viewer)), 1)
	token := &account.Tokens[0]
	token.RotatedAt, token.Replaced = rotated(t, account.ID, true)
	token.Replaced.Until = time.Time{}
	wantAccount(t, store, replaced(t, store, account))
}

func rotationKeepsSeen(t *testing.T, store pat.Store) {
	service := newService(store)
	holder := NewHolder(t, store, service, Profile("ann", pat.Viewer))
	_, err := service.Check(t.Context(), holder.Secret)
	succeed(t, err)
	for range 2 {
		_, _, err = service.RotateUserToken(t.Context(), holder.Account.ID, holder.Token.ID, pat.Rotation{})
		succeed(t, err)
		wantSeen(t, store, holder.Account.ID, Start)
	}
}

// rotations calls rotate n times concurrently, and returns the secrets of the calls that succeeded.
func rotations(t *testing.T, n int, rotate func(i int) (pat.Token, pat.Secret, error)) (secrets map[string]pat.Secret, errs []error) {
	t.Helper()
	made := make([]pat.Secret, n)
	errs = together(n, func(i int) (err error) {
		_, made[i], err = rotate(i)
		return err
	})
	secrets = map[string]pat.Secret{}
	for i, secret := range made {
		if errs[i] == nil {
			secrets[secret.Reveal()] = secret
		}
	}
	return secrets, errs
}

// wantWorking fails the test unless this number of the secrets works.
func wantWorking(t *testing.T, service *pat.Service, secrets map[string]pat.Secret, want int) {
	t.Helper()
	working := 0
	for _, secret := range secrets {
		if _, err := service.Check(t.Context(), secret); err == nil {
			working++
		} else {
			WantKind(t, err, pat.KindUnauthenticated)
		}
	}
	if working != want {
		t.Errorf("%d of %d secrets work, want %d", working, len(secrets), want)
	}
}

func keyedRotationsAtOnce(t *testing.T, store pat.Store) {
	service := newService(store)
	holder := NewHolder(t, store, service, Profile("ann", pat.Viewer))
	key, err := pat.NewIdempotencyKey(holder.Secret, "key")
	succeed(t, err)
	secrets, errs := rotations(t, crowd, func(int) (pat.Token, pat.Secret, error) {
		return service.RotateSelf(t.Context(), holder.Identity(), pat.Rotation{Overlap: pat.DefaultOverlap, Key: &key})
	})
	wantKinds(t, errs, map[pat.Kind]int{succeeded: crowd})
	if len(secrets) != 1 {
		t.Errorf("got %d secrets, want 1", len(secrets))
	}
	secrets["replaced"] = holder.Secret
	wantWorking(t, service, secrets, 2)
}

func ownRotationsAtOnce(t *testing.T, store pat.Store) {
	service := newService(store)
	holder := NewHolder(t, store, service, Profile("ann", pat.Viewer))
	secrets, errs := rotations(t, crowd, func(int) (pat.Token, pat.Secret, error) {
		return service.RotateSelf(t.Context(), holder.Identity(), pat.Rotation{Overlap: pat.DefaultOverlap})
	})
	wantKinds(t, errs, map[pat.Kind]int{succeeded: 1, pat.KindRotated: crowd - 1})
	secrets["replaced"] = holder.Secret
	wantWorking(t, service, secrets, 2)
}

func operatorRotationsAtOnce(t *testing.T, store pat.Store) {
	const n = crowd / 4 // each must win once, and a change is given up after 60 conflicts
	service := newService(store)
	holder := NewHolder(t, store, service, Profile("ann", pat.Viewer))
	secrets, errs := rotations(t, n, func(int) (pat.Token, pat.Secret, error) {
		return service.RotateUserToken(t.Context(), holder.Account.ID, holder.Token.ID, pat.Rotation{Overlap: pat.DefaultOverlap})
	})
	wantKinds(t, errs, map[pat.Kind]int{succeeded: n})
	secrets["replaced"] = holder.Secret
	if len(secrets) != n+1 {
		t.Errorf("got %d secrets, want %d", len(secrets), n+1)
	}
	wantWorking(t, service, secrets, 2)
	if tokens := Read(t, store, holder.Account.ID).Tokens; len(tokens) != 1 || tokens[0].ID != holder.Token.ID {
		t.Errorf("got tokens %+v, want the one rotated", tokens)
	}
}

func rotationAgainstRevoke(t *testing.T, store pat.Store) {
	const n = crowd / 4
	service := newService(store)
	holder := NewHolder(t, store, service, Profile("ann", pat.Viewer))
	secrets, errs := rotations(t, n, func(i int) (pat.Token, pat.Secret, error) {
		if i == n/2 {
			return pat.Token{}, pat.Secret{}, service.RevokeUserToken(t.Context(), holder.Account.ID, holder.Token.ID)
		}
		return service.RotateUserToken(t.Context(), holder.Account.ID, holder.Token.ID, pat.Rotation{Overlap: pat.DefaultOverlap})
	})
	counts := countKinds(errs)
	if counts[succeeded] < 1 || counts[succeeded]+counts[pat.KindNotFound] != len(errs) {
		t.Errorf("got kinds %v (-1 is success), want success and %d only: %v", counts, pat.KindNotFound, first(errs))
	}
	delete(secrets, "") // the revoke's
	secrets["replaced"] = holder.Secret
	wantWorking(t, service, secrets, 0)
	wantTokens(t, store, holder.Account.ID, nil)
}

// rotationAgainstReport reports a secret while it is rotated. A report before the rotation ends the token, and one after it the secret.
func rotationAgainstReport(t *testing.T, store pat.Store) {
	service := newService(store)
	holder := NewHolder(t, store, service, Profile("ann", pat.Viewer))
	ended := make([]pat.Ended, crowd)
	secrets, errs := rotations(t, crowd, func(i int) (token pat.Token, secret pat.Secret, err error) {
		if i == crowd/2 {
			return service.RotateSelf(t.Context(), holder.Identity(), pat.Rotation{Overlap: pat.DefaultOverlap})
		}
		ended[i], err = service.RevokeLeaked(t.Context(), holder.Account.ID, []pat.Secret{holder.Secret})
		return pat.Token{}, pat.Secret{}, err
	})
	delete(secrets, "") // the reports'
	want := pat.Ended{User: holder.Account.ID, Tokens: []pat.TokenID{holder.Token.ID}}
	if errs[crowd/2] == nil {
		want = pat.Ended{User: holder.Account.ID, Replaced: []pat.TokenID{holder.Token.ID}}
	} else {
		WantKind(t, errs[crowd/2], pat.KindUnauthenticated)
		errs[crowd/2] = nil
	}
	wantKinds(t, errs, map[pat.Kind]int{succeeded: crowd})
	ended = slices.DeleteFunc(ended, pat.Ended.Empty)
	if diff := cmp.Diff(slices.Repeat([]pat.Ended{want}, max(1, len(ended))), ended); diff != "" {
		t.Errorf("ended by reports that ended anything, -want +got:\n%s", diff)
	}
	wantWorking(t, service, secrets, len(secrets))
	wantWorking(t, service, map[string]pat.Secret{"reported": holder.Secret}, 0)
}
