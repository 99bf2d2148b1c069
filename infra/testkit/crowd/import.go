package crowd

import (
	"context"
	"iter"

	"golang.org/x/sync/errgroup"

	"pats/pkg/pat"
)

// Import imports accounts, with IDs up to last, into an empty store, as an import does. It makes up to workers calls at once, and
// returns the first error.
func Import(ctx context.Context, store pat.Store, last pat.UserID, accounts iter.Seq[pat.Account], workers int) error {
	if err := store.ReserveUserIDs(ctx, last); err != nil {
		return err
	}
	calls, inner := errgroup.WithContext(ctx)
	calls.SetLimit(workers)
	for account := range accounts {
		if inner.Err() != nil {
			break
		}
		calls.Go(func() error { return store.ImportAccount(inner, pat.Account{}, account) })
	}
	if err := calls.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}
