package main

import (
	"context"
	"errors"
	"sync"

	"pats/pkg/pat"
	"pats/pkg/unleashdb"
)

// importWorkers is the number of users that are written at once: as many as the AWS SDK keeps connections.
const importWorkers = 10

// importRun is an import in progress.
type importRun struct {
	service *pat.Service
	advance func()

	mu     sync.Mutex
	done   int
	report importReport
}

// all imports the users in parallel, and afterwards those with a name or selector that an earlier user has. So the lowest ID gets it,
// in a dry run too. It stops at the first failure.
func (r *importRun) all(ctx context.Context, source *unleashdb.Database) error {
	rivals, err := r.inParallel(ctx, source)
	if err != nil {
		return err
	}
	for _, user := range rivals {
		if err := r.one(ctx, user); err != nil {
			return err
		}
	}
	return nil
}

// inParallel imports all users except the rivals, which it returns.
func (r *importRun) inParallel(ctx context.Context, source *unleashdb.Database) (rivals []unleashdb.User, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	users := make(chan unleashdb.User)
	var workers sync.WaitGroup
	for range importWorkers {
		workers.Go(func() {
			for user := range users {
				if err := r.one(ctx, user); err != nil {
					stop(err)
				}
			}
		})
	}
	rivals, err = feed(ctx, source, users)
	close(users)
	workers.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return nil, cause // err is its consequence
	}
	if err == nil && ctx.Err() != nil {
		return nil, pat.Unavailable(ctx.Err())
	}
	return rivals, err
}

// feed sends the users of source to users, and returns those with a unique value that an earlier user has.
func feed(ctx context.Context, source *unleashdb.Database, users chan<- unleashdb.User) (rivals []unleashdb.User, err error) {
	taken := map[string]bool{}
	for user, err := range source.Users(ctx) {
		if err != nil {
			return nil, sourceFailed(err)
		}
		if user.Refusal == "" && claim(taken, user.Account) {
			rivals = append(rivals, user)
			continue
		}
		select {
		case users <- user:
		case <-ctx.Done():
			return nil, pat.Unavailable(ctx.Err())
		}
	}
	return rivals, nil
}

// claim adds the unique values of a user to taken, and reports whether one was there.
func claim(taken map[string]bool, user pat.Account) (rival bool) {
	keys := user.Normal().UniqueKeys()
	for _, token := range user.Tokens {
		if token.Selector != "" {
			keys = append(keys, string(token.Selector))
		}
	}
	for _, key := range keys {
		rival = rival || taken[key]
	}
	for _, key := range keys {
		taken[key] = true
	}
	return rival
}

// one imports a user and counts the outcome.
func (r *importRun) one(ctx context.Context, user unleashdb.User) error {
	result := pat.Imported{Refusal: user.Refusal}
	if user.Refusal == "" {
		var err error
		if result, err = r.service.ImportUser(ctx, user.Account); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	r.advance()
	r.report.count(user.Account, result)
	return nil
}
