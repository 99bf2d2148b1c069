package leaks

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"golang.org/x/sync/errgroup"

	"pats/pkg/pat"
)

// atOnce is the number of users whose accounts are written at a time.
const atOnce = 16

// maxPlaces is how many of the places in which a user's tokens leaked are logged.
const maxPlaces = 3

// revoker revokes reported tokens.
type revoker struct {
	service *pat.Service
	// source is the partner's name in the log.
	source string
}

// found is a reported text with the form of a token.
type found struct {
	secret pat.Secret
	place  string
	// owner is the user who can have the token, or 0.
	owner pat.UserID
}

// leak is what was reported of one user.
type leak struct {
	secrets []pat.Secret
	places  []string
}

// revoke revokes those of the reported tokens that exist, with their descendants. It continues after a failure, so that a repetition
// has less to do. Errors: KindUnavailable.
func (r revoker) revoke(ctx context.Context, log *slog.Logger, reports []report) error {
	all, err := r.find(ctx, reports)
	leaks := byUser(all)
	log.InfoContext(ctx, "leak report", "source", r.source, "reported", len(reports), "tokens", len(all), "users", len(leaks))
	var users errgroup.Group
	users.SetLimit(atOnce)
	for user, of := range leaks { // in random order, so that a repetition of a report that takes too long revokes the rest of it
		users.Go(func() error { return r.revokeOf(ctx, log, user, of) })
	}
	return errors.Join(err, users.Wait())
}

func (r revoker) revokeOf(ctx context.Context, log *slog.Logger, user pat.UserID, of *leak) error {
	ended, err := r.service.RevokeLeaked(ctx, user, of.secrets)
	if err != nil {
		return err
	}
	if !ended.Empty() {
		log.WarnContext(ctx, "leaked tokens revoked", "source", r.source, "user", user,
			"revoked", ended.Tokens, "replacedSecretsOf", ended.Replaced, "places", of.places)
	}
	return nil
}

// find returns what has the form of a token, with the owners. With an error, some owners are missing. Errors: KindUnavailable.
func (r revoker) find(ctx context.Context, reports []report) ([]found, error) {
	var all []found
	for _, one := range reports {
		if secret, ok := one.secret(); ok {
			all = append(all, found{secret: secret, place: one.place()})
		}
	}
	var lookUps errgroup.Group
	lookUps.SetLimit(atOnce)
	for i := range all {
		lookUps.Go(func() (err error) {
			all[i].owner, err = r.service.Owner(ctx, all[i].secret)
			return err
		})
	}
	return all, lookUps.Wait()
}

func byUser(all []found) map[pat.UserID]*leak {
	leaks := map[pat.UserID]*leak{}
	for _, one := range all {
		if one.owner == 0 {
			continue
		}
		of := leaks[one.owner]
		if of == nil {
			of = &leak{}
			leaks[one.owner] = of
		}
		of.secrets = append(of.secrets, one.secret)
		if one.place != "" && len(of.places) < maxPlaces && !slices.Contains(of.places, one.place) {
			of.places = append(of.places, one.place)
		}
	}
	return leaks
}
