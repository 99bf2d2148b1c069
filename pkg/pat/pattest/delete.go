package pattest

import (
	"testing"

	"pats/pkg/pat"
)

var deletePromises = []promise{
	{"DeleteAccount removes the user with all tokens", deleteRemoves},
	{"DeleteAccount of a stale version is KindConflict and removes nothing", staleDeleteConflicts},
	{"DeleteAccount of a user that is gone is KindConflict", secondDeleteConflicts},
	{"DeleteAccount by many callers concurrently succeeds once", oneDeletes},
}

func deleteRemoves(t *testing.T, store pat.Store) {
	other := replaced(t, store, withTokens(t, Account(t, store, Profile("bob", pat.Viewer)), 2))
	account := replaced(t, store, withTokens(t, Account(t, store, Profile("ann", pat.Viewer)), 2))
	succeed(t, store.MarkSeen(t.Context(), account, 1, Start))
	succeed(t, store.DeleteAccount(t.Context(), account))
	_, err := store.Account(t.Context(), account.ID)
	WantKind(t, err, pat.KindNotFound)
	wantAccount(t, store, other)
}

func staleDeleteConflicts(t *testing.T, store pat.Store) {
	stale := Account(t, store, Profile("ann", pat.Viewer))
	current := replaced(t, store, withTokens(t, stale, 1))
	WantKind(t, store.DeleteAccount(t.Context(), stale), pat.KindConflict)
	wantAccount(t, store, current)
}

func secondDeleteConflicts(t *testing.T, store pat.Store) {
	account := Account(t, store, Profile("ann", pat.Viewer))
	succeed(t, store.DeleteAccount(t.Context(), account))
	WantKind(t, store.DeleteAccount(t.Context(), account), pat.KindConflict)
}

func oneDeletes(t *testing.T, store pat.Store) {
	const n = 8
	account := Account(t, store, Profile("ann", pat.Viewer))
	errs := together(n, func(int) error { return store.DeleteAccount(t.Context(), account) })
	if got := countKinds(errs)[succeeded]; got != 1 {
		t.Errorf("%d deletions succeeded, want 1 (an error: %v)", got, first(errs))
	}
}
