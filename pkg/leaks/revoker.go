package leaks

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"pats/pkg/pat"
)

// maxPlaces is how many of the places in which a user's tokens leaked are logged.
const maxPlaces = 3

// revoker revokes reported tokens.
type revoker struct {
	service *pat.Service
	// source is the partner's name in the log.
	source string
}

// leak is a reported text with the form of a token, and where it was found.
type leak struct {
	secret pat.Secret
	place  string
}

// revoke revokes those of the reported tokens that exist, with their descendants. It continues after a failure, and in random order, so
// that repetitions of a report that takes too long finish it. Errors: KindUnavailable.
func (r revoker) revoke(ctx context.Context, log *slog.Logger, reports []report) error {
	var all []leak
	for _, one := range reports {
		if secret, ok := one.secret(); ok {
			all = append(all, leak{secret, one.place()})
		}
	}
	grouped, err := ByOwner(ctx, r.service, all, func(one leak) pat.Secret { return one.secret })
	log.InfoContext(ctx, "leak report", "source", r.source, "reported", len(reports), "tokens", len(all), "users", len(grouped))
	return errors.Join(err, EachOwner(grouped, func(user pat.UserID, leaks []leak) error {
		return r.revokeOf(ctx, log, user, leaks)
	}))
}

func (r revoker) revokeOf(ctx context.Context, log *slog.Logger, user pat.UserID, leaks []leak) error {
	var secrets []pat.Secret
	var places []string
	for _, one := range leaks {
		secrets = append(secrets, one.secret)
		if one.place != "" && len(places) < maxPlaces && !slices.Contains(places, one.place) {
			places = append(places, one.place)
		}
	}
	ended, err := r.service.RevokeLeaked(ctx, user, secrets)
	if err != nil {
		return err
	}
	if !ended.Empty() {
		log.WarnContext(ctx, "leaked tokens revoked", "source", r.source, "user", user,
			"revoked", ended.Tokens, "replacedSecretsOf", ended.Replaced, "places", places)
	}
	return nil
}
