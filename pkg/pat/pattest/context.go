package pattest

import (
	"context"
	"testing"

	"pats/pkg/pat"
)

var contextPromises = []promise{
	{"A cancelled context is KindUnavailable", cancelledIsUnavailable},
}

func cancelledIsUnavailable(t *testing.T, store pat.Store) {
	account := seenAccount(t, store, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	calls := map[Call]func() error{
		CallAccount:            func() error { _, err := store.Account(ctx, account.ID); return err },
		CallAccounts:           func() error { _, err := store.Accounts(ctx, 0, 10); return err },
		CallAccountsWithTokens: func() error { _, _, err := store.AccountsWithTokens(ctx, 0, 10); return err },
		CallFindUser:           func() error { _, err := store.FindUser(ctx, account.UniqueKeys()[0]); return err },
		CallCountAdmins:        func() error { _, err := store.CountAdmins(ctx); return err },
		CallCreateAccount: func() error {
			_, err := store.CreateAccount(ctx, pat.Account{Profile: Profile("bob", pat.Viewer), NextTokenID: 1})
			return err
		},
		CallReplaceAccount: func() error { return store.ReplaceAccount(ctx, account, account) },
		CallDeleteAccount:  func() error { return store.DeleteAccount(ctx, account) },
		CallReserveUserIDs: func() error { return store.ReserveUserIDs(ctx, 99) },
		CallImportAccount:  func() error { return store.ImportAccount(ctx, account, account) },
		CallLookUp:         func() error { _, err := store.LookUp(ctx, account.Tokens[0].Selector); return err },
		CallMarkSeen:       func() error { return store.MarkSeen(ctx, account, 1, Start) },
	}
	for name, call := range calls {
		if err := call(); err == nil || pat.KindOf(err) != pat.KindUnavailable {
			t.Errorf("%s: got %v, want kind %d", name, err, pat.KindUnavailable)
		}
	}
}
