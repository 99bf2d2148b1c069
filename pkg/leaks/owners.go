package leaks

import (
	"context"

	"golang.org/x/sync/errgroup"

	"pats/pkg/pat"
)

// atOnce is the number of users whose accounts are written at a time.
const atOnce = 16

// ByOwner groups all by the only user who can have the token that secret returns, and leaves out those without such a user. With an error,
// it returns the groups that it found. Errors: KindUnavailable.
func ByOwner[T any](ctx context.Context, service *pat.Service, all []T, secret func(T) pat.Secret) (map[pat.UserID][]T, error) {
	owners := make([]pat.UserID, len(all))
	var lookUps errgroup.Group
	lookUps.SetLimit(atOnce)
	for i, one := range all {
		lookUps.Go(func() (err error) {
			owners[i], err = service.Owner(ctx, secret(one))
			return err
		})
	}
	err := lookUps.Wait()
	grouped := map[pat.UserID][]T{}
	for i, one := range all {
		if owners[i] != 0 {
			grouped[owners[i]] = append(grouped[owners[i]], one)
		}
	}
	return grouped, err
}

// EachOwner calls do for the users in grouped, in random order, several at a time. It continues after an error, and returns the first one.
func EachOwner[T any](grouped map[pat.UserID][]T, do func(pat.UserID, []T) error) error {
	var users errgroup.Group
	users.SetLimit(atOnce)
	for user, of := range grouped {
		users.Go(func() error { return do(user, of) })
	}
	return users.Wait()
}
