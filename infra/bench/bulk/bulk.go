// Package bulk brings users into a store for benchmarks, with the calls that an import makes.
package bulk

import (
	"context"
	"iter"
	"sync"

	"pats/pkg/pat"
)

// Import imports accounts, with IDs up to last, into an empty store. It makes up to workers calls at once, and stops at the first
// failure.
func Import(ctx context.Context, store pat.Store, last pat.UserID, accounts iter.Seq[pat.Account], workers int) error {
	if err := store.ReserveUserIDs(ctx, last); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	queue := make(chan pat.Account)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for account := range queue {
				if err := store.ImportAccount(ctx, pat.Account{}, account); err != nil {
					stop(err)
				}
			}
		})
	}
	feed(ctx, queue, accounts)
	close(queue)
	all.Wait()
	return context.Cause(ctx)
}

// feed sends accounts until ctx is done.
func feed(ctx context.Context, queue chan<- pat.Account, accounts iter.Seq[pat.Account]) {
	for account := range accounts {
		select {
		case queue <- account:
		case <-ctx.Done():
			return
		}
	}
}
