package dynamostore

import (
	"context"

	"golang.org/x/sync/errgroup"

	"pats/pkg/pat"
)

// partitionsAtOnce bounds the partitions that are read at once. The client keeps ten idle connections, and a Lambda's fraction of a CPU
// is busy with fewer.
const partitionsAtOnce = 8

// AccountsWithTokens implements [pat.Store] with the Queries of Accounts and one of each user's partition. A Query adds up the sizes
// of the items that it reads, so an account of usual size and its times of last use take one read unit together, while reading the two
// items by their keys would take two.
func (s *Store) AccountsWithTokens(ctx context.Context, after pat.UserID, limit int, of ...pat.AccountType) ([]pat.Account, pat.UserID, error) {
	listed, err := s.Accounts(ctx, after, limit+1, of...)
	if err != nil {
		return nil, 0, err
	}
	next := pat.UserID(0)
	if len(listed) > limit {
		listed = listed[:limit]
		next = listed[limit-1].ID
	}
	accounts, err := s.readAll(ctx, listed)
	return accounts, next, err
}

// readAll reads the listed users, several at once, and leaves out those who have been deleted.
func (s *Store) readAll(ctx context.Context, listed []pat.Account) ([]pat.Account, error) {
	read := make([]*pat.Account, len(listed))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(partitionsAtOnce)
	for i, user := range listed {
		group.Go(func() error {
			account, err := s.Account(ctx, user.ID)
			if pat.KindOf(err) == pat.KindNotFound {
				return nil
			}
			read[i] = &account
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var accounts []pat.Account
	for _, account := range read {
		if account != nil {
			accounts = append(accounts, *account)
		}
	}
	return accounts, nil
}
