package pattest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
)

var seenPromises = []promise{
	{"MarkSeen records a use in UTC and whole milliseconds", useIsRecorded},
	{"MarkSeen records one use in an interval", intervalIsKept},
	{"MarkSeen never records an earlier time", seenNeverGoesBack},
	{"MarkSeen records each token's uses", usesAreApart},
	{"MarkSeen changes no version", versionStays},
	{"MarkSeen accepts an account that has changed since", staleAccountIsAccepted},
	{"MarkSeen of a token or user that is gone changes nothing", goneStaysGone},
	{"MarkSeen of many tokens over time keeps the last use of each", manyTokensAreForgotten},
	{"MarkSeen by many callers concurrently records one use", manyMarkAtOnce},
}

// seenAccount creates a user with n tokens.
func seenAccount(t *testing.T, store pat.Store, n int) pat.Account {
	t.Helper()
	return replaced(t, store, withTokens(t, Account(t, store, Profile("ann", pat.Viewer)), n))
}

// wantSeen fails the test unless these uses are recorded, in order of the tokens.
func wantSeen(t *testing.T, store pat.Store, id pat.UserID, want ...time.Time) {
	t.Helper()
	var got []time.Time
	for _, token := range Read(t, store, id).Tokens {
		got = append(got, token.SeenAt)
		if token.SeenAt.Location() != time.UTC {
			t.Errorf("token %d: seen %v, want a time in UTC", token.ID, token.SeenAt)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("uses on record, -want +got:\n%s", diff)
	}
}

func useIsRecorded(t *testing.T, store pat.Store) {
	account := seenAccount(t, store, 1)
	wantSeen(t, store, account.ID, time.Time{})
	succeed(t, store.MarkSeen(t.Context(), account, 1, Start))
	wantSeen(t, store, account.ID, Start)
}

func intervalIsKept(t *testing.T, store pat.Store) {
	account := seenAccount(t, store, 1)
	uses := []struct {
		at, want time.Time
	}{
		{Start, Start},
		{Start, Start},
		{Start.Add(pat.SeenInterval - time.Millisecond), Start},
		{Start.Add(pat.SeenInterval), Start.Add(pat.SeenInterval)},
		{Start.Add(2*pat.SeenInterval - time.Millisecond), Start.Add(pat.SeenInterval)},
		{Start.Add(24 * time.Hour), Start.Add(24 * time.Hour)},
	}
	for _, use := range uses {
		succeed(t, store.MarkSeen(t.Context(), account, 1, use.at))
		wantSeen(t, store, account.ID, use.want)
	}
}

func seenNeverGoesBack(t *testing.T, store pat.Store) {
	account := seenAccount(t, store, 1)
	succeed(t, store.MarkSeen(t.Context(), account, 1, Start))
	succeed(t, store.MarkSeen(t.Context(), account, 1, Start.Add(-time.Hour)))
	wantSeen(t, store, account.ID, Start)
}

func usesAreApart(t *testing.T, store pat.Store) {
	account := seenAccount(t, store, 3)
	succeed(t, store.MarkSeen(t.Context(), account, 3, Start))
	succeed(t, store.MarkSeen(t.Context(), account, 1, Start.Add(time.Minute)))
	wantSeen(t, store, account.ID, Start.Add(time.Minute), time.Time{}, Start)
	other := replaced(t, store, withTokens(t, Account(t, store, Profile("bob", pat.Viewer)), 1))
	wantSeen(t, store, other.ID, time.Time{})
}

func versionStays(t *testing.T, store pat.Store) {
	account := seenAccount(t, store, 1)
	succeed(t, store.MarkSeen(t.Context(), account, 1, Start))
	if got := Read(t, store, account.ID).Version; got != account.Version {
		t.Errorf("got version %d, want %d", got, account.Version)
	}
	succeed(t, store.ReplaceAccount(t.Context(), account, account))
	wantSeen(t, store, account.ID, Start)
}

func staleAccountIsAccepted(t *testing.T, store pat.Store) {
	stale := seenAccount(t, store, 1)
	grown := withTokens(t, stale, 1)
	grown = replaced(t, store, grown)
	succeed(t, store.MarkSeen(t.Context(), grown, 2, Start))
	succeed(t, store.MarkSeen(t.Context(), stale, 1, Start.Add(time.Minute)))
	wantSeen(t, store, stale.ID, Start.Add(time.Minute), Start)
}

func goneStaysGone(t *testing.T, store pat.Store) {
	full := seenAccount(t, store, 2)
	less := full
	less.Tokens = full.Tokens[:1]
	less = replaced(t, store, less)
	succeed(t, store.MarkSeen(t.Context(), full, 2, Start))
	wantSeen(t, store, full.ID, time.Time{})
	succeed(t, store.DeleteAccount(t.Context(), less))
	succeed(t, store.MarkSeen(t.Context(), less, 1, Start))
	_, err := store.Account(t.Context(), full.ID)
	WantKind(t, err, pat.KindNotFound)
	if got := list(t, store, 0, 10); len(got) != 0 {
		t.Errorf("got %v listed, want no users", got)
	}
}

// manyTokensAreForgotten uses and removes more tokens than a user can have, two at a time, so that a store has many uses to drop.
func manyTokensAreForgotten(t *testing.T, store pat.Store) {
	account := Account(t, store, Profile("ann", pat.Viewer))
	now := Start
	for range 3 * pat.MaxTokens {
		next := withTokens(t, account, 1)
		next.Tokens = next.Tokens[max(0, len(next.Tokens)-2):]
		account = replaced(t, store, next)
		now = now.Add(time.Minute)
		succeed(t, store.MarkSeen(t.Context(), account, account.Tokens[len(account.Tokens)-1].ID, now))
	}
	wantSeen(t, store, account.ID, now.Add(-time.Minute), now)
}

func manyMarkAtOnce(t *testing.T, store pat.Store) {
	const n = 16
	account := seenAccount(t, store, 2)
	errs := together(n, func(i int) error {
		return store.MarkSeen(t.Context(), account, 1, Start.Add(time.Duration(i)*time.Second))
	})
	wantKinds(t, errs, map[pat.Kind]int{succeeded: n})
	got := Read(t, store, account.ID).Tokens[0].SeenAt
	if got.Before(Start) || got.After(Start.Add(n*time.Second)) {
		t.Errorf("got seen %v, want one of the %d times from %v", got, n, Start)
	}
	wantSeen(t, store, account.ID, got, time.Time{})
}
